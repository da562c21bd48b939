"""Where each lane of a run is."""

from dataclasses import dataclass, field

from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.judging.sight import View
from redeploy_conformance.running.session import Run
from redeploy_conformance.staging.cases import StagingCase
from redeploy_conformance.staging.dealing import Lane


@dataclass(slots=True)
class Post:
    """Where a lane is: its case's run and counts, and what the last shared look showed.

    ``at`` is when that look was asked for: what it shows may be as old as that. Its case may come to
    ``reserved`` redeploys; the instance had cost ``spent`` before, and had not moved by itself up to the
    write of number ``still``. With ``idle`` its cases are over, and its instance is as it should stay
    while others are redeployed. ``stuck`` says that a redeploy does not come to its end, ``lost`` that
    its instance was not listed for as long as a start may take, and ``waits`` what it waits for.
    """

    lane: Lane
    run: Run = field(default_factory=Run)
    ledger: Ledger = field(default_factory=Ledger)
    seen: View = field(default_factory=dict)
    at: float = 0.0
    reserved: int = 0
    spent: int = 0
    still: int = 0
    case: StagingCase | None = None
    idle: bool = False
    stuck: bool = False
    lost: bool = False
    waits: str = ""

    @property
    def unlisted(self) -> bool:
        """Whether the last look did not show its instance."""
        return not self.seen.get("exists", True)

    @property
    def over(self) -> bool:
        """Whether the case has come to an early end."""
        return bool(self.run.violations or self.run.problem or self.run.skipped)

    @property
    def outcome(self) -> str:
        """What became of its case, in words."""
        run = self.run
        if run.violations:
            clauses = dict.fromkeys(one.clause for one in run.violations)
            return f"violates {', '.join(clauses)}"
        if run.problem:
            return f"could not run: {run.problem}"
        return f"does not apply: {run.skipped}" if run.skipped else "done"
