"""The seam between a run and whoever writes down what it does."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from redeploy_conformance.parallel import Span
from redeploy_conformance.planning.steps import Step
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

T = TypeVar("T")


class Watcher(Protocol):
    """Is told of everything that a verdict rests on, in the order in which it happens."""

    def session(self, *, counted: bool) -> int:
        """Take note that a session begins, and return its number.

        ``counted`` says whether what it shows counts for the clauses, or only looks into a
        violation found before.
        """

    def step(self, steps: Sequence[Step]) -> None:
        """Take note that steps are about to be carried out."""

    def exchange(
        self, request: HttpRequest, answer: HttpResponse | Exception, seconds: float
    ) -> None:
        """Take note of a request, and of its answer or why there is none."""

    def clock(self, now: float) -> None:
        """Take note of a reading of the real clock, in seconds."""

    def at_once(self, jobs: Sequence[Sequence[Callable[[], T]]]) -> list[Span[T]]:
        """Do jobs at once, and take note of which exchange is whose."""

    def done(
        self, observed: Sequence[str], clauses: Sequence[str], problem: str | None
    ) -> None:
        """Take note of what became of the steps, and of the clauses that they broke."""

    def finding(self, case: str, clause: str, session: int) -> None:
        """Take note of a violation that was found, and of the session that shows it."""

    def secret(self, text: str) -> None:
        """Learn a text that must never be written down."""
