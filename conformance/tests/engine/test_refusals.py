"""With which status a barred call may be refused: 4xx where the page says so (A14, U1)."""

import pytest

from redeploy_conformance.judging.meaning import meaning
from redeploy_conformance.judging.model import Call, Rules
from redeploy_conformance.judging.oracle import Oracle
from redeploy_conformance.judging.replies import Kind, Reply
from redeploy_conformance.judging.world import World
from redeploy_conformance.planning.steps import Redeploy
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


OPEN = (("A14b", "accepted"), ("A14b", "rejected"))
MALFORMED = (
    Call(barred="A14", silence="A14"),
    Call(force=True, silence="A14", maybe=OPEN),
)
LOCKED = World(lock_reasons=frozenset({"security"}))
DAMAGED = World(storage="local", local_disk="damaged")


@pytest.mark.parametrize("call", MALFORMED)
@pytest.mark.parametrize(
    ("world", "code", "clauses"),
    [
        (World(), "InstanceLockedForSecurity", ["A8"]),
        (World(), "IncorrectInstanceStatus", ["A8"]),
        (World(), "DiskError", ["A8"]),
        # True, or open, or of the id that may be what is wrong.
        (LOCKED, "InstanceLockedForSecurity", []),
        (DAMAGED, "DiskError", []),
        (World(), "InvalidInstanceId.NotFound", []),
        (World(), "InvalidParameter", []),
    ],
)
def test_a_malformed_call_is_not_refused_for_what_is_not_so(
    call: Call, world: World, code: str, clauses: list[str]
) -> None:
    contract = load()
    oracle = Oracle(contract, Rules(bound=60.0, lags=False, stepped=True))
    oracle.add("i1", "a1", world)
    row = contract.error_by_code.get(code)
    status, text = (row.http_status, row.message) if row else (400, "words")
    reply = Reply(Kind.REJECTED, status, code, text, "request-1")
    wrong = oracle.answered("i1", call, reply, 0.0)
    assert [one.clause for one in wrong] == clauses
    if call.barred:
        assert all(one.also == ("A14",) for one in wrong)


@pytest.mark.parametrize("form", [row.name for row in load().malformed])
def test_a_malformed_call_that_is_refused_changes_nothing(form: str) -> None:
    """Also where it is open whether calls of that form are refused (A14b, A14v)."""
    contract = load()
    oracle = Oracle(contract, Rules(bound=60.0, lags=False, stepped=True))
    oracle.add("i1", "a1", World())
    call = meaning(contract, Redeploy("i1", malformed=form))
    reply = Reply(Kind.REJECTED, 400, "InvalidParameter", "words", "request-1")
    assert oracle.answered("i1", call, reply, 0.0) == []
    view = {"exists": True, "status": "Stopped", "events": {}}
    [wrong] = oracle.looked({"i1": view}, 1.0)
    assert (wrong.clause, wrong.field) == ("A14", "status")
