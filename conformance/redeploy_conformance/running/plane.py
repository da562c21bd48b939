"""The control plane as one case uses it: each request that works is entered in the ledger (S1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from redeploy_conformance.judging.oracle import Oracle
from redeploy_conformance.running.api import Api
from redeploy_conformance.wire.signing import Credentials
from redeploy_schemas.vocabulary import Part, Written

PARTS = {part.value: part.value for part in Part}
"""The part of the control protocol by the last word of a path, or else by the first."""
PARTS |= {"next-redeploy": Part.OUTCOMES.value, "advance": Part.CLOCK.value}


@dataclass(frozen=True, slots=True)
class Account:
    """An account that a case made for itself."""

    id: str
    credentials: Credentials


class Plane:
    """Requests of the control protocol, and the keys that come of them."""

    def __init__(self, api: Api, oracle: Oracle) -> None:
        """Take the way to the target, and whose ledger is written to."""
        self.api = api
        self.oracle = oracle

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None, schema: str
    ) -> dict[str, Any]:
        """Return the answer to a request, whose part of the protocol worked."""
        answer = self.api.control(method, path, body, f"control/{schema}")
        self.oracle.ledger.confirm([("S1", _part(method, path))])
        return answer

    def account(self) -> tuple[Account, float | None]:
        """Make an account; return it, and what its clock shows if that is told."""
        made = self.ask("POST", "accounts", self.api.timed, "account-answer")
        return Account(made["account_id"], self._key(made)), made.get("now")

    def principal(
        self, account: str, statements: Sequence[Mapping[str, str]], written: Written
    ) -> Credentials:
        """Make somebody of an account who may do what the statements say; return the key."""
        policies = policies_of(statements, written)
        body = {"account_id": account, "policies": policies}
        return self._key(self.ask("POST", "principals", body, "principal-answer"))

    def _key(self, made: Mapping[str, Any]) -> Credentials:
        """Return a key that was made; its secret is kept out of whatever is written."""
        self.api.secrets.add(made["access_key_secret"])
        return Credentials(made["access_key_id"], made["access_key_secret"])

    def inspected(self, account: str) -> dict[str, Mapping[str, Any]]:
        """Return what the control plane shows of an account's instances, by id."""
        path = f"instances?account_id={quote(account, safe='')}"
        rows = self.ask("GET", path, None, "inspect-answer")["instances"]
        return {row["instance_id"]: row for row in rows}

    def time(self) -> float:
        """Return what the clock that redeploys run on shows, in seconds."""
        clock = self.api.clock_id
        named = f"?clock_id={quote(clock)}" if clock else ""
        return float(self.ask("GET", f"clock{named}", None, "clock")["now"])

    def turn(self, seconds: float) -> float:
        """Turn that clock; return what it shows then."""
        body = {"seconds": seconds, **self.api.timed}
        return float(self.ask("POST", "clock/advance", body, "clock")["now"])


def _part(method: str, path: str) -> str:
    """Return the part of the control protocol that a request belongs to."""
    if method == "GET" and path.startswith("instances"):
        return Part.INSPECT.value
    path = path.partition("?")[0]
    return PARTS.get(path.rpartition("/")[2]) or path.partition("/")[0]


def policies_of(
    statements: Sequence[Mapping[str, str]], written: Written
) -> list[dict[str, Any]]:
    """Return policies that say what some statements say."""
    several: Sequence[Sequence[Mapping[str, Any]]] = [statements]
    if written is Written.POLICIES:
        several = [[one] for one in statements]
    elif written is Written.LISTS:
        several = [_listed(_listed(statements, "Action"), "Resource")]
    return [{"Version": "1", "Statement": some} for some in several if some]


def _listed(statements: Sequence[Mapping[str, Any]], name: str) -> list[dict[str, Any]]:
    """Return statements of which those in a row that differ in that alone are one, with a list."""
    made: list[dict[str, Any]] = []
    for one in statements:
        if made and {**made[-1], name: None} == {**one, name: None}:
            before = made[-1][name]
            made[-1][name] = [
                *([before] if isinstance(before, str) else before),
                one[name],
            ]
        else:
            made.append(dict(one))
    return made
