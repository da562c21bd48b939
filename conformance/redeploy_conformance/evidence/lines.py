"""The lines of a trace as typed records, and the reader that finds where a trace is damaged.

``header``, then for each session ``session``, for each of its steps ``step``, what was sent and
read meanwhile (``exchange``, ``clock``, ``spans``), and ``done``; ``stop`` that a staging run was asked to end; ``finding`` names a violation and
the session that shows it; ``case`` closes what belongs to one case; ``end`` closes the trace. Their
JSON Schema is ``run/trace.json``.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from redeploy_conformance.evidence.opening import LONGEST, TOO_LONG, opened
from redeploy_conformance.evidence.sources import LogError
from redeploy_conformance.redact import brief

TRACE_FORMAT = "redeploy-conformance/trace/1"
"""The name and the version of the layout."""


class DamagedError(ValueError):
    """A trace cannot be used from some line on; ``line`` is its number, the message says why."""

    def __init__(self, line: int, text: str) -> None:
        """Take the place and the reason."""
        super().__init__(f"line {line}: {text}")
        self.line = line


class _Line(msgspec.Struct, tag_field="record", frozen=True):
    pass


class HeaderLine(_Line, tag="header", frozen=True):
    """Who was judged, by what, and under what settings."""

    format: str
    worker: str
    suite_version: str
    contract_edition: str
    contract_sha256: str
    target: dict[str, Any]
    started: str
    seed: int
    workers: int
    kind: str
    host: str
    region: str
    alone: bool
    statement: dict[str, Any]
    offer: dict[str, Any]
    clock_id: str = ""
    staging: dict[str, Any] | None = None
    """Of a staging run: its ``run`` id, ``settings``, and the ``journal`` that it goes on from."""


class SessionLine(_Line, tag="session", frozen=True):
    """A session begins."""

    n: int
    counted: bool


class StepLine(_Line, tag="step", frozen=True):
    """Steps are about to be carried out."""

    steps: list[dict[str, Any]]


class ExchangeLine(_Line, tag="exchange", frozen=True):
    """A request and its answer; ``problem`` instead of an answer says why there is none."""

    at: float
    seconds: float
    method: str
    target: str
    action: str = ""
    key: str = ""  # the id of the access key that it was signed with by V3
    body: str = ""
    job: str = ""
    status: int = 0
    type: str = ""
    answer: str = ""
    bytes: str = ""
    problem: str | None = None
    reached: bool = True


class ClockLine(_Line, tag="clock", frozen=True):
    """A reading of the real clock; of a staging run also of the wall clock."""

    now: float
    job: str = ""


class StopLine(_Line, tag="stop", frozen=True):
    """No further case of a lane is begun: the run was asked to end."""


class SpansLine(_Line, tag="spans", frozen=True):
    """When each of the jobs done at once began and ended, among all their beginnings and endings."""

    spans: list[tuple[int, int]]


class DoneLine(_Line, tag="done", frozen=True):
    """What the suite made of the steps."""

    observed: list[str]
    clauses: list[str]
    problem: str | None = None


class FindingLine(_Line, tag="finding", frozen=True):
    """A violation was found; the session shows it."""

    case: str
    clause: str
    session: int


class CaseLine(_Line, tag="case", frozen=True):
    """A case is over."""

    name: str
    clauses: list[str]


class EndLine(_Line, tag="end", frozen=True):
    """The run is over; ``complete`` false where it was cut short."""

    complete: bool
    seconds: float
    verdict: str
    exit_code: int
    crashes: list[dict[str, str]]


Line: TypeAlias = (
    HeaderLine
    | SessionLine
    | StepLine
    | ExchangeLine
    | ClockLine
    | SpansLine
    | DoneLine
    | StopLine
    | FindingLine
    | CaseLine
    | EndLine
)


def lines_of(path: Path) -> Iterator[tuple[int, Line]]:
    """Yield the numbered lines of a trace, one at a time in memory.

    Raises:
        OSError: the file cannot be read.
        DamagedError: a line is none of a trace, or the trace ends in the middle of one.
    """
    decoder = msgspec.json.Decoder(Line)
    number = 0
    try:
        with opened(path) as file:
            while raw := file.readline(LONGEST):
                number += 1
                if not raw.endswith(b"\n"):
                    cut = "the trace is cut in the middle of this line"
                    raise DamagedError(number, TOO_LONG if len(raw) == LONGEST else cut)
                yield number, decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        told = f"it is no line of a trace: {brief(str(error))}"
        raise DamagedError(number, told) from error
    except LogError as error:
        raise DamagedError(number + 1, str(error)) from error
