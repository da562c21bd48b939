"""Each faulty client is caught under a clause it breaks and no other; legal ones pass.

Each does a part of the cases, a faulty one all of them where that part does not show it: most are shown
by many, and every case waits for its answer. A third of the faulty ones is certified each time, and the first
that breaks each set of clauses; the others, and legal ones with every case, are what takes long.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from redeploy_conformance.certify.case import Case
from redeploy_conformance.certify.conclude import Asked
from redeploy_conformance.certify.faulty import FAULTY, VARIANTS
from redeploy_conformance.certify.running import certify
from redeploy_conformance.certify.words import command
from redeploy_schemas.certification import ClientResult
from redeploy_schemas.clients import client_clauses

AT_A_TIME = 4
"""More would wait for each other so long that what is sent at once does not arrive at once (C6)."""
ALONE = "PYTEST_XDIST_WORKER" not in os.environ
"""Whether this process runs every test: else others are waited for by somebody else."""
PARTS = 3
TOLD = "reference --fault status-always-400"
"""The client whose failure is looked at closely."""
Asking = tuple[str, bool]
"""A client, and whether it does every case."""
Certified = Callable[[str, bool], ClientResult]


V1 = "reference --signature v1"
LEGAL = [
    *("reference", V1, f"{V1} --fault parameters-in-the-body"),
    *(f"reference --fault {name}" for name in VARIANTS),
]
CLIENTS = [*(f"reference --fault {name}" for name in FAULTY), *LEGAL]


@pytest.fixture(scope="module")
def certified(
    request: pytest.FixtureRequest, cases: Sequence[Case]
) -> Iterator[Certified]:
    """The certification of a client, and meanwhile those that the next tests wait for."""

    def run(client: str, whole: bool) -> ClientResult:
        asked = Asked(client, 0, 1)
        if not whole:
            part = part_of(cases, CLIENTS.index(client))
            result = certify(command(client), part, asked, processes=1)
            if result.failures or client.rpartition(" ")[2] not in FAULTY:
                return result
        return certify(command(client), cases, asked, processes=1)

    chosen = [
        (item.callspec.params["client"], item.callspec.params.get("whole", False))
        for item in request.session.items
        if item.path == request.path and hasattr(item, "callspec")
    ]
    order: list[Asking] = list(dict.fromkeys([*chosen, (TOLD, False)]))
    running: dict[Asking, Future[ClientResult]] = {}
    with ThreadPoolExecutor(AT_A_TIME) as pool:

        def result(client: str, whole: bool) -> ClientResult:
            here = order.index((client, whole))
            for one in order if ALONE else order[here : here + AT_A_TIME]:
                if one not in running:
                    running[one] = pool.submit(run, *one)
            return running[client, whole].result()

        yield result
        pool.shutdown(cancel_futures=True)


def part_of(cases: Sequence[Case], number: int) -> list[Case]:
    """Every third case, another third for each client, and the first that is needed of each clause."""
    first = {one.about: one for one in reversed(cases) if one.needed}
    return [
        one
        for n, one in enumerate(cases)
        if n % PARTS == number % PARTS or one is first.get(one.about)
    ]


def verdicts(result: ClientResult) -> dict[str, set[str]]:
    """The clauses by verdict; what is open is left out."""
    assert result.problem is None
    found: dict[str, set[str]] = {}
    for clause in result.clauses:
        if clause.strength != "open":
            found.setdefault(clause.verdict, set()).add(clause.id)
    return found


REQUIRED = {one.id for one in client_clauses() if one.required}


def often(name: str) -> bool:
    """Whether a faulty client is certified each time."""
    mine = FAULTY[name].clauses
    first = next(one for one, other in FAULTY.items() if other.clauses == mine)
    return name == first or list(FAULTY).index(name) % PARTS == 0


@pytest.mark.parametrize(
    "client",
    [
        pytest.param(
            f"reference --fault {name}", marks=[] if often(name) else pytest.mark.long
        )
        for name in FAULTY
    ],
)
def test_a_faulty_client_breaks_its_clauses_and_no_other(
    client: str, certified: Certified
) -> None:
    breaks = set(FAULTY[client.rpartition(" ")[2]].clauses)
    found = verdicts(certified(client, False))
    failed = found.pop("fail", set())
    assert failed, f"{client} was not caught"
    assert failed <= breaks
    assert found == {"pass": REQUIRED - failed}


@pytest.mark.parametrize("client", LEGAL)
@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_client_that_keeps_every_clause_passes(
    client: str, certified: Certified, whole: bool
) -> None:
    result = certified(client, whole)
    assert [(one.clause, one.case, one.observed) for one in result.failures] == []
    assert verdicts(result) == {"pass": REQUIRED}


def test_every_clause_that_is_required_has_a_faulty_client() -> None:
    broken = {clause for one in FAULTY.values() for clause in one.clauses}
    missing, unknown = sorted(REQUIRED - broken), sorted(broken - REQUIRED)
    assert not missing, f"no faulty client breaks {missing}: add one in certify/faulty/"
    assert not unknown, f"client/clauses.toml has no clause {unknown} that is required"


def test_there_are_thirty_faulty_clients_and_more() -> None:
    assert len(FAULTY) >= 30


def test_failures_are_told_with_the_exchange_and_a_command(
    certified: Certified,
) -> None:
    first = certified(TOLD, False).failures[0]
    assert (first.clause, first.case) == ("C4", "error/InvalidInstanceId.NotFound")
    assert first.reproduce == (
        f"redeploy-conformance certify '{TOLD}' --case {first.case} --examples 1"
    )
    [exchange] = first.exchanges
    assert exchange.request.startswith("POST /?InstanceId=i-")
    assert "Signature=***" in exchange.request
    assert exchange.answer.startswith("HTTP/1.1 404 ")
