"""The plan: one case for every row of the contract, by name, and the combinations that matter.

Every function here turns rows into cases; none judges. A new row makes new cases by itself.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product
from typing import Any

from redeploy_conformance.blocks import FAIL, LOCAL, SUCCEED
from redeploy_conformance.blocks import beside as _beside
from redeploy_conformance.blocks import event as _event
from redeploy_conformance.blocks import life as _life
from redeploy_conformance.blocks import make as _make
from redeploy_conformance.blocks import settable as _settable
from redeploy_conformance.blocks import values as _values
from redeploy_conformance.blocks import words as _words
from redeploy_conformance.crossings import crossings
from redeploy_conformance.steps import (
    WIRES,
    Advance,
    Break,
    Case,
    Create,
    Depth,
    Launch,
    Look,
    Patch,
    Pause,
    Raise,
    Redeploy,
    Release,
    Script,
    Settle,
    Simulate,
    Step,
    Tasks,
    Together,
    spec_items,
)
from redeploy_schemas.contract import Contract
from redeploy_schemas.vocabulary import LocalDisk, Part, Storage

WAITS = (2.0, 8.0, 20.0)
"""Seconds between looks at a redeploy on its way, where only some are made."""
OPENERS = ("status", "tenancy")
"""Attributes whose rejection is tried at once: of all, these showed the most faults."""


def plan(contract: Contract) -> tuple[Case, ...]:
    """Return every case; each says which parts of the control plane it needs."""
    makers = (
        _opening,
        _burst,
        _events,
        _harmless,
        _shape,
        _preconditions,
        _first_hops,
        _combinations,
        _lives,
        _in_flight,
        _failures,
        _histories,
        _unlisted,
        _several,
        _simulated,
        _disks,
        _malformed,
        _authority,
        _internal_errors,
        _concurrency,
        crossings,
        _quota,
    )
    return tuple(
        replace(case, needs=_needs(contract, case))
        for make in makers
        for case in make(contract)
    )


def name(contract: Contract, case: Case) -> str:
    """Return a case's name, such as ``A3-security-lock lock_reasons=security``."""
    return f"{contract.by_id[case.clauses[0]].slug} {case.row}".strip()


def possible(case: Case, parts: frozenset[Part]) -> Case | None:
    """Return a case as it can be run with these parts, or None if it cannot.

    Deciding how a redeploy ends is left out where only its usual end, success, is asked for.
    """
    offered = {part.value for part in parts}
    if not case.needs <= offered or case.unless & offered:
        return None
    if Part.OUTCOMES in parts:
        return case
    kept = (step for step in case.steps if not isinstance(step, Script))
    return replace(case, steps=tuple(map(_left_open, kept)))


def _left_open(step: Step) -> Step:
    return replace(step, ending="") if isinstance(step, Create) else step


def _needs(contract: Contract, case: Case) -> frozenset[str]:
    needs = {Part.ACCOUNTS}
    if Part.CLOCK.value not in case.unless:
        needs |= {Part.CLOCK for one in case.clauses if _by_clock(contract, one)}
    for step in case.steps:
        match step:
            case Create(ending=ending):
                needs |= {Part.INSTANCES} | (
                    {Part.OUTCOMES} if ending == FAIL else set()
                )
            case Patch() | Release():
                needs.add(Part.INSTANCES)
            case Script(ending=ending) if ending == FAIL:
                needs.add(Part.OUTCOMES)
            case Raise():
                needs.add(Part.EVENTS)
            case Advance():
                needs.add(Part.CLOCK)
            case Break():
                needs.add(Part.INTERNAL_ERRORS)
            case Redeploy(policy=policy, statements=own) if policy or own:
                needs.add(Part.PRINCIPALS)
            case _:
                pass
    for clause in case.clauses:
        needs |= contract.by_id[clause].needs - {Part.CLOCK}
    return frozenset(part.value for part in needs)


def _by_clock(contract: Contract, clause: str) -> bool:
    return Part.CLOCK in contract.by_id[clause].needs


# ---------------------------------------------------------------- many things at once


