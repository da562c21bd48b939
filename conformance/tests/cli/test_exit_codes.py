"""Each exit code, through the real command."""

import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import ONE, Ran

Command = Callable[..., Ran]


@pytest.fixture
def module(tmp_path: Path) -> Callable[[str], None]:
    """Write a module ``mine`` beside the run."""

    def write(text: str) -> None:
        (tmp_path / "mine.py").write_text(textwrap.dedent(text), "utf-8")

    return write


def test_0_conforming(redeploy: Command) -> None:
    ran = redeploy("run")
    assert ran.code == 0
    assert "CONFORMING" in ran.out
    assert ran.result is not None
    assert ran.result["verdict"] == "conforming"
    required = [one for one in ran.result["clauses"] if one["strength"] != "open"]
    assert {one["verdict"] for one in required} == {"pass"}
    assert min(one["held"] for one in required) > 0
    assert {one["verdict"] for one in ran.result["clauses"]} == {"pass", "open"}


def test_0_conforming_after_few_requests(redeploy: Command) -> None:
    ran = redeploy("run", "--quick")
    assert ran.code == 0
    assert ran.result is not None
    assert ran.result["run"]["requests"] < 850


def test_1_not_conforming(redeploy: Command) -> None:
    ran = redeploy("run", "embedded:security-lock-ignored", *ONE)
    assert ran.code == 1
    assert "VIOLATED A3" in ran.out
    assert "reproduced 3 of 3" in ran.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "--no-such-option"), "--no-such-option"),
        (("run", "--seed", "x"), "x"),
        (("run", "--clause", "Z9"), "Z9"),
        (("run", "--case", "no such case"), "no such case"),
        (("run", "-k", "nothingmatchesthis"), "no test matches"),
        (("run", "nonsense"), "nonsense"),
        (("run", "http://"), "base URL"),
        (("run", "ftp://127.0.0.1"), "base URL"),
        (("run", "missing.toml"), "missing.toml"),
        (("run", "no_such_module:make"), "no_such_module"),
        (("run", "embedded:no-such-fault"), "no-such-fault"),
        (("run", "--result", "no/such/folder/r.json"), "no/such/folder"),
        (("serve", "--fault", "no-such-fault"), "no-such-fault"),
        (("serve", "--variant", "no-such-variant"), "no-such-variant"),
        (("serve", "--port", "99999"), "99999"),
        (("replay", "missing.json"), "missing.json"),
        (("contract", "--format", "pdf"), "pdf"),
        (("no-such-command",), "no-such-command"),
    ],
)
def test_2_wrong_usage(redeploy: Command, words: tuple[str, ...], told: str) -> None:
    ran = redeploy(*words)
    assert ran.code == 2
    assert told in ran.err
    assert ran.result is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[endpoint\nurl = 1", "not a TOML file"),
        ("[endpoint]\nurl = 1", "must be a text"),
        ('[endpoint]\nuri = "http://127.0.0.1:1"', "unknown entry 'uri'"),
        ("[unheard]\nof = 1", "unknown section [unheard]"),
        ('[endpoint]\nfactory = "a:b"\nurl = "http://127.0.0.1:1"', "not both"),
        ("[bounds]\nredeploy_seconds = -1", "number of seconds"),
        ('[choices]\nA3 = "x"', "not an open clause"),
        ('[choices]\nA10 = "perhaps"', "must be one of"),
        ('[absent]\nparts = ["sun"]', "no part of the control protocol"),
    ],
)
def test_2_a_statement_that_means_nothing(
    redeploy: Command, statement: Callable[[str], str], text: str, told: str
) -> None:
    ran = redeploy("run", statement(text))
    assert ran.code == 2
    assert told in ran.err
    assert len(ran.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def make():\n    raise RuntimeError('no database')", "no database"),
        ("def make():\n    return 42", "returned int"),
        ("made = 42", "could not be called"),
    ],
)
def test_2_a_factory_that_is_none(
    redeploy: Command, module: Callable[[str], None], text: str, told: str
) -> None:
    module(text)
    ran = redeploy("run", "mine:make")
    assert ran.code == 2
    assert told in ran.err


WRAPPED = """
    import json

    from redeploy_conformance.emulator.app import Emulator
    from redeploy_conformance.targets.asgi import DirectTransport
    from redeploy_conformance.wire.http import HttpResponse


    class Made:
        def __init__(self):
            self.inner = DirectTransport(Emulator().asgi)

        def send(self, request, timeout):
            {body}

        def close(self):
            pass


    def make():
        return Made()
"""


