"""What a run comes to: conforming, not conforming, incomplete, unreachable, the suite's own bug."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from redeploy_schemas.contract import load
from redeploy_schemas.vocabulary import NOT_CHOSEN

from .conftest import ONE, RESULT, Command, served, wrapped

Module = Callable[[str], None]


def test_0_conforming(redeploy: Command) -> None:
    healthy = redeploy("run")
    assert healthy.code == 0, healthy.out
    assert "CONFORMING" in healthy.out
    assert healthy.result is not None
    assert healthy.result["verdict"] == "conforming"
    rows = healthy.result["clauses"]
    required = [one for one in rows if one["strength"] != "open"]
    assert healthy.result["sentence"] == (
        f"Conforming: all {len(required)} required clauses were exercised and hold."
    )
    assert healthy.result["run"]["left_out"] == []
    assert "left out" not in healthy.out
    assert {one["verdict"] for one in required} == {"pass"}
    assert min(one["held"] for one in required) > 0
    assert {one["verdict"] for one in rows} == {"pass", "open"}


def test_0_conforming_after_few_requests(redeploy: Command) -> None:
    ran = redeploy("run", "--quick")
    assert ran.code == 0
    assert ran.result is not None
    assert ran.result["run"]["requests"] < 850


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--quick",), r"3\d\d of 3\d\d"),
        pytest.param(*(("-k", "not walks"), r"4 of 3\d\d"), marks=pytest.mark.long),
    ],
)
def test_0_of_a_part_of_the_cases_says_so(
    redeploy: Command, words: tuple[str, ...], part: str
) -> None:
    """What nobody chose may be what would have shown a violation."""
    required = sum(one.required for one in load().clauses)
    said = f"Conforming: all {required} required clauses were exercised and hold"
    ran = redeploy("run", *words)
    assert ran.code == 0
    assert ran.result is not None
    sentence = ran.result["sentence"]
    assert re.fullmatch(f"{said}; {part} cases were not chosen\\.", sentence)


def test_5_a_test_that_ends_without_a_report(redeploy: Command, module: Module) -> None:
    """Whatever made pytest skip it may have hidden a violation."""
    module("import pytest\n" + wrapped("if self.count == 300:\n    pytest.skip('bye')"))
    ran = redeploy("run", "mine:make", "--quick")
    assert ran.code == 5
    assert "the suite itself failed with Skipped: bye" in " ".join(ran.out.split())


def test_1_not_conforming(redeploy: Command) -> None:
    ran = redeploy("run", "embedded:security-lock-ignored", *ONE)
    assert ran.code == 1
    assert "VIOLATED A3" in ran.out
    assert "reproduced 3 of 3" in ran.out


def test_1_a_violation_found_before_the_death_is_kept(
    redeploy: Command, module: Module
) -> None:
    text = wrapped(
        """
        if self.count > 900:
            raise UnansweredError("the connection broke")
        """
    ).replace("Emulator()", "build('security-lock-ignored')")
    module("from redeploy_conformance.faults.catalogue import build\n" + text)
    ran = redeploy("run", "mine:make")
    assert ran.code == 1
    assert "VIOLATED A3" in ran.out
    assert "cut short" in ran.out
    assert ran.result is not None
    assert not ran.result["run"]["complete"]


def test_3_a_part_of_the_contract_is_not_the_whole(redeploy: Command) -> None:
    ran = redeploy("run", *ONE)
    assert ran.code == 3
    assert ran.result is not None
    by_id = {one["id"]: one for one in ran.result["clauses"]}
    assert by_id["A3"]["verdict"] == "pass"
    assert by_id["L13"]["reason"] == NOT_CHOSEN


@pytest.mark.parametrize(
    "workers", [(), pytest.param(("-n", "2"), marks=pytest.mark.long)]
)
def test_4_a_server_that_is_killed_in_the_middle(
    redeploy: Command, module: Module, workers: tuple[str, ...]
) -> None:
    """A real socket: the transport kills the server's process on its way."""
    text = """
        import os
        import signal

        from redeploy_conformance.targets.http import HttpTransport


        class Killer:
            def __init__(self):
                self.inner, self.count = HttpTransport("URL"), 0

            def send(self, request, timeout):
                self.count += 1
                if self.count == 300:
                    os.kill(PID, signal.SIGKILL)
                return self.inner.send(request, timeout)


        def make():
            return Killer()
    """
    with served() as (url, process):
        module(text.replace("URL", url).replace("PID", str(process.pid)))
        ran = redeploy("run", "mine:make", *workers)
    assert ran.code == 4
    assert "UNREACHABLE" in ran.out
    assert ran.result is not None
    assert not ran.result["run"]["complete"]
    assert sum(one["verdict"] == "pass" for one in ran.result["clauses"]) > 5


