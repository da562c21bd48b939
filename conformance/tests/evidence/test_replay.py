"""A finding done again: by the command, by curl alone, and by pytest."""

import errno
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from warm import warm

from redeploy_conformance.cli import main
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.finding.export import ExportError, pytest_file, script
from redeploy_conformance.planning.notation import InvalidStepError
from redeploy_conformance.planning.pinned import steps_of
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Finding, Result

Record = Callable[..., Any]
COMMAND = Path(sys.executable).with_name("redeploy-conformance")
TOOLS = [one for one in ("bash", "curl", "openssl") if shutil.which(one) is None]
needs_tools = pytest.mark.skipif(bool(TOOLS), reason=f"needs {', '.join(TOOLS)}")
LOCKED = (
    {
        "step": "create",
        "key": "i1",
        "spec": {"lock_reasons": ["security"]},
        "events": [["SystemMaintenance.Reboot", "Inquiring"]],
    },
    {"step": "redeploy", "key": "i1"},
)


@contextmanager
def serving(*words: str) -> Iterator[str]:
    """Serve the emulator as the command does, and give its address."""
    pytest.importorskip("uvicorn", reason="serving needs uvicorn")
    made = subprocess.Popen(
        [COMMAND, "serve", "--port", "0", *words], stdout=subprocess.PIPE, text=True
    )
    try:
        assert made.stdout is not None
        yield made.stdout.readline().split()[-1]
    finally:
        made.terminate()
        made.wait(20)


def _found(record: Record, fault: str, clause: str) -> Finding:
    result: Result = record(FAULTS[fault].build(), (clause,)).result
    return next(one for one in result.findings if one.clause == clause)


def _by_bash(text: str, endpoint: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", text],
        env={"PATH": os.environ["PATH"], "ENDPOINT": endpoint},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _last_status(shown: str) -> str:
    """Return the HTTP status of the last call that a script made."""
    return re.findall(r"^HTTP (\d+)$", shown, re.MULTILINE)[-1]


@needs_tools
@pytest.mark.parametrize(
    ("fault", "clause", "broken", "right"),
    [
        ("security-lock-ignored", "A3", "200", "403"),
        ("policies-ignored", "U1", "200", "403"),
        ("altered-call-accepted-v3", "U4", "200", "400"),
        ("replayed-nonce-accepted", "U4", "200", "400"),
    ],
)
def test_a_script_shows_by_curl_what_was_found(
    contract: Contract,
    record: Record,
    fault: str,
    clause: str,
    broken: str,
    right: str,
) -> None:
    found = _found(record, fault, clause)
    text = script(found, steps_of(found.steps, contract), contract)
    with serving("--fault", fault) as endpoint:
        shown = _by_bash(text, endpoint)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert _last_status(shown.stdout) == broken
    assert shown.stdout.splitlines()[-1] == f"observed then: {found.observed}"
    with serving() as endpoint:
        again = _by_bash(text, endpoint)
    assert _last_status(again.stdout) == right


@needs_tools
def test_a_script_shows_what_only_inspection_shows(
    contract: Contract, record: Record
) -> None:
    found = _found(record, "isolated-disk-stays-isolated", "D3")
    text = script(found, steps_of(found.steps, contract), contract)
    with serving("--fault", "isolated-disk-stays-isolated") as endpoint:
        shown = _by_bash(text, endpoint)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert re.findall(r'"local_disk": *"(\w+)"', shown.stdout)[-1] != "healthy"
    assert "access_key_secret" not in shown.stdout


@needs_tools
def test_a_script_says_where_it_cannot_go_on(
    contract: Contract, record: Record
) -> None:
    found = _found(record, "security-lock-ignored", "A3")
    text = script(found, steps_of(found.steps, contract), contract)
    with serving() as endpoint:
        lost = _by_bash(f"export CONTROL=/nowhere\n{text}", endpoint)
    assert lost.returncode == 1
    assert lost.stderr == "the last answer has no account_id, so nothing can follow\n"


def test_a_script_holds_no_key_and_no_id_of_the_emulator_that_it_was_made_on(
    contract: Contract, record: Record
) -> None:
    found = _found(record, "policies-ignored", "U1")
    text = script(found, steps_of(found.steps, contract), contract)
    assert not re.search(
        r"\b(i|t|e)-bp[0-9a-z]{10}|LTAI\w+", text.split("observed then")[0]
    )


def test_calls_at_once_are_not_for_curl(contract: Contract) -> None:
    rows = [LOCKED[0], {"step": "together", "keys": ["i1"]}]
    found = _finding(rows)
    with pytest.raises(ExportError, match="use --as pytest"):
        script(found, steps_of(rows, contract), contract)


def _finding(rows: list[Any]) -> Finding:
    return Finding(
        clause="A3",
        also=(),
        case="c",
        summary="s",
        expected="rejected",
        observed='200, TaskId """\'; $(touch x)',
        trace=(),
        steps=tuple(rows),
        reproduce="",
        reproduced=0,
        attempts=0,
    )


def test_a_test_for_pytest_passes_where_the_clause_is_kept(
    contract: Contract, tmp_path: Path
) -> None:
    path = tmp_path / "test_again.py"
    found = _finding(list(LOCKED))
    path.write_text(pytest_file(found, steps_of(LOCKED, contract), contract), "utf-8")
    for target, code in (("embedded", 0), ("embedded:security-lock-ignored", 1)):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", path],
            cwd=tmp_path,
            env={**os.environ, "REDEPLOY_TARGET": target},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stdout
    assert sorted(one.name for one in tmp_path.iterdir() if one.is_file()) == [
        "test_again.py"
    ]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"step": "fly"}], "step 1: 'fly' is no kind of step"),
        ([{"step": "advance", "seconds": "x"}], "a step 'advance' is wrong: Expected"),
        ([{"step": "create", "key": "i1", "spec": 3}], "step 1: "),
        ([{"step": "release", "key": "i1"}], "i1 was not made before"),
        ([{"step": "look", "keys": ["i7"]}], "i7 was not made before"),
        ([{"step": "take", "key": "i1"}], "only done on a real account, by 'stage'"),
        (
            [{"step": "create", "key": "i1", "spec": {"colour": "red"}}],
            "an instance has no attribute 'colour'",
        ),
        (
            [{"step": "create", "key": "i1", "spec": {"status": "Gone"}}],
            "status cannot be 'Gone'",
        ),
        (
            [{"step": "create", "key": "i1", "spec": {"lock_reasons": "security"}}],
            "lock_reasons cannot be 'security'",
        ),
        ([{"step": "redeploy", "key": "i1", "policy": "x"}], "there is no policy 'x'"),
        ([{"step": "redeploy", "key": "i", "count": 2}], "a letter and a number"),
        ([{"step": "redeploy", "key": "i1", "x": 1}], "'redeploy' has no 'x'"),
        ([{"step": "together", "keys": []}], "it names no instance"),
    ],
)
def test_steps_that_mean_nothing_are_refused_before_anything_is_done(
    contract: Contract, rows: list[Any], said: str
) -> None:
    with pytest.raises(InvalidStepError) as caught:
        steps_of(rows, contract)
    assert said in str(caught.value)


