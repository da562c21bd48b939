"""A double over TLS, and the commands as its owner would type them: real time, real processes."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme
from warm import warm

from redeploy_conformance.emulator.serve import serve
from redeploy_conformance.emulator.settings import Settings as EmulatorSettings
from redeploy_conformance.staging.double import Double
from redeploy_conformance.staging.requests import read
from redeploy_conformance.wire.http import HttpRequest, HttpResponse

COMMAND = [str(Path(sys.executable).with_name("redeploy-conformance"))]
TAG = ("purpose", "redeploy-tests")
QUICK = EmulatorSettings(
    no_event="accept",
    stopping_seconds=30.0,
    stopped_seconds=10.0,
    starting_seconds=30.0,
)
SCALE = 300.0
"""A redeploy of 70 s takes a quarter of one."""


class Recording(Double):
    """A double that keeps what it is asked for."""

    asked: list[str]

    def handle(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(read(request).action)
        return super().handle(request)


@dataclass
class Served:
    """A double that is served over TLS, and the command as its owner would type it."""

    double: Recording
    url: str
    folder: Path
    state: str = ""

    @property
    def env(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ALIBABA", "ALIBABACLOUD"))
        }
        return {
            **kept,
            "HOME": str(self.folder),
            "REDEPLOY_STATE": self.state or str(self.folder / "state"),
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.double.key.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.double.key.secret,
        }

    def target(self) -> list[str]:
        ca = str(self.folder / "ca.pem")
        return ["cn-hangzhou", "--endpoint", self.url, "--ca", ca]

    def limits(self) -> list[str]:
        tag = ["--tag", "=".join(TAG), "--poll", "0.05"]
        return [*tag, "--redeploys", "20", "--minutes", "500"]

    def start(
        self,
        *words: str,
        cwd: Path | None = None,
        stderr: int = subprocess.PIPE,
        command: Sequence[str] = COMMAND,
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*command, *words],
            cwd=cwd or self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )

    def run(self, *words: str, cwd: Path | None = None) -> tuple[int, str, str]:
        process = self.start(*words, cwd=cwd, command=warm())
        out, err = process.communicate(timeout=50)
        assert self.double.key.secret not in out + err
        assert "Traceback" not in out + err
        return process.returncode, out, err

    def statuses(self) -> list[str]:
        with self.double.world.lock:
            self.double.world.clock.settle()
            return [one.status for one in self.double.account.instances.values()]

    def writes(self) -> int:
        return sum(one.redeploys for one in self.double.account.instances.values())


@contextmanager
def served(folder: Path, double: Recording) -> Iterator[Served]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    own = authority.issue_cert("127.0.0.1")
    own.private_key_and_cert_chain_pem.write_to_path(folder / "own.pem")
    ready = threading.Event()
    urls: list[str] = []

    def begin(url: str) -> None:
        urls.append(url)
        ready.set()

    thread = threading.Thread(
        target=serve,
        args=(double,),
        kwargs={
            "ready": begin,
            "ssl_certfile": folder / "own.pem",
            "ssl_keyfile": folder / "own.pem",
        },
        daemon=True,  # it lives as long as the process of the tests
    )
    thread.start()
    assert ready.wait(20)
    yield Served(double, urls[0], folder)


def statement_of(account: Served) -> str:
    """A statement with a bound of its own: what an owner writes who knows how long it takes."""
    path = account.folder / "account.toml"
    path.write_text(
        f"""
[implementation]
name = "an account"

[endpoint]
url = "{account.url}"
region = "cn-hangzhou"
ca_file = "{account.folder / "ca.pem"}"

[bounds]
redeploy_seconds = 5
read_lag_seconds = 0

[choices]
L13 = "listed"
"""
    )
    return str(path)


def result_of(account: Served) -> dict[str, Any]:
    path = account.folder / "redeploy-conformance-result.json"
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def written(journal: Path) -> int:
    return journal.read_text().count('"line": "write"') if journal.exists() else 0


def redeploying(journal: Path) -> bool:
    """Whether a redeploy was accepted of each of the two instances."""
    text = journal.read_text() if journal.exists() else ""
    return text.count('"task": "t-') >= 2


def wait_for(condition: Any) -> None:
    end = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)
