"""What an acceptance or a rejection means for one instance: the outcomes that it may be."""

import msgspec

from redeploy_conformance.belief import Belief
from redeploy_conformance.choices import Whys, undeclared
from redeploy_conformance.fitting import agreed, confirmed, fits
from redeploy_conformance.guards import reasons
from redeploy_conformance.model import Call, Rules, admissible
from redeploy_conformance.replies import Reply
from redeploy_conformance.world import Told
from redeploy_schemas.contract import Contract


class Decided(msgspec.Struct, frozen=True):
    """What every outcome agrees on that an answer may be: what it confirms, and tells.

    ``worlds`` is empty where the answer is not admissible: then ``late`` says that it would be, had
    a redeploy not to be over by then (L7), and ``against`` holds the choices that would explain it.
    ``whys`` are what the worlds may violate that the call was made in, ``excused`` the codes of open
    reasons beside them; ``listed`` whether the instance exists in all of them.
    """

    worlds: Belief
    held: tuple[tuple[str, str], ...] = ()
    told: tuple[Told, ...] = ()
    whys: Whys = frozenset()
    excused: frozenset[str] = frozenset()
    listed: bool = False
    late: bool = False
    against: tuple[Told, ...] = ()


def decide(
    contract: Contract,
    before: Belief,
    call: Call,
    reply: Reply,
    now: float,
    rules: Rules,
) -> Decided:
    """Return what an answer to a call means that was made in one of these worlds."""
    pairs = [
        (world, outcome)
        for world in before
        for outcome in admissible(contract, world, call, now, rules)
        if fits(contract, world, call, outcome, reply)
    ]
    bound = [
        (world, one)
        for world, one in pairs
        if not world.late and not undeclared(rules.declared, one.told)
    ]
    if not bound:
        late = bool(pairs) and all(world.late for world, _ in pairs)
        against = next((one.told for world, one in pairs if not world.late), ())
        return Decided(frozenset(), late=late, against=against)
    why = [reasons(contract, world) for world, _ in bound]
    return Decided(
        frozenset().union(*(one.worlds for _, one in bound)),
        tuple(agreed([confirmed(contract, one, reply) for _, one in bound])),
        tuple(agreed([one.told for _, one in bound])),
        frozenset(one.violated for one in why),
        frozenset(excuse.code for one in why for excuse in one.excuses),
        all(world.exists for world, _ in bound),
    )
