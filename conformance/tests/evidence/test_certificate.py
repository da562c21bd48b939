"""A certificate: only for a complete run without violation, and only with its traces."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from redeploy_conformance.evidence.certificate import CertificateError, make, verify
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Result
from redeploy_schemas.validation import problems
from redeploy_schemas.vocabulary import RunVerdict

Record = Callable[..., Any]
COMMAND = Path(sys.executable).with_name("redeploy-conformance")


def _command(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONHASHSEED": "random"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def green(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the result and the trace of a whole run on two processes."""
    folder = tmp_path_factory.mktemp("green")
    words = ("run", "embedded", "-n", "2", "--result", "r.json", "--trace", "r.trace")
    done = _command(*words, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [one.name for one in folder.glob("r.trace*")] == ["r.trace"]
    return folder


@pytest.fixture(scope="module")
def certified(green: Path) -> dict[str, Any]:
    made = _command(
        "certificate", "make", "r.json", "r.trace", "-o", "c.json", cwd=green
    )
    assert (made.returncode, made.stderr) == (0, "")
    document: dict[str, Any] = json.loads((green / "c.json").read_text())
    return document


def test_the_trace_of_two_processes_says_what_the_run_said(green: Path) -> None:
    drawn = _command("check-trace", "r.trace", "--result", "t.json", cwd=green)
    assert drawn.returncode == 0
    live = Result.from_text((green / "r.json").read_text())
    again = Result.from_text((green / "t.json").read_text())
    assert [(one.id, one.verdict, one.held) for one in again.clauses] == [
        (one.id, one.verdict, one.held) for one in live.clauses
    ]
    assert (again.cases, again.requests, again.steps, again.sentence) == (
        live.cases,
        live.requests,
        live.steps,
        live.sentence,
    )


def test_a_certificate_is_small_valid_and_holds(
    green: Path, certified: dict[str, Any], contract: Contract
) -> None:
    assert problems("run/certificate", certified) == []
    assert len(json.dumps(certified)) < 4000
    assert certified["required"] == [one.id for one in contract.clauses if one.required]
    held = _command("certificate", "verify", "c.json", "r.trace", cwd=green)
    assert held.returncode == 0
    assert "c.json holds" in held.stdout


def test_a_certificate_does_not_hold_with_another_trace(
    green: Path, certified: dict[str, Any], tmp_path: Path, contract: Contract
) -> None:
    other = tmp_path / "other.trace"
    other.write_bytes((green / "r.trace").read_bytes().replace(b"reset", b"reseT", 1))
    with pytest.raises(
        CertificateError, match="is not a trace of this certificate"
    ) as e:
        verify(certified, [other], contract)
    assert e.value.verdict is RunVerdict.NOT_CONFORMING


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"required": ["A1"]}, RunVerdict.NOT_CONFORMING),
        ({"seed": 7}, RunVerdict.NOT_CONFORMING),
        ({"verdict": "not conforming"}, RunVerdict.WRONG_USAGE),
        ({"traces": []}, RunVerdict.WRONG_USAGE),
        ({"contract": {"edition": "x", "sha256": "0" * 64}}, RunVerdict.INCOMPLETE),
    ],
)
def test_an_edited_certificate_does_not_hold(
    green: Path,
    certified: dict[str, Any],
    contract: Contract,
    change: dict[str, Any],
    verdict: RunVerdict,
) -> None:
    with pytest.raises(CertificateError) as caught:
        verify(certified | change, [green / "r.trace"], contract)
    assert caught.value.verdict is verdict


def test_no_certificate_for_a_violation_or_a_partial_run(
    record: Record, contract: Contract
) -> None:
    bad = record(FAULTS["security-lock-ignored"].build())
    with pytest.raises(CertificateError) as caught:
        make(bad.result, [bad.path], contract)
    assert caught.value.verdict is RunVerdict.NOT_CONFORMING
    part = record(None)
    with pytest.raises(CertificateError) as caught:
        make(part.result, [part.path], contract)
    assert caught.value.verdict is RunVerdict.INCOMPLETE


def test_errors_of_the_command_are_one_sentence(green: Path) -> None:
    for words, code in (
        (("certificate", "verify", "none.json", "r.trace"), 2),
        (("certificate", "verify", "r.trace", "r.trace"), 2),
        (("certificate", "make", "r.trace", "r.trace", "-o", "x"), 2),
        (("check-trace", "none"), 2),
    ):
        done = _command(*words, cwd=green)
        assert done.returncode == code
        assert len(done.stderr.splitlines()) == 1
        assert "Traceback" not in done.stderr
