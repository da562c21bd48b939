"""A certification as text and as Markdown: whole texts, and nothing that a terminal acts on."""

import json
from dataclasses import replace

import pytest

from redeploy_reports.certification import markdown, text
from redeploy_schemas.certification import (
    Certification,
    ClientClauseResult,
    ClientResult,
    Exchanged,
    Failure,
    InvalidCertificationError,
    document,
    from_document,
)
from redeploy_schemas.validation import problems

CARD = {
    "protocol": 1,
    "library": "a-library",
    "version": "1.2",
    "language": "Python",
    "runtime": "CPython 3.11",
    "signature": "v3",
}


def clause(clause_id: str, verdict: str, **more: object) -> ClientClauseResult:
    """What is said of one clause."""
    row = ClientClauseResult(
        id=clause_id,
        name="a-name",
        statement="It is so.",
        strength="open" if verdict == "open" else "implied",
        verdict=verdict,
        held=3,
        failed=0,
        reason=None,
    )
    return replace(row, **more)  # type: ignore[arg-type]


FAILURE = Failure(
    clause="C4",
    case="error/DiskError",
    expected="an error with code 'DiskError'",
    observed="an error with code null",
    exchanges=(
        Exchanged(
            server="main",
            request="POST /?InstanceId=i-1 HTTP/1.1\r\nhost: here\r\n\r\n",
            answer='HTTP/1.1 403 Said\r\n\r\n{"Code": "DiskError"}',
        ),
    ),
    reproduce="redeploy-conformance certify one --case error/DiskError",
)
ONE = ClientResult(
    adapter="one",
    card=CARD,
    problem=None,
    cases=7,
    seconds=1.5,
    clauses=(
        clause("C1", "pass"),
        clause("C1b", "open", choices={"true: True": 2, "false: False": 1}),
        clause("C4", "fail", failed=2),
        clause("C8", "not exercised", held=0, reason="tls/trusted: no certificates"),
    ),
    failures=(FAILURE, replace(FAILURE, case="error/InternalError")),
)
NONE = ClientResult(
    adapter="two",
    card=None,
    problem="it cannot be started: No such file or directory",
    cases=0,
    seconds=0.0,
    clauses=(),
    failures=(),
)
BOTH = Certification(
    suite_version="9.9",
    contract_edition="page of mid-2026",
    started="2026-11-25T01:02:03+00:00",
    seconds=2.0,
    exit_code=1,
    clients=(ONE, NONE),
)

AS_TEXT = """\
redeploy-conformance 9.9 · clients · contract: page of mid-2026

one: a-library 1.2
  Python (CPython 3.11), signs by v3; 7 cases in 1.5 s
  VIOLATED C4 a-name: It is so.
    expected  an error with code 'DiskError'
    observed  an error with code null
      > POST /?InstanceId=i-1 HTTP/1.1
      < HTTP/1.1 403 Said
      < {"Code": "DiskError"}
    again: redeploy-conformance certify one --case error/DiskError
    in 2 cases: error/DiskError, error/InternalError
  NOT EXERCISED C8: tls/trusted: no certificates
  CHOICE C1b a-name: true: True ×2, false: False

two: two
  NOT JUDGED: it cannot be started: No such file or directory

               C1   C1b  C4   C8   seconds
a-library 1.2  ✓    ○    ✗2   –        1.5
✓ holds, ✗ violated, – not exercised, ○ open; a number counts what was seen to break it

NOT CONFORMING: 2 clients in 2.0 s, exit code 1
"""

AS_MARKDOWN = """\
Certified on 2026-11-25 by redeploy-conformance 9.9, contract: page of mid-2026.

| client | version | C1 | C1b | C4 | C8 | seconds |
| --- | --- | --- | --- | --- | --- | ---: |
| a-library | 1.2 | ✓ | ○ | ✗2 | – | 1.5 |

✓ holds, ✗ violated, – not exercised, ○ open; a number counts what was seen to break it

| client | clause | cases | for example | observed |
| --- | --- | --- | --- | --- |
| a-library 1.2 | C4 | 2 | error/DiskError | an error with code null |

two: it cannot be started: No such file or directory
"""


def test_the_examples_are_certifications() -> None:
    assert problems("client/result", document(BOTH)) == []


def test_a_document_is_read_back() -> None:
    found = json.loads(json.dumps(document(BOTH)))
    assert from_document(found) == BOTH
    with pytest.raises(InvalidCertificationError, match="format"):
        from_document({**found, "format": "another"})


def test_as_text() -> None:
    assert text(BOTH, 88) == AS_TEXT


def test_as_markdown() -> None:
    assert markdown(BOTH) == AS_MARKDOWN


def test_one_case_is_shown_with_its_whole_exchange() -> None:
    shown = text(replace(BOTH, clients=(ONE,)), 88, whole=True)
    assert "      > host: here\n      < HTTP/1.1 403 Said\n" in shown


def test_nothing_that_a_terminal_acts_on_comes_through() -> None:
    bad = "\x1b[2J\u202e"
    row = clause("C4", "fail", failed=1, statement=bad, name=bad)
    broken = replace(
        FAILURE,
        case=bad,
        expected=bad,
        observed=bad,
        reproduce=bad,
        exchanges=(Exchanged(server=bad, request=bad, answer=bad),),
    )
    client = ClientResult(
        adapter=bad,
        card=dict.fromkeys(CARD, bad),
        problem=bad,
        cases=1,
        seconds=0.0,
        clauses=(row, clause("C8", "not exercised", reason=bad)),
        failures=(broken,),
    )
    whole = replace(BOTH, suite_version=bad, contract_edition=bad, clients=(client,))
    for shown in (text(whole), text(whole, whole=True), markdown(whole)):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
