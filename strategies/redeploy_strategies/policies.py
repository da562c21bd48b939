"""RAM policies: statements that speak of the call, of others, and of nearly the call (U1, U2)."""

from hypothesis import strategies as st

from redeploy_schemas.contract import Contract

Statement = tuple[str, str, str]
"""Effect, action pattern, resource pattern; ``{region}``, ``{account}`` and ``{instance}`` in a
resource stand for those of the call."""

OTHER_ACTIONS = ("ecs:RebootInstance", "ecs:Describe*", "rds:*")
REGIONS = ("{region}", "*", "us-west-1")
ACCOUNTS = ("{account}", "*", "1999999999999999")
TARGETS = ("instance/{instance}", "instance/*", "*", "instance/i-other", "disk/*")


def actions(contract: Contract) -> st.SearchStrategy[str]:
    """Draw an action pattern: the operation, a pattern around it, or another one."""
    service, _, operation = contract.action.partition(":")
    around = (
        "*",
        f"{service}:*",
        f"{service}:{operation[:4]}*",
        f"{service}:*{operation[4:]}",
    )
    return st.sampled_from((contract.action, *around, *OTHER_ACTIONS))


def resources() -> st.SearchStrategy[str]:
    """Draw a resource pattern, each of its parts right, wild or wrong."""
    named = st.builds(
        lambda region, account, target: f"acs:ecs:{region}:{account}:{target}",
        st.sampled_from(REGIONS),
        st.sampled_from(ACCOUNTS),
        st.sampled_from(TARGETS),
    )
    return st.just("*") | named


def statements(contract: Contract) -> st.SearchStrategy[tuple[Statement, ...]]:
    """Draw the statements of a caller's policies: one to three, some of which deny."""
    effect = st.sampled_from(("Allow", "Allow", "Deny"))
    one = st.tuples(effect, actions(contract), resources())
    return st.lists(one, min_size=1, max_size=3).map(tuple)
