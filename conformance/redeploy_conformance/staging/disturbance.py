"""What else explains what a case found wrong: the provider's own act, or a limit that nobody declared.

A start, stop or reboot by somebody else leaves nothing in the public API of ECS that a broken
implementation could not leave too, nor does a redeploy: a task that no answer named is what a refused
call with an effect shows. Those stay violations. A system event by which the provider acts at once is
documented as a cause of its own, whoever redeploys, and has an id.
"""

from redeploy_conformance.judging.views import event_of
from redeploy_conformance.running.api import SetUpError
from redeploy_conformance.running.session import Run
from redeploy_conformance.staging.session import StagingSession
from redeploy_conformance.staging.taking import SIMULATED

AT_ONCE = (
    "SystemFailure.",
    "SystemMaintenance.",
    "InstanceFailure.",
    "InstanceExpiration.",
    "AccountUnbalanced.",
    "SecurityPunish.",
    "Instance:PreemptibleInstanceInterruption",
)
"""How the types of events begin by which the provider restarts, stops, locks or deletes unasked.

Those that a redeploy is asked to answer are none of them, whatever they are called.
"""
DONE = ("Executing", "Executed", "Failed")
"""Their statuses once that has begun."""
REFUSALS = ("A8", "A9")
"""Clauses that a refusal breaks where the instance is not as it was seen."""


def excused(session: StagingSession, run: Run) -> str | None:
    """Return why a case that found something wrong accuses nobody, if so."""
    if not run.violations:
        return None
    statement, rules = session.settings.statement, session.oracle.rules
    # By the words: after a 500 the clause is another one than L7.
    slow = all(
        rules.ended in one.expected and session.over(one.key) is None
        for one in run.violations
    )
    if statement.assumed and slow:
        return (
            f"a redeploy took more than {rules.bound:g} s, and nobody has declared "
            "how long one may take: redeploy_seconds in the [bounds] of a statement"
        )
    event = _disturbed(session, run)
    return f"the provider moved it meanwhile: {event}" if event else None


def _disturbed(session: StagingSession, run: Run) -> str | None:
    """Return which event explains all that a case found wrong, if so.

    Only what a look showed, or a refusal, is explained so; and only by an event that is no simulated
    one, that no redeploy is asked to answer, and that was not listed when the instance was taken.
    """
    causes = dict.fromkeys(
        _cause(session, one.key)
        if one.field != "answer" or one.clause in REFUSALS
        else None
        for one in run.violations
    )
    named = [one for one in causes if one is not None]
    return ", ".join(named) if len(named) == len(causes) else None


def _cause(session: StagingSession, key: str) -> str | None:
    known, instance = session.known.get(key), session.ids.get(key)
    if known is None or instance is None:
        return None
    asking = {
        row.type
        for row in session.contract.events
        if {"Inquiring", "Scheduled"} & set(row.statuses)
    }
    try:
        rows = session.api.events(session.wallet(), instance)
    except SetUpError:
        return None  # nobody can tell: the violation stays
    for row in rows:
        _, event_id, (kind, status) = event_of(row)
        simulated = str(row.get("Reason", "")).startswith(SIMULATED)
        new = event_id not in known.listed and not simulated
        if new and status in DONE and kind.startswith(AT_ONCE) and kind not in asking:
            return f"{kind} {status} ({event_id}) of {instance}"
    return None
