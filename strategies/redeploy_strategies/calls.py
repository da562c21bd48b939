"""RedeployInstance calls: plain, malformed, forged, by callers with and without permission."""

from typing import Any

from hypothesis import strategies as st

from redeploy_schemas.contract import Contract
from redeploy_strategies.policies import statements
from redeploy_strategies.steering import Seen, favoured, times


def forces() -> st.SearchStrategy[bool | None]:
    """Draw a ForceStop: absent, true or false."""
    return st.sampled_from((None, True, False))


def calls(
    contract: Contract, seen: Seen, *, principals: bool
) -> st.SearchStrategy[dict[str, Any]]:
    """Draw what is special about a call, by the names of rows; mostly nothing.

    ``principals`` says whether callers of other permissions can be made.
    """
    plain = st.builds(lambda force: {"force": force}, forces())
    odd = [(row.clause, {"malformed": row.name}) for row in contract.malformed]
    odd += [("U4", {"forgery": row.name}) for row in contract.forgeries]
    if principals:
        odd += [(row.clause, {"policy": row.name}) for row in contract.policy_cases]
    rows = [row for _, row in favoured(odd, lambda one: times(seen, one[0]))]
    kinds = [plain, plain, plain, plain, st.sampled_from(rows)]
    if principals:
        kinds.append(
            st.builds(lambda drawn: {"statements": drawn}, statements(contract))
        )
    return st.one_of(kinds)
