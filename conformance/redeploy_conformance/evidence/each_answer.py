"""What an answer to a call is by itself, and what it is among the others of a log (R1–R5, Q2)."""

from bisect import insort
from collections.abc import Iterator

from redeploy_conformance.evidence.shown import TOLD_BY_A_LOG
from redeploy_conformance.evidence.sources import Seen, masked
from redeploy_conformance.judging.blaming import Violation
from redeploy_conformance.judging.limiter import Quota
from redeploy_conformance.judging.model import Rules
from redeploy_conformance.judging.oracle import Oracle
from redeploy_conformance.judging.recent import Recent
from redeploy_conformance.judging.replies import Kind, Reply, flaws
from redeploy_reports.phrases import count
from redeploy_schemas.contract import Contract

MOST_CALLS = 8_000
"""Calls of an account that are remembered: more than twice what any limiter lets through."""


class Answers:
    """The ids and the calls that a log has shown; of instances it knows nothing."""

    def __init__(self, contract: Contract, *, wordless: bool) -> None:
        """Begin with nothing seen; ``wordless`` is as in ``Monitor``."""
        self.contract = contract
        self.wordless = wordless
        self.hidden = TOLD_BY_A_LOG if wordless else frozenset[str]()
        self.ids = Oracle(contract, Rules(bound=0.0))
        self.ids.request_ids, self.ids.task_ids = Recent(), Recent()
        self.quotas: dict[tuple[str, str], Quota] = {}

    def judged(self, seen: Seen, reply: Reply) -> Iterator[Violation]:
        """Yield what is wrong with an answer; what was taken out of a log is not judged."""
        if masked(reply.request_id) or masked(reply.task_id):
            return
        found = self.ids.identify(reply)
        if not self.wordless:
            found += flaws(self.contract, reply)
            if reply.kind is Kind.THROTTLED:
                told = [("Q4c", f"{reply.status} {reply.code}")]
                self.ids.ledger.tell(told, str(reply))
        for flaw in found:
            if self.wordless and flaw.clause == "R4" and not reply.request_id:
                continue  # a trail may leave it out
            if flaw.clause not in self.hidden or flaw.clause == "R5":
                yield Violation(flaw.clause, flaw.expected, flaw.observed)
        if not (seen.region and seen.account):
            return  # of whom, and where: a rate limit may be of both
        place = (seen.region, seen.account)
        quota = self.quotas.setdefault(place, Quota(self.contract))
        if reply.kind is Kind.ACCEPTED:
            # It came in after it was sent, and those before it before they were answered.
            if quota.exhausted(seen.ended, stepped=False):
                text = f"accepted after {count(len(quota.passed), 'accepted call')}"
                yield Violation("Q2", "throttled", text)
            insort(quota.passed, seen.begun)
            if len(quota.passed) > MOST_CALLS:
                del quota.passed[: -MOST_CALLS // 2]
