"""What each clause demands of what a client told, and what it leaves open."""

from collections.abc import Sequence

import pytest

from redeploy_conformance.certify.arrivals import Arrival
from redeploy_conformance.certify.case import MAIN, OTHER, Case, Expectation, answers
from redeploy_conformance.certify.cases_answered import OURS
from redeploy_conformance.certify.expectations import (
    Accepted,
    Broken,
    Compressed,
    CutWhenThrottled,
    Digits,
    Failed,
    Late,
    Misplaced,
    Redirected,
    Throttled,
    Untrusted,
    Unusual,
    WithoutTask,
)
from redeploy_conformance.certify.judge import judge
from redeploy_conformance.certify.playing import Played
from redeploy_conformance.certify.replies import REQUEST_ID, TASK_ID, success
from redeploy_conformance.certify.told import Told
from redeploy_schemas.contract import load

from .made import (
    CRASH,
    DISK,
    EMPTY,
    ERROR,
    KEY,
    ONE,
    PLAIN,
    SIGNED,
    SUCCESS,
    TIMEOUT,
    arrival,
    failures,
    played,
    request,
    told,
)


def seen(expected: Expectation, what: Told, *arrivals: Arrival) -> list[str]:
    """Each check in short: ``C3 held``, ``C3 failed`` or ``C3m a choice``."""
    found = []
    for one in expected.judge(what, arrivals or (ONE,)):
        end = one.choice or ("held" if one.observed is None else "failed")
        found.append(f"{one.clause} {end}")
    return found


@pytest.mark.parametrize(
    ("what", "checks"),
    [
        (ERROR, ["C3m x: an error"]),
        (EMPTY, ["C3m x: a success"]),
        (SUCCESS, ["C7 failed"]),
        (CRASH, ["C7 failed"]),
    ],
)
def test_ids_that_stand_elsewhere_are_not_those_of_a_success(
    what: Told, checks: list[str]
) -> None:
    assert seen(Misplaced(OURS, "x"), what) == checks


@pytest.mark.parametrize(
    ("what", "arrivals", "checks"),
    [
        (ERROR, 1, ["C6 held"]),
        (SUCCESS, 1, ["C6 failed"]),
        (ERROR, 2, ["C7 held", "C5 held"]),
        (ERROR, 3, ["C7 held", "C5 failed"]),
        (SUCCESS, 2, ["C7 failed", "C5 held"]),
    ],
)
def test_a_throttled_call_that_is_cut_then(
    what: Told, arrivals: int, checks: list[str]
) -> None:
    assert seen(CutWhenThrottled(), what, *[ONE] * arrivals) == checks


@pytest.mark.parametrize(
    ("expected", "what", "checks"),
    [
        (OURS, SUCCESS, ["C3 held"]),
        (OURS, told("success", task_id=None), ["C3 failed"]),
        (OURS, told("success", request_id=REQUEST_ID.lower()), ["C3 failed"]),
        (OURS, ERROR, ["C3 failed"]),
        (DISK, ERROR, ["C4 held"]),
        (DISK, told("error", http_status=None), ["C4 held"]),  # its message has both
        (DISK, told("error", request_id=None), ["C4 held"]),
        (
            DISK,
            told("error", http_status=None, message="IncorrectDiskStatus."),
            ["C4 failed"],
        ),
        (
            DISK,
            told("error", request_id=None, message="IncorrectDiskStatus."),
            ["C4 failed"],
        ),
        (DISK, told("error", http_status=400), ["C4 failed"]),
        (DISK, told("error", code="DiskErrorError"), ["C4 failed"]),
        (DISK, told("error", code=None), ["C4 failed"]),
        (DISK, told("error", message="it failed"), ["C4 failed"]),
        (DISK, SUCCESS, ["C4 failed"]),
        (DISK, TIMEOUT, ["C4 failed"]),
        (Failed(), ERROR, ["C4 held"]),
        (Failed(), EMPTY, ["C4 failed"]),
        (Broken(), ERROR, ["C7 held"]),
        (Broken(), TIMEOUT, ["C7 held"]),
        (Broken(), EMPTY, ["C7 failed"]),
        (Broken("XML", "DiskError"), ERROR, ["C7 held", "C7g XML: understood"]),
        (
            Broken("XML", "DiskError"),
            told("error", code=None),
            ["C7 held", "C7g XML: an error"],
        ),
        (Unusual(OURS, "XML", "C7"), SUCCESS, ["C7g XML: understood", "C7 held"]),
        (Unusual(OURS, "XML", "C7"), ERROR, ["C7g XML: an error", "C7 held"]),
        (Unusual(OURS, "XML", "C7"), EMPTY, ["C7 failed"]),
        (Unusual(OURS, "JSON", "C3"), EMPTY, ["C3 failed"]),
        (WithoutTask("missing"), EMPTY, ["C3m missing: a success"]),
        (WithoutTask("missing"), ERROR, ["C3m missing: an error"]),
        (Digits("123"), told("success", task_id="123"), ["C3 held"]),
        (Digits("123"), told("success", task_id="120"), ["C3 failed"]),
        (Digits("123"), EMPTY, ["C3m a number: a success"]),
        (Digits("123"), ERROR, ["C3 held"]),
        (Late(OURS), TIMEOUT, ["C7 held"]),
        (Late(OURS), SUCCESS, ["C7 held"]),
        (Late(OURS), EMPTY, ["C7 failed"]),
        (Throttled(4), ERROR, ["C6 held", "C6r not sent again"]),
        (Throttled(4), EMPTY, ["C6 failed", "C6r not sent again"]),
        (Redirected(), ERROR, ["C8 held", "C7 held"]),
        (Redirected(), EMPTY, ["C8 held", "C7 failed"]),
    ],
)
def test_what_is_demanded(expected: Expectation, what: Told, checks: list[str]) -> None:
    assert seen(expected, what) == checks


