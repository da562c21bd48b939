"""The fence when a run is ended: what a second Ctrl-C and a closed terminal do."""

import signal
from collections.abc import Callable
from dataclasses import replace

import pytest

from redeploy_conformance.staging.ending import interrupts

from .conftest import LONG, Fenced


def test_after_a_second_ctrl_c_nothing_leaves_any_more_that_changes_something(
    fenced: Callable[..., Fenced],
) -> None:
    one = fenced(replace(LONG, no_event="accept"))
    with interrupts(one.run):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGHUP)  # a closed terminal is no second Ctrl-C
        assert "TaskId" in one.ask("RedeployInstance", ("InstanceId", one.inside))
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    # as a thread would that makes its call at once with another one, and waits for the rate limit
    assert one.refused("RedeployInstance", ("InstanceId", one.stopped)) == (
        "the run was ended at once"
    )


def test_under_nohup_a_closed_terminal_ends_nothing(
    fenced: Callable[..., Fenced],
) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        one = fenced()
        with interrupts(one.run):
            signal.raise_signal(signal.SIGHUP)
        assert not one.run.stopping
    finally:
        signal.signal(signal.SIGHUP, before)
