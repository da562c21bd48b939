"""What a client adapter told of one call, or that it told nothing that counts."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Kind(Enum):
    """How a call ended: the outcomes of the protocol, and what there is beside them."""

    SUCCESS = "success"
    ERROR = "error"
    TIMEOUT = "timeout"
    UNSUPPORTED = "unsupported"
    CRASH = "crash"
    HANG = "hang"
    RUBBISH = "rubbish"


LOST = frozenset({Kind.CRASH, Kind.HANG, Kind.RUBBISH})
"""The ends that are no answer."""


@dataclass(frozen=True, slots=True)
class Told:
    """One end of one call.

    ``fields`` is the answer's line, ``text`` what there is to say where there is none, ``stderr``
    what was printed meanwhile, ``seconds`` how long it took.
    """

    kind: Kind
    fields: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    stderr: str = ""
    seconds: float = 0.0

    @property
    def lost(self) -> bool:
        """Whether it is no answer at all."""
        return self.kind in LOST

    @property
    def words(self) -> str:
        """What was told, in a sentence's part."""
        match self.kind:
            case Kind.SUCCESS:
                ids = self._named("task_id", "request_id")
                return f"a success with {ids}"
            case Kind.ERROR:
                names = ("code", "message", "http_status", "request_id", "class")
                return f"an error with {self._named(*names)}"
            case Kind.TIMEOUT:
                return f"a timeout with {self._named('message', 'class')}"
            case Kind.UNSUPPORTED:
                return f"unsupported: {self.fields.get('message')}"
            case _:
                return self.text

    def texts(self) -> list[str]:
        """Every text that a caller or a log would see."""
        values = (value for value in self.fields.values() if isinstance(value, str))
        return [*values, self.text, self.stderr]

    def _named(self, *names: str) -> str:
        return ", ".join(f"{name} {_short(self.fields.get(name))}" for name in names)


def _short(value: object) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= 600 else f"{text[:600]}…"
