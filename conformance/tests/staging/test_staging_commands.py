"""The commands against a double over TLS: what they print, what they refuse, with which exit code."""

import json
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from redeploy_conformance.staging.requests import READS
from redeploy_conformance.targets.http import HttpTransport
from redeploy_conformance.wire.http import HttpRequest
from redeploy_schemas.records import Result

from .served import Served, statement_of


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
        "note  a run also needs ecs:RedeployInstance, ecs:StartInstance, ecs:StopInstance, "
    )
    assert all(line.startswith("ok ") for line in lines[:-1])
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


@pytest.mark.parametrize("option", ["--result", "--journal", "--trace"])
@pytest.mark.parametrize("folder", ["/proc", "account.toml"])
def test_what_cannot_be_written_is_told_before_anything_is_done(
    account: Served, folder: str, option: str
) -> None:
    words = ["stage", statement_of(account), *account.limits()]
    code, _, err = account.run(*words, option, f"{folder}/nope")
    assert (code, len(err.splitlines())) == (2, 1), err
    assert f"{folder}/nope: " in err
    assert account.double.asked == []
    assert not (account.folder / "redeploy-conformance-journal.jsonl").exists()


def test_a_run_is_not_gone_on_with_where_its_result_cannot_be_written(
    account: Served,
) -> None:
    (account.folder / "journal").write_text("")
    code, _, err = account.run("resume", "journal", "--result", "/proc/nope")
    assert (code, len(err.splitlines())) == (2, 1), err
    assert "/proc/nope: " in err


@pytest.mark.parametrize("folder", ["/proc/nope", "ca.pem/below"])
def test_a_double_says_that_its_folder_cannot_be_written(
    account: Served, folder: str
) -> None:
    code, out, err = account.run("double", "--port", "0", "--folder", folder)
    assert (code, out, len(err.splitlines())) == (2, "", 1), err
    assert f"the folder {folder} cannot be used" in err
    assert "--folder" in err


def test_keys_are_sent_over_https_only_and_to_whom_the_authority_vouches_for(
    account: Served,
) -> None:
    plain = ["cn-hangzhou", "--endpoint", account.url.replace("https", "http")]
    code, _, err = account.run("plan", *plain, *account.limits())
    assert (code, "only sent over https" in err) == (2, True), err
    stranger = ["cn-hangzhou", "--endpoint", account.url]
    code, out, _ = account.run("doctor", *stranger)
    assert (code, "FAIL  the endpoint does not answer" in out) == (4, True), out


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
        _, out, _ = seen = account.run("doctor", *target)
    assert (code, "the account cannot be looked at" in err) == (4, True), err
    assert (seen[0], "FAIL  the endpoint does not answer" in out) == (4, True), seen


def test_the_control_plane_of_the_double_is_shut(account: Served) -> None:
    transport = HttpTransport(account.url, str(account.folder / "ca.pem"))
    request = HttpRequest(
        "GET", "/redeploy-control/v1", (("host", transport.host),), b""
    )
    assert transport.send(request, 5.0).status == 404
    transport.close()


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