def test_3_without_a_control_plane_nothing_is_green(
    redeploy: Command, module: Callable[[str], None]
) -> None:
    body = """if request.target.startswith("/redeploy-control"):
                return HttpResponse(404, (), b"{}")
            return self.inner.send(request, timeout)"""
    module(WRAPPED.format(body=body))
    ran = redeploy("run", "mine:make")
    assert ran.code == 3
    assert ran.result is not None
    for one in ran.result["clauses"]:
        assert one["verdict"] == "not exercised"
        assert one["reason"]
        assert one["remedy"]
    assert "control protocol" in ran.out


PARTIAL = """answer = self.inner.send(request, timeout)
            if request.method == "GET" and request.target.endswith("/v1/"):
                found = json.loads(answer.body)
                found["offers"] = [x for x in found["offers"] if x not in {gone}]
                return HttpResponse(200, answer.headers, json.dumps(found).encode())
            return answer"""


def test_3_a_part_that_is_missing_is_named_with_its_remedy(
    redeploy: Command, module: Callable[[str], None]
) -> None:
    module(WRAPPED.format(body=PARTIAL.format(gone='("inspect", "principals")')))
    ran = redeploy("run", "mine:make", "-n", "2")
    assert ran.code == 3
    assert ran.result is not None
    by_id = {one["id"]: one for one in ran.result["clauses"]}
    assert "inspect" in by_id["D1"]["reason"]
    assert "declare it absent" in by_id["D1"]["remedy"]
    assert "principals" in by_id["U1"]["reason"]
    assert by_id["A3"]["verdict"] == "pass"


def test_0_what_is_declared_absent_does_not_apply(
    redeploy: Command, module: Callable[[str], None], statement: Callable[[str], str]
) -> None:
    module(WRAPPED.format(body=PARTIAL.format(gone='("inspect", "principals")')))
    path = statement(
        '[endpoint]\nfactory = "mine:make"\n[bounds]\nread_lag_seconds = 0\n'
        '[absent]\nparts = ["inspect", "principals"]\n'
    )
    ran = redeploy("run", path)
    assert ran.code == 0
    assert ran.result is not None
    assert "in what it has" in ran.result["sentence"]
    absent = [
        one for one in ran.result["clauses"] if one["missing"] == "not applicable"
    ]
    assert {"D1", "L4", "U1"} <= {one["id"] for one in absent}


def test_3_zero_clauses_are_never_green(
    redeploy: Command, module: Callable[[str], None], statement: Callable[[str], str]
) -> None:
    body = """if request.target.startswith("/redeploy-control"):
                return HttpResponse(404, (), b"{}")
            return self.inner.send(request, timeout)"""
    module(WRAPPED.format(body=body))
    parts = [
        "accounts",
        "principals",
        "instances",
        "events",
        "outcomes",
        "clock",
        "inspect",
        "internal-errors",
        "reset",
    ]
    path = statement(
        f'[endpoint]\nfactory = "mine:make"\n[absent]\nparts = {json.dumps(parts)}\n'
    )
    assert redeploy("run", path).code == 3


def test_4_dies_in_the_middle_and_keeps_what_was_found(
    redeploy: Command, module: Callable[[str], None]
) -> None:
    body = """self.count = getattr(self, "count", 0) + 1
            if self.count > 400:
                from redeploy_conformance.targets.base import UnreachableError
                raise UnreachableError("mine: connection refused")
            return self.inner.send(request, timeout)"""
    module(WRAPPED.format(body=body))
    ran = redeploy("run", "mine:make")
    assert ran.code == 4
    assert ran.result is not None
    assert not ran.result["run"]["complete"]
    assert sum(one["verdict"] == "pass" for one in ran.result["clauses"]) > 10


def test_1_a_violation_found_before_the_death_is_kept(
    redeploy: Command, module: Callable[[str], None]
) -> None:
    body = """self.count = getattr(self, "count", 0) + 1
            if self.count > 900:
                from redeploy_conformance.targets.base import UnansweredError
                raise UnansweredError("the connection broke")
            return self.inner.send(request, timeout)"""
    text = WRAPPED.format(body=body).replace(
        "Emulator()", "build('security-lock-ignored')"
    )
    module(
        "from redeploy_conformance.faults.catalogue import build\n"
        + textwrap.dedent(text)
    )
    ran = redeploy("run", "mine:make")
    assert ran.code == 1
    assert "VIOLATED A3" in ran.out
    assert ran.result is not None
    assert not ran.result["run"]["complete"]


def test_5_the_suite_itself_failed(
    redeploy: Command, module: Callable[[str], None]
) -> None:
    body = """if b"lock_reasons" in request.body:
                raise ZeroDivisionError("a bug of ours")
            return self.inner.send(request, timeout)"""
    module(WRAPPED.format(body=body))
    ran = redeploy("run", "mine:make", *ONE)
    assert ran.code == 5
    assert "a bug of ours" in ran.out
