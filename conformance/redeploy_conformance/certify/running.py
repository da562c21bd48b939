"""The certification of one client: its cases, in parallel over several adapter processes."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from redeploy_conformance.certify.case import Case
from redeploy_conformance.certify.conclude import Asked, conclude
from redeploy_conformance.certify.driver import Adapter, AdapterError
from redeploy_conformance.certify.hiding import hide, short
from redeploy_conformance.certify.playing import Key, Played, Slot, play
from redeploy_schemas.certification import ClientResult

PROCESSES = 4
Progress = Callable[[int, int], None]


def certify(
    command: Sequence[str],
    cases: Sequence[Case],
    asked: Asked,
    processes: int = PROCESSES,
    progress: Progress = lambda done, all_of_them: None,
) -> ClientResult:
    """Return what a client's cases come to; a client that cannot be started has a problem."""
    begun = time.monotonic()
    key = Key()
    try:
        first = Adapter(command)
    except AdapterError as error:
        return ClientResult(
            adapter=asked.client,
            card=None,
            problem=short(hide(str(error), [key.secret])),
            cases=0,
            seconds=round(time.monotonic() - begun, 1),
            clauses=(),
            failures=(),
        )
    card = first.card
    done, problem = _play_all(command, first, cases, key, processes, progress)
    clauses, failures = conclude(done, key, asked)
    return ClientResult(
        adapter=asked.client,
        card=card,
        problem=problem,
        cases=len(done),
        seconds=round(time.monotonic() - begun, 1),
        clauses=clauses,
        failures=failures,
    )


def _play_all(
    command: Sequence[str],
    first: Adapter,
    cases: Sequence[Case],
    key: Key,
    processes: int,
    progress: Progress,
) -> tuple[list[Played], str | None]:
    """Return every case played, in the order given, and what kept the rest from it."""
    # What waits is begun first, so that the rest is done meanwhile.
    waiting = deque(sorted(cases, key=lambda one: not one.slow))
    done: dict[str, Played] = {}
    problems: list[str] = []
    bugs: list[BaseException] = []
    lock = threading.Lock()

    def work(adapter: Adapter | None) -> None:
        slot = Slot(command, adapter)
        try:
            while not problems and not bugs:
                try:
                    case = waiting.popleft()
                except IndexError:
                    return
                played = play(case, slot, key)
                with lock:
                    done[case.name] = played
                    progress(len(done), len(cases))
        except AdapterError as error:
            problems.append(f"it was started, and could not be again: {error}")
        except BaseException as error:  # told below, by the thread that asked
            bugs.append(error)
        finally:
            slot.close()

    threads = [
        threading.Thread(target=work, args=(first if number == 0 else None,))
        for number in range(min(processes, max(1, len(cases))))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if bugs:
        raise bugs[0]
    ordered = [done[case.name] for case in cases if case.name in done]
    return ordered, problems[0] if problems else None