def test_compression_is_a_duty_of_whoever_asks_for_it() -> None:
    packed = Compressed(Accepted(TASK_ID, REQUEST_ID), "gzip")
    for asked in ("gzip", "deflate, gzip;q=0.5", "*", "*;q=0, gzip"):
        assert seen(packed, ERROR, arrival(accept_encoding=asked)) == ["C3 failed"]
    for asked in ("identity", "gzip;q=0", "gzip; q=0.0, br", "gzip;q=0, *"):
        choice = ["C7g gzip nobody asked for: an error", "C7 held"]
        assert seen(packed, ERROR, arrival(accept_encoding=asked)) == choice
    deflated = Compressed(Accepted(TASK_ID, REQUEST_ID), "deflate")
    for asked, check in (
        ("gzip", "C7g deflate nobody asked for: an error"),
        ("gzip, deflate", "C3 failed"),
    ):
        one = arrival(accept_encoding=asked)
        assert seen(deflated, ERROR, one)[0] == check


def test_a_success_after_the_refusals_is_one() -> None:
    assert seen(Throttled(2), SUCCESS, ONE, ONE, ONE) == ["C6 held", "C6r sent again"]
    assert seen(Throttled(2), SUCCESS, ONE, ONE) == ["C6 failed", "C6r sent again"]


@pytest.mark.parametrize(
    ("there", "verdict"),
    [
        (arrival("GET /elsewhere HTTP/1.1"), "held"),
        (arrival("GET /elsewhere HTTP/1.1", **SIGNED), "failed"),
        (arrival("GET /elsewhere HTTP/1.1", OTHER, **SIGNED), "failed"),
        (
            arrival("GET /elsewhere?AccessKeyId=k&Signature=abcdefghij HTTP/1.1"),
            "failed",
        ),
        (
            arrival(
                "GET / HTTP/1.1", OTHER, referer="http://a/?Signature=c2lnbmF0dXJl"
            ),
            "failed",
        ),
        (arrival("GET / HTTP/1.1", OTHER, referer="http://a/"), "held"),
    ],
)
def test_a_redirect_may_be_followed_without_credentials(
    there: Arrival, verdict: str
) -> None:
    first = arrival("POST /?AccessKeyId=k&Signature=c2lnbmF0dXJl HTTP/1.1")
    assert seen(Redirected(), SUCCESS, first, there) == [f"C8 {verdict}", "C7 held"]


def test_a_server_that_must_not_be_trusted_gets_nothing() -> None:
    plain = Arrival(0.0, MAIN, ONE.raw, plain=True)
    assert next(Untrusted().judge(ERROR, ())).observed is None
    for sent in (ONE, plain):
        assert seen(Untrusted(), ERROR, sent) == ["C8 failed", "C7 held"]
    assert [one.observed for one in Untrusted().judge(EMPTY, ())] == [None, EMPTY.words]


def test_every_call_of_a_case_must_tell_its_own_ids() -> None:
    other = told("success", task_id="t-other")
    for first, broken in ((SUCCESS, []), (other, [f"C3 {other.words}"])):
        sent = [[request(nonce=nonce)] for nonce in ("1", "2")]
        assert failures(Played(PLAIN, [first, SUCCESS], sent)) == broken


def test_a_call_of_unknown_outcome_is_sent_once() -> None:
    again = played(PLAIN, SUCCESS, request(), request())
    assert failures(again) == ["C5 2 requests"]


def test_a_success_that_nobody_answered_is_none() -> None:
    assert failures(played(PLAIN, SUCCESS)) == [f"C7 {SUCCESS.words}"]


def test_what_could_not_be_exercised_is_not_judged() -> None:
    one = Played(PLAIN, [told("unsupported")], [[]], "no way")
    assert [judged.check.clause for judged in judge(one, KEY)] == ["C8"]


def test_a_crash_breaks_what_its_case_is_about() -> None:
    for about, clause in (("C1", "C3"), ("C4", "C4"), ("C5", "C7"), ("C8", "C7")):
        case = Case("x", about, Broken(), answers(success()), instance_id="i-a b+c")
        assert failures(played(case, CRASH, request())) == [f"{clause} {CRASH.text}"]


def test_each_row_of_the_error_table_has_cases(cases: Sequence[Case]) -> None:
    names = {one.name for one in cases}
    for row in load().errors:
        assert {f"error/{row.code}", f"error/{row.code}/drawn-1"} <= names
    assert len(names) == len(cases)
