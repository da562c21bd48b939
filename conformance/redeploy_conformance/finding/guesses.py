"""Guesses at the fewest steps: one instance, in the state it was in, one call, what showed it.

Most violations need no more, and most of them no more than one special thing about the instance or
the call. All guesses are tried together, each on an instance of its own, so that making, looking
and waiting are paid for once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations, product

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
Guesses = tuple[Steps, ...]
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
    steps: Sequence[Step],
    key: str,
    event: Pair,
    about: Pair = ("", ""),
    *,
    busy: str,
    ended: bool = False,
) -> Iterator[Guesses]:
    """Yield guesses, each time some that may be tried together, the plainest of them first.

    The likeliest come first: nothing special, or of many events the one that something is wrong
    with, as it was: ``about``. Then comes one special thing, then two. There are none where the steps
    are of another kind. ``event`` is one that every instance responds to; ``ended`` says that it
    matters how the redeploy ends; ``busy`` is a status on the way of a redeploy.
    """
    shorts = list(_digests(tuple(focused(steps, key))))
    first = [one.steps for short in shorts for one in _about(short, event, about)]
    single = [
        one.steps for short in shorts for one in _plainer(short, event, ended=ended)
    ]
    single.sort(key=special)
    whole = [short.steps for short in shorts]
    if len(shorts) > 1:
        whole += _twice(shorts[0], event, busy)
    double = [
        one.steps for short in shorts for one in _pairs(short, event, ended=ended)
    ]
    tried: set[Steps] = set()
    for some in (first or single[:1], [*single, *whole], double):
        fresh = [one for one in dict.fromkeys(some) if one not in tried]
        tried.update(fresh)
        if fresh:
            yield tuple(sorted(fresh, key=special))


def _twice(short: Short, event: Pair, busy: str) -> list[Steps]:
    """Return guesses with a call before the last one, that may have ended or not, or needs none to be busy."""
    made = Create(short.made.key, (), (event,))
    found = _on_its_way(made, busy)
    before = Redeploy(short.call.key)
    rest = (short.call, *short.tail)
    again = Raise(made.key, *event)
    return [
        (found, before, *short.tail),
        (found, *rest),
        (made, before, *rest),
        (made, before, Settle(), again, *rest),
    ]


def _on_its_way(made: Create, busy: str) -> Create:
    spec = {**dict(made.spec), "status": busy}
    return replace(made, spec=tuple(sorted(spec.items())))


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


def _plain(short: Short, event: Pair, *, ended: bool) -> Short:
    """Return it with nothing special, but for how it ends where that matters."""
    made = Create(short.made.key, (), (event,))
    if ended:
        made = replace(made, ending=short.made.ending)
    return replace(short, made=made, call=Redeploy(short.call.key))


def _plainer(short: Short, event: Pair, *, ended: bool) -> Iterator[Short]:
    """Yield it with nothing special, then with one special thing, then with what was made only."""
    made, call = short.made, short.call
    plain = _plain(short, event, ended=ended)
    yield plain
    for one in _calls(call):
        yield replace(plain, call=one)
    for spec in _specs(made):
        yield replace(plain, made=replace(plain.made, spec=spec))
    for events in _events(made):
        yield replace(plain, made=replace(plain.made, events=events))
    if made.ending and not ended:
        yield replace(plain, made=replace(plain.made, ending=made.ending))
    yield replace(short, call=plain.call)
    yield replace(plain, call=call)


def _pairs(short: Short, event: Pair, *, ended: bool) -> Iterator[Short]:
    """Yield it with two special things: of the instance, its events and the call."""
    made = short.made
    plain = _plain(short, event, ended=ended)
    specs, calls = list(_specs(made)), list(_calls(short.call))
    for one, other in combinations(specs, 2):
        if {name for name, _ in one}.isdisjoint(name for name, _ in other):
            spec = tuple(sorted((*one, *other)))
            yield replace(plain, made=replace(plain.made, spec=spec))
    for spec in specs:
        some = replace(plain, made=replace(plain.made, spec=spec))
        for call in calls:
            yield replace(some, call=call)
        for events in _events(made):
            yield replace(some, made=replace(some.made, events=events))
    for call, events in product(calls, _events(made)):
        yield replace(plain, call=call, made=replace(plain.made, events=events))


def _events(made: Create) -> Iterator[tuple[Pair, ...]]:
    """Yield each event alone, where they are few, and all of them."""
    if len(made.events) <= EVENTS:
        yield from ((pair,) for pair in made.events)
    yield made.events


def _about(short: Short, event: Pair, about: Pair) -> Iterator[Short]:
    """Yield it with that one of its events, alone and beside one that is responded to."""
    made = short.made
    disks = tuple(one for one in made.spec if one[0] == "storage")
    if about in made.events:
        for events in ((about,), (event, about)):
            only = Create(made.key, disks, events, ending=made.ending)
            yield replace(short, made=only, call=Redeploy(short.call.key))


def _specs(made: Create) -> Iterator[tuple[tuple[str, object], ...]]:
    """Yield each attribute alone, of a set also each value; a local disk only where there are some."""
    disk = tuple(one for one in made.spec if one[0] in ("storage", "local_disk"))
    if disk:
        yield disk
        yield disk[-1:]
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


def each_alone(steps: Sequence[Step], busy: str) -> Iterator[tuple[Steps, Steps]]:
    """Yield each of the last calls of several, with what was made before it and a look at the end.

    One after another is tried on an instance found on its way, too. Beside it are the steps without
    that call.
    """
    calls = [
        (place, one) for place, one in enumerate(steps) if isinstance(one, Redeploy)
    ]
    for place, call in calls[-CALLS:] if len(calls) > 1 else ():
        rest = (*steps[:place], *steps[place + 1 :])
        before = [
            one for one in steps[:place] if isinstance(one, Create | Patch | Raise)
        ]
        yield (*before, call, Settle()), rest
        if place != calls[0][0]:
            found = [
                _on_its_way(one, busy)
                if isinstance(one, Create) and one.key == call.key
                else one
                for one in before
            ]
            yield (*found, call, Look()), rest
