"""A certificate: only for a complete run without violation, and only with its traces."""

import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from warm import warm

from redeploy_conformance.evidence.certificate import CertificateError, make, verify
from redeploy_conformance.evidence.check import Checker, check
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Result
from redeploy_schemas.validation import problems
from redeploy_schemas.vocabulary import RunVerdict

Record = Callable[..., Any]


def _command(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*warm(), *words],
        cwd=cwd,
        env={**os.environ, **env},
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
    # Sets are in another order there than where the trace is read.
    done = _command(*words, cwd=folder, PYTHONHASHSEED="random")
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


OTHER = {"name": "another", "version": "1", "kind": "embedded", "address": None}


@pytest.fixture(scope="module")
def shown(green: Path, contract: Contract) -> Checker:
    """What the trace shows, which is the same in each of the next tests."""
    return check([green / "r.trace"], contract)


@pytest.mark.parametrize(
    ("change", "verdict", "said"),
    [
        ({"required": ["A1"]}, 1, "another required"),
        ({"not_applicable": ["A4"]}, 1, "another not applicable"),
        ({"seed": 7}, 1, "another seed"),
        ({"started": "2020-01-01T00:00:00Z"}, 1, "another started"),
        ({"suite": {"name": "x", "version": "9"}}, 1, "another suite"),
        ({"target": OTHER | {"offers": [], "declares": {}}}, 1, "another target"),
        (
            {"counts": {"held": 9, "cases": 9, "requests": 9, "steps": 9}},
            1,
            "another counts",
        ),
        ({"verdict": "not conforming"}, 2, "is no certificate"),
        ({"format": "redeploy-conformance/certificate/2"}, 2, "is no certificate"),
        ({"note": "trust me"}, 2, "is no certificate"),
        ({"traces": []}, 2, "is no certificate"),
        ({"contract": {"edition": "x", "sha256": "0" * 64}}, 3, "only a suite of that"),
    ],
)
def test_an_edited_certificate_does_not_hold(
    green: Path,
    certified: dict[str, Any],
    contract: Contract,
    shown: Checker,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
    verdict: int,
    said: str,
) -> None:
    monkeypatch.setattr(
        "redeploy_conformance.evidence.certificate.check", lambda *_: shown
    )
    with pytest.raises(CertificateError, match=said) as caught:
        verify(certified | change, [green / "r.trace"], contract)
    assert caught.value.verdict is RunVerdict(verdict)


def _exchange(lines: list[bytes]) -> int:
    """Return the place of an accepted call, the last one."""
    return max(n for n, one in enumerate(lines) if b"TaskId" in one and b'"key"' in one)


def _with_a_lost_line(lines: list[bytes]) -> list[bytes]:
    at = _exchange(lines)
    return [*lines[:at], *lines[at + 1 :]]


def _in_another_order(lines: list[bytes]) -> list[bytes]:
    at = next(
        n
        for n in range(len(lines))
        if b'"exchange"' in lines[n][:30] and b'"exchange"' in lines[n + 1][:30]
    )
    return [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]


def _with_another_answer(lines: list[bytes]) -> list[bytes]:
    at = _exchange(lines)
    return [
        *lines[:at],
        lines[at].replace(b'"status":200', b'"status":400'),
        *lines[at + 1 :],
    ]


def _cases(lines: list[bytes]) -> list[int]:
    return [n for n, one in enumerate(lines) if b'"case"' in one[:30]]


def _renumbered(lines: list[bytes]) -> list[bytes]:
    """Count sessions without a gap, as if none had been cut out or put in."""
    number, counted = 0, []
    for line in lines:
        document = json.loads(line)
        number = 0 if document["record"] == "header" else number
        if document["record"] == "session":
            number += 1
            line = json.dumps(document | {"n": number}).encode() + b"\n"
        counted.append(line)
    return counted


def _without_a_case(lines: list[bytes]) -> list[bytes]:
    one, two = _cases(lines)[1:3]
    return [*lines[: one + 1], *lines[two + 1 :]]


def _without_a_case_or_a_gap(lines: list[bytes]) -> list[bytes]:
    return _renumbered(_without_a_case(lines))


def _with_a_case_twice(lines: list[bytes]) -> list[bytes]:
    one, two = _cases(lines)[1:3]
    return [*lines[: two + 1], *lines[one + 1 : two + 1], *lines[two + 1 :]]


def _with_a_case_twice_and_no_gap(lines: list[bytes]) -> list[bytes]:
    return _renumbered(_with_a_case_twice(lines))


