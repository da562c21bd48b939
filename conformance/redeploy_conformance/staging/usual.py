"""How long things take on an account: a hint when to look, by which nothing is judged."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Usual:
    """How long each kind of thing took last: more than some seconds, and at most some more.

    ``least`` is the shortest pause between looks.
    """

    least: float
    _took: dict[str, tuple[float, float]] = field(default_factory=dict)

    def begin(self, kind: str, at: float) -> "Awaited":
        """Return something that is waited for from now on."""
        return Awaited(self, kind, at)

    def took(self, kind: str, more: float, most: float) -> None:
        """Keep what two looks showed, of which one was too early and the other was not."""
        lower, upper = self._took.get(kind, (more, most))
        if more < upper and lower < most:  # as before, as far as can be seen
            more, most = max(more, lower), min(most, upper)
        self._took[kind] = more, most

    def seconds(self, kind: str) -> float | None:
        """Return after how many seconds to look, None before the first of a kind is over.

        Where that is known well, when it is surely over: a look too early costs a whole pause.
        """
        if kind not in self._took:
            return None
        more, most = self._took[kind]
        return most if most - more <= self.least / 2 else (more + most) / 2


@dataclass(slots=True)
class Awaited:
    """One thing that was begun, and until when it was seen to be under way still."""

    usual: Usual
    kind: str
    begun: float
    last: float = float("-inf")

    def wish(self, last: float) -> float | None:
        """Return when a look may well show its end, None if unknown; the ``last`` did not."""
        self.last = last
        seconds = self.usual.seconds(self.kind)
        return None if seconds is None else self.begun + seconds

    def over(self, at: float) -> None:
        """Keep how long it took, by the look that showed its end."""
        self.usual.took(self.kind, max(self.last - self.begun, 0.0), at - self.begun)
