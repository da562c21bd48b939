"""What is told of an offer before a run: what it has that is passed over, and what it makes slow."""

from collections.abc import Sequence

from redeploy_conformance.misspelt import near
from redeploy_conformance.running.api import Offer
from redeploy_conformance.running.session import rules_for
from redeploy_conformance.targets.statement import Statement
from redeploy_reports.clean import clean
from redeploy_schemas.vocabulary import Part

LONG = 60.0
"""Seconds of real time that a redeploy may be waited for without a word of that."""


def passed_over(where: str, unknown: Sequence[str]) -> str | None:
    """Return a sentence about words that mean nothing here; None where there are none.

    They end no run: a later edition of the protocol may know them.
    """
    if not unknown:
        return None
    known = [part.value for part in Part]
    told = [f"{clean(word, limit=40)!r}{near(word, known)}" for word in sorted(unknown)]
    return (
        f"{where} offers {', '.join(told)}, passed over since the control protocol has only "
        f"{', '.join(known)}"
    )


def long_waits(statement: Statement, offer: Offer) -> str | None:
    """Return a sentence about how long each redeploy may be waited for in real time, where that is long."""
    bound = rules_for(statement, offer).bound
    if Part.CLOCK in offer.parts or Part.INSTANCES not in offer.parts or bound <= LONG:
        return None
    lag = bound - statement.redeploy_seconds
    late = f" and {lag:g} s more for reads that are late" if lag else ""
    if statement.read_lag_seconds is None and lag:
        late += " (read_lag_seconds is not declared)"
    return (
        f"{clean(offer.name, limit=60)} offers no clock that can be turned: a redeploy is waited for "
        f"up to {statement.redeploy_seconds:g} s (redeploy_seconds){late}. "
        "Declare in a statement how long one takes at most; --dry-run adds it all up"
    )
