"""The operations of the control protocol, one method each."""

from collections.abc import Mapping
from typing import Final

from redeploy_conformance.emulator.authority import read_policy
from redeploy_conformance.emulator.clock import Clock
from redeploy_conformance.emulator.limiter import Limiter
from redeploy_conformance.emulator.spec import apply_spec, check_event
from redeploy_conformance.emulator.state import Account, Instance, World

PARTS: Final = (
    "accounts",
    "principals",
    "instances",
    "events",
    "outcomes",
    "clock",
    "clocks",
    "inspect",
    "internal-errors",
    "reset",
)
_VIRTUAL: Final = ("clock", "clocks")
_MOST_CLOCKS: Final = 100_000
_OUTCOMES: Final = ("succeed", "fail")
_LONGEST_ADVANCE: Final = 10.0**9

Fields = dict[str, object]
Reply = tuple[int, Fields]


class ControlError(Exception):
    """A request that cannot be served: its HTTP status, and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class ControlParts:
    """What the protocol can do to a world. Each method takes the body or the query,
    and the id in the path if there is one; it returns HTTP status and fields, or
    raises ControlError."""

    def __init__(self, world: World, limiter: Limiter) -> None:
        self.world = world
        self.limiter = limiter

    def discovery(self, asked: Mapping[str, object]) -> Reply:
        """What this implementation is and offers."""
        virtual = self.world.clock.kind == "virtual"
        return 200, {
            "protocol": "redeploy-control/1",
            "implementation": {
                "name": "redeploy-conformance emulator",
                "version": "0.1.0",
            },
            "region": self.world.settings.region,
            "offers": [part for part in PARTS if virtual or part not in _VIRTUAL],
        }

    def add_account(self, asked: Mapping[str, object]) -> Reply:
        """A new account and its own key."""
        account = self.world.add_account(self._clock(asked))
        key = self.world.add_principal(account, None)
        return 201, {
            "account_id": account.account_id,
            "access_key_id": key.access_key_id,
            "access_key_secret": key.secret,
            "now": account.clock.now,
        }

    def add_principal(self, asked: Mapping[str, object]) -> Reply:
        """A new user of an account, with policies."""
        account = self._account(asked)
        policies = asked.get("policies", [])
        if not isinstance(policies, list):
            raise ControlError(400, "policies is not a list.")
        try:
            statements = [one for policy in policies for one in read_policy(policy)]
        except ValueError as error:
            raise ControlError(400, f"A policy cannot be read: {error}.") from None
        key = self.world.add_principal(account, tuple(statements))
        return 201, {
            "access_key_id": key.access_key_id,
            "access_key_secret": key.secret,
        }

    def add_instances(self, asked: Mapping[str, object]) -> Reply:
        """New instances as their specs say, all of them or none."""
        account = self._account(asked)
        specs = asked.get("instances")
        if not isinstance(specs, list):
            raise ControlError(400, "instances is not a list.")
        made: list[Instance] = []
        try:
            for spec in specs:
                if not isinstance(spec, Mapping):
                    raise ValueError("a spec is not a JSON object")
                instance = self.world.add_instance(account, "Running")
                made.append(instance)
                apply_spec(self.world, instance, spec, new=True)
        except ValueError as error:
            for instance in made:
                self.world.release(instance)
            raise ControlError(400, f"A spec cannot be used: {error}.") from None
        return 201, {
            "instances": [
                {
                    "instance_id": one.instance_id,
                    "event_ids": list(one.events),
                    "inspect": self.look(one),
                }
                for one in made
            ]
        }

    def change_instance(self, asked: Mapping[str, object], instance_id: str) -> Reply:
        """Give an instance other attributes."""
        instance = self._instance(instance_id)
        if "status" in asked and instance.flight is not None:
            raise ControlError(409, "A redeploy of the instance is on its way.")
        try:
            apply_spec(self.world, instance, asked, new=False)
        except ValueError as error:
            raise ControlError(400, f"The change cannot be made: {error}.") from None
        return 200, {}

    def release(self, asked: Mapping[str, object], instance_id: str) -> Reply:
        """The instance is gone."""
        self.world.release(self._instance(instance_id))
        return 200, {}

    def add_event(self, asked: Mapping[str, object], instance_id: str) -> Reply:
        """A new system event, not a simulated one."""
        instance = self._instance(instance_id)
        try:
            event_type, status = check_event(asked)
        except ValueError as error:
            raise ControlError(400, f"The event cannot be made: {error}.") from None
        event = self.world.add_event(instance, event_type, status)
        return 201, {"event_id": event.event_id}

    def next_redeploy(self, asked: Mapping[str, object], instance_id: str) -> Reply:
        """How the next accepted redeploy of the instance ends."""
        instance = self._instance(instance_id)
        outcome = asked.get("outcome")
        if outcome not in _OUTCOMES:
            raise ControlError(400, "outcome is neither succeed nor fail.")
        instance.next_outcome = "succeed" if outcome == "succeed" else "fail"
        return 200, {}

    def clock(self, asked: Mapping[str, object]) -> Reply:
        """The time."""
        self._virtual()
        return 200, {"now": self._clock(asked).now}

    def add_clock(self, asked: Mapping[str, object]) -> Reply:
        """A further clock."""
        self._virtual()
        if len(self.world.clocks) >= _MOST_CLOCKS:
            raise ControlError(409, f"There are {_MOST_CLOCKS} clocks already.")
        clock_id = self.world.add_clock()
        return 201, {"clock_id": clock_id, "now": self.world.clocks[clock_id].now}

    def advance(self, asked: Mapping[str, object]) -> Reply:
        """Move the clock on; what falls due by then has happened."""
        self._virtual()
        seconds = asked.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise ControlError(400, "seconds is not a number.")
        if not 0 <= seconds <= _LONGEST_ADVANCE:
            raise ControlError(400, "seconds is negative or too big.")
        clock = self._clock(asked)
        clock.advance(float(seconds))
        return 200, {"now": clock.now}

    def inspect(self, asked: Mapping[str, object]) -> Reply:
        """What no public operation shows."""
        account = self._account(asked)
        shown: list[object] = [self.look(one) for one in account.instances.values()]
        return 200, {"instances": shown}

    def look(self, instance: Instance) -> Fields:
        """One element of inspect."""
        return {
            "instance_id": instance.instance_id,
            "host": self.shown_host(instance),
            "local_data": instance.local_data,
            "cloud_data": instance.cloud_data,
            "local_disk": instance.local_disk,
            "billing": instance.billing,
            "disk_status": instance.disk_status,
            "orderly_stops": instance.orderly_stops,
            "power_offs": instance.power_offs,
        }

    def shown_host(self, instance: Instance) -> str:
        """The server, while a redeploy is on its way as the settings choose."""
        flight = instance.flight
        if flight is not None and self.world.settings.host_in_flight == "new":
            return flight.new_host
        return instance.host

    def internal_error(self, asked: Mapping[str, object]) -> Reply:
        """The next call that would be accepted answers InternalError."""
        account = self._account(asked)
        effect = asked.get("effect", "none")
        if effect not in ("none", "accepted"):
            raise ControlError(400, "effect is neither none nor accepted.")
        account.internal_errors.append(str(effect))
        return 200, {}

    def reset(self, asked: Mapping[str, object]) -> Reply:
        """Forget accounts, instances and events, all or those of one clock; not the time."""
        if "clock_id" in asked:
            self.limiter.forget(self.world.forget(self._clock(asked)))
        else:
            self.world.reset()
            self.limiter.reset()
        return 200, {}

    def _clock(self, asked: Mapping[str, object]) -> Clock:
        """The clock that is asked for; the common one where none is named."""
        if "clock_id" not in asked:
            return self.world.clock
        clock = self.world.clocks.get(str(asked["clock_id"]))
        if clock is None:
            raise ControlError(404, "There is no such clock.")
        return clock

    def _virtual(self) -> None:
        if self.world.clock.kind != "virtual":
            raise ControlError(501, "The clock of this implementation is the real one.")

    def _account(self, asked: Mapping[str, object]) -> Account:
        account = self.world.accounts.get(str(asked.get("account_id")))
        if account is None:
            raise ControlError(404, "There is no such account.")
        return account

    def _instance(self, instance_id: str) -> Instance:
        instance = self.world.instances.get(instance_id)
        if instance is None:
            raise ControlError(404, "There is no such instance.")
        return instance
