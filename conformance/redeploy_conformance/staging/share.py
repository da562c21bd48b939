"""The part of the documented rate limit that a run uses: what is left of it is for the owner."""

from collections import deque
from dataclasses import dataclass, field

from redeploy_conformance.alive import PATIENCE
from redeploy_conformance.staging.access import StagingApi
from redeploy_schemas.contract import Contract


@dataclass(slots=True)
class Share:
    """Lets ``part`` of the calls through that the contract allows; waits on the clock of ``api``."""

    contract: Contract
    part: float
    api: StagingApi
    _sent: deque[float] = field(default_factory=deque)

    def wait(self) -> None:
        """Wait until one more call stays within it, and count on that call."""
        contract, clock = self.contract, self.api.clock
        most = max(1, int(contract.quota_calls * self.part))
        while True:
            now = clock.now()
            while self._sent and self._sent[0] <= now - contract.quota_seconds:
                self._sent.popleft()
            if len(self._sent) < most:
                break
            pause = self._sent[0] + contract.quota_seconds - now + 0.001
            if pause >= PATIENCE:
                self.api.say(
                    f"waiting {pause:.0f} s with the next call: more would not stay within the run's "
                    f"{self.part:g} of the rate limit"
                )
            clock.sleep(pause)
        self._sent.append(clock.now())
