"""Where a result and a trace go: whoever resumes a run need not say it again."""

from pathlib import Path

import pytest

from redeploy_conformance.staging.journal import read_lines
from redeploy_conformance.staging.outputs import Outputs, remembered, traces
from redeploy_schemas.records import Result

from .served import Served, statement_of, wait_for, written


def test_a_resumed_run_writes_where_the_run_was_told_to(
    account: Served, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    told = ["--result", "out.json", "--trace", "run.trace"]
    process = account.start("stage", statement_of(account), *account.limits(), *told)
    journal = account.folder / "redeploy-conformance-journal.jsonl"
    wait_for(lambda: written(journal) >= 14)
    process.kill()
    process.communicate(timeout=10)
    first, second = account.folder / "run.trace", account.folder / "run.trace.2"
    kept = first.read_bytes()
    code, out, err = account.run("resume", str(journal), cwd=elsewhere)
    assert code == 3, out + err
    assert f"check-trace takes {first} {second}\n" in err
    assert first.read_bytes() == kept
    assert list(elsewhere.iterdir()) == []
    result = Result.from_text((account.folder / "out.json").read_text())
    held = {one.id for one in result.clauses if one.verdict == "pass"}
    assert {"A1", "L3"} <= held
    assert "out.json" not in second.read_text()
    code, out, err = account.run("check-trace", str(first), str(second))
    assert (code, "goes on from an earlier process" in out + err) == (3, False)
    # told otherwise, and remembered from then on
    third = elsewhere / "third.json"
    account.run("resume", str(journal), "--result", "third.json", cwd=elsewhere)
    assert third.exists()
    third.unlink()
    account.run("resume", str(journal), cwd=account.folder)
    assert third.exists()
    assert sorted(one.name for one in account.folder.glob("run.trace*")) == [
        "run.trace",
        "run.trace.2",
        "run.trace.3",
        "run.trace.4",
    ]


def test_the_last_word_on_where_things_go_counts() -> None:
    first, last = Outputs("/a/r.json", None), Outputs("/b/r.json", "/b/t")
    lines = [
        {"line": "begin", "outputs": first.to_json()},
        {"line": "resume", "outputs": last.to_json()},
        {"line": "resume"},
    ]
    assert remembered(lines) == last
    assert remembered(lines[:1]) == first
    assert remembered(lines[2:]) is None


def test_no_trace_is_written_over(tmp_path: Path) -> None:
    first = str(tmp_path / "t")
    assert traces(first) == ([], first)
    for n, name in enumerate(["t", "t.2"]):
        (tmp_path / name).write_text("")
        there = [first, f"{first}.2"][: n + 1]
        assert traces(first) == (there, f"{first}.{n + 2}")
    assert traces("/dev/null") == ([], "/dev/null")


@pytest.mark.parametrize("name", ["out.json", "deep/out.json"])
def test_paths_are_kept_absolute(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Outputs.of(name, name) == Outputs(f"{tmp_path}/{name}", f"{tmp_path}/{name}")


def test_the_journal_of_a_run_tells_where_its_outputs_go(account: Served) -> None:
    told = ["--result", "out.json", "--clause", "A1"]
    account.run("stage", statement_of(account), *account.limits(), *told)
    lines = read_lines(account.folder / "redeploy-conformance-journal.jsonl")
    assert remembered(lines) == Outputs(str(account.folder / "out.json"), None)


@pytest.mark.parametrize(
    "outputs",
    [
        ["--journal", "one", "--result", "./one"],
        ["--journal", "one", "--trace", "one"],
        ["--result", "one", "--trace", "one"],
    ],
)
def test_two_outputs_do_not_go_to_one_file(account: Served, outputs: list[str]) -> None:
    code, _, err = account.run(
        "stage", statement_of(account), *account.limits(), *outputs
    )
    assert (code, "two outputs would be written to it" in err) == (2, True), err
    assert not (account.folder / "one").exists()
    assert account.double.asked == []


@pytest.mark.parametrize("option", ["--result", "--trace"])
def test_a_run_that_goes_on_does_not_write_over_its_journal(
    account: Served, option: str
) -> None:
    run = ["stage", statement_of(account), *account.limits(), "--clause", "A1"]
    account.run(*run)
    journal = account.folder / "redeploy-conformance-journal.jsonl"
    kept, asked = journal.read_bytes(), len(account.double.asked)
    code, _, err = account.run("resume", journal.name, option, f"./{journal.name}")
    assert (code, "two outputs would be written to it" in err) == (2, True), err
    assert (journal.read_bytes(), len(account.double.asked)) == (kept, asked)
