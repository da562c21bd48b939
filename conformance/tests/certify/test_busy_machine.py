"""What a busy machine does to the certifying server is not told of the client, and what is told has no secret."""

import time
from collections.abc import Sequence
from typing import Any

import pytest

from redeploy_conformance.certify.case import MAIN, SHORT, SHORT_LIMIT, Case, answers
from redeploy_conformance.certify.conclude import Asked, conclude
from redeploy_conformance.certify.expectations import Broken
from redeploy_conformance.certify.playing import Key, Played, Slot, play
from redeploy_conformance.certify.replies import Answer
from redeploy_conformance.certify.server import Server
from redeploy_conformance.certify.words import command


def test_a_request_that_is_read_late_has_arrived(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    serve = Server._serve

    def slowly(self: Server, connection: Any) -> None:
        time.sleep(1.2 * SHORT)
        serve(self, connection)

    monkeypatch.setattr(Server, "_serve", slowly)
    case = Case(
        "never", "C5", Broken(), answers(Answer()), deadline=SHORT, limit=SHORT_LIMIT
    )
    slot = Slot(command("reference"))
    try:
        played = play(case, slot, Key())
    finally:
        slot.close()
    assert played.trouble is None
    assert [one.server for one in played.all_arrivals] == [MAIN]


def test_why_nothing_was_exercised_is_told_without_secrets(
    cases: Sequence[Case],
) -> None:
    secret = "0a1b2c3d4e5f60718293a4b5c6d7e8"
    said = f"told was a timeout (key {secret}, Authorization: x, Signature={'ab' * 32})"
    played = [Played(one, trouble=said) for one in cases]
    clauses, _ = conclude(played, Key("key1", secret), Asked("made", 0))
    reasons = [one.reason for one in clauses if one.reason and "told was" in one.reason]
    assert reasons
    assert not [one for one in reasons if secret in one or "abab" in one]
