"""Every case of a certification, in the order in which they are best begun."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from redeploy_conformance.certify import cases_answered, cases_asked, cases_broken
from redeploy_conformance.certify.case import Case
from redeploy_schemas.contract import Contract

if TYPE_CHECKING:
    from redeploy_conformance.certify.tls import Certificates

DRAWN = 8
"""How many values are drawn for each family of cases, unless another number is asked for."""


def plan(
    contract: Contract,
    certificates: "Certificates | str",
    seed: int = 0,
    count: int = DRAWN,
) -> Sequence[Case]:
    """Return the cases; ``certificates`` may be a text that says why there are none."""
    return (
        *cases_answered.successes(seed, count),
        *cases_asked.requests(seed, count),
        *cases_answered.errors(contract, seed, (count + 3) // 4),
        *cases_answered.throttling(),
        *cases_broken.broken(contract, seed, (count + 1) // 2),
        *cases_broken.unknown(),
        *cases_broken.options(),
        *cases_asked.redirects(),
        *cases_asked.trust(certificates),
        *cases_asked.proxy(),
    )
