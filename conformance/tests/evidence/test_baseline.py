"""Known deviations: what is known, and the five ways in which an entry does not stand."""

import datetime
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from warm import warm

from redeploy_conformance.planning.notation import from_json
from redeploy_conformance.results.baseline import (
    BaselineError,
    Entry,
    Standing,
    apply,
    read,
    reason_of,
    try_file,
    try_pinned,
)
from redeploy_conformance.results.baseline_update import update
from redeploy_conformance.running.bench import Bench, set_up
from redeploy_conformance.targets.find import find
from redeploy_schemas.contract import Contract
from redeploy_schemas.validation import problems

Record = Callable[..., Any]
TODAY = datetime.date(2030, 1, 1)
LATER, BEFORE = datetime.date(2030, 1, 2), datetime.date(2029, 12, 31)
STEPS: tuple[dict[str, Any], ...] = (
    {
        "step": "create",
        "key": "i1",
        "spec": {"lock_reasons": ["security"]},
        "events": [["SystemMaintenance.Reboot", "Inquiring"]],
    },
    {"step": "redeploy", "key": "i1"},
)
FILE = """\
# Ours, since the spring.
format = "redeploy-conformance/baseline/1"

[[known]]
clause = "A3"  # the lock team
reason = "accepted"
issue = "https://example.test/1"
expires = 2030-01-02
steps = [
  {step = "create", key = "i1", spec = {lock_reasons = ["security"]}, events = [["SystemMaintenance.Reboot", "Inquiring"]]},
  {step = "redeploy", key = "i1"},
]
"""


def _entry(**changed: Any) -> Entry:
    steps = tuple(from_json(one) for one in STEPS)
    entry = Entry(
        number=1,
        clause="A3",
        reason="accepted",
        issue="https://example.test/1",
        expires=LATER,
        steps=steps,
    )
    return replace(entry, **changed)


@pytest.fixture
def broken(contract: Contract) -> Bench:
    return set_up(find("embedded:security-lock-ignored", contract), contract)


@pytest.fixture
def healthy(contract: Contract) -> Bench:
    return set_up(find("embedded", contract), contract)


def _standing(bench: Bench, *entries: Entry) -> list[tuple[Standing, str]]:
    return [(one.standing, one.text) for one in try_pinned(bench, entries, TODAY)]


def test_an_entry_is_known_where_its_pinned_trace_breaks_as_it_says(
    broken: Bench,
) -> None:
    assert _standing(broken, _entry()) == [
        (
            Standing.KNOWN,
            "entry 1, A3 (https://example.test/1): broken as known, until 2030-01-02",
        )
    ]


def test_an_entry_is_stale_where_its_pinned_trace_passes(healthy: Bench) -> None:
    [(standing, text)] = _standing(healthy, _entry())
    assert standing is Standing.STALE
    assert text.endswith("its pinned trace passes now; remove the entry")


def test_an_entry_is_expired_after_its_last_day(broken: Bench) -> None:
    [(standing, text)] = _standing(broken, _entry(expires=BEFORE))
    assert standing is Standing.EXPIRED
    assert text.endswith("it was to be mended by 2029-12-31, and is not")
    assert _standing(broken, _entry(expires=TODAY))[0][0] is Standing.KNOWN


def test_an_entry_with_another_reason_or_clause_has_changed(broken: Bench) -> None:
    [(standing, text)] = _standing(broken, _entry(reason="403 DiskError"))
    assert standing is Standing.CHANGED
    assert "breaks A3 by 'accepted' now, the entry says A3 by '403 DiskError'" in text
    [(standing, text)] = _standing(broken, _entry(clause="A4"))
    assert standing is Standing.CHANGED


def test_two_entries_about_the_same_are_ambiguous(broken: Bench) -> None:
    both = _standing(broken, _entry(), _entry(number=2))
    assert [standing for standing, _ in both] == [Standing.AMBIGUOUS] * 2
    assert "entries 1 and 2 are about the same deviation" in both[0][1]


def test_a_known_violation_does_not_make_a_run_not_conforming(
    broken: Bench, record: Record
) -> None:
    run = record(find_fault(), ("A3", "A9")).result
    assert run.exit_code == 1
    after = apply(run, try_pinned(broken, [_entry()], TODAY))
    clause = next(one for one in after.clauses if one.id == "A3")
    assert clause.verdict == "known"
    assert after.exit_code == 3
    assert after.sentence.startswith("Incomplete with 1 known deviation and no other")
    assert problems("run/result", after.to_json()) == []


