"""Schemathesis against one server: installed into a folder of its own, run, and its report read.

It is no dependency of the project: only the benchmark that compares installs it, and throws it away.
"""

import json
import subprocess
import sys
import time
import venv
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openapi import CONTROL, document
from signing_proxy import Meter, proxy

from redeploy_conformance.targets.http import HttpTransport
from redeploy_conformance.wire.http import HttpRequest
from redeploy_conformance.wire.signing import Credentials
from redeploy_schemas.contract import load

REQUIREMENT = "schemathesis==4.32.5"
NOISE = "unsupported_method,allow_header_conformance"
"""Checks of HTTP methods: an RPC protocol takes them all, so that they say nothing here."""
OF_FORM = ("negative_data_rejection", "positive_data_acceptance")
"""Checks of what is taken as well-formed. Of the control protocol they are left out: that is not
what is judged, and whether they fail depends on what happens to be drawn."""
GRACE = 20.0
"""Seconds that it may take beyond its own limit, to start and to write its report."""

Sign = tuple[str, str, str]
"""What tells one failure from another: the operation, the check, the answer.

The answers of the control protocol are not told apart: they are not what is judged.
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that failed, after how many requests, and in how many calls it is shown."""

    sign: Sign
    requests: int
    length: int


@dataclass(frozen=True, slots=True)
class Report:
    """What one run did and said."""

    requests: int
    failures: tuple[Failure, ...]


def install(folder: Path) -> Path:
    """Install it into a fresh environment in a folder; return the command.

    Raises:
        subprocess.CalledProcessError: it could not be installed.
    """
    venv.create(folder, with_pip=True)
    home = folder / ("Scripts" if sys.platform == "win32" else "bin")
    python = home / "python"
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([python, "-m", "pip", "install", *quiet, REQUIREMENT], check=True)
    return home / "schemathesis"


def run(
    command: Path, folder: Path, url: str, *, requests: int, seconds: float, seed: int
) -> Report:
    """Run it against one server, within a budget.

    Raises:
        RuntimeError: it failed itself, so that its report says nothing.
    """
    transport = HttpTransport(url)
    host = transport.host
    account = _account(transport, host)
    key = Credentials(account["access_key_id"], account["access_key_secret"])
    description = folder / "openapi.json"
    report = folder / "report.ndjson"
    description.write_text(json.dumps(document(load(), account["account_id"])))
    report.unlink(missing_ok=True)
    meter = Meter(requests, time.monotonic() + seconds + GRACE)
    with proxy(transport, key, host, CONTROL, meter) as base:
        words = [command, "run", description, "--url", base, "--seed", seed]
        words += ["--max-time", max(1, int(seconds)), "--continue-on-failure"]
        words += ["--exclude-checks", NOISE, "--warnings", "off", "--no-color"]
        words += ["--report-ndjson-path", report, "--generation-database", "none"]
        done = subprocess.run(
            [str(word) for word in words],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=seconds + 6 * GRACE,
            check=False,
        )
    transport.close()
    if done.returncode not in (0, 1) or not report.exists():
        raise RuntimeError(f"schemathesis ended with {done.returncode}: {done.stdout}")
    return Report(meter.count, tuple(_failures(report)))


def _account(transport: HttpTransport, host: str) -> dict[str, str]:
    headers = (("host", host), ("content-type", "application/json"))
    request = HttpRequest("POST", f"{CONTROL}/accounts", headers, b"{}")
    made: dict[str, str] = json.loads(transport.send(request, GRACE).body)
    return made


def _failures(report: Path) -> Iterator[Failure]:
    """Yield failures in the order of the requests that brought them."""
    calls: list[tuple[float, str, dict[str, Any]]] = []
    for line in report.read_text("utf-8").splitlines():
        event = json.loads(line).get("ScenarioFinished")
        recorder = event and event["recorder"]
        for case, call in (recorder or {}).get("interactions", {}).items():
            calls.append((call["timestamp"], case, recorder))
    calls.sort(key=lambda one: one[0])
    for number, (_, case, recorder) in enumerate(calls, 1):
        for check in recorder.get("checks", {}).get(case, ()):
            if check["status"] != "success":
                answer = _answer(recorder["interactions"][case])
                label = str(check["failure_info"]["failure"]["operation"])
                if CONTROL in label and check["name"] in OF_FORM:
                    continue
                sign = (label, str(check["name"]), "" if CONTROL in label else answer)
                yield Failure(sign, number, _length(recorder["cases"], case))


def _answer(call: dict[str, Any]) -> str:
    """Return the status of an answer and the code in it."""
    response = call.get("response")
    if response is None:
        return "no answer"
    body = (response.get("content") or {}).get("$base64", "")
    try:
        fields = json.loads(b64decode(body))
    except ValueError:
        fields = None
    code = fields.get("Code", "") if isinstance(fields, dict) else "not JSON"
    return f"{response['status_code']} {code}".strip()


def _length(cases: dict[str, Any], case: str | None) -> int:
    """Return how many calls lead to a case, itself included."""
    count = 0
    while case in cases:
        count += 1
        case = cases[case].get("parent_id")
    return count
