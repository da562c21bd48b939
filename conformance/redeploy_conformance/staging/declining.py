"""Why a case is not begun, and what would help: said by the plan, by the run and by its result."""

from dataclasses import dataclass

from redeploy_conformance.staging.settings import Settings
from redeploy_reports.phrases import count


@dataclass(frozen=True, slots=True)
class Declined:
    """Why a case was not begun, and what whoever wants it can do."""

    reason: str
    remedy: str

    def __str__(self) -> str:
        """Return the reason."""
        return self.reason


ENDED = Declined("the run was asked to end", "resume the run")
STUCK = Declined(
    "a redeploy of its instance does not come to its end", "resume the run when it has"
)

GONE = Declined(
    "its instance is not listed any more", "begin a run on another instance"
)

LOCKED = Declined(
    "what is locked is neither started nor stopped, and no other instance is free",
    "begin a run on an instance without a lock",
)


def too_dear(settings: Settings, cost: int, before: int) -> Declined:
    """Return that the plan's redeploys do not reach a case; ``before`` are spent already.

    One whose ``cost`` is 0 only makes calls that must be refused. What is not refused is a redeploy
    all the same, so that one must be left for it.
    """
    most = settings.redeploys
    text = f"the {count(most, 'redeploy')} allowed cannot reach it"
    if not cost:
        text += (
            ": its calls must be refused, but one that is not would cost a redeploy, "
            f"and none {'is left' if most else 'is allowed'}"
        )
    if before:
        text += f"; spent so far: {before}, also on what was cut short"
    return Declined(text, _more_redeploys(settings))


def used_up(settings: Settings) -> Declined:
    """Return that what is under way may need what is left of the redeploys."""
    text = f"the {count(settings.redeploys, 'redeploy')} allowed may be used up"
    return Declined(text, _more_redeploys(settings))


def too_long(settings: Settings) -> Declined:
    """Return that a case alone may take longer than the whole run is allowed."""
    text = f"it may take longer than {count(settings.minutes, 'minute')}"
    return Declined(text, _more_minutes(settings))


def too_late(settings: Settings) -> Declined:
    """Return that a case may end after the minutes of the run."""
    text = f"the {count(settings.minutes, 'minute')} allowed will soon be over"
    return Declined(text, _more_minutes(settings))


def _more_minutes(settings: Settings) -> str:
    return f"begin a run with more --minutes than {settings.minutes:g}"


def _more_redeploys(settings: Settings) -> str:
    return f"begin a run with more --redeploys than {settings.redeploys}"