def _opening(contract: Contract) -> Iterator[Case]:
    """Yield four redeploys that between them show most of what can go wrong with one.

    Each instance has all that is no reason to reject and must stay, or go, in the end. What breaks
    a clause here is made plain before it is reported.
    """
    listed = [(row.type, status) for row in contract.events for status in row.statuses]
    limited = [pair for pair in listed if _limited(contract, pair)]
    locks = contract.attribute_by_name["lock_reasons"].values
    kept = [one for one in locks if one != "security"]
    rich = [{**LOCAL, "lock_reasons": (lock,)} for lock in kept]
    every = [*listed, *_unlisted_pairs(contract)]
    isolated = {**rich[2 % len(rich)], "local_disk": LocalDisk.ISOLATED.value}
    stopped = {"status": "Stopped", "lock_reasons": (kept[-1],)}
    rows: tuple[tuple[tuple[str, ...], str, dict[str, Any], Any, str, bool | None], ...]
    rows = (
        (("L3", "E1", "E2"), "every event", rich[0], every, SUCCEED, False),
        (
            ("L6", "L5", "E6"),
            "every listed event",
            rich[1 % len(rich)],
            listed,
            FAIL,
            None,
        ),
        (("L3", "E3"), "Stopped", stopped, [_event(contract), *limited], SUCCEED, True),
        (
            ("D3", "A13"),
            "isolated disk, forced",
            isolated,
            [_event(contract)],
            SUCCEED,
            True,
        ),
    )
    for clauses, row, spec, events, ending, force in rows:
        made = replace(_make(contract, spec=spec, events=events), ending=ending)
        # The neighbours have no events: one page of them must hold those of the whole opening.
        beside = _make(contract, "i2", LOCAL, ())
        call = Redeploy("i1", force=force)
        glance = Look(("i1",), light=True)
        yield Case(
            clauses=clauses,
            row=f"{row}, all at once",
            steps=(made, beside, call, glance, Settle()),
            depth=Depth.OPENING,
            rich=True,
        )


def _limited(contract: Contract, pair: tuple[str, str]) -> bool:
    return bool(contract.event_by_type[pair[0]].only_with)


def _unlisted_pairs(contract: Contract) -> list[tuple[str, str]]:
    every = (*contract.open_event_statuses, *contract.final_event_statuses)
    listed = {(row.type, status) for row in contract.events for status in row.statuses}
    types = (*(row.type for row in contract.events), *contract.unlisted_event_types)
    return [pair for pair in product(types, every) if pair not in listed]


# ---------------------------------------------------------------- A: what is accepted


def _preconditions(contract: Contract) -> Iterator[Case]:
    steps: tuple[Step, ...]
    for row in contract.preconditions:
        if not _settable(row):
            continue
        clauses = (row.clause, "L10")
        for n, value in enumerate(_values(row, contract)):
            made = _make(contract, spec={row.attribute: value})
            label = f"{row.attribute}={_words(value)}"
            steps = (made, Create("i2"), Redeploy("i1"), Look())
            depth = Depth.TOUR
            if not n and row.attribute in OPENERS:
                depth = Depth.OPENING
                glance = Look(("i1",), light=True)
                steps = (made, Create("i2"), Redeploy("i1"), glance, Settle())
            yield Case(clauses=clauses, row=label, steps=steps, depth=depth)
        forced = (made, Redeploy("i1", force=True), Look(), Settle())
        row_forced = f"{label} forced, and later"
        yield Case(clauses=clauses, row=row_forced, steps=forced, depth=Depth.PLAN)
        for value in (*_beside(row, contract), None):
            spec = {row.attribute: next(_values(row, contract))}
            spec = {row.attribute: value} if value else {**spec, "status": "Stopped"}
            if value is None and row.attribute == "status":
                continue
            steps = (_make(contract, spec=spec), Redeploy("i1"), Look())
            label = " ".join(f"{name}={_words(one)}" for name, one in spec.items())
            yield Case(clauses=clauses, row=label, steps=steps, depth=Depth.PLAN)
    missing = (Redeploy("i1"),)
    never = "an id that never was"
    yield Case(clauses=("A1",), row=never, steps=missing, depth=Depth.OPENING)
    steps = (_make(contract), Release("i1"), Redeploy("i1"), Look())
    yield Case(clauses=("A1",), row="a released instance", steps=steps)
    life = _life(_make(contract), Redeploy("i1"), SUCCEED)
    steps = (*life, Release("i1"), Redeploy("i1"))
    after = "released after a redeploy"
    yield Case(clauses=("A1",), row=after, steps=steps, depth=Depth.PLAN)
    event = (_event(contract),)
    mine, theirs = Create("i1", (), event), Create("j1", (), event, "a2")
    steps = (mine, theirs, Redeploy("j1", by="a1"), Look())
    yield Case(clauses=("A1",), row="another account's instance", steps=steps)


