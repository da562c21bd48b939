"""Open clauses: the choices that answers show, and those that speak against a declaration.

Nothing here fails anybody by itself: a choice binds only whoever declared another.
"""

from collections.abc import Iterable, Mapping

from redeploy_conformance.judging.ledger import Ledger
from redeploy_conformance.judging.model import Call
from redeploy_conformance.judging.replies import Flaw, Reply
from redeploy_conformance.judging.world import Told
from redeploy_schemas.contract import Contract, Precondition

Declared = Mapping[str, str]
"""Choices by open clause, as an implementation declares them of itself."""
EXISTENCE = "existence: "
"""How a choice under U3 begins that is about whether there is an instance, and not about its state."""
Whys = frozenset[tuple[Precondition, ...]]
"""What the worlds that an answer fits may violate."""


def undeclared(declared: Declared, told: Iterable[Told]) -> list[Flaw]:
    """Return the choices that are declared otherwise."""
    return [
        Flaw(clause, f"{declared[clause]}, as declared", word)
        for clause, word in told
        if declared.get(clause, word) != word
    ]


def tell(
    ledger: Ledger, declared: Declared, told: Iterable[Told], evidence: str
) -> list[Flaw]:
    """Note choices that show by themselves, and return those declared otherwise."""
    told = list(told)
    ledger.tell(told, evidence)
    return undeclared(declared, told)


def note(
    contract: Contract,
    ledger: Ledger,
    declared: Declared,
    whys: Whys,
    call: Call,
    reply: Reply,
    *,
    excused: frozenset[str],
    listed: bool,
) -> list[Flaw]:
    """Note the choices that an admissible answer shows, and return those declared otherwise.

    ``whys`` are what the call may have violated, ``excused`` the codes of open reasons beside that;
    ``listed`` whether the instance exists for certain.
    """
    plain = call.barred is None and call.maybe is None and not call.foreign
    if plain and listed:
        _note_precedence(ledger, whys, excused, reply)
    if not (call.barred or "").startswith("U") or call.barred == "U4":
        return []
    told = _of_a_refusal(contract, whys, reply)
    # Who looks for the instance first reveals that there is none, and need not reveal its state.
    about = EXISTENCE if whys and all(map(_is_absence, whys)) else ""
    named = [(one, about + word if one == "U3" else word) for one, word in told]
    ledger.tell(named, str(reply))
    return undeclared(declared, told)


def _is_absence(why: tuple[Precondition, ...]) -> bool:
    """Whether all that is violated is that there is no such instance."""
    return any(row.attribute == "exists" for row in why)


def _note_precedence(
    ledger: Ledger, whys: Whys, excused: frozenset[str], reply: Reply
) -> None:
    """Count which of several reasons gave the code (A11), where these are certain.

    A code that an open reason has too does not tell which of the two it was, and one that is not
    listed tells none.
    """
    codes = {row.code: row.clause for rows in whys for row in rows}
    sure = (reply.code in codes) is not (reply.code in excused)
    if len(whys) != 1 or len(codes) < 2 or not sure:
        return
    winner = codes.get(reply.code or "", "no-event")
    for clause in set(codes.values()) - {winner}:
        ledger.precedence[(winner, clause)] += 1


def _of_a_refusal(contract: Contract, whys: Whys, reply: Reply) -> list[Told]:
    """Return what a refused caller learns of the instance, and by which code (U3, U1c)."""
    if reply.code in contract.error_by_code:
        return [("U3", "reveals")]
    if any(row.code_is_open for rows in whys for row in rows):
        return []
    same = [("U3", "same")] if all(whys) else []
    return [*same, ("U1c", f"{reply.status} {reply.code}")]
