"""Calls of the operation: by whom, with which parameters, and signed as the contract's rows say."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from redeploy_conformance.judging.replies import Kind, Reply, read, unanswered
from redeploy_conformance.planning import steps as step
from redeploy_conformance.running.api import Api, LostError, Manner
from redeploy_conformance.targets.base import UnansweredError, UnreachableError
from redeploy_conformance.wire.answers import Answer
from redeploy_conformance.wire.signing import Credentials
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import Forging


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
            LostError: the target does not answer any more.
        """
        params = self._params(one, instance)
        understood = one.wire is None or self._understands(one.wire, account)
        unknown = NotApplicableError(f"requests as {one.wire} are not understood")
        if not understood and one.forgery is None:
            raise unknown
        try:
            reply = read(self._forged(one, params, caller))
        except UnansweredError as error:
            reply = unanswered(str(error))
        except UnreachableError as error:
            raise LostError(f"{self.contract.operation}: {error}") from error
        if not understood and reply.kind is not Kind.ACCEPTED:
            raise unknown
        return reply

    def _params(self, one: step.Redeploy, instance: str) -> dict[str, str]:
        params: dict[str, str] = {"InstanceId": instance}
        if one.force is not None:
            params["ForceStop"] = str(one.force).lower()
        for row in self.contract.malformed:
            if row.name == one.malformed:
                params |= row.set
                params = {k: v for k, v in params.items() if k not in row.drop}
        return params

    def _understands(self, wire: str, credentials: Credentials) -> bool:
        """Whether a form of request is understood: else a refusal means nothing."""
        region = [("RegionId", self.api.region)]
        try:
            answer = self.api.call(
                "DescribeInstances", region, credentials, Manner(wire=wire)
            )
        except (UnansweredError, UnreachableError) as error:
            raise LostError(f"DescribeInstances as {wire}: {error}") from error
        return answer.status < 300

    def _forged(
        self,
        one: step.Redeploy,
        params: Mapping[str, str],
        credentials: Credentials,
    ) -> Answer:
        """Send the call, signed as the row says."""
        pairs = list(params.items())
        key: Credentials | None = credentials
        manner = Manner(wire=one.wire)
        ways = {row.name: row.signature for row in self.contract.forgeries}
        match ways.get(one.forgery or ""):
            case Forging.WRONG_SECRET:
                key = Credentials(credentials.access_key_id, "not-the-secret")
            case Forging.UNKNOWN_KEY:
                key = Credentials("LTAInobody00000000000", "nothing")
            case Forging.MISSING:
                key = None
            case Forging.ALTERED:
                pairs = [
                    *(p for p in pairs if p[0] != "ForceStop"),
                    ("ForceStop", "false"),
                ]
                manner = replace(manner, alter=(b"ForceStop=false", b"ForceStop=true"))
            case Forging.STALE:
                manner = replace(manner, now=datetime.now(UTC) - timedelta(hours=1))
            case Forging.NOTHING:
                key = Credentials(credentials.access_key_id, "")
            case Forging.UNREADABLE:
                manner = replace(manner, stamp="not-a-time")
            case Forging.REPLAYED:
                once = replace(manner, nonce=f"{time.time_ns():x}")
                region = [("RegionId", self.api.region)]
                for before in (once, manner):
                    self.api.call("DescribeInstances", region, credentials, before)
                manner = once
        return self.api.call(self.contract.operation, pairs, key, manner)