def _in_flight(contract: Contract) -> Iterator[Case]:
    steps: tuple[Step, ...]
    for origin in contract.transition_from:
        made = _make(contract, spec={"status": origin})
        steps = (replace(made, ending=SUCCEED), Redeploy("i1"), Redeploy("i1"), Look())
        yield Case(
            clauses=("A2", "L1" if origin == "Running" else "L2"),
            row=f"a second call, begun {origin}",
            steps=steps,
        )
        some = [x for wait in WAITS for x in (Advance(wait), Redeploy("i1"))]
        steps = (replace(made, ending=SUCCEED), Redeploy("i1"), *some)
        row = f"calls on the way, begun {origin}"
        yield Case(clauses=("A2",), row=row, steps=steps, depth=Depth.PLAN)
        watch = [x for _ in range(12) for x in (Advance(5.0), Look(), Redeploy("i1"))]
        steps = (replace(made, ending=SUCCEED), Redeploy("i1"), *watch)
        row = f"calls all the way, begun {origin}"
        yield Case(clauses=("A2",), row=row, steps=steps, depth=Depth.PLAN)


def _combinations(contract: Contract) -> Iterator[Case]:
    """Yield two preconditions violated at once, and one together with no event (A11)."""
    steps: tuple[Step, ...]
    rows = [row for row in contract.preconditions if _settable(row)]
    pairs: list[Create] = []
    for first, second in combinations(rows, 2):
        one, two = next(_values(first, contract)), next(_values(second, contract))
        made = _make(contract, spec={first.attribute: one, second.attribute: two})
        label = f"{first.attribute}={_words(one)} {second.attribute}={_words(two)}"
        pairs.append(made)
        steps = (made, Redeploy("i1"), Look())
        yield Case(clauses=("A11",), row=label, steps=steps)
    several = [replace(made, key=f"i{n}") for n, made in enumerate(pairs, 1)]
    again = [Redeploy(made.key) for made in several for _ in range(2)]
    steps = (*several, *again, Look())
    yield Case(clauses=("A11",), row="each pair twice", steps=steps, depth=Depth.PLAN)
    for row in rows:
        value = next(_values(row, contract))
        made = _make(contract, spec={row.attribute: value}, events=())
        label = f"{row.attribute}={_words(value)} no event"
        yield Case(clauses=("A11",), row=label, steps=(made, Redeploy("i1"), Look()))


def _harmless(contract: Contract) -> Iterator[Case]:
    """Yield values that are no reason to reject, so that none is invented (A8, A9)."""
    steps: tuple[Step, ...]
    against = {row.attribute: row for row in contract.preconditions}
    for attribute in contract.attributes:
        row = against.get(attribute.name)
        if attribute.name == "local_disk" or (row is not None and not _settable(row)):
            continue
        for value in attribute.values:
            if value == attribute.default or (row is not None and not row.holds(value)):
                continue
            chosen = (value,) if attribute.is_set else value
            made = _make(contract, spec={attribute.name: chosen})
            steps = _life(made, Redeploy("i1"), SUCCEED)
            label = f"{attribute.name}={_words(chosen)} is no reason to reject"
            yield Case(clauses=("A9",), row=label, steps=steps, depth=Depth.PLAN)
    steps = (_make(contract, events=()), Redeploy("i1"), Look())
    yield Case(clauses=("A10",), row="", steps=steps)
    yield Case(
        clauses=("A15",), row="RunInstances", steps=(Launch("i1"), Redeploy("i1"))
    )
    steps = (_make(contract), Look(), Redeploy("i1"))
    row_seen = "DescribeInstances"
    yield Case(clauses=("A15",), row=row_seen, steps=steps, depth=Depth.PLAN)


# ---------------------------------------------------------------- L, E, D: what follows


