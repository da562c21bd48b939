"""Which clause an answer or a look breaks that fits no world, and what would have been right."""

import msgspec
from msgspec.structs import replace

from redeploy_conformance.judging.belief import Belief, Narrowed
from redeploy_conformance.judging.fitting import states_untruth
from redeploy_conformance.judging.guards import reasons
from redeploy_conformance.judging.model import Call
from redeploy_conformance.judging.replies import OF_THE_POLICY, Reply
from redeploy_conformance.judging.world import World
from redeploy_schemas.contract import Contract

REFUSED = "refused with a 4xx error"
"""What is right of a call that is barred whatever its instance is (A14, U1, U2, U4)."""


class Violation(msgspec.Struct, frozen=True):
    """A clause that an answer or a look broke, and the others that fall with it.

    Those in ``instead`` are broken in place of it if the instance was in another state than is believed.
    ``key`` names the instance, ``event`` the (type, status) that the event had which ``field`` is about,
    if it is about one; ``detail`` is a drawing of what was seen, where one helps.
    """

    clause: str
    expected: str
    observed: str
    also: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    field: str = "answer"
    detail: str = ""
    key: str = ""
    event: tuple[str, str] = ("", "")


def seen_wrong(key: str, before: Belief, left: Narrowed) -> Violation:
    """Return the violation that a look showed, which left no world."""
    first, *rest = left.mismatches
    also = dict.fromkeys(one.clause for one in rest if one.clause != first.clause)
    every = {f"event {one.id}": one for one in simplest(before).events}
    about = every.get(first.field.removeprefix("type of "))
    event = (about.type, about.status or "") if about else ("", "")
    subject = f"{key}'s {first.field}" + (f", {event[0]}" if about else "")
    return Violation(
        first.clause,
        f"{subject}: {first.expected}",
        f"{subject}: {first.observed}",
        tuple(also),
        left.instead,
        first.field,
        key=key,
        event=event,
    )


def or_another(one: Violation) -> Violation:
    """Return the violation of an instance while another may be redeployed: it may be that one's work (L9)."""
    if "L9" in (one.clause, *one.instead):
        return one
    return replace(one, instead=tuple(sorted((*one.instead, "L9"))))


def blame(contract: Contract, world: World, call: Call, reply: Reply) -> Violation:
    """Return the clause that an inadmissible answer breaks, and what was right."""
    if call.foreign:
        world = replace(world, exists=False, flight=None)
    why = reasons(contract, world)
    seen = str(reply)
    if world.exists and reply.code in contract.absence_codes:
        wanted_code = "accepted, or rejected for another reason: the instance is listed"
        return Violation("A15", wanted_code, seen, ("A8",))
    if call.barred == "A14" and reply.code in contract.error_by_code:
        return Violation("A8", "refused, and for what is true", seen, ("A14",))
    if call.barred is not None:
        return Violation(call.barred, REFUSED, seen)
    rows = tuple(dict.fromkeys(row.clause for row in why.violated))
    if call.granted and (reply.code or "").startswith(OF_THE_POLICY):
        wanted_code = "not refused: the policies allow it"
        return Violation(call.granted, wanted_code, seen)
    if why.violated:
        untrue = ("A8",) if states_untruth(contract, world, reply.code) else ()
        if untrue and all(row.code_is_open for row in why.violated):
            # It was rejected, which is all that is asked for where any code will do.
            return Violation("A8", "rejected, and for what is true", seen)
        codes = " or ".join(dict.fromkeys(row.code for row in why.violated))
        return Violation(rows[0], f"rejected with {codes}", seen, (*rows[1:], *untrue))
    wanted = [clause for clause, met in (("A13", why.gap), ("A9", why.responds)) if met]
    if call.granted and reply.code not in contract.error_by_code:
        return Violation(call.granted, "not refused: the policies allow it", seen)
    if len(why.responds) == 1 and _ordinary(contract, world):
        wanted = ["E1", *wanted]
    if reply.code == "DiskError" and why.gap:
        wanted = [*wanted, "A8"]
    elif states_untruth(contract, world, reply.code):
        wanted = ["A8", *wanted]
    if not wanted:
        return Violation("A8", "accepted, or rejected for what is true", seen)
    return Violation(wanted[0], "accepted", seen, tuple(wanted[1:]))


def _ordinary(contract: Contract, world: World) -> bool:
    """Whether nothing but its events and what they need is special about an instance."""
    needed = {name for row in contract.events for name in row.only_with}
    return all(
        getattr(world, row.name) == row.default
        for row in contract.attributes
        if row.name not in needed
    )


def simplest(worlds: Belief) -> World:
    """Return the world to explain a violation by: the one with the least to it."""
    return min(worlds, key=lambda world: (world.late, world.in_flight, str(world)))
