"""Jobs done at once leave together, however long each takes to get ready."""

import threading
import time

import pytest

from redeploy_conformance.parallel import at_once, held, hold


def test_nobody_leaves_before_all_are_ready() -> None:
    left: list[float] = []
    ready: list[float] = []

    def job(seconds: float) -> None:
        time.sleep(seconds)
        ready.append(time.monotonic())
        hold()
        left.append(time.monotonic())

    at_once([[lambda: job(0)], [lambda: job(0.05)]])
    assert min(left) >= max(ready)


def test_only_the_first_request_of_a_row_waits() -> None:
    def waits() -> bool:
        before = held()
        hold()
        return before

    spans = at_once([[waits, waits], [waits]])
    assert [one.value for one in spans] == [True, False, True]


def test_one_that_fails_before_it_is_ready_holds_nobody_up() -> None:
    went = threading.Event()

    def fails() -> None:
        raise LookupError("no key")

    def goes() -> None:
        hold()
        went.set()

    with pytest.raises(LookupError, match="no key"):
        at_once([[fails], [goes]])
    assert went.is_set()


def test_one_that_sends_nothing_holds_nobody_up() -> None:
    spans = at_once([[lambda: "idle"], [lambda: (hold(), "went")[1]]])
    assert [one.value for one in spans] == ["idle", "went"]


def test_elsewhere_there_is_nobody_to_wait_for() -> None:
    hold()
    assert not held()