def test_only_what_is_known_may_be_found_in_a_run_that_conforms(
    broken: Bench, record: Record
) -> None:
    run = record(find_fault(), ("A3", "A9")).result
    after = apply(run, try_pinned(broken, [_entry()], TODAY))
    green = replace(after, verdict="conforming", exit_code=0)
    assert problems("run/result", green.to_json()) == []
    held = tuple(
        replace(one, verdict="pass") if one.verdict == "known" else one
        for one in green.clauses
    )
    assert problems("run/result", replace(green, clauses=held).to_json())


def test_an_unmatched_violation_stays_a_violation(record: Record) -> None:
    run = record(find_fault(), ("A3",)).result
    after = apply(run, [])
    assert after.exit_code == 1
    assert after.problems[-1].text == (
        "unmatched: A3 is broken by 'accepted', and no entry says so"
    )


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"expires": BEFORE}, "expired"),
        ({"reason": "403 DiskError"}, "changed reason"),
    ],
)
def test_an_entry_that_does_not_stand_excuses_nothing(
    broken: Bench, record: Record, changed: dict[str, Any], word: str
) -> None:
    run = record(find_fault(), ("A3",)).result
    after = apply(run, try_pinned(broken, [_entry(**changed)], TODAY))
    assert after.exit_code == 1
    assert any(one.text.startswith(f"{word}: ") for one in after.problems)


def test_a_stale_entry_keeps_a_healthy_run_from_being_green(
    healthy: Bench, record: Record
) -> None:
    run = record(None, ("A3",)).result
    after = apply(run, try_pinned(healthy, [_entry()], TODAY))
    assert after.exit_code == 3
    assert after.problems[-1].text.startswith("stale: entry 1")
    assert after.sentence == f"Incomplete: {after.problems[-1].text}."


def test_ids_are_no_part_of_a_reason() -> None:
    assert reason_of("200, TaskId t-bph6cgunxhycmpwab") == "accepted"
    assert reason_of("i12's status: Running") == "the instance's status: Running"
    assert reason_of("i1's host: h-0123456789ab") == "the instance's host: …"


def find_fault() -> Any:
    from redeploy_conformance.faults.catalogue import FAULTS

    return FAULTS["security-lock-ignored"].build()


def test_a_file_is_read_and_tried(tmp_path: Path) -> None:
    path = tmp_path / "baseline.toml"
    path.write_text(FILE.replace("2030-01-02", "9999-12-31"))
    [one] = try_file(path, "embedded:security-lock-ignored")
    assert one.standing is Standing.KNOWN


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[known]]", "[[unknown]]", "unknown"),
        ('"A3"', '"A333"', "entry 1: there is no clause 'A333'"),
        ("2030-01-02", '"soon"', "expires"),
        ("2030-01-02", "2030-01-02T00:00:00Z", "entry 1: expires must be a date"),
        (
            'step = "redeploy"',
            'step = "fly"',
            "entry 1: step 2: 'fly' is no kind of step",
        ),
        ("format =", "format", "is not a TOML file"),
        ("baseline/1", "baseline/2", "format"),
        ("format =", f"a = {'[' * 5000}\nformat =", "is not a TOML file: it is nested"),
        ("format =", f"a = {'9' * 5000}\nformat =", "is not a TOML file"),
    ],
)
def test_a_file_that_means_nothing_is_refused(
    tmp_path: Path, contract: Contract, old: str, new: str, said: str
) -> None:
    path = tmp_path / "baseline.toml"
    path.write_text(FILE.replace(old, new))
    with pytest.raises(BaselineError, match=r"baseline\.toml") as caught:
        read(path, contract)
    assert said in str(caught.value)


@pytest.mark.parametrize("value", ["[" * 5000, "9" * 5000])
def test_what_is_no_baseline_is_not_rewritten(
    tmp_path: Path, record: Record, value: str
) -> None:
    path = tmp_path / "baseline.toml"
    path.write_text(f"a = {value}\n")
    result = record(find_fault(), ("A3",)).result
    with pytest.raises(BaselineError, match="is not a TOML file"):
        update(path, result, issue="https://example.test/1", expires=LATER)
    assert path.read_text() == f"a = {value}\n"


