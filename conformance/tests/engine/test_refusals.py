"""With which status a barred call may be refused: 4xx where the page says so (A14, U1)."""

import pytest

from redeploy_conformance.judging.model import Call, Rules
from redeploy_conformance.judging.oracle import Oracle
from redeploy_conformance.judging.replies import Kind, Reply
from redeploy_conformance.judging.world import World
from redeploy_schemas.contract import load


def _blamed(clause: str, status: int, code: str | None = "Some.Code") -> list[str]:
    rules = Rules(bound=60.0, lags=False, stepped=True, declared={})
    oracle = Oracle(load(), rules)
    oracle.add("i1", "a1", World())
    kind = Kind.REJECTED if status < 500 else Kind.UNKNOWN
    reply = Reply(kind, status, code, "words", "request-1")
    call = Call(barred=clause, silence=clause if clause != "U2" else "U1")
    return [one.clause for one in oracle.answered("i1", call, reply, 0.0)]


@pytest.mark.parametrize("clause", ["A14", "U1", "U2"])
@pytest.mark.parametrize("status", [302, 399])
def test_a_refusal_that_is_no_4xx_is_wrong(clause: str, status: int) -> None:
    assert _blamed(clause, status) == [clause]


@pytest.mark.parametrize("clause", ["A14", "U1", "U2", "U4"])
@pytest.mark.parametrize("status", [400, 403, 404, 499])
def test_any_4xx_will_do(clause: str, status: int) -> None:
    assert _blamed(clause, status) == []


def test_how_a_bad_signature_is_refused_is_not_said() -> None:
    assert _blamed("U4", 302) == []


@pytest.mark.parametrize("clause", ["A14", "U1", "U2", "U4"])
def test_what_a_gateway_answers_has_no_clause(clause: str) -> None:
    assert _blamed(clause, 502) == []
    assert _blamed(clause, 500, None) == []
