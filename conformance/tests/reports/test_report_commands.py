"""The command ``report``: what goes in, what comes out, with which exit code."""

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from click.testing import CliRunner
from click.testing import Result as Outcome

import redeploy_reports
from redeploy_conformance.cli import main
from redeploy_conformance.commands.report import report as group
from redeploy_schemas.contract import load
from redeploy_schemas.records import Result

Write = Callable[[str, Result], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a result file; return its path."""

    def written(name: str, result: Result) -> str:
        path = tmp_path / name
        path.write_text(result.to_text(), "utf-8")
        return str(path)

    return written


def report(*words: str) -> Outcome:
    return CliRunner().invoke(main, ["report", *words], catch_exceptions=False)


FORMATS = {
    "text": "redeploy-conformance 0.1.0",
    "html": "<!doctype html>",
    "markdown": "## RedeployInstance: not conforming",
    "junit": '<?xml version="1.0"',
    "badge": "<svg ",
    "ledger": "| clause | times its premise held | verdict |",
    "merge": '{\n "format"',
    "matrix": "[1] toy 1.0 (r): not conforming",
}
"""Every format of one result, and how it begins."""


def test_every_format_is_tried_here_and_named_in_the_readme() -> None:
    untried = set(group.commands) - {*FORMATS, "diff", "clients"}
    assert not untried, f"FORMATS lacks {untried}, and how it begins"
    page = (Path(__file__).parents[3] / "README.md").read_text("utf-8")
    section = page[page.index("## Reports") : page.index("## Evidence")]
    for name in FORMATS:
        assert re.search(rf"\b{name}\b", section), f"README.md, Reports, lacks {name}"


def test_every_file_that_renders_a_result_is_a_format() -> None:
    folder = Path(redeploy_reports.__file__).parent
    for path in sorted(folder.glob("*.py")):
        if re.search(r"^def render\(\s*result: Result", path.read_text("utf-8"), re.M):
            assert path.stem in group.commands, (
                f"reports/redeploy_reports/{path.name} renders a result, and no line of "
                "commands/report.py makes a command of it"
            )


@pytest.mark.parametrize(("name", "begins"), FORMATS.items())
def test_each_format_goes_to_standard_output_and_to_a_file(
    violated: Result, write: Write, tmp_path: Path, name: str, begins: str
) -> None:
    path, target = write("r.json", violated), tmp_path / "out"
    printed = report(name, path)
    assert (printed.exit_code, printed.stderr) == (0, "")
    assert printed.stdout.startswith(begins)
    assert report(name, path, "-o", str(target)).stdout == ""
    assert target.read_text("utf-8") == printed.stdout
    assert {one.name for one in tmp_path.iterdir()} == {"r.json", "out"}


def test_several_results_of_one_target_are_merged(
    conforming: Result, write: Write
) -> None:
    shards = [replace(conforming, seconds=number / 8) for number in range(3)]
    paths = [write(f"{number}.json", one) for number, one in enumerate(shards)]
    merged = Result.from_text(report("merge", *paths).stdout)
    assert merged.cases == 3 * conforming.cases
    badge = fromstring(report("badge", *paths).stdout)
    assert badge.get("aria-label") == "RedeployInstance: conforming"


def test_one_result_under_two_names_is_not_counted_twice(
    conforming: Result, write: Write
) -> None:
    one, two = write("a.json", conforming), write("b.json", conforming)
    outcome = report("text", one, two)
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    said = f"{two} is the same result as {one}: it would count twice\n"
    assert outcome.stderr == f"redeploy-conformance: {said}"


def test_different_editions_are_refused_in_one_sentence(
    conforming: Result, write: Write
) -> None:
    later = replace(conforming, contract_edition="later", contract_sha256="f" * 64)
    outcome = report("merge", write("a.json", conforming), write("b.json", later))
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert outcome.stderr == (
        "redeploy-conformance: results of different contract editions cannot be merged: "
        "RedeployInstance, page of mid-2026 (0123456789ab) and later (ffffffffffff)\n"
    )


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_the_matrix_names_the_files(
    conforming: Result, violated: Result, write: Write, form: str
) -> None:
    paths = [write("bad.json", violated), write("good.json", conforming)]
    shown = report("matrix", *paths, "--format", form).stdout
    good, bad = (">good<", ">bad<") if form == "html" else ("(good)", "(bad)")
    assert 0 < shown.index(good) < shown.index(bad)


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_diff_ends_with_1_when_something_got_worse(
    conforming: Result, violated: Result, write: Write, form: str
) -> None:
    good, bad = write("good.json", conforming), write("bad.json", violated)
    worse = report("diff", good, bad, "--format", form)
    assert worse.exit_code == 1
    assert "A3 security-lock" in worse.stdout
    same = report("diff", good, good, "--format", form)
    assert same.exit_code == 0
    assert "No clause and no choice changed." in same.stdout


def spoiled(result: Result, **given: object) -> str:
    return json.dumps({**result.to_json(), **given})


def test_what_is_no_result_is_said_in_one_sentence(
    violated: Result, tmp_path: Path
) -> None:
    path = tmp_path / "x.json"
    for text, why in (
        ("", "is no result: the text is not JSON"),
        ("{}", "is no result: the document is not in format"),
        (spoiled(violated, findings=[]), "is no result: it misses a finding"),
        (spoiled(violated, exit_code=77), "is no result: its exit code is unknown"),
        ('{"record": "start"}\n', "is no result: line 1: "),
    ):
        path.write_text(text, "utf-8")
        outcome = report("html", str(path))
        assert (outcome.exit_code, outcome.stdout) == (2, "")
        assert outcome.stderr.startswith(f"redeploy-conformance: {path} {why}")
        assert outcome.stderr.count("\n") == 1
    path.write_bytes(b"\xff\xfe\x00")
    assert report("text", str(path)).exit_code == 2


def changed(result: Result, place: int, **given: Any) -> Result:
    """Return a result that says something else of one clause."""
    clauses = list(result.clauses)
    clauses[place] = replace(clauses[place], **given)
    return replace(result, clauses=tuple(clauses))


def test_a_result_whose_parts_contradict_each_other_is_none(
    conforming: Result, violated: Result, write: Write
) -> None:
    ours = replace(conforming, contract_sha256=load().sha256)
    green = {"verdict": "conforming", "exit_code": 0}
    drawn = "its verdict is not that of its clauses"
    broken = next(n for n, one in enumerate(violated.clauses) if one.findings)
    for result, why in (
        (replace(violated, **green), drawn),
        (replace(violated, verdict="incomplete", exit_code=3), drawn),
        (replace(conforming, verdict="not conforming", exit_code=1), drawn),
        (replace(conforming, complete=False), drawn),
        (replace(conforming, clauses=()), drawn),
        (replace(conforming, problems=violated.problems), drawn),
        (replace(conforming, exit_code=3), "its verdict is 'conforming', and its exit"),
        (
            replace(conforming, verdict="superb"),
            "its verdict is 'superb', and its exit",
        ),
        (replace(conforming, clauses=conforming.clauses * 2), "it tells of "),
        (changed(conforming, 0, verdict="fail"), "what it says of "),
        (changed(conforming, 0, verdict="superb"), "what it says of "),
        (changed(conforming, 0, held=0), "passed, and never held"),
        (changed(conforming, 0, missing="could not run"), "it does not say of "),
        (changed(violated, broken, findings=()), "what it says of "),
        (ours, "its clauses are not those of RedeployInstance, page of"),
    ):
        outcome = report("badge", write("r.json", result))
        assert (outcome.exit_code, outcome.stdout) == (2, ""), why
        assert "r.json is no result: " in outcome.stderr
        assert why in outcome.stderr


@pytest.mark.parametrize("number", ["-1e999", "NaN", "1" + "0" * 400])
def test_a_number_that_cannot_be_counted_with_is_none(
    violated: Result, tmp_path: Path, number: str
) -> None:
    path = tmp_path / "r.json"
    for name in ("seconds", "requests"):
        text = re.sub(rf'"{name}": [\d.]+', f'"{name}": {number}', violated.to_text())
        path.write_text(text)
        outcome = report("text", str(path))
        assert (outcome.exit_code, outcome.stdout) == (2, "")
        assert "r.json is no result: " in outcome.stderr


@pytest.mark.parametrize("name", ["text", "matrix", "diff", "clients"])
def test_a_device_is_no_result(conforming: Result, write: Write, name: str) -> None:
    others = [] if name == "clients" else [write("r.json", conforming)]
    outcome = report(name, "/dev/zero", *others)
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert "/dev/zero is no " in outcome.stderr
    assert "it is a device, which may be read for ever" in outcome.stderr


def test_a_pipe_is_read(conforming: Result, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    text = conforming.to_text()
    writing = Thread(target=(tmp_path / "pipe").write_text, args=(text,))
    writing.start()
    assert report("merge", str(tmp_path / "pipe")).stdout == text
    writing.join()


def test_of_a_stream_it_is_told_which_line_is_wrong(tmp_path: Path) -> None:
    """Not that `report` reads streams: this is what somebody asks for."""
    path = tmp_path / "x.stream"
    path.write_text('{"record": "start", "format": "redeploy-conformance/stream/1"}\n')
    assert f"{path} is no result: line 1: " in report("text", str(path)).stderr


def test_a_byte_order_mark_is_no_damage(conforming: Result, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(conforming.to_text(), "utf-8-sig")
    assert report("merge", str(path)).stdout == conforming.to_text()


@pytest.mark.parametrize("name", ["text", "matrix", "clients"])
@pytest.mark.parametrize(
    "begun",
    [
        "",
        '{"format": "redeploy-conformance/certification/1", "a":',
        '{"record": "start"',
    ],
)
def test_what_is_nested_without_an_end_is_no_result(
    tmp_path: Path, name: str, begun: str
) -> None:
    path = tmp_path / "x.json"
    path.write_text(f"{begun}{'[' * 200_000}\n", "utf-8")
    outcome = report(name, str(path))
    assert outcome.exit_code == 2
    assert outcome.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    outcome = report("text", str(tmp_path / "none.json"))
    assert outcome.exit_code == 2
    assert outcome.stderr.endswith("none.json: No such file or directory\n")


def test_a_place_that_cannot_be_written_is_wrong_usage(
    conforming: Result, write: Write, tmp_path: Path
) -> None:
    path = write("r.json", conforming)
    outcome = report("html", path, "-o", str(tmp_path / "no" / "out.html"))
    assert outcome.exit_code == 2
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["text", "html", "merge", "matrix"])
def test_what_is_read_is_not_written_over(
    violated: Result, write: Write, name: str
) -> None:
    path = write("r.json", violated)
    outcome = report(name, path, "-o", path)
    assert outcome.exit_code == 2
    assert "name another file" in outcome.stderr
    assert Path(path).read_text("utf-8") == violated.to_text()
