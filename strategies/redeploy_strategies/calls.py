"""RedeployInstance calls: plain, malformed, forged, by callers with and without permission."""

from typing import Any

from hypothesis import strategies as st

from redeploy_schemas.contract import Contract
from redeploy_strategies.policies import statements


def forces() -> st.SearchStrategy[bool | None]:
    """Draw a ForceStop: absent, true or false."""
    return st.sampled_from((None, True, False))


def calls(contract: Contract, *, principals: bool) -> st.SearchStrategy[dict[str, Any]]:
    """Draw what is special about a call, by the names of rows; mostly nothing.

    ``principals`` says whether callers of other permissions can be made.
    """
    plain = st.builds(lambda force: {"force": force}, forces())
    malformed = [{"malformed": row.name} for row in contract.malformed]
    forged = [{"forgery": row.name} for row in contract.forgeries]
    policies = [{"policy": row.name} for row in contract.policy_cases]
    odd = [*malformed, *forged, *(policies if principals else [])]
    kinds = [plain, plain, plain, plain, st.sampled_from(odd)]
    if principals:
        kinds.append(
            st.builds(lambda drawn: {"statements": drawn}, statements(contract))
        )
    return st.one_of(kinds)