def _first_hops(contract: Contract) -> Iterator[Case]:
    steps: tuple[Step, ...]
    for origin, row in contract.transition_from.items():
        made = _make(contract, spec={"status": origin})
        watch = [step for _ in range(8) for step in (Advance(2.0), Look())]
        steps = (replace(made, ending=SUCCEED), Redeploy("i1"), Look(), *watch)
        clauses = (row.first_clause,)
        yield Case(clauses=clauses, row="first seen", steps=steps, depth=Depth.PLAN)


def _events(contract: Contract) -> Iterator[Case]:
    steps: tuple[Step, ...]
    for row in contract.events:
        for status in row.statuses:
            made = _make(
                contract, spec=dict(row.only_with), events=[(row.type, status)]
            )
            steps = _life(made, Redeploy("i1"), SUCCEED)
            yield Case(clauses=("E1", "A9"), row=f"{row.type} {status}", steps=steps)


def _lives(contract: Contract) -> Iterator[Case]:
    """Yield redeploys that succeed: from where, with which disks, forced or not."""
    steps: tuple[Step, ...]
    forces = (None, True, False)
    for origin, storage, force in product(contract.transition_from, Storage, forces):
        spec = {"status": origin, "storage": storage.value}
        made = _make(contract, spec=spec)
        beside = _make(contract, "i2", LOCAL, ())
        far = Create("j1", account="a2")
        call = Redeploy("i1", force=force)
        word = {None: "absent", True: "true", False: "false"}[force]
        depth = _paired(contract, origin, storage, forces.index(force))
        depth = Depth.PLAN if force else depth  # the opening forces both
        others = (beside, far)
        steps = _life(made, call, SUCCEED, *others)
        clauses = ["L3", "L4", "D2", "L9", "L7", "L8"]
        clauses += ["D1"] if storage is Storage.LOCAL else []
        clauses += ["L11"] if force is not None else ["L11a"]
        label = f"{origin}, {storage.value} disks, ForceStop {word}"
        yield Case(clauses=tuple(clauses), row=label, steps=steps, depth=depth)
    yield from _watched(contract, SUCCEED, ("L8",))
    kind, status = _event(contract)
    late = Raise("i1", kind, status)
    steps = (replace(_make(contract), ending=SUCCEED), Redeploy("i1"), late, Settle())
    yield Case(clauses=("E1r",), row="", steps=steps)
    for ending in (SUCCEED, FAIL):
        begin = (replace(_make(contract), ending=ending), Redeploy("i1"), Tasks("i1"))
        steps = (*begin, Settle(), Tasks("i1"))
        row = f"a redeploy that will {ending}"
        yield Case(clauses=("L13",), row=row, steps=steps, depth=Depth.PLAN)


def _paired(contract: Contract, origin: str, storage: Storage, third: int) -> Depth:
    """Keep half of all combinations for the tour: every two values still meet."""
    place = [*contract.transition_from].index(origin) + [*Storage].index(storage)
    return Depth.PLAN if (place + third) % 2 else Depth.TOUR


def _watched(
    contract: Contract, ending: str, clauses: tuple[str, ...]
) -> Iterator[Case]:
    steps: tuple[Step, ...]
    for origin in contract.transition_from:
        made = replace(_make(contract, spec={"status": origin}), ending=ending)
        some = [x for wait in WAITS for x in (Advance(wait), Look(("i1",), light=True))]
        steps = (made, Redeploy("i1"), *some, Settle())
        row = f"{origin}, will {ending}, seen at times"
        yield Case(clauses=clauses, row=row, steps=steps)
        many = [step for _ in range(6) for step in (Advance(10.0), Look())]
        steps = (made, Redeploy("i1"), *many, Settle())
        row = f"{origin}, will {ending}, watched"
        yield Case(clauses=clauses, row=row, steps=steps, depth=Depth.PLAN)


def _failures(contract: Contract) -> Iterator[Case]:
    steps: tuple[Step, ...]
    forces = (None, True)
    for origin, storage, force in product(contract.transition_from, Storage, forces):
        spec = {"status": origin, "storage": storage.value}
        made = _make(contract, spec=spec)
        word = "" if force is None else ", forced"
        steps = _life(made, Redeploy("i1", force=force), FAIL)
        label = f"{origin}, {storage.value} disks{word}"
        depth = _paired(contract, origin, storage, forces.index(force))
        clauses = ("L6", "L5", "E6")
        yield Case(clauses=clauses, row=label, steps=steps, depth=depth)
    for attribute, value in (("lock_reasons", ("financial",)), ("billing", "expired")):
        change = spec_items({attribute: value})
        made = _make(contract)
        steps = (
            replace(made, ending=FAIL),
            Redeploy("i1"),
            Patch("i1", change),
            Settle(),
        )
        label = f"{attribute} changed on the way"
        yield Case(clauses=("L6",), row=label, steps=steps)
    yield from _watched(contract, FAIL, ("L8", "L8r"))