def test_the_command_says_so_in_a_sentence(record: Record, tmp_path: Path) -> None:
    result = record(FAULTS["security-lock-ignored"].build(), ("A3",)).result.to_json()
    result["findings"][0]["steps"] = [{"step": "take", "key": "i1"}]
    (tmp_path / "r.json").write_text(json.dumps(result))
    for words in ((), ("--as", "curl"), ("--as", "pytest")):
        done = subprocess.run(
            [*warm(), "replay", "r.json", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (
            2,
            "redeploy-conformance: finding 1 of r.json cannot be done again: step 1: "
            "take i1 as it is: it is only done on a real account, by 'stage'\n",
        )


def test_a_file_that_cannot_be_written_is_not_begun(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result: Result = record(FAULTS["security-lock-ignored"].build(), ("A3",)).result
    (tmp_path / "r.json").write_text(result.to_text())
    write = Path.write_text

    def full(self: Path, data: str, *words: Any) -> int:
        write(self, data[:4], *words)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    words = ["replay", "r.json", "embedded", "--as", "pytest", "-o", "test_x.py"]
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(main, words)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "test_x.py: No space left on device" in ran.stderr
    assert {one.name for one in tmp_path.iterdir()} == {"run.trace", "r.json"}


@needs_tools
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_a_script_reads_an_id_however_json_writes_it(locale: str) -> None:
    ids = ["i-1/+", 'é "实例"', "😀\\", "plain"]
    once = json.dumps({"instances": [{"instance_id": one} for one in ids]}, indent=2)
    rows = [
        '{"inspect" : {"instance_id"\n:\t"i-1\\/\\u002B"}, "instance_id" :"i-1\\/\\u002B"}',
        '{"instance_id": "é \\"实\\u4f8B\\""}',
        '{"event_ids": [], "instance_id" : "\\ud83D\\uDE00\\\\"}',
        '{"instance_id":"plain"}',
    ]
    head = (
        files("redeploy_conformance.finding").joinpath("export.sh").read_text("utf-8")
    )
    for answer in (once, f'{{"instances" : [{",".join(rows)}]}}'):
        picks = "".join(
            f'one=$(pick instance_id {place}); say "$one"; say "$(encoded "$one")"\n'
            for place in range(1, len(ids) + 1)
        )
        text = f"export LC_ALL={locale}\n{head}ANSWER={shlex.quote(answer)}\n{picks}"
        shown = _by_bash(text, "http://127.0.0.1:9")
        assert (shown.stdout.splitlines(), shown.stderr) == (
            [said for one in ids for said in (one, quote(one, safe="~"))],
            "",
        )
