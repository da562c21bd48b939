"""Preparing on a real account: instances are taken as they are, brought, made; events are simulated."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zlib import crc32

from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.judging.views import event_of
from redeploy_conformance.judging.world import Event
from redeploy_conformance.planning import steps as step
from redeploy_conformance.planning.steps import Step
from redeploy_conformance.running.api import DoubtError, LostError, Offer, SetUpError
from redeploy_conformance.running.plane import Account
from redeploy_conformance.running.session import Run, Session
from redeploy_conformance.staging.access import (
    PAUSES,
    StagingApi,
    Wallet,
    made_at,
    tagged,
)
from redeploy_conformance.staging.coming import coming, open_events
from redeploy_conformance.staging.fence import STABLE, FenceError
from redeploy_conformance.staging.requests import LAUNCH, SIMULATE, WITHDRAW
from redeploy_conformance.staging.settings import RUN_TAG, Settings
from redeploy_conformance.staging.taking import Known, taken
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Ending

HOME = "a1"
SPARE = 3600.0
"""Seconds after its minutes at which an instance of the run ends by itself, whatever happened."""


@dataclass(frozen=True, slots=True)
class Landing:
    """A task that was seen to be over: how its redeploy ended, and when it was seen."""

    task: str
    ending: Ending
    seen: float


class PreparingSession(Session):
    """A session whose instances belong to somebody: it takes them as they are.

    Several cases are under way at once, each on its own instance; ``enter`` says which one the next
    step belongs to.
    """

    api: StagingApi

    def __init__(
        self,
        api: StagingApi,
        offer: Offer,
        contract: Contract,
        wallet: Wallet,
        settings: Settings,
        run_id: str,
    ) -> None:
        """Begin with nothing taken."""
        super().__init__(api, offer, contract, Ledger())
        self.wallet = wallet
        self.settings = settings
        self.run_id = run_id
        self.known: dict[str, Known] = {}
        self.late = settings.late
        """Seconds by which a read may be late."""
        self.until = api.clock.wall() + settings.minutes * 60
        """When the run is over at the latest, in seconds since 1970."""
        self._called: dict[str, float] = {}
        self._effects: dict[str, list[str | None]] = {}
        self._landings: dict[str, Landing] = {}
        self._doubled: dict[str, tuple[str, float]] = {}

    def enter(self, run: Run, ledger: Ledger) -> None:
        """Let what comes next belong to a case."""
        self.run, self.oracle.ledger = run, ledger

    def _account(self, name: str) -> Account:
        return Account("", self.wallet())

    def let_go(self, key: str) -> None:
        """Stop to watch an instance: something else than a redeploy moves it now."""
        self._doubled.pop(key, None)
        self.oracle.worlds.pop(key, None)
        self.oracle.stirred.discard(key)

    # ------------------------------------------------------------------ preparing

    def _prepare(self, one: Step) -> str:
        match one:
            case step.Take():
                return self._take(one.key)
            case step.Bring():
                return self._bring(one)
            case step.Withdraw():
                return self._withdraw(one.key)
            case step.Launch():
                return self._launch(one)
            case step.Simulate():
                return self._simulate(one)
            case _:
                raise AssertionError(f"there is no control plane to do {one}")

    def _take(self, key: str) -> str:
        """Watch an instance from now on, as a look shows it; what was believed before is dropped.

        Raises:
            SetUpError: it is not there, or somebody else moves it, or may at any moment.
        """
        listed = self._listed(self._account(HOME), [key]).get(self.ids[key])
        if listed is None:
            raise SetUpError(f"{self.ids[key]} is not listed any more")
        if listed.get("Status") not in STABLE:  # whoever moves it, it will move on
            raise SetUpError(f"{self.ids[key]} is {listed.get('Status')} by itself")
        known = self.known.setdefault(key, Known({}))
        rows = self.api.events(self.wallet(), self.ids[key])
        events, now = open_events(self.contract, rows), self.api.clock.wall()
        if why := coming(self.contract, listed, events, now, self.until):
            raise SetUpError(f"{self.ids[key]} is left alone: {why}")
        worlds = taken(
            self.contract, listed, known, rows, self.settings.events_are_real
        )
        self.oracle.add(key, HOME, *worlds)
        self.tasks.pop(key, None)
        self._doubled.pop(key, None)
        return f"{self.ids[key]}: {worlds[0]}"

    def _bring(self, one: step.Bring) -> str:
        self.let_go(one.key)
        action = "StartInstance" if one.status == "Running" else "StopInstance"
        params = [("InstanceId", self.ids[one.key])]
        if action == "StopInstance":
            params += [("ForceStop", "false"), ("StoppedMode", "KeepCharging")]
        try:
            self.api.ask(action, params, self.wallet())
        except FenceError:
            raise
        except SetUpError as error:
            return f"{action} is asked for again later: {error}"
        return f"{action} asked for"

    def _launch(self, one: step.Launch) -> str:
        for row in tagged(self.api, self.wallet(), RUN_TAG, self.run_id):
            self.ids[one.key] = str(row["InstanceId"])
            self.oracle.homes[one.key] = HOME
            return f"made before, as {self.ids[one.key]}"
        given = dict(self.settings.launch)
        end = self.api.clock.wall() + self.settings.minutes * 60 + SPARE
        release = datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        params = [("RegionId", self.api.region), ("Amount", "1"), *given.items()]
        params += [("InstanceChargeType", "PostPaid"), ("AutoReleaseTime", release)]
        params += [("Tag.1.Key", RUN_TAG), ("Tag.1.Value", self.run_id)]
        fields = self.api.ask(LAUNCH, params, self.wallet())
        ids = (fields.get("InstanceIdSets") or {}).get("InstanceIdSet") or []
        if len(ids) != 1:
            raise SetUpError("RunInstances gave no instance id")
        self.ids[one.key] = str(ids[0])
        self.oracle.homes[one.key] = HOME
        return f"made as {ids[0]}"

    def _simulate(self, one: step.Simulate) -> str:
        now = self.api.clock.wall()
        spread = crc32(f"{self.run_id} {one.key} {now!r}".encode()) % 40_000
        later = datetime.fromtimestamp(now, UTC) + timedelta(days=2, seconds=spread)
        not_before = later.strftime("%Y-%m-%dT%H:%M:%SZ")
        instance = self.ids[one.key]
        params = [
            ("RegionId", self.api.region),
            ("InstanceId.1", instance),
            ("EventType", one.type),
            ("NotBefore", not_before),
        ]
        trouble, late = "the simulated event is not in the event history", self.late
        answered: list[str] = []
        try:
            fields = self.api.ask(SIMULATE, params, self.wallet())
            answered = (fields.get("EventIdSet") or {}).get("EventId") or []
        except FenceError:
            raise
        except SetUpError as error:  # it may have been made all the same: look
            trouble = str(error)
            late = late if isinstance(error, LostError | DoubtError) else 0.0

        def listed() -> dict[str, tuple[str, str]]:
            if not answered:
                return made_at(self.api, self.wallet, instance, one.type, not_before)
            rows = map(event_of, self.api.events(self.wallet(), instance))
            return {
                event_id: shown for _, event_id, shown in rows if event_id in answered
            }

        made = listed()
        listed_by = self.now + late
        while not made and self.now < listed_by:
            self.api.sleep(self.settings.poll_seconds)
            made = listed()
        if not made:
            raise SetUpError(trouble)
        known = self.known.setdefault(one.key, Known({}))
        for event_id, shown in made.items():
            known.simulated[event_id] = shown
            self.oracle.raised(one.key, Event(event_id, *shown, simulated=True))
        return f"made as {', '.join(made)}"

    def _withdraw(self, key: str) -> str:
        known = self.known.get(key)
        if known is None or not known.simulated:
            return "there is none"
        params = [("RegionId", self.api.region)]
        params += [(f"EventId.{n}", one) for n, one in enumerate(known.simulated, 1)]
        for pause in PAUSES:
            try:
                self.api.ask(WITHDRAW, params, self.wallet())
                break
            except FenceError:
                raise
            except SetUpError as error:  # it may have been done all the same: look
                trouble = error
                self.api.sleep(pause)
            if not self._still_open(key, set(known.simulated)):
                break
        else:
            raise trouble
        gone = set(known.simulated)
        known.withdrawn |= gone
        known.simulated.clear()
        if key in self.oracle.worlds:
            self.oracle.gone(key, gone)
        return "done"

    def _still_open(self, key: str, events: set[str]) -> bool:
        rows = self.api.events(self.wallet(), self.ids[key])
        return any(
            event_id in events and status in self.contract.open_event_statuses
            for _, event_id, (_, status) in map(event_of, rows)
        )
