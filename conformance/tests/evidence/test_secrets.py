"""No secret is ever in a trace."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.evidence.check import check
from redeploy_conformance.evidence.secrets import Secrets, signatures_of
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.contract import Contract

Record = Callable[..., Any]


class Gossip(DirectTransport):
    """Answers with everything that the request carried, and remembers what was secret in it."""

    def __init__(self) -> None:
        super().__init__(Emulator().asgi)
        self.keys: set[str] = set()
        self.signatures: set[str] = set()

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        answer = super().send(request, timeout)
        if not answer.body.startswith(b"{"):
            return answer
        document = json.loads(answer.body)
        if "access_key_secret" in document:
            self.keys.add(document["access_key_secret"])
        headers = dict(request.headers)
        token = headers.get("authorization", "")
        self.signatures |= set(signatures_of(request))
        if "Message" in document:
            heard = [*self.keys, token, request.target, request.body.decode()]
            document["Message"] = f"<{'> <'.join(heard)}>"
            return HttpResponse(
                answer.status, answer.headers, json.dumps(document).encode()
            )
        return answer


@pytest.mark.parametrize("signature", ["v1", "v3"])
def test_a_target_that_echoes_everything_gets_no_secret_into_the_trace(
    contract: Contract,
    record: Record,
    monkeypatch: pytest.MonkeyPatch,
    signature: str,
) -> None:
    monkeypatch.setenv("TOKEN_OF_TEST", "planted-token-of-the-control-plane")
    transport = Gossip()
    run = record(
        clauses=("A1", "A3", "U1", "U4"),
        transport=transport,
        signature=signature,
        control_token_env="TOKEN_OF_TEST",
    )
    text = run.path.read_text()
    secret = transport.keys | transport.signatures
    assert len(transport.keys) > 3
    assert len(transport.signatures) > 3
    assert [one for one in secret if one in text] == []
    assert "planted-token" not in text
    assert check([run.path], contract).result().exit_code == run.result.exit_code


def test_a_secret_is_taken_out_however_it_is_written() -> None:
    secrets = Secrets()
    secrets.learn('a"secret/with\\odd characters')
    written = json.dumps({"x": 'a"secret/with\\odd characters'})
    assert secrets.out_of(written) == '{"x": "***"}'
