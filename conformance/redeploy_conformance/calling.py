"""Calls of the operation: by whom, with which parameters, and signed as the contract's rows say."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from redeploy_conformance import steps as step
from redeploy_conformance.api import Api, LostError, SetUpError
from redeploy_conformance.replies import Reply, read, unanswered
from redeploy_conformance.targets.base import UnansweredError, UnreachableError
from redeploy_conformance.wire.signing import Credentials
from redeploy_schemas.contract import Contract


class NotApplicableError(Exception):
    """The implementation does not have what a case is about; the message says what."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls the operation on one target."""

    api: Api
    contract: Contract

    def call(
        self,
        one: step.Redeploy,
        instance: str,
        account: Credentials,
        caller: Credentials,
    ) -> Reply:
        """Make one call on an instance, as the step says, with the key of the ``caller``.

        Raises:
            NotApplicableError: the form of the request is not understood.
            SetUpError: there is no way to sign so, or the target does not answer any more.
        """
        params = self._params(one, instance)
        if one.wire is not None:
            self._try_wire(one.wire, account)
        try:
            answer = self._forged(one, params, caller)
        except UnansweredError as error:
            return unanswered(str(error))
        except UnreachableError as error:
            raise LostError(f"{self.contract.operation}: {error}") from error
        return read(answer)

    def _params(self, one: step.Redeploy, instance: str) -> dict[str, str]:
        params: dict[str, str] = {"InstanceId": instance}
        if one.force is not None:
            params["ForceStop"] = str(one.force).lower()
        for row in self.contract.malformed:
            if row.name == one.malformed:
                params |= row.set
                params = {k: v for k, v in params.items() if k not in row.drop}
        return params

    def _try_wire(self, wire: str, credentials: Credentials) -> None:
        """Make sure that a form of request is understood, before a refusal means anything."""
        region = [("RegionId", self.api.region)]
        try:
            answer = self.api.call("DescribeInstances", region, credentials, wire=wire)
        except (UnansweredError, UnreachableError) as error:
            raise LostError(f"DescribeInstances as {wire}: {error}") from error
        if answer.status >= 300:
            raise NotApplicableError(f"requests as {wire} are not understood")

    def _forged(
        self,
        one: step.Redeploy,
        params: Mapping[str, str],
        credentials: Credentials,
    ) -> Any:
        """Send the call, signed as the row says."""
        pairs = list(params.items())
        call = partial(self.api.call, self.contract.operation, wire=one.wire)
        if one.forgery is None:
            return call(pairs, credentials)
        ways = {row.name: row.signature for row in self.contract.forgeries}
        match ways.get(one.forgery):
            case None:
                return call(pairs, credentials)
            case "wrong-secret":
                wrong = Credentials(credentials.access_key_id, "not-the-secret")
                return call(pairs, wrong)
            case "unknown-key":
                return call(pairs, Credentials("LTAInobody00000000000", "nothing"))
            case "missing":
                return call(pairs, None)
            case "altered":
                pairs = [
                    *(p for p in pairs if p[0] != "ForceStop"),
                    ("ForceStop", "false"),
                ]
                alter = (b"ForceStop=false", b"ForceStop=true")
                return call(pairs, credentials, alter=alter)
            case "stale":
                past = datetime.now(UTC) - timedelta(hours=1)
                return call(pairs, credentials, now=past)
            case "replayed":
                nonce = f"{time.time_ns():x}"
                region = [("RegionId", self.api.region)]
                for before in (nonce, None):
                    self.api.call(
                        "DescribeInstances",
                        region,
                        credentials,
                        nonce=before,
                        wire=one.wire,
                    )
                return call(pairs, credentials, nonce=nonce)
            case other:
                raise SetUpError(f"no way to sign as {other!r}")
