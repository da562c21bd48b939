"""The certification of one client: its cases, in parallel over several adapter processes."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from redeploy_conformance.certify.case import Case
from redeploy_conformance.certify.checking import CALLS
from redeploy_conformance.certify.conclude import STOPPED, Asked, conclude
from redeploy_conformance.certify.driver import Adapter, AdapterError
from redeploy_conformance.certify.hiding import hide, short
from redeploy_conformance.certify.lingering import SECONDS
from redeploy_conformance.certify.playing import Key, Played, Slot, play
from redeploy_conformance.certify.told import Kind
from redeploy_schemas.certification import ClientResult

PROCESSES = 4
ENDING = 5.0
"""Seconds that a process has to end by itself: some write their logs only then."""
Progress = Callable[[int, int], None]


def certify(
    command: Sequence[str],
    cases: Sequence[Case],
    asked: Asked,
    processes: int = PROCESSES,
    progress: Progress = lambda done, all_of_them: None,
    say: Callable[[str], None] | None = None,
) -> ClientResult:
    """Return what a client's cases come to; a client that cannot be started has a problem.

    ``say`` is told when its identity card takes long.
    """
    begun = time.monotonic()
    key = Key()
    try:
        first = Adapter(command, say)
    except AdapterError as error:
        return _unjudged(asked, None, str(error), begun)
    card = first.card
    try:
        rubbish = _rubbish(first, key)
    except BaseException:
        first.end()
        raise
    if rubbish is not None:
        first.end()
        return _unjudged(asked, first.card, rubbish, begun)
    offered = card.get("options", ())
    cases = [one for one in cases if one.attempts is None or "attempts" in offered]
    done, problem = _Team(command, first, cases, key, processes, progress).play()
    reached = {one.case.name for one in done}
    rest = [
        Played(one, trouble="it was not reached")
        for one in cases
        if one.name not in reached
    ]
    clauses, failures = conclude([*done, *rest], key, asked)
    return ClientResult(
        adapter=asked.client,
        card=card,
        problem=problem,
        cases=len(done),
        seconds=round(time.monotonic() - begun, 1),
        clauses=clauses,
        failures=failures,
    )


def _unjudged(
    asked: Asked, card: Mapping[str, Any] | None, problem: str, begun: float
) -> ClientResult:
    return ClientResult(
        adapter=asked.client,
        card=card,
        problem=short(problem),
        cases=0,
        seconds=round(time.monotonic() - begun, 1),
        clauses=(),
        failures=(),
    )


def _rubbish(adapter: Adapter, key: Key) -> str | None:
    """Return what is wrong with an adapter that cannot even tell of a plain call, or of one refused.

    A crash or a hang may be the library's; a line that is no answer, here, is the adapter's.
    """
    for case, _ in (CALLS[0], CALLS[-1]):
        told = play(case, Slot((), adapter), key).told[0]
        if told.kind is Kind.RUBBISH:
            words = hide(told.words, [key.secret])
            return f"it tells of {case.name} by {words}: see certify --check-adapter"
        if not adapter.usable:
            break
    return None


class _Team:
    """The threads that play the cases of one client, each with an adapter process of its own."""

    def __init__(
        self,
        command: Sequence[str],
        first: Adapter,
        cases: Sequence[Case],
        key: Key,
        processes: int,
        progress: Progress,
    ) -> None:
        """Prepare; ``first`` is an adapter that runs already."""
        number = min(processes, max(1, len(cases)))
        self.slots = [Slot(command, first if n == 0 else None) for n in range(number)]
        # What waits is begun first, so that the rest is done meanwhile; and what needs a process of
        # its own, so that no other ends before it could send a call again.
        self.waiting = deque(sorted(cases, key=lambda one: not (one.slow or one.alone)))
        self.cases, self.key, self.progress = cases, key, progress
        self.done: dict[str, Played] = {}
        self.problem: str | None = None
        self.bug: BaseException | None = None
        self.lock = threading.Lock()

    def play(self) -> tuple[list[Played], str | None]:
        """Return every case played, in their order, and what kept the rest from it."""
        threads = [
            threading.Thread(target=self._work, args=(slot,), daemon=True)
            for slot in self.slots
        ]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except KeyboardInterrupt:
            self._stop()
            self.problem = STOPPED
        if self.bug is not None:
            raise self.bug
        with self.lock:
            done = dict(self.done)
        return [done[one.name] for one in self.cases if one.name in done], self.problem

    def _work(self, slot: Slot) -> None:
        played, once = None, -SECONDS
        try:
            while self.problem is None and self.bug is None:
                try:
                    case = self.waiting.popleft()
                except IndexError:
                    time.sleep(max(0.0, once + SECONDS - time.monotonic()))
                    return
                played = play(case, slot, self.key)
                if case.once:
                    once = played.over
                with self.lock:
                    if self.problem is None:
                        self.done[case.name] = played
                        self.progress(len(self.done), len(self.cases))
        except AdapterError as error:
            self.problem = f"it was started, and could not be again: {error}"
        except BaseException as error:  # told by the thread that asked
            self.bug = error
        finally:
            patience = 0.0 if self.problem or self.bug else ENDING
            text = slot.close(patience)
            if played is not None:
                played.after = text

    def _stop(self) -> None:
        with self.lock:
            self.problem = STOPPED
        for slot in self.slots:
            slot.close()