def _histories(contract: Contract) -> Iterator[Case]:
    """Yield one redeploy after another on the same instance, for what is only forgotten later."""
    steps: tuple[Step, ...]
    kind, status = _event(contract)
    again = Raise("i1", kind, status)
    for first, second in product((SUCCEED, FAIL), repeat=2):
        clause = "L3" if second == SUCCEED else "L6"
        spec = {**LOCAL, "lock_reasons": ("financial",)}
        made = _make(contract, spec=spec)
        between = (again,) if first == SUCCEED else ()
        steps = (
            *_life(made, Redeploy("i1"), first),
            *between,
            Script("i1", second),
            Redeploy("i1"),
            Settle(),
        )
        row = f"a redeploy that will {second} after one that did {first}"
        yield Case(clauses=(clause,), row=row, steps=steps)
    locked = spec_items({"lock_reasons": ("security",)})
    steps = (
        *_life(_make(contract), Redeploy("i1"), SUCCEED),
        again,
        Patch("i1", locked),
        Redeploy("i1"),
        Settle(),
    )
    after = "locked after a redeploy"
    yield Case(clauses=("A3",), row=after, steps=steps, depth=Depth.PLAN)


def _unlisted(contract: Contract) -> Iterator[Case]:
    steps: tuple[Step, ...]
    whole = _unlisted_pairs(contract)
    for kind in dict.fromkeys(kind for kind, _ in whole):
        pairs = [pair for pair in whole if pair[0] == kind]
        alone = _make(contract, events=[*pairs, _event(contract)])
        steps = _life(alone, Redeploy("i1"), SUCCEED)
        row = f"{kind} beside a listed one"
        yield Case(clauses=("E2",), row=row, steps=steps, depth=Depth.PLAN)
    alone = _make(contract, events=[*whole, _event(contract)])
    steps = _life(alone, Redeploy("i1"), SUCCEED)
    row = "all unlisted beside a listed one"
    yield Case(clauses=("E2",), row=row, steps=steps, depth=Depth.PLAN)
    kind = contract.unlisted_event_types[0]
    for status in contract.open_event_statuses:
        made = _make(contract, events=[(kind, status)])
        steps = (made, Redeploy("i1"), Settle())
        row = f"only {kind} {status}"
        first = status == contract.open_event_statuses[0]
        depth = Depth.TOUR if first else Depth.PLAN
        yield Case(clauses=("A10",), row=row, steps=steps, depth=depth)
    for limited in contract.events:
        if not limited.only_with:
            continue
        pairs = [(limited.type, status) for status in limited.statuses]
        made = _make(contract, events=[*pairs, _event(contract)])
        steps = _life(made, Redeploy("i1"), SUCCEED)
        row = f"{limited.type} without local disks"
        yield Case(clauses=("E3",), row=row, steps=steps, depth=Depth.PLAN)


def _several(contract: Contract) -> Iterator[Case]:
    steps: tuple[Step, ...]
    plain = [row for row in contract.events if not row.only_with]
    for count in (2, 3):
        pairs = [(row.type, row.statuses[0]) for row in plain[:count]]
        steps = _life(_make(contract, events=pairs), Redeploy("i1"), SUCCEED)
        row = f"{count} events"
        yield Case(clauses=("E7",), row=row, steps=steps, depth=Depth.PLAN)
        steps = _life(_make(contract, events=pairs), Redeploy("i1"), FAIL)
        yield Case(clauses=("E6",), row=row, steps=steps, depth=Depth.PLAN)


def _simulated(contract: Contract) -> Iterator[Case]:
    steps: tuple[Step, ...]
    for n, kind in enumerate(
        ("SystemMaintenance.Reboot", "SystemMaintenance.Redeploy")
    ):
        depth = Depth.PLAN if n else Depth.TOUR
        extra = Simulate("i1", kind)
        steps = _life(_make(contract), Redeploy("i1"), SUCCEED, extra)
        row = f"{kind} beside a real event"
        yield Case(clauses=("E4",), row=row, steps=steps, depth=depth)
        steps = (_make(contract, events=()), extra, Redeploy("i1"), Settle())
        yield Case(clauses=("E5",), row=kind, steps=steps, depth=depth)


