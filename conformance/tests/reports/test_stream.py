"""The stream of a real run: what is in it, and what it amounts to, whole and cut."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from warm import warm

from redeploy_conformance.cli import main
from redeploy_conformance.results.stream import STREAM_FORMAT
from redeploy_conformance.results.unstream import StreamError, fold, is_stream
from redeploy_schemas.contract import load
from redeploy_schemas.records import Result
from redeploy_schemas.validation import problems

COMMAND = "from redeploy_conformance.cli import main; main()"


def run(folder: Path, target: str, *words: str) -> int:
    """Run some of the suite in a process of its own; result and stream go to the folder."""
    outputs = ["--result", "result.json", "--stream", "stream.ndjson"]
    done = subprocess.run(
        [*warm(), "run", target, *words, *outputs],
        cwd=folder,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.returncode


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a run that found a violation."""
    folder = tmp_path_factory.mktemp("broken")
    assert run(folder, "embedded:security-lock-ignored", "--clause", "A3") == 1
    return folder


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a run without a violation, in two processes."""
    folder = tmp_path_factory.mktemp("sound")
    assert run(folder, "embedded", "--clause", "A7", "--clause", "L2", "-n", "2") == 3
    return folder


def lines(folder: Path) -> list[str]:
    text = (folder / "stream.ndjson").read_text("utf-8")
    return text.splitlines(keepends=True)


def result(folder: Path) -> Result:
    return Result.from_text((folder / "result.json").read_text("utf-8"))


def test_every_line_is_as_its_schema_says(broken: Path, sound: Path) -> None:
    for folder in (broken, sound):
        documents = [json.loads(line) for line in lines(folder)]
        assert [problems("run/stream", one) for one in documents] == [[]] * len(
            documents
        )
        kinds = [one["record"] for one in documents]
        assert kinds[0] == "start"
        assert kinds[-1] == "end"
        assert set(kinds[1:-1]) == {"case"}


def test_a_whole_stream_is_the_result(broken: Path, sound: Path) -> None:
    for folder in (broken, sound):
        assert fold(lines(folder)) == result(folder)


def test_the_result_counts_the_edges_that_were_walked(sound: Path) -> None:
    moves = {
        (one.origin, one.before, one.after, one.what): one.count
        for one in result(sound).moves
    }
    seen = ("Stopped", "Stopped", "Starting", "seen")
    accepted = ("Stopped", "Stopped", "Stopped", "accepted")
    assert moves[accepted] == moves[seen] == 2
    assert moves["", "Running", "Running", "rejected"] > 0


def test_without_its_last_line_a_run_was_cut(broken: Path, sound: Path) -> None:
    cut = fold(lines(sound)[:-1])
    assert (cut.complete, cut.exit_code) == (False, 3)
    cut = fold(lines(broken)[:-1])
    assert (cut.complete, cut.exit_code) == (False, 1)


def test_wherever_it_is_cut_it_is_never_conforming(sound: Path) -> None:
    whole = lines(sound)
    for count in range(1, len(whole)):
        cut = fold(whole[:count])
        assert (cut.complete, cut.verdict) == (False, "incomplete")
        assert cut.cases == count - 1


def test_a_run_that_is_killed_leaves_what_it_had_found(tmp_path: Path) -> None:
    words = ["run", "embedded", "--stream", "stream.ndjson"]
    running = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *words],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stream = tmp_path / "stream.ndjson"
    try:
        deadline = time.monotonic() + 60
        while not stream.exists() or len(lines(tmp_path)) < 5:
            assert running.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        running.kill()
        running.wait()
    cut = fold(lines(tmp_path))
    assert (cut.complete, cut.verdict, cut.exit_code) == (False, "incomplete", 3)
    assert cut.cases >= 3
    assert not (tmp_path / "redeploy-conformance-result.json").exists()


def test_a_line_that_breaks_off_is_left_out(sound: Path) -> None:
    whole = lines(sound)
    broken_off = [*whole[:2], whole[2][: len(whole[2]) // 2]]
    assert fold(broken_off) == fold(whole[:2])


def test_a_violation_that_was_seen_is_never_lost(broken: Path) -> None:
    whole = lines(broken)
    first = next(
        place
        for place, line in enumerate(whole)
        if json.loads(line).get("report", {}).get("findings")
    )
    cut = fold(whole[: first + 1])
    assert (cut.complete, cut.verdict) == (False, "not conforming")


def test_an_error_of_the_suite_stays_one(sound: Path) -> None:
    crash = {
        "record": "crash",
        "seconds": 1.0,
        "problem": {"case": "test_x", "text": "KeyError: 'y'"},
    }
    whole = lines(sound)
    failed = fold([*whole[:-1], json.dumps(crash) + "\n", whole[-1]])
    assert (failed.verdict, failed.exit_code) == ("suite failed", 5)
    assert failed.problems[-1].text == "KeyError: 'y'"


def test_what_is_no_stream_is_refused_with_the_line(sound: Path) -> None:
    whole = lines(sound)
    later = json.loads(whole[0])
    later["contract_sha256"] = "f" * 64
    for given, why in (
        ([], "the stream holds no line"),
        (whole[1:], f"does not begin with a line of {STREAM_FORMAT}"),
        (["nonsense\n", *whole], "line 1 is not JSON"),
        (['{"record": "other"}\n', *whole], "line 1: "),
        ([whole[0], *whole], "at line 2 another stream begins"),
        ([*whole, *whole], f"line {len(whole) + 1} follows the closing line"),
        ([*whole, "half a li"], f"line {len(whole) + 1} follows the closing line"),
        ([whole[0], whole[-1], *whole[1:-1]], "line 3 follows the closing line"),
        ([json.dumps(later) + "\n"], "this suite judges by"),
    ):
        with pytest.raises(StreamError, match=why):
            fold(given)


def spoil(line: str, **ledger: object) -> str:
    """Return the line of a case with something else in its ledger."""
    document = json.loads(line)
    document["report"]["ledger"] |= ledger
    return json.dumps(document) + "\n"


def huge(line: str) -> str:
    document = json.loads(line)
    document["report"]["steps"] = 10**400
    return json.dumps(document) + "\n"


def unknown(line: str, finding: str) -> str:
    document = json.loads(line)
    document["report"]["findings"] = [json.loads(finding) | {"clause": "A99"}]
    return json.dumps(document) + "\n"


def test_a_line_that_is_damaged_ends_it_and_what_came_before_counts(
    sound: Path, broken: Path
) -> None:
    whole = lines(sound)
    found = json.dumps(result(broken).findings[0].to_json())
    for line, why in (
        ("nonsense\n", "line 4 is not JSON"),
        ("[" * 100_000 + "\n", "line 4 is not JSON"),
        (whole[3].replace("{", "\udcff{", 1), "line 4 is not JSON"),
        (spoil(whole[3], held={}), "line 4: $.report.ledger.held is an object"),
        (spoil(whole[3], held=[["A3", 1]]), "line 4: $.report.ledger.held[0] is a"),
        (spoil(whole[3], held=[["A3", None, 1]]), "line 4: $.report.ledger.held[0]"),
        (spoil(whole[3], held=[["A3", "", -1]]), "line 4: $.report.ledger.held[0]"),
        (spoil(whole[3], told=[["U3", "x", 1]], evidence=[]), "line 4: there is no"),
        (huge(whole[3]), "line 4: $.report.steps is 1000"),
        (unknown(whole[3], found), "line 4: there is no clause 'A99'"),
        (whole[3].replace('"seconds": ', '"seconds": 1e999, "x": '), "line 4 is not"),
    ):
        cut = fold([*whole[:3], line, *whole[4:]])
        assert (cut.complete, cut.exit_code, cut.cases) == (False, 3, 2)
        assert [one.case for one in cut.problems] == ["the stream"]
        assert cut.problems[0].text.startswith(why)
    cut = fold([*lines(broken)[:-1], "nonsense\n"])
    assert (cut.complete, cut.exit_code) == (False, 1)


def test_bytes_that_are_no_text_are_damage_at_their_line(
    sound: Path, tmp_path: Path
) -> None:
    first, second, third, *rest = (sound / "stream.ndjson").read_bytes().splitlines()
    path = tmp_path / "x.stream"
    path.write_bytes(b"\n".join([first, second, third[:9] + b"\xff", *rest, b""]))
    shown = CliRunner().invoke(main, ["report", "text", str(path)])
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert "the stream: line 3 is not JSON" in shown.stdout


def test_a_closing_line_that_tells_of_worse_is_believed(sound: Path) -> None:
    """What told of it may be missing."""
    whole = lines(sound)
    required = [one.id for one in load().clauses if one.required]
    held = spoil(whole[1], held=[[one, "", 1] for one in required])
    end = json.loads(whole[-1]) | {"verdict": "conforming", "exit_code": 0}
    green = [whole[0], held, json.dumps(end) + "\n"]
    assert fold(green).exit_code == 0
    for verdict, code in (("not conforming", 1), ("suite failed", 5)):
        end |= {"verdict": verdict, "exit_code": code}
        ended = fold([*green[:-1], json.dumps(end) + "\n"])
        assert (ended.complete, ended.exit_code) == (False, 3)
        assert ended.problems[0].text.startswith(f"its closing line says {verdict}")


def test_a_stream_is_told_from_a_result(sound: Path) -> None:
    assert is_stream(lines(sound)[0])
    with (sound / "result.json").open(encoding="utf-8") as file:
        assert not is_stream(file.readline())
