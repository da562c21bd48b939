"""A target that sends everything back: no key leaves the suite all the same."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import RESULT, Command

ECHO = """
import json
import os

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.settings import Settings
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import UnansweredError
from redeploy_conformance.wire.http import HttpResponse

SEEN = open("secrets.txt", "a")


class Echo:
    count = 0

    def __init__(self):
        token = os.environ.get("CONTROL_TOKEN")
        self.inner = DirectTransport(Emulator(Settings(control_token=token)).asgi)

    def send(self, request, timeout):
        answer = self.inner.send(request, timeout)
        said = f"You sent {request.target} {request.headers!r} {request.body!r}"
        if request.target.startswith("/redeploy-control"):
            made = json.loads(answer.body)
            if "access_key_secret" in made:
                print(made["access_key_secret"], file=SEEN, flush=True)
            return self.control(request, answer, said)
        signed = dict(request.headers).get("authorization", "")
        if signed:
            print(signed.rpartition("Signature=")[2], file=SEEN, flush=True)
        if answer.status >= 400:
            fields = json.loads(answer.body)
            fields["Message"] = said
            body = json.dumps(fields).encode()
            return HttpResponse(answer.status, answer.headers, body)
        return answer

    def control(self, request, answer, said):
        return answer

    def close(self):
        pass


class Refusing(Echo):
    def control(self, request, answer, said):
        self.count += 1
        if self.count > 40:
            return HttpResponse(500, (), json.dumps({"error": said}).encode())
        return answer


class Silent(Echo):
    def control(self, request, answer, said):
        self.count += 1
        if self.count > 40:
            raise UnansweredError(said)
        return answer


class Bug(Echo):
    def control(self, request, answer, said):
        self.count += 1
        if self.count > 40:
            raise ZeroDivisionError(said)
        return answer
"""
ENV = {"CONTROL_TOKEN": "token-0123456789-token"}
STATEMENT = """
[endpoint]
factory = "mine:FACTORY"
control_token_env = "CONTROL_TOKEN"
signature = "SCHEME"
"""
FILES = (RESULT, "junit.xml", "stream.ndjson", "trace.ndjson")


@pytest.mark.parametrize(
    ("factory", "scheme", "code"),
    [
        ("Echo", "v3", 1),  # R3: the texts are wrong
        ("Echo", "v1", 1),
        ("Refusing", "v3", 1),  # S1: what is offered does not work
        ("Silent", "v3", 1),  # R3 came first
        ("Bug", "v3", 1),
    ],
)
def test_secrets_and_signatures_stay_inside(
    redeploy: Command,
    statement: Callable[[str], str],
    tmp_path: Path,
    factory: str,
    scheme: str,
    code: int,
) -> None:
    (tmp_path / "mine.py").write_text(ECHO, "utf-8")
    path = statement(STATEMENT.replace("FACTORY", factory).replace("SCHEME", scheme))
    ran = redeploy(
        *("run", path, "--clause", "A1", "--clause", "A3", "-v"),
        *("--junit", FILES[1], "--stream", FILES[2], "--trace", FILES[3]),
        **ENV,
    )
    secrets = {ENV["CONTROL_TOKEN"]}
    secrets |= set((tmp_path / "secrets.txt").read_text("utf-8").split())
    assert len(secrets) > 6
    said = ran.said + "".join((tmp_path / name).read_text("utf-8") for name in FILES)
    assert [one for one in secrets if one in said] == []
    assert ran.code == code


def test_not_even_when_the_target_fails_at_once(
    redeploy: Command, statement: Callable[[str], str], tmp_path: Path
) -> None:
    text = ECHO.replace("self.count > 40", "self.count > 0")
    (tmp_path / "mine.py").write_text(text, "utf-8")
    path = statement(STATEMENT.replace("FACTORY", "Bug").replace("SCHEME", "v3"))
    ran = redeploy("run", path, **ENV)
    assert ran.code == 4
    assert "ZeroDivisionError" in ran.err
    assert ENV["CONTROL_TOKEN"] not in ran.said


def test_a_printed_command_names_the_statement_and_no_secret(
    redeploy: Command, statement: Callable[[str], str], tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(ECHO, "utf-8")
    path = statement(STATEMENT.replace("FACTORY", "Echo").replace("SCHEME", "v3"))
    ran = redeploy("run", path, "--clause", "A1", **ENV)
    assert ran.result is not None
    found = ran.result["findings"][0]
    assert path in found["reproduce"]
    again = redeploy("replay", RESULT, path, "--times", "1", **ENV)
    assert again.code == 1
    secrets = set((tmp_path / "secrets.txt").read_text("utf-8").split())
    assert [one for one in secrets | set(ENV.values()) if one in again.said] == []
