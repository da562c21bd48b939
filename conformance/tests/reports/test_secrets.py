"""Secrets and signatures that passed through a run are in none of its artefacts."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from redeploy_conformance.cli import main

COMMAND = "from redeploy_conformance.cli import main; main()"
TOKEN = "planted-token-5f1d0c"

TARGET = '''
"""A broken emulator that answers calls with what came in their headers, and keeps a list."""

import json
import re
from pathlib import Path

from redeploy_conformance.faults.catalogue import build
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.wire.http import HttpResponse

SECRETS = Path(__file__).with_name("secrets.txt")


class Echo:
    host = "ecs.test"

    def __init__(self):
        self.inner = DirectTransport(build("security-lock-ignored").asgi)

    def send(self, request, timeout):
        answer = self.inner.send(request, timeout)
        headers = dict(request.headers)
        sent = headers.get("authorization", "")
        found = re.findall(r"Signature=(\\\\w+)", sent + " " + request.target)
        found += re.findall(r"Bearer (.+)", sent)
        found += re.findall(rb'"access_key_secret": "([^"]+)"', answer.body)
        with SECRETS.open("a") as file:
            for one in found:
                file.write((one.decode() if isinstance(one, bytes) else one) + "\\\\n")
        if headers.get("x-acs-action") == "RedeployInstance":
            body = {**json.loads(answer.body), "Echo": sent}
            return HttpResponse(answer.status, answer.headers, json.dumps(body).encode())
        return answer

    def close(self):
        self.inner.close()
'''.replace("\\\\", "\\")

STATEMENT = """
[endpoint]
factory = "echo_target:Echo"
control_token_env = "REDEPLOY_TEST_TOKEN"
"""


def report(*words: str) -> None:
    outcome = CliRunner().invoke(main, ["report", *words], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output


def command(folder: Path, *words: str) -> str:
    """Run the command in a process of its own; return all that it printed."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *words],
        cwd=folder,
        env={"REDEPLOY_TEST_TOKEN": TOKEN, "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every artefact of one run, and the list of secrets."""
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "echo_target.py").write_text(TARGET, "utf-8")
    (folder / "target.toml").write_text(STATEMENT, "utf-8")
    made = folder / "made"
    made.mkdir()
    words = ("run", "target.toml", "--clause", "A3", "-v", "--junit", "made/j.xml")
    files = ("--result", "made/r.json", "--stream", "made/s.ndjson")
    printed = command(folder, *words, *files, "--trace", "made/t.ndjson")
    (made / "printed.txt").write_text(printed, "utf-8")
    again = ("replay", "made/r.json", "target.toml")
    (made / "replayed.txt").write_text(command(folder, *again), "utf-8")
    for form in ("curl", "pytest"):
        command(folder, *again, "--as", form, "-o", f"made/as-{form}")
    command(folder, "check-trace", "made/t.ndjson", "--result", "made/checked.json")
    result, stream = str(made / "r.json"), str(made / "s.ndjson")
    for name in ("text", "html", "markdown", "junit", "badge", "merge"):
        report(name, result, "-o", str(made / name))
        report(name, stream, "-o", str(made / f"{name}-stream"))
    for form in ("text", "markdown", "html"):
        words = ("matrix", result, stream, "--format", form)
        report(*words, "-o", str(made / f"matrix-{form}"))
    report("diff", result, result, "-o", str(made / "diff"))
    return folder


def test_every_artefact_was_made_from_a_run_with_a_violation(folder: Path) -> None:
    names = {one.name for one in (folder / "made").iterdir()}
    run = {"r.json", "s.ndjson", "t.ndjson", "j.xml", "printed.txt"}
    one = {"text", "html", "markdown", "junit", "badge", "merge"}
    again = {"replayed.txt", "as-curl", "as-pytest", "checked.json"}
    several = {"matrix-text", "matrix-markdown", "matrix-html", "diff"}
    assert names == run | one | {f"{name}-stream" for name in one} | again | several
    silent = {"badge", "badge-stream", "t.ndjson", "as-pytest"} | several
    for name in names - silent:
        text = (folder / "made" / name).read_text("utf-8")
        assert "rejected with InstanceLockedForSecurity" in text, name
    for name in ("t.ndjson", "as-pytest"):
        text = (folder / "made" / name).read_text("utf-8")
        assert "lock_reasons" in text, name


def test_none_of_them_holds_a_secret(folder: Path) -> None:
    secrets = set((folder / "secrets.txt").read_text("utf-8").split())
    assert TOKEN in secrets
    assert len(secrets) > 10
    for one in (folder / "made").iterdir():
        text = one.read_text("utf-8")
        assert {secret for secret in secrets if secret in text} == set(), one.name


def test_what_was_echoed_is_there_without_its_signature(folder: Path) -> None:
    text = (folder / "made" / "r.json").read_text("utf-8")
    assert "Signature=***" in text
