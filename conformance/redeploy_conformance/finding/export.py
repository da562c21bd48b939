"""A finding as a script for curl, which needs nothing of this suite, or as a pytest test.

The script is made by doing the steps once on the reference emulator: every request is written down,
and the ids and keys that its answers gave become variables, bound anew by whoever runs it.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.finding.investigate import perform
from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.planning.notation import to_json
from redeploy_conformance.planning.steps import Step, Together
from redeploy_conformance.running.api import PLAIN, Api, Manner
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.statement import Statement
from redeploy_conformance.wire.answers import Answer
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_conformance.wire.signatures import canonical_query
from redeploy_conformance.wire.signing import Credentials
from redeploy_reports.clean import clean
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Finding

PREFIX = "/redeploy-control/v1"


class ExportError(ValueError):
    """A finding cannot be written so; the message says why, and what can be done instead."""


@dataclass(frozen=True, slots=True)
class _Signed:
    """A call of the public API: what is sent, what is signed, by whom, and with which nonce."""

    action: str
    sent: str
    signed: str
    credentials: Credentials | None
    nonce: str | None
    stale: bool
    answer: str


@dataclass(frozen=True, slots=True)
class _Control:
    """A request to the control protocol."""

    method: str
    path: str
    body: str
    answer: str


@dataclass(slots=True)
class _Scribe(Api):
    """Writes down each request before it is signed."""

    written: list[_Signed | _Control] = field(default_factory=list)
    _public: bool = False

    def call(
        self,
        action: str,
        params: Sequence[tuple[str, str]],
        credentials: Credentials | None,
        manner: Manner = PLAIN,
    ) -> Answer:
        """Make the call, and write it down."""
        if manner.wire not in (None, "v3 query"):
            raise ExportError(
                f"a call signed and sent as {manner.wire} is not written as a script; use --as pytest"
            )
        unsigned = credentials is not None and not credentials.access_key_secret
        if manner.stamp is not None or unsigned:
            raise ExportError(
                "a call without a signature, or with a time stamp that cannot be read, is not"
                " written as a script; use --as pytest"
            )
        signed = canonical_query(params)
        sent = signed
        if (alter := manner.alter) is not None:
            sent = signed.replace(alter[0].decode(), alter[1].decode())
        self._public = True
        try:
            answer = Api.call(self, action, params, credentials, manner)
        finally:
            self._public = False
        text = json.dumps(answer.fields or {})
        stale = manner.now is not None
        self.written.append(
            _Signed(action, sent, signed, credentials, manner.nonce, stale, text)
        )
        return answer

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send, and write requests to the control protocol down."""
        answer = Api.send(self, request)
        if not self._public and not request.target.endswith("/reset"):
            path = request.target.removeprefix(PREFIX)
            self.written.append(
                _Control(
                    request.method, path, request.body.decode(), answer.body.decode()
                )
            )
        return answer


def script(
    finding: Finding, steps: Sequence[Step], contract: Contract, word: str | None = None
) -> str:
    """Return a Bash script that needs curl and openssl; ``word`` may be the URL of its target.

    Raises:
        ExportError: the steps are of a kind that a script cannot do.
    """
    if any(isinstance(one, Together) for one in steps):
        raise ExportError("calls at once are not written as a script; use --as pytest")
    target = Target(
        "reference emulator",
        "embedded",
        DirectTransport(Emulator().asgi),
        Statement(read_lag_seconds=0.0),
    )
    scribe = _Scribe(target)
    offer = scribe.discover()
    scribe.written.clear()
    run = perform(Bench(contract, target, scribe, offer), steps, Ledger())
    if run.problem is not None:
        raise ExportError(f"the steps cannot be done: {clean(run.problem)}")
    clause = contract.by_id[finding.clause]
    lines = [
        f"say {shlex.quote(f'{clause.slug}: {clause.statement}')}",
        *_Script().lines(scribe.written),
        f"say {shlex.quote('wanted by the contract: ' + clean(finding.expected))}",
        f"say {shlex.quote('observed then: ' + clean(finding.observed))}",
    ]
    head = (
        files("redeploy_conformance.finding").joinpath("export.sh").read_text("utf-8")
    )
    if word is not None and URL.fullmatch(word):
        head = head.replace(
            "{ENDPOINT:?the base URL of the target}", f"{{ENDPOINT:-{word}}}"
        )
    return head + "\n".join(lines) + "\n"


