"""The README says what is so."""

from pathlib import Path

import pytest

from redeploy_conformance.contract_command import mermaid
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_schemas.contract import load

README = Path(__file__).parents[3] / "README.md"


@pytest.fixture(scope="module")
def text() -> str:
    return README.read_text("utf-8")


def test_the_state_diagram_is_the_contracts(text: str) -> None:
    assert f"```mermaid\n{mermaid(load()).strip()}\n```" in text


def test_the_counts_are_right(text: str) -> None:
    assert f"({len(load().clauses)} clauses," in text
    assert f"(there are {len(FAULTS)} of them)" in text
