"""Answers decoded: both formats alike, and rubbish told in one sentence."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redeploy_conformance.emulator.envelopes import to_xml
from redeploy_conformance.wire.answers import decode_answer
from redeploy_conformance.wire.http import HttpResponse

SHOWN = {
    "Instances": {
        "Instance": [
            {
                "InstanceId": "i-1",
                "OperationLocks": {
                    "LockReason": [{"LockReason": "security", "LockMsg": ""}]
                },
            }
        ]
    },
    "RequestId": "473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E",
}
UNLOCKED = {
    "Instances": {
        "Instance": [{"Status": "Running", "OperationLocks": {"LockReason": []}}]
    }
}
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;</a>'
)


def answer(body: bytes, kind: str | None = None, status: int = 200) -> HttpResponse:
    headers = (("content-type", kind),) if kind else ()
    return HttpResponse(status, headers, body)


@pytest.mark.parametrize(
    "fields", [{"TaskId": "t-1", "RequestId": "r"}, {"Code": "X"}, {}, SHOWN, UNLOCKED]
)
def test_json_and_xml_carry_the_same_fields(fields: dict[str, Any]) -> None:
    as_json = decode_answer(answer(json.dumps(fields).encode(), status=403))
    as_xml = decode_answer(answer(to_xml("Answer", fields).encode(), status=403))
    assert as_json == as_xml
    assert (as_json.status, as_json.fields, as_json.problem) == (403, fields, None)


def test_repeated_and_empty_elements_of_xml() -> None:
    fields = decode_answer(
        answer(
            b"<R><Tags><Tag>a</Tag><Tag>b</Tag><Tag>c</Tag></Tags><None/>"
            b"<Instances/></R>"
        )
    ).fields
    expected = {
        "Tags": {"Tag": ["a", "b", "c"]},
        "None": "",
        "Instances": {"Instance": []},
    }
    assert fields == expected


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "the answer is empty"),
        (b" \r\n", "the answer is empty"),
        (b'{"TaskId": "t-', "the answer is not JSON"),
        (b"\xff\xfe{}\xff", "the answer is not JSON"),
        (b"[" * 100_000, "the answer is not JSON"),
        (b'{"a": ' + b"1" * 5000 + b"}", "the answer is not JSON"),
        (b'["TaskId"]', "the answer is JSON, but no object"),
        (b"null", "the answer is JSON, but no object"),
        (b"<Error><Code>", "the answer is not well-formed XML"),
        (
            b"<?xml version='1.0' encoding='nonsense'?><a/>",
            "the answer is not well-formed",
        ),
        (b"<a>" * 5000 + b"</a>" * 5000, "the answer is not well-formed XML"),
        (b"<html><body>502 Bad Gateway</body></html>", "the answer is a web page"),
        (b"<!DOCTYPE html><html></html>", "the answer is a web page"),
        (BOMB.encode(), "the answer is a web page"),
        (
            BOMB.replace("?>", " encoding='utf-16'?>", 1).encode("utf-16"),
            "the answer is",
        ),
    ],
)
def test_rubbish_is_told_in_one_sentence(body: bytes, problem: str) -> None:
    found = decode_answer(answer(body, status=502))
    assert (found.status, found.fields) == (502, None)
    assert found.problem is not None
    assert found.problem.startswith(problem)


def test_a_sentence_names_the_content_type() -> None:
    page = decode_answer(answer(b"Bad Gateway", "text/plain"))
    assert page.problem == "the answer is not JSON but text/plain"


@given(
    st.binary() | st.text().map(lambda text: f"<a>{text}</a>".encode(errors="replace"))
)
def test_nothing_raises(body: bytes) -> None:
    found = decode_answer(answer(body))
    assert (found.fields is None) == (found.problem is not None)