def _disks(contract: Contract) -> Iterator[Case]:
    steps: tuple[Step, ...]
    for disk in (LocalDisk.DAMAGED, LocalDisk.ISOLATED):
        spec = {**LOCAL, "local_disk": disk.value}
        steps = _life(_make(contract, spec=spec), Redeploy("i1"), SUCCEED)
        gone = disk is LocalDisk.ISOLATED
        clauses = ("D3",) if gone else ("A6d",)
        depth = Depth.PLAN if gone else Depth.TOUR
        yield Case(clauses=clauses, row=f"{disk.value} disk", steps=steps, depth=depth)
    isolated = {**LOCAL, "local_disk": LocalDisk.ISOLATED.value}
    for origin in contract.transition_from:
        made = _make(contract, spec={**isolated, "status": origin}, events=())
        steps = _life(made, Redeploy("i1"), SUCCEED)
        yield Case(clauses=("A13",), row=f"{origin}, no event", steps=steps)
    steps = _life(_make(contract, spec=isolated), Redeploy("i1"), SUCCEED)
    beside = "beside an event"
    yield Case(clauses=("A13",), row=beside, steps=steps, depth=Depth.PLAN)
    ends = [(contract.gap_ending_event_types[0], "Inquiring")]
    made = _make(contract, spec=isolated, events=ends)
    yield Case(clauses=("A13e",), row="", steps=(made, Redeploy("i1"), Settle()))
    kept = _make(contract, spec=isolated)
    steps = _life(kept, Redeploy("i1"), FAIL)
    yield Case(clauses=("L6",), row="isolated disk", steps=steps, depth=Depth.PLAN)


# ---------------------------------------------------------------- R, U, Q and the rest


def _shape(contract: Contract) -> Iterator[Case]:
    made = _make(contract), _make(contract, "i2")
    accepted = (*made, Redeploy("i1"), Redeploy("i2"))
    yield Case(
        clauses=("R1", "R4", "R5"),
        row="two accepted calls",
        steps=accepted,
        depth=Depth.PLAN,
    )
    locked = _make(contract, spec={"lock_reasons": ("security",)})
    rejected = (locked, Redeploy("i1"), Look(), Redeploy("i1"))
    yield Case(
        clauses=("R2", "R3", "R4"),
        row="two rejected calls",
        steps=rejected,
        depth=Depth.PLAN,
    )


def _malformed(contract: Contract) -> Iterator[Case]:
    steps: tuple[Step, ...]
    for row in contract.malformed:
        call = Redeploy("i1", malformed=row.name)
        steps = (_make(contract), Create("i2"), call, Look())
        yield Case(clauses=(row.clause,), row=row.name, steps=steps)


def _authority(contract: Contract) -> Iterator[Case]:
    steps: tuple[Step, ...]
    for case in contract.policy_cases:
        call = Redeploy("i1", policy=case.name)
        steps = (_make(contract), call, Look())
        depth = Depth.PLAN if case.beyond else Depth.TOUR
        yield Case(clauses=(case.clause,), row=case.name, steps=steps, depth=depth)
    refused = next(case.name for case in contract.policy_cases if not case.allowed)
    locked = _make(contract, spec={"lock_reasons": ("security",)})
    call = Redeploy("i1", policy=refused)
    yield Case(clauses=("U3",), row="locked", steps=(locked, call, Look()))
    nobody = replace(call, key="i2")
    steps = (_make(contract), nobody, Look())
    yield Case(clauses=("U3",), row="unknown id", steps=steps)
    later = (_make(contract), call, Look(), Settle())
    row_later = "refused, and later"
    yield Case(clauses=("U1",), row=row_later, steps=later, depth=Depth.PLAN)
    for row in contract.forgeries:
        call = Redeploy("i1", forgery=row.name)
        steps = (_make(contract), call, Look(), Settle())
        depth = Depth.PLAN if row.beyond else Depth.TOUR
        yield Case(clauses=("U4",), row=row.name, steps=steps, depth=depth)
        for wire in WIRES:
            steps = (_make(contract), replace(call, wire=wire), Look())
            label = f"{row.name}, as {wire}"
            yield Case(clauses=("U4",), row=label, steps=steps, depth=Depth.PLAN)


