"""What is known of real libraries is found without being told, and no more is said of them."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from redeploy_conformance.certify.case import Case
from redeploy_conformance.certify.conclude import Asked
from redeploy_conformance.certify.running import certify
from redeploy_conformance.certify.words import command
from redeploy_schemas.certification import ClientResult

HOME = Path.home() / ".cache/redeploy-conformance/clients"

CASES = (
    "success/plain",
    "force-stop/true",
    "success/digits-as-number",
    "error/DiskError",
    "broken/IncorrectInstanceStatus-at-200",
    "broken/no-code-at-403",
    "redirect/302-same-host",
    "redirect/302-other-host",
    "unknown/reset-when-read",
    "unknown/kept-connection-closed",
    "success/gzip",
    "tls/self-signed",
)

AT_200 = ("C7", "broken/IncorrectInstanceStatus-at-200")
FOLLOWS = ("C8", "redirect/302-same-host")
DIGITS = ("C3", "success/digits-as-number")
UNSENT = ("C8", "tls/self-signed")
LEAKS = {
    ("C8", "unknown/reset-when-read"),
    ("C8", "unknown/kept-connection-closed"),
    UNSENT,
}
"""The address that an error tells has a signature in it, even if nothing was sent."""

# The versions that these were seen with are pinned where the adapters are installed from.
KNOWN: dict[str, set[tuple[str, str]]] = {
    "python_ecs": {AT_200, FOLLOWS},
    "python_core": {AT_200, UNSENT},
    "node_ecs": {AT_200, DIGITS},
    "node_pop_core": {
        ("C7", "broken/no-code-at-403"),
        ("C8", "error/DiskError"),
        ("C8", "broken/IncorrectInstanceStatus-at-200"),
        *LEAKS,
    },
    "node_rpc_client": {AT_200, DIGITS, ("C4", "error/DiskError"), *LEAKS},
    "go_ecs": {AT_200, FOLLOWS},
    "go_sdk": {AT_200, FOLLOWS, ("C8", "redirect/302-other-host"), *LEAKS},
    "java_ecs": {
        AT_200,
        FOLLOWS,
        ("C2", "unknown/kept-connection-closed"),
        ("C5", "unknown/kept-connection-closed"),
    },
    "java_sdk": {AT_200, ("C4", "error/DiskError"), *LEAKS},
}

WORDS = {
    name: "True" if name.startswith("python") else "true" for name in KNOWN
}  # how ForceStop is sent: a choice


@pytest.fixture(scope="module", params=sorted(KNOWN))
def judged(request: pytest.FixtureRequest, cases: Sequence[Case]) -> ClientResult:
    """A client's certification by those cases."""
    name: str = request.param
    clients = Path(os.environ.get("REDEPLOY_CLIENTS") or HOME)
    if not (clients / name / "ready").exists():
        pytest.skip(f"{name} is not installed: conformance/clients/install {name}")
    some = [one for one in cases if one.name in CASES]
    assert len(some) == len(CASES)
    return certify(command(name), some, Asked(name, 0), processes=1)


def test_what_is_known_of_a_library_is_found_and_nothing_else(
    judged: ClientResult,
) -> None:
    assert judged.problem is None
    found = {(one.clause, one.case) for one in judged.failures}
    assert found == KNOWN[judged.adapter]


def test_the_letter_case_of_the_boolean_is_a_choice(judged: ClientResult) -> None:
    clauses = {one.id: one for one in judged.clauses}
    sent = clauses["C1b"]
    assert (sent.verdict, dict(sent.choices)) == (
        "open",
        {f"true: {WORDS[judged.adapter]}": 2},
    )
