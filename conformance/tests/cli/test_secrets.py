"""A target that sends everything back: no key leaves the suite all the same."""

from collections.abc import Callable
from pathlib import Path

from .conftest import Ran

Command = Callable[..., Ran]
ECHO = """
import json

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.wire.http import HttpResponse

SEEN = open("secrets.txt", "a")


class Echo:
    def __init__(self):
        self.inner = DirectTransport(Emulator().asgi)

    def send(self, request, timeout):
        answer = self.inner.send(request, timeout)
        if request.target.startswith("/redeploy-control"):
            made = json.loads(answer.body)
            if "access_key_secret" in made:
                print(made["access_key_secret"], file=SEEN, flush=True)
            return answer
        signed = dict(request.headers).get("authorization", "")
        print(signed.rpartition("Signature=")[2], file=SEEN, flush=True)
        if answer.status >= 400:
            fields = json.loads(answer.body)
            fields["Message"] = f"You sent {request.target} {request.headers!r}"
            body = json.dumps(fields).encode()
            return HttpResponse(answer.status, answer.headers, body)
        return answer

    def close(self):
        pass


def make():
    return Echo()
"""


def test_secrets_and_signatures_stay_inside(redeploy: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(ECHO, "utf-8")
    ran = redeploy("run", "mine:make", "--clause", "A3", "-v", "--junit", "junit.xml")
    assert ran.code == 1  # R3: the texts are wrong
    secrets = set((tmp_path / "secrets.txt").read_text().split())
    assert len(secrets) > 10
    files = ("redeploy-conformance-result.json", "junit.xml")
    written = "".join((tmp_path / name).read_text("utf-8") for name in files)
    assert [one for one in secrets if one in ran.said + written] == []