def _with_names_exchanged(lines: list[bytes]) -> list[bytes]:
    """Exchange the names of two neighbours about the same clauses, so that none is missed."""
    one, two = next(
        pair
        for pair in pairwise(_cases(lines))
        if len({str(json.loads(lines[at])["clauses"]) for at in pair}) == 1
    )
    return [
        *lines[:one],
        lines[two],
        *lines[one + 1 : two],
        lines[one],
        *lines[two + 1 :],
    ]


def _without_its_end(lines: list[bytes]) -> list[bytes]:
    return lines[:-1]


def _ended_early(lines: list[bytes]) -> list[bytes]:
    return [*lines[:-1], lines[-1].replace(b'"complete":true', b'"complete":false')]


def _of_another_contract(lines: list[bytes]) -> list[bytes]:
    sha256 = json.loads(lines[0])["contract_sha256"].encode()
    return [one.replace(sha256, b"0" * 64) for one in lines]


def _of_other_declarations(lines: list[bytes]) -> list[bytes]:
    old, new = b'"declares":{', b'"declares":{"absent":["inspect"],'
    return [one.replace(old, new) for one in lines]


@pytest.mark.parametrize(
    ("tampered", "said"),
    [
        (_with_a_lost_line, "is missing|stands where"),
        (_in_another_order, "stands where|is missing"),
        (_with_another_answer, r"these exchanges break \w+, the trace says nothing"),
        (_without_a_case, r"session \d+ stands where session \d+ belongs"),
        (_without_a_case_or_a_gap, "only a whole run: 1 of its"),
        (_with_a_case_twice, r"session \d+ stands where session \d+ belongs"),
        (
            _with_a_case_twice_and_no_gap,
            "these exchanges break R4|more was recorded than",
        ),
        (_with_names_exchanged, "did other steps than the plan's"),
        (_without_its_end, "the last line is missing"),
        (_ended_early, "Incomplete|complete"),
        (_of_another_contract, "is of another contract"),
        (_of_other_declarations, "declares other things"),
    ],
)
def test_nor_with_a_tampered_trace_though_its_digest_is_made_to_fit(
    green: Path,
    certified: dict[str, Any],
    contract: Contract,
    tmp_path: Path,
    tampered: Callable[[list[bytes]], list[bytes]],
    said: str,
) -> None:
    before = (green / "r.trace").read_bytes().splitlines(keepends=True)
    path = tmp_path / "r.trace"
    path.write_bytes(b"".join(tampered(before)))
    assert path.read_bytes() != (green / "r.trace").read_bytes()
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    row = {"name": "r.trace", "bytes": len(data), "sha256": digest}
    with pytest.raises(CertificateError, match=said):
        verify(certified | {"traces": [row]}, [path], contract)


def test_a_trace_given_twice_is_not_two(
    green: Path, certified: dict[str, Any], contract: Contract
) -> None:
    trace = green / "r.trace"
    with pytest.raises(CertificateError, match="about 1 trace, and 2 given"):
        verify(certified, [trace, trace], contract)


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


@pytest.mark.parametrize(
    "words",
    [("--quick",), pytest.param(("-k", "not test_walks"), marks=pytest.mark.long)],
)
def test_no_certificate_for_a_run_of_some_cases_though_all_clauses_hold(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    outputs = ("--result", "r.json", "--trace", "r.trace")
    assert _command("run", *words, *outputs, cwd=tmp_path).returncode == 0
    made = _command(
        "certificate", "make", "r.json", "r.trace", "-o", "c.json", cwd=tmp_path
    )
    assert made.returncode == 3
    assert "no certificate: only a whole run" in made.stderr
    assert len(made.stderr.splitlines()) == 1
    assert not (tmp_path / "c.json").exists()


def test_errors_of_the_command_are_one_sentence(green: Path) -> None:
    for words, code in (
        (("certificate", "verify", "none.json", "r.trace"), 2),
        (("certificate", "verify", "r.trace", "r.trace"), 2),
        (("certificate", "make", "r.trace", "r.trace", "-o", "x"), 2),
        (("certificate", "make", "r.json", "r.trace", "-o", "/dev/full"), 2),
        (("check-trace", "none"), 2),
        (("check-trace", "r.trace", "r.trace"), 2),
        (("baseline", "update", "r.json", "/dev/full"), 2),
    ):
        done = _command(*words, cwd=green)
        assert done.returncode == code
        assert len(done.stderr.splitlines()) == 1
        assert "Traceback" not in done.stderr
        assert "None" not in done.stderr
