"""Every choice that the source leaves open, and the sizes and seconds of the emulator.

A field that is an open choice carries the id of its clause in `metadata["clause"]`, and
its type is a `Literal` of the words that may be chosen. The first word is the default.
"""

from dataclasses import Field, dataclass, field, fields
from typing import Any, Literal, get_args, get_type_hints

Attribute = Literal[
    "status", "lock_reasons", "billing", "tenancy", "disk_status", "no-event"
]
"""What a call can be refused for, besides the instance not existing."""

Outcome = Literal["succeed", "fail"]

ATTRIBUTES: tuple[Attribute, ...] = get_args(Attribute)


def _choice(clause: str, default: Any) -> Any:
    return field(default=default, metadata={"clause": clause})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this emulator decides what the page leaves open. Raises ValueError on a
    word that is not one of a choice's words."""

    # Admission
    dedicated_host_code: Literal["InvalidOperation.RedeployInstance", "other"] = (
        _choice("A5", "InvalidOperation.RedeployInstance")
    )
    damaged_disk: Literal["accept", "DiskError"] = _choice("A6d", "accept")
    no_event: Literal["refuse", "accept"] = _choice("A10", "refuse")
    precedence: tuple[Attribute, ...] = _choice("A11", ATTRIBUTES)
    isolated_disk_outside_gap: Literal["accept", "DiskError"] = _choice(
        "A13e", "accept"
    )
    boolean_case: Literal["accepted", "rejected"] = _choice("A14b", "accepted")
    lenient_values: Literal["rejected", "accepted"] = _choice("A14v", "rejected")

    # Answer
    id_shape: Literal["as-in-examples", "other"] = _choice("R6", "as-in-examples")

    # Life of a redeploy
    host_in_flight: Literal["old", "new"] = _choice("L4f", "old")
    reads: Literal["fresh", "lags"] = _choice("L8l", "fresh")
    failed_path_shows_running: Literal["no", "yes"] = _choice("L8r", "no")
    absent_force_stop: Literal["orderly", "power-off"] = _choice("L11a", "orderly")
    tasks: Literal["listed", "absent"] = _choice("L13", "listed")

    # Events
    closing_status: Literal["Executed", "Avoided", "Canceled", "Failed"] = _choice(
        "E1c", "Executed"
    )
    raised_in_flight: Literal["kept", "closed"] = _choice("E1r", "kept")
    event_in_flight: Literal["unchanged", "Scheduled", "Executing", "closed"] = _choice(
        "E1x", "unchanged"
    )
    simulated_only: Literal["refuse", "accept"] = _choice("E5", "refuse")
    several_events: Literal["all", "one"] = _choice("E7", "all")

    # Rate limit
    limiter: Literal["sliding-window", "fixed-window", "token-bucket"] = _choice(
        "Q3", "sliding-window"
    )
    throttle_answer: Literal[
        "400 Throttling.User", "400 Throttling", "429 Throttling.Api", "503 Throttling"
    ] = _choice("Q4c", "400 Throttling.User")
    rejected_calls: Literal["counted", "free"] = _choice("Q6r", "counted")

    # Authorization
    refusal: Literal["403 Forbidden.RAM", "403 NoPermission"] = _choice(
        "U1c", "403 Forbidden.RAM"
    )
    refusal_reveals: Literal["same", "reveals"] = _choice("U3", "same")

    # No choices of the page: sizes, seconds, names
    default_outcome: Outcome = "succeed"
    stopping_seconds: float = 10.0
    stopped_seconds: float = 2.0
    starting_seconds: float = 10.0
    read_lag_seconds: float = 2.0
    quota: int = 500
    window_seconds: float = 60.0
    signature_window_seconds: float = 900.0
    region: str = "cn-hangzhou"
    seed: int = 0
    max_body_bytes: int = 1 << 20
    control_token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if sorted(self.precedence) != sorted(ATTRIBUTES):
            raise ValueError(f"precedence is not an order of {ATTRIBUTES}")
        for choice, words in choices().items():
            if choice != "precedence" and getattr(self, choice) not in words:
                given = getattr(self, choice)
                raise ValueError(f"{choice} is {given!r}, not one of {words}")


_words: dict[str, tuple[str, ...]] = {}


def choices() -> dict[str, tuple[str, ...]]:
    """The words of every open choice, by field name; for `precedence` the attributes
    to be ordered."""
    if not _words:
        hints = get_type_hints(Settings)
        for one in _choice_fields():
            arguments = get_args(hints[one.name])
            _words[one.name] = ATTRIBUTES if one.name == "precedence" else arguments
    return _words


def clauses() -> dict[str, str]:
    """The clause id of every open choice, by field name."""
    return {one.name: one.metadata["clause"] for one in _choice_fields()}


def _choice_fields() -> list[Field[Any]]:
    return [one for one in fields(Settings) if "clause" in one.metadata]
