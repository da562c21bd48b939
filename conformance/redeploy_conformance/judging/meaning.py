"""What the contract says of a call by the way it is made, apart from its instance."""

from collections.abc import Mapping

from redeploy_conformance.judging.authority import allows
from redeploy_conformance.judging.model import Call
from redeploy_conformance.planning import steps as step
from redeploy_schemas.contract import Contract


def meaning(contract: Contract, one: step.Redeploy) -> Call:
    """Return what the contract says of a call by a key of the account, or by a row of policies."""
    if one.by is not None:
        return Call(force=one.force, foreign=True)
    if one.forgery is not None:
        return Call(force=one.force, barred="U4", silence="U4")
    for case in contract.policy_cases:
        if case.name == one.policy:
            if case.allowed:
                return Call(force=one.force, granted=case.clause)
            return Call(force=one.force, barred=case.clause, silence="U1")
    for row in contract.malformed:
        if row.name == one.malformed:
            if contract.by_id[row.clause].required:
                return Call(barred=row.clause, silence=row.clause)
            taken, refused = (row.clause, "accepted"), (row.clause, "rejected")
            return Call(
                force=row.means,
                silence="A14",
                maybe=(taken, refused),
                unclear=row.means is None,
            )
    return Call(force=one.force)


def permitted(contract: Contract, one: step.Redeploy, names: Mapping[str, str]) -> Call:
    """Return what the contract says of a call by its caller's own statements (U1, U2)."""
    resource = contract.resource.format(**names)
    if allows(statements(contract, one, names), contract.action, resource):
        return Call(force=one.force, granted="U2")
    barred = "U2" if one.statements else "U1"
    return Call(force=one.force, barred=barred, silence="U1")


def statements(
    contract: Contract, one: step.Redeploy, names: Mapping[str, str]
) -> list[dict[str, str]]:
    """Return a caller's statements.

    ``names`` are region, account and instance of the call, and the instances of the case by their keys.
    """
    if one.statements is not None:
        columns = ("Effect", "Action", "Resource")
        rows = [dict(zip(columns, row, strict=True)) for row in one.statements]
    else:
        cases = contract.policy_cases
        row = next(row for row in cases if row.name == one.policy)
        rows = [dict(statement) for statement in row.statements]
    return [
        {name: text.format_map(_Names(names)) for name, text in statement.items()}
        for statement in rows
    ]


class _Names(dict[str, str]):
    """Names by what stands for them; one that was never made is nobody's."""

    def __missing__(self, key: str) -> str:
        return "nobody"