def _internal_errors(contract: Contract) -> Iterator[Case]:
    steps: tuple[Step, ...]
    for effect, origin in product(("none", "accepted"), contract.transition_from):
        made = _make(contract, spec={"status": origin})
        steps = (made, Break(effect), Redeploy("i1"), Look(), Settle())
        yield Case(clauses=("A12",), row=f"{origin}, effect {effect}", steps=steps)


def _concurrency(contract: Contract) -> Iterator[Case]:
    steps: tuple[Step, ...]
    for origin, calls in product(contract.transition_from, (2, 4)):
        made = _make(contract, spec={"status": origin})
        steps = (made, Together(("i1",), calls), Look(), Settle())
        row = f"{origin}, {calls} calls"
        few = calls == 2 and origin == "Running"
        depth = Depth.TOUR if few else Depth.PLAN
        yield Case(clauses=("L12",), row=row, steps=steps, depth=depth)
        at_once = Together(("i1", "i2"), calls, looks=calls)
        steps = (made, replace(made, key="i2"), at_once, Look(), Settle())
        row = f"{origin}, {calls} calls each on two, watched"
        yield Case(clauses=("L12",), row=row, steps=steps, depth=Depth.PLAN)
    locked = _make(contract, spec={"lock_reasons": ("security",)})
    steps = (locked, Together(("i1",), 2, looks=4), Look())
    row = "rejected calls, watched"
    yield Case(clauses=("L10",), row=row, steps=steps, depth=Depth.PLAN)


RATE = ("Q1", "Q2", "Q4", "Q5", "Q6")


def _bystander(contract: Contract) -> Create:
    """Return an instance of another account, whose calls the limit must leave alone."""
    locked = spec_items({"lock_reasons": ("security",)})
    return Create("j1", locked, (_event(contract),), "a2")


def _burst(contract: Contract) -> Iterator[Case]:
    """Yield the burst that no admissible limiter lets through, and what comes after it."""
    limit, window = contract.quota_calls, contract.quota_seconds
    last = f"i{limit + 1}"
    steps: tuple[Step, ...] = (
        Create("i1", (), (_event(contract),), count=limit + 2),
        _bystander(contract),
        Redeploy("i1", count=limit),
        Redeploy(last, count=2),
        Look((last, "j1")),
        Redeploy("j1"),
        Advance(2 * window + 1),
        Look((last,)),
        Redeploy(last),
    )
    row = f"{limit + 2} calls at once"
    yield Case(clauses=RATE, row=row, steps=steps, burst=True)


def _quota(contract: Contract) -> Iterator[Case]:
    """Yield the burst where time cannot be turned, and what tells limiters apart."""
    steps: tuple[Step, ...]
    limit, window = contract.quota_calls, contract.quota_seconds
    kind, status = _event(contract)
    other = _bystander(contract)
    many = 2 * limit
    steps = (
        Create("i1", (), ((kind, status),), count=many + limit + limit // 5),
        other,
        Redeploy("i1", count=limit),
        Redeploy(f"i{limit + 1}", count=limit + 1),
        Look((f"i{many + 1}", "j1")),
        Redeploy("j1"),
        Pause(window * 1.25 + 1),
        Redeploy(f"i{many + 2}", count=limit + limit // 5 - 2),
    )
    yield Case(
        clauses=RATE,
        row=f"{many + 1} calls in real time, and more in another part of the period",
        steps=steps,
        unless=frozenset({Part.CLOCK.value}),
        burst=True,
    )
    steps = (Redeploy("i1"),) * (limit + 1)
    yield Case(clauses=("Q6r",), row="", steps=steps, burst=True)
    pool = Create("i1", (), ((kind, status),), count=limit + 102)
    steps = (
        pool,
        Redeploy("i1"),
        Advance(50.0),
        Redeploy("i2", count=limit - 1),
        Advance(11.0),
        Redeploy(f"i{limit + 1}", count=100),
        Advance(48.9),  # just before the sliding window lets go, in no fixed one
        Redeploy(f"i{limit + 101}", count=2),
    )
    yield Case(clauses=("Q3",), row="", steps=steps, burst=True)