def test_an_update_keeps_comments_and_removes_what_holds(
    tmp_path: Path, record: Record
) -> None:
    path = tmp_path / "baseline.toml"
    path.write_text(FILE)
    kept = update(path, record(find_fault()).result, issue=None, expires=TODAY)
    assert kept.lines == ()
    assert path.read_text() == FILE
    gone = update(path, record(None).result, issue=None, expires=TODAY)
    assert gone.lines == ("removed A3: it holds now",)
    assert path.read_text().startswith("# Ours, since the spring.\nformat =")
    assert "A3" not in path.read_text()


def test_an_update_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    path = tmp_path / "baseline.toml"
    path.write_text(FILE)
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        update(path, record(None).result, issue=None, expires=TODAY)
    assert path.read_text() == FILE
    assert [one.name for one in tmp_path.glob("*baseline*")] == [path.name]


def test_an_update_mends_a_changed_reason(tmp_path: Path, record: Record) -> None:
    path = tmp_path / "baseline.toml"
    path.write_text(FILE.replace('"accepted"', '"403 DiskError"'))
    done = update(path, record(find_fault()).result, issue=None, expires=TODAY)
    assert done.lines == ("changed A3: 403 DiskError is accepted now",)
    assert "# the lock team" in path.read_text()


def test_an_update_adds_what_is_new_and_asks_for_its_issue(
    tmp_path: Path, record: Record, contract: Contract
) -> None:
    path = tmp_path / "baseline.toml"
    run = record(find_fault()).result
    with pytest.raises(BaselineError, match="needs the link of its issue"):
        update(path, run, issue=None, expires=LATER)
    update(path, run, issue="https://example.test/2", expires=LATER)
    [entry] = read(path, contract)
    assert (entry.clause, entry.reason, entry.expires) == ("A3", "accepted", LATER)
    assert len(entry.steps) == 2


def test_a_new_entry_asks_why_unless_it_is_told(tmp_path: Path, record: Record) -> None:
    run, path = record(find_fault()).result, tmp_path / "known.toml"
    url = "https://example.test/2"
    update(path, run, issue=url, expires=LATER)
    assert "# why it is put up with: TO BE FILLED IN\nclause" in path.read_text("utf-8")
    path.unlink()
    update(path, run, issue=url, expires=LATER, why="nobody\nlocks")
    assert "# why it is put up with: nobody locks\n" in path.read_text("utf-8")


def test_a_baseline_without_an_entry_is_not_made(
    tmp_path: Path, record: Record
) -> None:
    path = tmp_path / "known.toml"
    done = update(path, record(None).result, issue=None, expires=TODAY)
    assert not done.written
    assert not path.exists()
    (tmp_path / "r.json").write_text(record(None).result.to_text(), "utf-8")
    ran = subprocess.run(
        [*warm(), "baseline", "update", "r.json", "known.toml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    told = "known.toml was not made: the result shows no deviation to know of\n"
    assert ran.stdout == told


def test_a_run_says_in_a_sentence_what_is_wrong_with_its_baseline(
    tmp_path: Path,
) -> None:
    (tmp_path / "b.toml").write_text(FILE.replace('"A3"', '"A333"'))
    for name, said in (
        ("b.toml", "b.toml: entry 1: there is no clause 'A333'"),
        ("none.toml", "none.toml: No such file or directory"),
    ):
        done = subprocess.run(
            [*warm(), "run", "--baseline", name],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"redeploy-conformance: {said}\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--quick",), 3, "incomplete with 1 known deviation"),
        pytest.param(
            *(("-k", "not test_walks"), 0, "conforming but for 1 known deviation"),
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_known_deviation_excuses_only_what_it_stands_in_the_way_of(
    tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    """That it ends the tour does not: nothing else was tried."""
    (tmp_path / "known.toml").write_text(FILE)
    target = "embedded:security-lock-ignored"
    ran = subprocess.run(
        [*warm(), "run", target, "--baseline", "known.toml", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == code, ran.stdout
    assert said in " ".join(ran.stdout.split()).lower()
