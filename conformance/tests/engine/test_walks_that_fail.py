"""An error of our own in a walk is told, also one that does not come again when the walk is done again."""

from collections.abc import Callable, Sequence

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.finding.walking import perform_walks
from redeploy_conformance.planning.steps import Step
from redeploy_conformance.running.bench import Bench
from redeploy_conformance.running.session import Session


@pytest.mark.parametrize("times", [1, 1000])
def test_it_is_raised(
    bench_of: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    done, left = Session.do_together, [RuntimeError("a slip")] * times

    def slip(session: Session, several: Sequence[Step]) -> bool:
        if len(session.run.done) > 3 and left:
            raise left.pop()
        return done(session, several)

    monkeypatch.setattr(Session, "do_together", slip)
    with pytest.raises(RuntimeError, match="a slip"):
        perform_walks(bench_of(Emulator()), 0, 0)
