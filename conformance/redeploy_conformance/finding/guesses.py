"""Guesses at the fewest steps: one instance, in the state it was in, one call, what showed it.

Most violations need no more, and most of them no more than one special thing about the instance or
the call. All guesses are tried together, each on an instance of its own, so that making, looking
and waiting are paid for once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace

from redeploy_conformance.planning.minimise import Steps, focused
from redeploy_conformance.planning.steps import (
    Advance,
    Case,
    Create,
    Look,
    Patch,
    Raise,
    Redeploy,
    Script,
    Settle,
    Step,
)
from redeploy_conformance.planning.weave import merged

Pair = tuple[str, str]
CALLS = 3
"""The last calls on an instance, of which each may be what matters."""
EVENTS = 5
"""Up to so many, each event is tried alone."""


@dataclass(frozen=True, slots=True)
class Short:
    """An instance as it was before the last call, that call, and what came after it."""

    made: Create
    call: Redeploy
    tail: Steps

    @property
    def steps(self) -> Steps:
        """Return it as steps."""
        return (self.made, self.call, *self.tail)


def guesses(
    steps: Sequence[Step], key: str, event: Pair, about: str = ""
) -> tuple[Steps, ...]:
    """Return guesses, the plainest first; none where the steps are of another kind.

    ``event`` is one that every instance responds to; ``about`` the type of the event, of many, that
    something is wrong with.
    """
    shorts = list(_digests(tuple(focused(steps, key))))
    every = [one.steps for short in shorts for one in _plainer(short, event)]
    every += [one.steps for short in shorts for one in _about(short, event, about)]
    every += [short.steps for short in shorts]
    if len(shorts) > 1:
        every += _twice(shorts[0], event)
    every.sort(key=special)
    return tuple(dict.fromkeys(every))


def _twice(short: Short, event: Pair) -> list[Steps]:
    """Return guesses with a call before the last one, that may have ended or not."""
    made = Create(short.made.key, (), (event,))
    before = Redeploy(short.call.key)
    rest = (short.call, *short.tail)
    again = Raise(made.key, *event)
    return [(made, before, *rest), (made, before, Settle(), again, *rest)]


def special(steps: Steps) -> int:
    """Return how many things are special about the instance and the calls, or come before them."""
    made, call = steps[0], next(one for one in reversed(steps) if _is_call(one))
    assert isinstance(made, Create)
    assert isinstance(call, Redeploy)
    spec = sum(_many(value) for name, value in made.spec if name != "storage")
    events = len(made.events) if made.events else 1
    odd = sum(bool(getattr(call, one.name) != one.default) for one in fields(call)[1:])
    odd += len(call.statements or ())
    before = sum(map(_is_call, steps)) - 1
    return spec + events + odd + bool(made.ending) + before


def _many(value: object) -> int:
    return len(value) if isinstance(value, tuple) else 1


def has_ending(steps: Steps) -> bool:
    """Whether it is known how the redeploy ends."""
    return any(isinstance(one, Create) and one.ending for one in steps)


def _is_call(one: Step) -> bool:
    return isinstance(one, Redeploy)


def together(guessed: Iterable[Steps]) -> tuple[Steps, dict[str, Steps]]:
    """Return the steps that try all guesses, and which of them each instance is of."""
    cases = [Case(clauses=(), row="", steps=one) for one in guessed]
    through = merged(cases)
    return through.steps, {key: one.steps for key, one in through.owners.items()}


def _digests(steps: Steps) -> Iterator[Short]:
    """Yield the steps about an instance in short, once for each of its last calls.

    Every change before the call is made with the instance; what came after it is time and the last
    look.
    """
    made = next((one for one in steps if isinstance(one, Create)), None)
    if made is None or made.count > 1:
        return
    shorts: list[Short] = []
    for place, one in enumerate(steps):
        made = _changed(made, one)
        if isinstance(one, Redeploy) and one.count == 1:
            shorts.append(Short(made, one, _tail(steps[place + 1 :])))
    yield from reversed(shorts[-CALLS:])


def _tail(rest: Steps) -> Steps:
    """Return the time that passed, and the last look."""
    passed = sum(one.seconds for one in rest if isinstance(one, Advance))
    tail: Steps = (Advance(passed),) if passed else ()
    if rest and isinstance(rest[-1], Look | Settle):
        tail += rest[-1:]
    return tail


def _changed(made: Create, one: Step) -> Create:
    if isinstance(one, Patch):
        spec = {**dict(made.spec), **dict(one.spec)}
        return replace(made, spec=tuple(sorted(spec.items())))
    if isinstance(one, Raise):
        return replace(made, events=(*made.events, (one.type, one.status)))
    return replace(made, ending=one.ending) if isinstance(one, Script) else made


def _plainer(short: Short, event: Pair) -> Iterator[Short]:
    """Yield it with nothing special, then with one special thing, then with what was made only."""
    made, call = short.made, short.call
    plain = replace(short, made=Create(made.key, (), (event,)), call=Redeploy(call.key))
    yield plain
    for one in _calls(call):
        yield replace(plain, call=one)
    for spec in _specs(made):
        yield replace(plain, made=replace(plain.made, spec=spec))
    for pair in made.events if len(made.events) <= EVENTS else ():
        yield replace(plain, made=replace(plain.made, events=(pair,)))
    if made.ending:
        yield replace(plain, made=replace(plain.made, ending=made.ending))
    yield replace(plain, made=replace(plain.made, events=made.events))
    yield replace(short, call=plain.call)
    yield replace(plain, call=call)


def _about(short: Short, event: Pair, about: str) -> Iterator[Short]:
    """Yield it with one event of that type, alone and beside one that is responded to."""
    made = short.made
    disks = tuple(one for one in made.spec if one[0] == "storage")
    for pair in made.events:
        if pair[0] == about:
            for events in ((pair,), (event, pair)):
                only = Create(made.key, disks, events, ending=made.ending)
                yield replace(short, made=only, call=Redeploy(short.call.key))


def _specs(made: Create) -> Iterator[tuple[tuple[str, object], ...]]:
    """Yield each attribute alone, of a set also each value; a local disk only where there are some."""
    disk = tuple(one for one in made.spec if one[0] in ("storage", "local_disk"))
    if disk:
        yield disk
    for one in made.spec:
        if one not in disk and one[1] not in ((), "current"):
            yield (one,)
            if _many(one[1]) > 1:
                yield from (((one[0], (value,)),) for value in one[1])


def _calls(call: Redeploy) -> Iterator[Redeploy]:
    """Yield the call with each special thing about it alone, and with each statement of its caller."""
    for one in fields(call):
        value = getattr(call, one.name)
        if one.name != "key" and value != one.default:
            changed: dict[str, object] = {one.name: value}
            yield replace(Redeploy(call.key), **changed)  # type: ignore[arg-type]
    if call.statements is not None:
        for some in ((), *((one,) for one in call.statements)):
            yield Redeploy(call.key, statements=some)


def each_alone(steps: Sequence[Step]) -> Iterator[tuple[Steps, Steps]]:
    """Yield each of the last calls of several, with what was made before it and a look at the end.

    Beside it are the steps without that call.
    """
    calls = [place for place, one in enumerate(steps) if _is_call(one)]
    for place in calls[-CALLS:] if len(calls) > 1 else ():
        before = (
            one for one in steps[:place] if isinstance(one, Create | Patch | Raise)
        )
        rest = (*steps[:place], *steps[place + 1 :])
        yield (*before, steps[place], Settle()), rest
