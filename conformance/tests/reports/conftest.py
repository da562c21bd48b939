"""Example results: one that conforms, and one with everything a report can show."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from redeploy_schemas.records import (
    Choice,
    ClauseResult,
    Exchange,
    Finding,
    LeftOut,
    Problem,
    Result,
    Target,
    TraceStep,
)

ClauseMaker = Callable[..., ClauseResult]


@pytest.fixture
def clause() -> ClauseMaker:
    """Make a clause result that passed, but for what is given."""

    def make(id: str, name: str, **given: Any) -> ClauseResult:
        base = ClauseResult(
            id=id,
            name=name,
            statement=f"What {name} says.",
            strength="documented",
            source="error table",
            mild=False,
            verdict="pass",
            held=12,
            rows={},
            missing=None,
            reason=None,
            remedy=None,
            choices=(),
            declared=None,
            inconsistent=False,
            findings=(),
        )
        return replace(base, **given)

    return make


@pytest.fixture
def finding() -> Finding:
    """A violation of A3 with a counterexample of two steps."""
    exchange = Exchange(
        request_line="POST /?Action=RedeployInstance&InstanceId=i-1",
        request_body="",
        status=200,
        response_body='{"TaskId": "t-1", "RequestId": "R-1"}',
        problem=None,
    )
    return Finding(
        clause="A3",
        also=("L10",),
        case="test_precondition[lock_reasons=security]",
        summary="a redeploy of a locked instance was accepted",
        expected="403 InstanceLockedForSecurity",
        observed="200 with TaskId t-1",
        trace=(
            TraceStep(
                n=1,
                text="make i1: Running, locked for security",
                detail="",
                allowed=(),
                observed=None,
                worlds_before=(),
                worlds_after=("i1 Running",),
                exchanges=(),
            ),
            TraceStep(
                n=2,
                text="redeploy i1",
                detail="ForceStop is not set",
                allowed=("403 InstanceLockedForSecurity",),
                observed="200 accepted, t-1",
                worlds_before=("i1 Running",),
                worlds_after=(),
                exchanges=(exchange,),
            ),
        ),
        steps=(
            {"do": "make", "instance": {"lock_reasons": ["security"]}},
            {"do": "redeploy", "instance": 0},
        ),
        reproduce="redeploy-conformance replay redeploy-conformance-result.json A3",
        reproduced=3,
        attempts=3,
    )


@pytest.fixture
def conforming(clause: ClauseMaker) -> Result:
    """A run in which every clause held or is open."""
    return Result(
        suite_name="redeploy-conformance",
        suite_version="0.1.0",
        contract_edition="RedeployInstance, page of mid-2026",
        contract_sha256="0123456789abcdef" * 4,
        target=Target(
            name="toy",
            version="1.0",
            kind="http",
            address="http://127.0.0.1:8080",
            offers=("accounts", "instances"),
            declares={"bound": 600, "A10": "refuse"},
        ),
        started="2026-01-01T00:00:00Z",
        seconds=12.34,
        seed=42,
        workers=4,
        cases=321,
        requests=4567,
        steps=2345,
        complete=True,
        verdict="conforming",
        exit_code=0,
        sentence="Every required clause was exercised and holds.",
        clauses=(
            clause("A1", "unknown-id"),
            clause(
                "A10",
                "no-event",
                strength="open",
                verdict="open",
                choices=(Choice(choice="refuse", count=7, evidence="i1: 403"),),
            ),
        ),
        findings=(),
        problems=(),
    )


@pytest.fixture
def left_out(conforming: Result) -> Result:
    """A run some of whose cases do not apply to the target."""
    cases = ("U4-signature no signature, as v1 form", "U1-authorized x, as v1 form")
    one = LeftOut(reason="requests as v1 form are not understood", cases=cases)
    return replace(conforming, left_out=(one,))


@pytest.fixture
def violated(conforming: Result, clause: ClauseMaker, finding: Finding) -> Result:
    """A run with violations, gaps, choices and a problem."""
    gap: dict[str, Any] = {
        "verdict": "not exercised",
        "held": 0,
        "missing": "could not run",
        "reason": "the target offers no inspect",
        "remedy": "offer inspect in the control protocol",
    }
    return replace(
        conforming,
        verdict="not conforming",
        exit_code=1,
        sentence="2 clauses are violated: A3, R3.",
        clauses=(
            clause("A1", "unknown-id"),
            clause("A3", "security-lock", verdict="fail", findings=(0, 0)),
            clause("R3", "message-of-code", verdict="fail", mild=True, findings=(1,)),
            clause("L4", "success-migrates", **gap),
            clause("L5", "failure-host", **gap),
            clause(
                "Q1",
                "under-the-limit",
                verdict="not exercised",
                held=0,
                missing="not applicable",
                reason="the target declares that it has no rate limit",
            ),
            clause(
                "A5",
                "dedicated-host-code",
                strength="open",
                verdict="open",
                choices=(
                    Choice(
                        choice="InvalidOperation.RedeployInstance", count=4, evidence=""
                    ),
                ),
            ),
            clause(
                "A10",
                "no-event",
                strength="open",
                verdict="open",
                declared="refuse",
                inconsistent=True,
                choices=(
                    Choice(choice="refuse", count=7, evidence="i1: 403"),
                    Choice(choice="accept", count=1, evidence="i9: 200"),
                ),
            ),
        ),
        findings=(
            finding,
            replace(
                finding,
                clause="R3",
                also=(),
                expected="the message of DiskError",
                observed="\x1b[31mno\u202esuch\nmessage",
                trace=(),
                reproduced=1,
                attempts=3,
            ),
        ),
        problems=(
            Problem(case="test_quota", text="the control protocol answered 501"),
        ),
    )
