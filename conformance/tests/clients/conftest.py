"""The emulator on a real socket, set up through the control protocol."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Queue
from typing import Any

import httpx
import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.serve import serve

EVENT = {"type": "SystemMaintenance.Reboot", "status": "Scheduled"}

# An instance for each row of the error table: what speaks against its redeploy.
REFUSED: dict[str, dict[str, Any] | None] = {
    "InvalidInstanceId.NotFound": None,
    "IncorrectInstanceStatus": {"status": "Pending"},
    "InstanceLockedForSecurity": {"lock_reasons": ["security"]},
    "InvalidOperation.RedeployInstance": {"events": []},
    "DiskError": {"disk_status": "incorrect"},
    "InstanceExpiredOrInArrears": {"billing": "expired"},
    "InternalError": {},
}


@dataclass(frozen=True)
class Service:
    """One running emulator, with an account of the test's own."""

    url: str
    control: httpx.Client
    account_id: str
    key_id: str
    secret: str

    @property
    def authority(self) -> str:
        """Host and port, as clients are told."""
        return httpx.URL(self.url).netloc.decode()

    def order(self, method: str, path: str, body: Any) -> Any:
        """The answer of the control protocol."""
        answer = self.control.request(method, path, content=json.dumps(body))
        assert answer.is_success, answer.text
        return answer.json()

    def instance(self, **spec: Any) -> str:
        """The id of a new instance, with an event that a redeploy responds to."""
        asked = {
            "account_id": self.account_id,
            "instances": [{"events": [EVENT], **spec}],
        }
        made = self.order("POST", "instances", asked)
        return str(made["instances"][0]["instance_id"])

    def refused(self, code: str) -> str:
        """The id of an instance whose redeploy is refused with the code."""
        spec = REFUSED[code]
        if spec is None:
            return "i-bp1nobodyhasthis"
        if code == "InternalError":
            fault = {"account_id": self.account_id, "effect": "none"}
            self.order("POST", "internal-errors", fault)
        return self.instance(**spec)

    def power_offs(self, instance_id: str) -> int:
        """How often the guest was switched off."""
        answer = self.control.get(f"instances?account_id={self.account_id}")
        shown = {one["instance_id"]: one for one in answer.json()["instances"]}
        return int(shown[instance_id]["power_offs"])

    def advance(self) -> None:
        """Let the clock run until every redeploy has ended."""
        self.order("POST", "clock/advance", {"seconds": 3600})


@pytest.fixture(scope="session")
def address() -> str:
    """Where the emulator answers; it ends with the process."""
    urls: Queue[str] = Queue()
    threading.Thread(
        target=serve, args=(Emulator(),), kwargs={"ready": urls.put}, daemon=True
    ).start()
    return urls.get(timeout=20)


@pytest.fixture
def service(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """The emulator, with a new account."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    base = f"{address}/redeploy-control/v1/"
    with httpx.Client(base_url=base, trust_env=False) as control:
        made = control.post("accounts", json={}).json()
        yield Service(
            address,
            control,
            made["account_id"],
            made["access_key_id"],
            made["access_key_secret"],
        )
