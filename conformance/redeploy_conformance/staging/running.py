"""A staging run from end to end: plan, carry out, put back, and say what it showed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from redeploy_conformance.evidence.setting import Setting
from redeploy_conformance.evidence.writer import TraceWriter
from redeploy_conformance.finding.investigate import CaseReport, command
from redeploy_conformance.results.verdict import Start, Taken, judge, started_on
from redeploy_conformance.running.api import Offer
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.staging.access import StagingApi, Wallet
from redeploy_conformance.staging.cases import StagingCase
from redeploy_conformance.staging.clock import Clock
from redeploy_conformance.staging.decide import Decidable, Reach, by_itself, decidable
from redeploy_conformance.staging.driver import Driver
from redeploy_conformance.staging.fence import Fence
from redeploy_conformance.staging.finding import inside
from redeploy_conformance.staging.journal import JOURNAL_FORMAT, Journal
from redeploy_conformance.staging.leaving import Leftovers
from redeploy_conformance.staging.outputs import Outputs
from redeploy_conformance.staging.past import Past
from redeploy_conformance.staging.planning import Plan, make_plan
from redeploy_conformance.staging.restoring import Restorer
from redeploy_conformance.staging.session import StagingSession
from redeploy_conformance.staging.settings import Settings
from redeploy_conformance.staging.tracing import (
    Witness,
    goes_on_from,
)
from redeploy_conformance.targets.base import Target, Transport
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import ClauseResult, Problem, Result
from redeploy_schemas.vocabulary import STAGING, RunVerdict, Verdict

BESIDE = "L9"
"""The clause about what a redeploy leaves alone: it is seen on a second instance."""


@dataclass(slots=True)
class Staging:
    """One run, in the process that began it or in one that goes on with it.

    ``hold`` is told of the instances that it may use, before anything is done to them.
    """

    contract: Contract
    settings: Settings
    transport: Transport
    wallet: Wallet
    journal: Journal
    past: Past
    clock: Clock
    reader: StagingApi
    api: StagingApi
    fence: Fence
    say: Callable[[str], None]
    witness: Witness | None = None
    driver: Driver | None = None
    restorer: Restorer | None = None
    stopping: bool = False
    leftovers: Leftovers = field(default_factory=Leftovers)
    hold: Callable[[Iterable[str]], None] = lambda instances: None

    def begin(self, run: str, outputs: Outputs | None = None) -> None:
        """Write the first line of the journal."""
        self.fence.note(
            "begin",
            format=JOURNAL_FORMAT,
            run=run,
            contract_sha256=self.contract.sha256,
            settings=self.settings.to_json(),
            **_told(outputs),
        )

    def go_on(self, outputs: Outputs | None = None) -> None:
        """Write in the journal that another process goes on."""
        self.fence.note("resume", **_told(outputs))

    def write_header(
        self, writer: TraceWriter, lines: Sequence[Mapping[str, Any]]
    ) -> None:
        """Write the first line of a trace; ``lines`` of a journal are what the run goes on from."""
        more = goes_on_from(self.past.run, self.settings, lines)
        statement, region = self.settings.statement, self.settings.region
        host = self.api.host
        setting = Setting(statement, STAGING, self.offer, host, region, alone=False)
        writer.header(self.start(), setting, staging=more)

    def plan(self) -> Plan:
        """Return what is still to be done; only looks are asked for.

        Raises:
            NothingInsideError: no instance is inside the fence.
            HeldError: another run holds one.
        """
        found = inside(
            self.reader, self.wallet, self.settings, self.contract, self.past.run
        )
        self.hold(found)
        now = self.clock.wall()
        return make_plan(self.contract, self.settings, found, now, self.past)

    def carry_out(self, plan: Plan) -> None:
        """Carry a plan out.

        Raises:
            OutOfReachError: the service does not answer any more.
        """
        target = Target(
            self.settings.statement.name, STAGING, self.fence, self.settings.statement
        )
        offer = self.offer
        bench = Bench(self.contract, target, self.api, offer)
        session = StagingSession(
            self.api, offer, self.contract, self.wallet, self.settings, self.past.run
        )
        self.driver = Driver(
            session, bench, self.fence, plan, self.reproduce, self.say, self.witness
        )
        if self.stopping:
            self.driver.stop()
        self.driver.run()

    def stop(self) -> None:
        """Begin no further case."""
        self.stopping = True
        if self.driver is not None:
            self.driver.stop()

    def restore(self) -> list[str]:
        """Put everything back; return what could not be, or nobody knows of, a sentence each."""
        self.restorer = Restorer(self.api, self.fence)
        self.leftovers = self.restorer.run()
        return self.leftovers.all

    def how_far(self) -> str:
        """Return how much of the run is done, and what it waits for; asked for by another thread."""
        if self.restorer is not None:
            return f"putting back, now {self.restorer.waits() or 'looking'}"
        if self.driver is not None:
            return self.driver.how_far(self.api.requests + self.reader.requests)
        return "looking which instances there are"

    @property
    def offer(self) -> Offer:
        """What an account offers: no part of the control protocol."""
        statement = self.settings.statement
        return Offer(
            statement.name, statement.version, self.settings.region, frozenset()
        )

    def reproduce(self, case: StagingCase, clause: str) -> str:
        """Return the command that does a case again in which a clause was broken.

        Where the case was not about that one, the one that it has its name from stands for it.
        """
        named = (one for one in case.clauses if case.name.startswith(f"{one}-"))
        wanted = clause if clause in case.clauses else next(named, case.clauses[0])
        return command(*self.settings.words(wanted))

    def result(self, left: list[str], *, complete: bool) -> Result:
        """Return what the whole run showed, with what earlier processes of it brought."""
        reports = _latest(self.past.reports)
        declined = [] if self.driver is None else self.driver.declined
        remedies = {} if self.driver is None else self.driver.remedies
        named = {one.name for one in reports}
        reports += [one for one in declined if one.name not in named]
        taken = Taken(reports=reports)
        taken.offer = {"name": self.offer.name, "version": self.offer.version}
        seconds = round(self.past.seconds(self.clock.wall()), 3)
        trusted = self.settings.events_are_real
        doable = by_itself(self.contract, trusted=trusted)
        made = judge(self.start(), taken, seconds, complete=complete, doable=doable)
        requests = self.api.requests + self.reader.requests
        reach = decidable(self.contract, trusted=trusted)
        rows = {row.clause.id: row for row in reach}
        alone = self.driver is not None and len(self.driver.plan.lanes) < 2
        alone = alone and not self.settings.launch
        clauses = tuple(
            _explained(one, declined, remedies, rows[one.id], alone=alone)
            for one in made.clauses
        )
        problems = (
            *made.problems,
            *(Problem(case="restore", text=one) for one in left),
        )
        made = replace(made, requests=requests, clauses=clauses, problems=problems)
        if left and made.exit_code == RunVerdict.CONFORMING:
            worse = RunVerdict.INCOMPLETE
            return replace(made, verdict=worse.words, exit_code=int(worse))
        return made

    def start(self) -> Start:
        """Return who is judged, and by what."""
        started = datetime.fromtimestamp(self.past.started, UTC)
        return started_on(self.contract, self.settings.statement, STAGING, started)


def _told(outputs: Outputs | None) -> dict[str, Any]:
    return {} if outputs is None else {"outputs": outputs.to_json()}


def _latest(reports: list[CaseReport]) -> list[CaseReport]:
    """Return the last report of each case; one that found something is always kept."""
    last = {one.name: one for one in reports}
    return [one for one in reports if one.findings or last[one.name] is one]


def _explained(
    one: ClauseResult,
    declined: list[CaseReport],
    remedies: Mapping[str, str],
    row: Decidable,
    *,
    alone: bool,
) -> ClauseResult:
    """Say of a clause that was not exercised why a real account could not do it.

    ``alone`` says that the run had one instance, and was to make none.
    """
    if one.verdict != Verdict.NOT_EXERCISED.value:
        return one
    if one.id == BESIDE and alone:
        reason = "it shows on one instance while another is redeployed, and there was but one"
        remedy = "name or tag a second instance, or let one be made with --launch"
        return replace(one, reason=reason, remedy=remedy)
    for report in declined:
        if one.id in report.clauses and report.declined is not None:
            remedy = remedies[report.declined]
            return replace(one, reason=report.declined, remedy=remedy)
    if row.reach in (Reach.NOT, Reach.AS_FOUND):
        remedy = "run the suite against an emulator that has a control plane"
        return replace(one, reason=row.reason, remedy=remedy)
    reason = "what it needs did not come about on these instances"
    remedy = "name instances with a system event that a redeploy responds to"
    return replace(one, reason=reason, remedy=remedy)
