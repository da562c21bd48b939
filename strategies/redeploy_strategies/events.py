"""System events: those a redeploy responds to, and those it does not."""

from hypothesis import strategies as st

from redeploy_schemas.contract import Contract
from redeploy_strategies.steering import Seen, favoured


def listed(contract: Contract, seen: Seen) -> st.SearchStrategy[tuple[str, str]]:
    """Draw a (type, status) of the event table, those that were responded to least first."""
    pairs = [(row.type, status) for row in contract.events for status in row.statuses]
    return st.sampled_from(
        favoured(pairs, lambda pair: seen.get(("E1", " ".join(pair)), 0))
    )


def unlisted(contract: Contract) -> st.SearchStrategy[tuple[str, str]]:
    """Draw a (type, status) that is not in the event table."""
    table = {(row.type, status) for row in contract.events for status in row.statuses}
    types = [*(row.type for row in contract.events), *contract.unlisted_event_types]
    every = (*contract.open_event_statuses, *contract.final_event_statuses)
    pairs = st.tuples(st.sampled_from(types), st.sampled_from(every))
    return pairs.filter(lambda pair: pair not in table)


def events(contract: Contract, seen: Seen) -> st.SearchStrategy[tuple[str, str]]:
    """Draw an event, of the table more often than not."""
    known = listed(contract, seen)
    return known | known | unlisted(contract)
