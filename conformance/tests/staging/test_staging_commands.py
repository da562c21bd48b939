"""The commands against a double over TLS: keys from the environment, real time, real kills."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from redeploy_conformance.emulator.serve import serve
from redeploy_conformance.emulator.settings import Settings as EmulatorSettings
from redeploy_conformance.staging.double import Double, Weather
from redeploy_conformance.staging.requests import READS, read
from redeploy_conformance.targets.http import HttpTransport
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.records import Result

from .conftest import TAG

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

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(Path(sys.executable).with_name("redeploy-conformance")), *words],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str) -> tuple[int, str, str]:
        process = self.start(*words)
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


@pytest.fixture
def trouble() -> float:
    """The share of answers that are errors of the service, and of refusals."""
    return 0.0


@pytest.fixture
def account(tmp_path: Path, trouble: float) -> Iterator[Served]:
    double = Recording(
        QUICK,
        time_scale=SCALE,
        weather=Weather(latency=0.002, errors=trouble, refusals=trouble, lost=trouble),
        seed=3,
    )
    double.asked = []
    double.put("Running", dict([TAG]))
    double.put("Stopped", dict([TAG]))
    double.put("Running", {"purpose": "production"})
    with served(tmp_path, double) as made:
        yield made


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


def test_plan_prints_every_step_and_what_it_costs_and_changes_nothing(
    account: Served,
) -> None:
    code, out, err = account.run("plan", *account.target(), *account.limits())
    assert (code, err) == (0, "")
    assert re.match(r"at most \d+ redeploys of 2 instances, at most \d+ minutes\n", out)
    first, second, other = account.double.account.instances
    assert f"on {first}, Running" in out
    assert f"on {second}, Stopped" in out
    assert other not in out
    assert "L12-concurrent-calls (up to 2 redeploys" in out
    assert "redeploy i1 2 times at once" in out or "redeploy i2 2 times at once" in out
    assert "what could be lost:\n  a redeploy restarts an instance" in out
    assert (
        "decided only where an instance is found so (no operation sets tenancy)" in out
    )
    assert out.endswith("nothing was changed: this is only the plan\n")
    assert account.statuses() == ["Running", "Stopped", "Running"]
    again = account.run("stage", *account.target(), *account.limits(), "--dry-run")
    assert again == (code, out, err)
    assert set(account.double.asked) <= set(READS)
    assert not (account.folder / "redeploy-conformance-journal.jsonl").exists()


def test_doctor_finds_nothing_wrong_with_a_good_account(account: Served) -> None:
    code, out, _ = account.run("doctor", *account.target())
    lines = out.splitlines()
    assert code == 0, out
    assert lines[0] == "ok    a key was found"
    assert lines[1] == f"ok    the endpoint answers: {account.url}"
    assert re.fullmatch(r"ok    the clock is right to \d s", lines[2])
    assert "ok    DescribeTasks is allowed" in lines
    assert lines[-1].startswith(
        "ok    a run also needs ecs:RedeployInstance, ecs:StartInstance, ecs:StopInstance, "
    )
    assert all(line.startswith("ok") for line in lines)
    assert set(account.double.asked) <= set(READS)


def test_doctor_names_what_is_wrong(account: Served) -> None:
    target = ["cn-nowhere", *account.target()[1:]]
    code, out, _ = account.run("doctor", *target)
    assert code == 3
    assert "FAIL  the region is cn-nowhere" in out
    double = account.double
    double.key.secret, kept = "another", double.key.secret
    process = account.start("doctor", *account.target())
    double.key.secret = "a third"
    out, _ = process.communicate(timeout=30)
    double.key.secret = kept
    assert process.returncode == 3
    assert "SignatureDoesNotMatch" in out


@pytest.mark.parametrize("trouble", [0.005])
def test_stage_judges_the_account_and_leaves_it_as_it_was(account: Served) -> None:
    code, out, err = account.run("stage", statement_of(account), *account.limits())
    assert code == 3, out + err
    assert "INCOMPLETE" in out
    assert "decided only where an instance is found so" in err
    path = account.folder / "redeploy-conformance-result.json"
    result = Result.from_text(path.read_text())
    held = {one.id for one in result.clauses if one.verdict == "pass"}
    assert held >= {"A1", "A14", "L3", "L7", "L8", "L9", "L10", "R1", "U4"}
    assert result.findings == ()
    assert result.target.kind == "staging"
    assert account.writes() > 5
    assert account.statuses() == ["Running", "Stopped", "Running"]
    last = (account.folder / "redeploy-conformance-journal.jsonl").read_text()
    assert json.loads(last.splitlines()[-1])["line"] == "restored"
    code, out, _ = account.run("restore", "redeploy-conformance-journal.jsonl")
    assert (code, out) == (0, "everything is as it was\n")


@pytest.mark.parametrize("writes", [4, 16])
def test_after_kill_9_resume_goes_on_and_restore_brings_everything_back(
    account: Served, writes: int
) -> None:
    process = account.start("stage", statement_of(account), *account.limits())
    journal = account.folder / "redeploy-conformance-journal.jsonl"
    wait_for(lambda: written(journal) >= writes)
    process.kill()
    process.communicate(timeout=10)
    code, out, err = account.run("resume", journal.name)
    assert code == 3, out + err
    assert "INCOMPLETE" in out
    assert account.statuses() == ["Running", "Stopped", "Running"]
    code, out, _ = account.run("restore", journal.name)
    assert (code, out) == (0, "everything is as it was\n")


def test_one_ctrl_c_ends_in_order_and_restores(account: Served) -> None:
    process = account.start("stage", statement_of(account), *account.limits())
    journal = account.folder / "redeploy-conformance-journal.jsonl"
    wait_for(lambda: written(journal) >= 14)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=40)
    assert process.returncode == 3
    assert "ending in order" in err
    assert account.statuses() == ["Running", "Stopped", "Running"]
    assert json.loads(journal.read_text().splitlines()[-1])["line"] == "restored"
    result = json.loads(
        (account.folder / "redeploy-conformance-result.json").read_text()
    )
    assert result["run"]["complete"] is False


def test_a_second_ctrl_c_ends_at_once_and_tells_what_was_left(account: Served) -> None:
    process = account.start("stage", statement_of(account), *account.limits())
    journal = account.folder / "redeploy-conformance-journal.jsonl"
    wait_for(lambda: redeploying(journal))
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "ending in order" not in process.stderr.readline():
        assert process.poll() is None  # two signals at once might count as one
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 3, err
    first, second, _ = account.double.account.instances
    assert f"left behind: {first} was Running" in err
    assert f"left behind: {second} was Stopped" in err
    assert f"put back with: redeploy-conformance restore {journal.name}" in err
    code, out, _ = account.run("restore", journal.name)
    assert (code, out) == (0, "everything is as it was\n")
    assert account.statuses() == ["Running", "Stopped", "Running"]


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["--tag", "a=b"], 2, "Missing option '--redeploys'"),
        (["--redeploys", "1", "--minutes", "1"], 2, "name the instances that may be"),
        (["--tag", "a", "--redeploys", "1", "--minutes", "1"], 2, "is not NAME=VALUE"),
        (["--tag", "a=b", "--redeploys", "1", "--minutes", "0"], 2, "--minutes"),
        (
            ["--tag", "a=b", "--redeploys", "1", "--minutes", "1", "--share", "2"],
            2,
            "is no share",
        ),
        (
            [
                "--tag",
                "a=b",
                "--redeploys",
                "1",
                "--minutes",
                "1",
                "--launch",
                "Password=x",
            ],
            2,
            "may hold a secret",
        ),
        (
            ["--tag", "a=b", "--redeploys", "1", "--minutes", "1"],
            2,
            "no instance in cn-hangzhou carries the tag a=b",
        ),
        (
            ["--instance", "i-gone", "--redeploys", "1", "--minutes", "1"],
            2,
            "i-gone is not listed in cn-hangzhou",
        ),
    ],
)
def test_wrong_usage_is_one_sentence(
    account: Served, words: list[str], code: int, why: str
) -> None:
    ended, _, err = account.run("stage", *account.target(), *words)
    assert (ended, why in err) == (code, True), err


def test_keys_are_sent_over_https_only_and_to_whom_the_authority_vouches_for(
    account: Served,
) -> None:
    plain = ["cn-hangzhou", "--endpoint", account.url.replace("https", "http")]
    code, _, err = account.run("plan", *plain, *account.limits())
    assert (code, "only sent over https" in err) == (2, True), err
    stranger = ["cn-hangzhou", "--endpoint", account.url]
    code, _, err = account.run("doctor", *stranger)
    assert code == 3


def test_without_a_key_one_sentence_says_where_it_was_looked_for(
    account: Served,
) -> None:
    account.double.key.access_key_id = ""
    code, _, err = account.run("doctor", *account.target())
    assert code == 2
    assert "no key was found in the environment" in err


def test_nothing_there_is_unreachable(account: Served) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{taken.getsockname()[1]}"
        target = ["cn-hangzhou", "--endpoint", url]
        code, _, err = account.run("plan", *target, *account.limits())
    assert (code, "the account cannot be looked at" in err) == (4, True), err


def test_the_control_plane_of_the_double_is_shut(account: Served) -> None:
    transport = HttpTransport(account.url, str(account.folder / "ca.pem"))
    request = HttpRequest(
        "GET", "/redeploy-control/v1", (("host", transport.host),), b""
    )
    assert transport.send(request, 5.0).status == 404
    transport.close()


def written(journal: Path) -> int:
    return journal.read_text().count('"line": "write"') if journal.exists() else 0


def redeploying(journal: Path) -> bool:
    """Whether something was done to both instances, and a redeploy was accepted."""
    text = journal.read_text() if journal.exists() else ""
    done = text.rpartition('"line": "before"')[2].count('"line": "answer"')
    return text.count('"line": "before"') == 2 and done > 0 and '"task": "t-' in text


def wait_for(condition: Any) -> None:
    end = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def test_the_double_is_started_by_hand_and_used_as_it_says(tmp_path: Path) -> None:
    command = str(Path(sys.executable).with_name("redeploy-conformance"))
    process = subprocess.Popen(
        [command, "double", "--port", "0", "--events", "--local-disks"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        shown = list(iter(process.stdout.readline, "\n"))
        told = list(iter(process.stdout.readline, "\n"))
        words = shlex.split(told[3])
        assert words[:3] == [
            "redeploy-conformance",
            "plan",
            "staging-double/account.toml",
        ]
        script = (
            f". staging-double/key.env; {shlex.quote(command)} {shlex.join(words[1:])}"
        )
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    assert ": it has local disks, and a redeploy wipes them: " in done.stdout
    assert "SystemMaintenance.Reboot Scheduled" in done.stdout
    assert len(shown) == 4
    assert "".join(shown[1:]) in out
    assert process.returncode == 0
    mode = (tmp_path / "staging-double" / "key.env").stat().st_mode
    assert oct(mode & 0o777) == "0o600"


def checked(account: Served, *traces: str) -> tuple[int, dict[str, Any]]:
    """Draw the verdict from traces in another process, which has no key and nobody to ask."""
    process = subprocess.run(
        [
            str(Path(sys.executable).with_name("redeploy-conformance")),
            *("check-trace", *traces, "--result", "drawn.json"),
        ],
        cwd=account.folder,
        env={"HOME": str(account.folder), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert "Traceback" not in process.stderr
    document = json.loads((account.folder / "drawn.json").read_text())
    return process.returncode, document


def result_of(account: Served) -> dict[str, Any]:
    path = account.folder / "redeploy-conformance-result.json"
    document: dict[str, Any] = json.loads(path.read_text())
    return document


@pytest.mark.parametrize("trouble", [0.01])
def test_check_trace_draws_the_verdict_of_stage_again(account: Served) -> None:
    limits = [*account.limits(), "--trace", "run.trace"]
    code, out, err = account.run("stage", statement_of(account), *limits)
    assert code == 3, out + err
    asked = len(account.double.asked)
    assert checked(account, "run.trace") == (3, result_of(account))
    assert len(account.double.asked) == asked
    text = (account.folder / "run.trace").read_text()
    assert account.double.key.secret not in text
    assert json.loads(text.splitlines()[-1])["complete"] is True
    code, _, err = account.run(
        "resume", "redeploy-conformance-journal.jsonl", "--trace", "run.trace"
    )
    told = "redeploy-conformance: run.trace is there already: name another file\n"
    assert (code, err) == (2, told)
    assert (account.folder / "run.trace").read_text() == text


def test_a_killed_run_that_was_resumed_is_judged_from_both_its_traces(
    account: Served,
) -> None:
    limits = [*account.limits(), "--trace", "1.trace"]
    process = account.start("stage", statement_of(account), *limits)
    journal = account.folder / "redeploy-conformance-journal.jsonl"
    wait_for(lambda: written(journal) >= 16)
    process.kill()
    process.communicate(timeout=10)
    code, drawn = checked(account, "1.trace")
    assert (code, drawn["run"]["complete"]) == (3, False)
    assert "cut" in drawn["problems"][-1]["text"]
    code, out, err = account.run("resume", journal.name, "--trace", "2.trace")
    assert code == 3, out + err
    assert checked(account, "1.trace", "2.trace") == (3, result_of(account))


def test_the_trace_of_a_run_that_was_ended_says_that_it_is_not_complete(
    account: Served,
) -> None:
    limits = [*account.limits(), "--trace", "run.trace"]
    process = account.start("stage", statement_of(account), *limits)
    journal = account.folder / "redeploy-conformance-journal.jsonl"
    wait_for(lambda: written(journal) >= 14)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=40)
    lines = (account.folder / "run.trace").read_text().splitlines()
    assert json.loads(lines[-1])["complete"] is False
    assert checked(account, "run.trace") == (3, result_of(account))


def test_a_run_ended_at_once_says_so_in_the_last_line_of_its_trace(
    account: Served,
) -> None:
    limits = [*account.limits(), "--trace", "run.trace"]
    process = account.start("stage", statement_of(account), *limits)
    journal = account.folder / "redeploy-conformance-journal.jsonl"
    wait_for(lambda: redeploying(journal))
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "ending in order" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    lines = (account.folder / "run.trace").read_text().splitlines()
    last = json.loads(lines[-1])
    assert (last["record"], last["complete"], last["exit_code"]) == ("end", False, 3)
    code, drawn = checked(account, "run.trace")
    assert (code, drawn["run"]["complete"]) == (3, False)
    assert (
        f"line {len(lines)}: the run was cut short here"
        in (drawn["problems"][-1]["text"])
    )
