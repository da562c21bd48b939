"""Two runs at once: the second one is told who holds its instances, and changes nothing."""

import fcntl
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from redeploy_conformance.staging import holding
from redeploy_conformance.staging.holding import HeldError, Holding, holders
from redeploy_conformance.targets.statement import Statement

from .conftest import ACCEPTS, MakeAccount
from .served import Served, redeploying, result_of, statement_of, wait_for, written

REAL = Statement(
    name="x", url="https://ecs.cn-hangzhou.aliyuncs.com", region="cn-hangzhou"
)
NEAR = Statement(name="x", url="https://127.0.0.1:1", region="cn-hangzhou")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REDEPLOY_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def taken(statement: Statement, journal: str, *instances: str) -> Holding:
    made = Holding(statement, Path(journal))
    made.take(instances)
    return made


def test_of_two_runs_at_once_the_second_changes_nothing_and_names_the_first(
    account: Served,
) -> None:
    first, second, other = account.double.account.instances
    target, journal = statement_of(account), account.folder / "first.jsonl"
    running = account.start(
        "stage", target, *account.limits(), "--journal", journal.name
    )
    wait_for(lambda: redeploying(journal))
    running.send_signal(signal.SIGSTOP)  # so that it is not over too soon
    held = f"is held by the run of process {running.pid}, whose journal is {journal}"
    words = ["stage", target, *account.limits(), "--journal", "second.jsonl"]
    code, out, err = account.run(*words)
    assert (code, out, len(err.splitlines())) == (2, "", 1), err
    assert f"{min(first, second)} {held}: wait until that has ended" in err
    assert not (account.folder / "second.jsonl").exists()
    code, _, err = account.run("plan", target, *account.limits())
    assert f"note: {first} {held}\n" in err
    code, out, _ = account.run("doctor", target)
    notes = [f"note  {one} {held}" for one in sorted((first, second))]
    assert (code, out.splitlines()[-2:]) == (0, notes)
    alone = ["stage", target, "--instance", other, "--redeploys", "1", "--minutes", "9"]
    alone += ["--clause", "A14", "--poll", "0.05", "--journal", "third.jsonl"]
    code, out, err = account.run(*alone)
    assert code == 3, err
    assert written(account.folder / "third.jsonl") > 0
    running.send_signal(signal.SIGCONT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 3, err
    assert result_of(account)["findings"] == []
    code, out, _ = account.run("doctor", target)
    assert "is held by" not in out


def killed(account: Served, target: str) -> Path:
    """Begin a run, end it by kill -9 while a redeploy is under way, and return its journal."""
    journal = account.folder / "first.jsonl"
    dead = account.start("stage", target, *account.limits(), "--journal", journal.name)
    wait_for(lambda: redeploying(journal))
    dead.kill()
    dead.communicate()
    return journal


@pytest.mark.parametrize(
    "word", ["resume", pytest.param("restore", marks=pytest.mark.long)]
)
def test_after_kill_9_a_run_on_the_same_instances_is_told_what_comes_first(
    account: Served, word: str
) -> None:
    first, second, other = account.double.account.instances
    target = statement_of(account)
    journal, asked = killed(account, target), account.writes()
    stage = ["stage", target, *account.limits(), "--journal", "second.jsonl"]
    left = (
        f"was not put back by the run whose journal is {journal}: 'resume' or 'restore' that "
        "first, or delete it if there is nothing to put back\n"
    )
    code, out, err = account.run(*stage)
    assert (code, out) == (2, "")
    assert err == f"redeploy-conformance: {min(first, second)} {left}"
    assert not (account.folder / "second.jsonl").exists()
    assert account.writes() == asked
    code, _, err = account.run("plan", target, *account.limits())
    assert code == 0
    assert f"note: {first} {left}" in err
    assert f"note: {second} {left}" in err
    code, out, _ = account.run("doctor", target)
    assert code == 0
    assert out.endswith("".join(f"note  {x} {left}" for x in sorted((first, second))))
    alone = ["stage", target, "--instance", other, "--redeploys", "1", "--minutes", "9"]
    alone += ["--clause", "A14", "--poll", "0.05", "--journal", "third.jsonl"]
    assert account.run(*alone)[0] == 3

    code, out, err = account.run(word, journal.name)
    assert code == (3 if word == "resume" else 0), out + err
    assert "was not put back" not in account.run("doctor", target)[1]
    code, _, err = account.run(*stage)
    assert code == 3, err


def test_what_was_cut_short_stands_in_nobodys_way_where_its_journal_is_deleted(
    account: Served,
) -> None:
    target = statement_of(account)
    journal = killed(account, target)
    journal.write_text("my notes\n")
    stage = ["stage", target, *account.limits(), "--journal", "second.jsonl"]
    code, _, err = account.run(*stage)
    assert (code, len(err.splitlines())) == (2, 1), err
    assert f"may not have been put back by the run whose journal is {journal}, " in err
    assert "which cannot be read: 'resume' or 'restore' that first" in err
    journal.unlink()
    time.sleep(0.5)  # a redeploy that was under way is over
    code, _, err = account.run(*stage)
    assert code == 3, err


def test_a_run_is_not_gone_on_with_beside_another(account: Served) -> None:
    target = statement_of(account)
    journal = killed(account, target).rename(account.folder / "moved.jsonl")
    lines = journal.read_bytes()

    time.sleep(0.5)  # a redeploy that was under way is over: the second run may begin
    later = account.folder / "second.jsonl"
    running = account.start("stage", target, *account.limits(), "--journal", later.name)
    wait_for(lambda: written(later) > 0)
    running.send_signal(signal.SIGSTOP)
    for word in ("resume", "restore"):
        code, out, err = account.run(word, journal.name)
        assert (code, out, len(err.splitlines())) == (2, "", 1), err
        assert f"is held by the run of process {running.pid}, whose journal is" in err
    assert journal.read_bytes() == lines
    running.send_signal(signal.SIGCONT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 3, err

    code, out, err = account.run("resume", journal.name)
    assert code == 3, out + err
    assert account.statuses() == ["Running", "Stopped", "Running"]
    assert account.run("restore", journal.name)[0] == 0


@pytest.mark.parametrize("how", ["killed", "closed"])
def test_what_is_held_is_free_again_when_its_process_has_ended_or_lets_go(
    state: Path, how: str
) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from redeploy_conformance.staging.holding import Holding\n"
        "from redeploy_conformance.targets.statement import Statement\n"
        f"held = Holding({NEAR!r}, Path('j'))\n"
        "held.take(['i-1', 'i-2'])\nprint('held', flush=True)\ninput()\nheld.close()\n"
        "print('free', flush=True)\ninput()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    mine = taken(NEAR, "mine", "i-3")
    with pytest.raises(HeldError, match=f"i-2 is held by .* process {process.pid}, "):
        mine.take(["i-2"])
    assert {one.instance for one in holders(NEAR)} == {"i-1", "i-2", "i-3"}
    if how == "closed":
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "free\n"
    process.kill()
    process.communicate()
    mine.take(["i-2"])  # that it could not be held is forgotten
    assert {one.instance for one in holders(NEAR)} == {"i-2", "i-3"}
    mine.close()
    assert holders(NEAR) == []


def test_the_same_instance_is_the_same_by_every_endpoint_of_its_region(
    state: Path,
) -> None:
    inside = Statement(
        name="y", url="https://ecs-vpc.cn-hangzhou.aliyuncs.com", region="cn-hangzhou"
    )
    held = taken(REAL, "a", "i-1")
    with pytest.raises(HeldError, match="i-1 is held by"):
        taken(inside, "b", "i-1")
    taken(NEAR, "c", "i-1").close()  # a server on this machine has ids of its own
    held.close()


def test_somebody_who_only_looks_keeps_nobody_from_beginning(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken(REAL, "a", "i-1").close()
    [path] = state.iterdir()
    waits: list[float] = []
    with path.open("rb") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)

        def wait(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 2:  # by then whoever looks has looked
                fcntl.flock(looking, fcntl.LOCK_UN)

        monkeypatch.setattr(holding, "time", SimpleNamespace(sleep=wait))
        begun = taken(REAL, "b", "i-1")
        assert waits == [holding.PAUSE] * 2
        with pytest.raises(HeldError, match=r"whose journal is .*/b: "):
            taken(REAL, "c", "i-1")
    begun.close()


def test_a_folder_that_cannot_be_used_is_told_with_what_would_help(
    account: Served,
) -> None:
    account.state = "/proc/nope"
    words = ["stage", statement_of(account), *account.limits()]
    code, _, err = account.run(*words)
    assert (code, len(err.splitlines())) == (2, 1), err
    assert "the folder /proc/nope, where runs see each other, cannot be used (" in err
    assert "name another with REDEPLOY_STATE" in err
    assert account.writes() == 0


def test_an_instance_that_is_inside_by_now_is_held_too(
    account_of: MakeAccount, state: Path
) -> None:
    account = account_of(count=2, settings=ACCEPTS)
    run = account.begin()
    held = Holding(run.settings.statement, account.journal)
    run.hold = held.take
    *_, late = account.double.account.instances.values()
    late.tags = {"purpose": "redeploy-tests"}
    other = taken(run.settings.statement, "b", late.instance_id)
    with run.journal:
        with pytest.raises(HeldError, match=late.instance_id):
            run.plan()
        other.close()
        assert len(run.plan().lanes) == 3
    held.close()