def test_4_a_server_that_only_a_worker_finds_gone(
    redeploy: Command, module: Module
) -> None:
    module(
        wrapped(
            """
            import os
            if "PYTEST_XDIST_WORKER" in os.environ:
                raise UnreachableError("mine: connection refused")
            """
        )
    )
    ran = redeploy("run", "mine:make", "-n", "2")
    assert ran.code == 4
    assert "mine: connection refused" in ran.out
    assert "INTERNALERROR" not in ran.said


def broken(method: str, trouble: str) -> str:
    """Return a module that breaks a method of the suite's own, by its import."""
    where, name, attribute = method.split()
    return wrapped("pass") + (
        f"\n\nfrom redeploy_conformance.{where} import {name}\n\n\n"
        f"def bug(*words, **more):\n    {trouble}\n\n\n{name}.{attribute} = bug\n"
    )


BUG = 'raise ZeroDivisionError("a bug of ours")'


@pytest.mark.parametrize("trouble", [BUG, 'raise SystemExit("a bug of ours")'])
def test_5_the_suite_itself_failed(
    redeploy: Command, module: Module, trouble: str
) -> None:
    module(broken("judging.oracle Oracle answered", trouble))
    ran = redeploy("run", "mine:make", *ONE)
    assert ran.code == 5
    assert "SUITE FAILED" in ran.out
    assert "the suite itself failed with " in ran.out
    assert "a bug of ours (mine.py, line " in " ".join(ran.out.split())


def test_5_before_anything_ran(redeploy: Command, module: Module) -> None:
    module(broken("running.api Api discover", BUG))
    ran = redeploy("run", "mine:make")
    assert ran.code == 5
    assert "ZeroDivisionError: a bug of ours (mine.py, line" in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert ran.result is None


def test_5_not_1_in_other_commands(redeploy: Command, module: Module) -> None:
    module(broken("running.api Api discover", BUG))
    redeploy("run", "embedded:security-lock-ignored", *ONE)
    ran = redeploy("replay", RESULT, "mine:make")
    assert ran.code == 5
    assert "ZeroDivisionError: a bug of ours" in ran.err


@pytest.mark.parametrize("words", [(), ("--quick",), ("-n", "2"), ("-v",)])
def test_5_a_slip_in_a_piece_of_the_plan(
    redeploy: Command, module: Module, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """It shows when the tests are made, which pytest calls an interruption."""
    module(
        """
        from dataclasses import replace

        from redeploy_conformance.planning.plans import quota

        quota.burst = lambda contract: replace(contract, cases=())
        """
    )
    mine = {"PYTHONPATH": str(tmp_path), "PYTEST_PLUGINS": "mine"}
    ran = redeploy("run", *words, **mine)
    assert ran.code == 5
    assert (
        "the suite itself failed with TypeError: Contract.__init__() got an unexpected "
        "keyword argument 'cases' (mine.py, line 6)"
    ) in ran.out
    assert ran.result is None


def test_1_what_a_walk_saw_once_is_not_lost(redeploy: Command, module: Module) -> None:
    """Hypothesis calls it flaky, since the walk goes well the second time."""
    module(
        wrapped(
            """
            action = dict(request.headers).get("x-acs-action")
            self.count -= action != "RedeployInstance"
            if action == "RedeployInstance" and self.count == 20:
                return HttpResponse(200, (), b'{"RequestId": "without-a-task"}')
            """
        )
    )
    ran = redeploy("run", "mine:make", "-k", "test_walks and 0")
    assert ran.code == 1
    assert ran.result is not None
    found = ran.result["findings"]
    assert ("R1", 0) in [(one["clause"], one["reproduced"]) for one in found]
