"""Without a control plane, or with half of one, nothing is silently green."""

import json
from collections.abc import Callable, Iterator

import pytest

from redeploy_schemas.vocabulary import Part

from .conftest import Command, served, wrapped

Module = Callable[[str], None]
PARTIAL = """
    if request.method == "GET" and request.target.endswith("/v1/"):
        answer = self.inner.send(request, timeout)
        found = json.loads(answer.body)
        found["offers"] = [one for one in found["offers"] if one not in {gone}]
        return HttpResponse(200, answer.headers, json.dumps(found).encode())
"""
NO_CONTROL = """
    if request.target.startswith("/redeploy-control"):
        return HttpResponse(404, (), b"{}")
"""

NOTHING = "there is no control plane, or its discovery offers nothing"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with served() as (url, _):
        yield url


def without(module: Module, *parts: str) -> None:
    module(wrapped(PARTIAL.replace("{gone}", repr(parts))))


def test_none_at_a_base_url(
    redeploy: Command, statement: Callable[[str], str], server: str
) -> None:
    """The server has no control protocol at that prefix: its answer is 404."""
    path = statement(f'[endpoint]\nurl = "{server}"\ncontrol = "/not-here"\n')
    ran = redeploy("run", path)
    assert ran.code == 3
    assert ran.result is not None
    for one in ran.result["clauses"]:
        assert one["verdict"] == "not exercised"
        assert one["missing"] == "could not run"
        assert one["reason"] == NOTHING
        assert one["remedy"] == (
            "serve the control protocol beside the public endpoint, and say what it offers"
        )
    assert NOTHING in " ".join(ran.out.split())


def test_a_discovery_that_offers_nothing_is_not_said_to_be_missing(
    redeploy: Command, module: Module
) -> None:
    without(module, *(part.value for part in Part))
    ran = redeploy("run", "mine:make")
    assert ran.code == 3
    assert NOTHING in " ".join(ran.out.split())


def test_none_in_process(redeploy: Command, module: Module) -> None:
    module(wrapped(NO_CONTROL))
    ran = redeploy("run", "mine:make")
    assert ran.code == 3
    assert ran.result is not None
    assert {one["verdict"] for one in ran.result["clauses"]} == {"not exercised"}


def test_a_part_that_is_missing_is_named_with_its_remedy(
    redeploy: Command, module: Module
) -> None:
    without(module, "inspect", "principals")
    ran = redeploy("run", "mine:make", "--quick")
    assert ran.code == 3
    assert ran.result is not None
    by_id = {one["id"]: one for one in ran.result["clauses"]}
    assert by_id["D1"]["reason"] == "the implementation does not offer: inspect"
    assert by_id["D1"]["remedy"] == (
        "offer inspect of the control protocol, or declare it absent"
    )
    assert by_id["U1"]["reason"] == "the implementation does not offer: principals"
    assert by_id["A3"]["verdict"] == "pass"


def test_what_is_declared_absent_does_not_apply(
    redeploy: Command, module: Module, statement: Callable[[str], str]
) -> None:
    without(module, "inspect", "principals")
    path = statement(
        '[endpoint]\nfactory = "mine:make"\n[bounds]\nread_lag_seconds = 0\n'
        '[absent]\nparts = ["inspect", "principals"]\n'
    )
    ran = redeploy("run", path, "--quick")
    assert ran.code == 0
    assert ran.result is not None
    assert "in what it has" in ran.result["sentence"]
    absent = [
        one for one in ran.result["clauses"] if one["missing"] == "not applicable"
    ]
    assert {"D1", "L4", "U1"} <= {one["id"] for one in absent}


def test_half_of_what_lacks_is_declared(
    redeploy: Command, module: Module, statement: Callable[[str], str]
) -> None:
    """What is missing and not declared absent still keeps the run from being green."""
    without(module, "inspect", "principals")
    path = statement(
        '[endpoint]\nfactory = "mine:make"\n[absent]\nparts = ["inspect"]\n'
    )
    ran = redeploy("run", path, "--quick")
    assert ran.code == 3


def test_zero_clauses_are_never_green(
    redeploy: Command, module: Module, statement: Callable[[str], str]
) -> None:
    module(wrapped(NO_CONTROL))
    parts = json.dumps([part.value for part in Part])
    path = statement(f'[endpoint]\nfactory = "mine:make"\n[absent]\nparts = {parts}\n')
    assert redeploy("run", path).code == 3


def test_an_inspection_that_shows_nothing_is_named_as_the_reason(
    redeploy: Command, module: Module
) -> None:
    """It breaks no rule of the protocol, so that it is no violation; but it is said."""
    module(
        wrapped(
            """
            if request.method == "GET" and "instances?account_id" in request.target:
                return HttpResponse(200, (), b'{"instances": []}')
            """
        )
    )
    ran = redeploy("run", "mine:make", "--quick")
    assert ran.code == 3
    assert ran.result is not None
    by_id = {one["id"]: one for one in ran.result["clauses"]}
    assert by_id["L3"]["verdict"] == "pass"
    for clause in ("L4", "L5", "L11", "D1", "D2", "D3"):
        reason, remedy = by_id[clause]["reason"], by_id[clause]["remedy"]
        assert reason.startswith("redeploys succeeded, but inspection, which the")
        assert "never showed what this needs" in reason
        assert remedy.startswith("let it list every instance of the account")


def test_a_case_without_a_redeploy_blames_no_inspection(redeploy: Command) -> None:
    ran = redeploy("run", "--clause", "A1")
    assert ran.result is not None
    reasons = {one["reason"] for one in ran.result["clauses"]} - {None}
    assert reasons
    assert not [one for one in reasons if "inspection" in one]


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (b"<html>hello</html>", "HTTP 200, the answer is a web page"),
        (
            b'{"RequestId": "r", "Instances": {"Instance": {}}}',
            "Expected `array | null`, got `object` - at `$.Instances.Instance`",
        ),
    ],
    ids=["page", "shape"],
)
def test_answers_that_cannot_be_read_are_the_headline(
    redeploy: Command, module: Module, answer: bytes, seen: str
) -> None:
    module(
        wrapped(
            f"""
            if dict(request.headers).get("x-acs-action") == "DescribeInstances":
                return HttpResponse(200, (), {answer!r})
            """
        )
    )
    ran = redeploy("run", "mine:make", "--quick")
    assert ran.code == 3
    assert ran.result is not None
    assert ran.result["sentence"] == (
        "Incomplete: nothing could be tested, since the target's answers could not be read, "
        f"first in case 'tour': DescribeInstances answered what cannot be read: {seen}."
    )
    printed = " ".join(ran.out.split())
    assert "INCOMPLETE: nothing could be tested, since the target's answers" in printed
    assert f"{seen}. of 69 clauses" in printed