URL = re.compile(r"https?://[\w.:\[\]/-]+", re.ASCII)
"""Addresses that mean nothing else to a shell."""


@dataclass(slots=True)
class _Script:
    """Requests as lines of Bash; texts that answers gave are variables from there on."""

    names: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    made: int = 0

    def lines(self, written: Sequence[_Signed | _Control]) -> Iterator[str]:
        """Yield the lines of some requests."""
        for one in written:
            if isinstance(one, _Control):
                path, body = self._encoded(one.path), self._quoted(one.body)
                yield f"control {one.method} {path} {body}"
            else:
                yield self._call(one)
            yield from self._bind(json.loads(one.answer or "{}"))

    def _call(self, one: _Signed) -> str:
        key, secret = "''", "''"
        if one.credentials is not None:
            key = self._quoted(one.credentials.access_key_id)
            secret = self.secrets.get(one.credentials.access_key_secret, "wrong-secret")
            secret = f'"${secret}"' if secret != "wrong-secret" else secret
        words = [one.action, key, secret, self._encoded(one.sent)]
        words.append(self._encoded(one.signed))
        words += [shlex.quote(one.nonce or ""), "-1hour" if one.stale else "now"]
        return "call " + " ".join(words)

    def _bind(self, answer: Mapping[str, Any]) -> Iterator[str]:
        """Yield what takes ids and keys from an answer."""
        for field_name, values in _given(answer).items():
            for place, value in enumerate(values, 1):
                self.made += 1
                name = f"V{self.made}"
                if field_name == "access_key_secret":
                    self.secrets[value] = name
                else:
                    self.names[value] = name
                yield f"{name}=$(pick {field_name} {place})"

    def _encoded(self, text: str) -> str:
        """Return a path or a query as one word of the shell."""
        return self._quoted(text, '"$(encoded "${}")"')

    def _quoted(self, text: str, as_word: str = '"${}"') -> str:
        """Return a text as one word of the shell, with variables for what answers gave."""
        if not self.names:
            return shlex.quote(text)
        pattern = "|".join(map(re.escape, sorted(self.names, key=len, reverse=True)))
        words = []
        for part in re.split(f"({pattern})", text):
            if part in self.names:
                words.append(as_word.format(self.names[part]))
            elif part:
                words.append(shlex.quote(part))
        return "".join(words) or "''"


def _given(answer: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the ids and keys that an answer gives, by the name of their field."""
    found: dict[str, list[str]] = {}
    for name in ("account_id", "access_key_id", "access_key_secret", "TaskId"):
        if isinstance(answer.get(name), str):
            found[name] = [answer[name]]
    rows = answer.get("instances")
    if isinstance(rows, list) and all("event_ids" in one for one in rows):
        found["instance_id"] = [one["instance_id"] for one in rows]
    if "InstanceIdSets" in answer:
        found["InstanceIdSet"] = list(answer["InstanceIdSets"]["InstanceIdSet"])
    return found


def pytest_file(
    finding: Finding, steps: Sequence[Step], contract: Contract, word: str | None = None
) -> str:
    """Return a pytest test that passes where the clause is kept; ``word`` names its target."""
    clause = contract.by_id[finding.clause]
    words = re.sub(r"\W+", "_", clause.slug.lower())
    rows = [to_json(one) for one in steps]
    shown = ",\n".join(f"    {json.dumps(one)!a}" for one in rows)
    then = f"observed when it was found: {clean(finding.observed)}"
    other = 'os.environ["REDEPLOY_TARGET"]'
    target = f'os.environ.get("REDEPLOY_TARGET", {word!a})' if word else other
    return (
        f'"""{clause.slug}. REDEPLOY_TARGET names another target, as for the command."""\n\n'
        "import os\n\n"
        "from redeploy_conformance.replay import broken_clauses\n\n"
        f"STEPS = (\n{shown},\n)\n"
        f"THEN = {then!a}\n\n\n"
        f"def test_{words}() -> None:\n"
        f"    target = {target}\n"
        "    broken = broken_clauses(STEPS, target)\n"
        f"    assert {clause.id!r} not in broken, (broken, THEN)\n"
    )
