"""Certificates and cases for the tests of certifying, and adapters made of a few lines."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from redeploy_conformance.certify import tls
from redeploy_conformance.certify.case import Case
from redeploy_conformance.certify.plan import plan
from redeploy_schemas.contract import load

CARD = (
    '{"protocol": 1, "library": "made", "version": "1", "language": "Python", '
    '"runtime": "a test", "signature": "v3"}'
)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tls.Certificates:
    """Certificates of the tests' own."""
    pytest.importorskip("trustme", reason="trustme makes the certificates")
    return tls.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def cases(certificates: tls.Certificates) -> Sequence[Case]:
    """Every case, with one drawn value of each family."""
    return plan(load(), certificates, count=1)


@pytest.fixture
def made(tmp_path: Path) -> Callable[[str], Sequence[str]]:
    """Make an adapter of Python lines that answer ``line``; returns its command."""

    def make(lines: str, card: str | None = CARD) -> Sequence[str]:
        script = tmp_path / "adapter.py"
        head = "import json, os, sys, time\n"
        if card is not None:
            head += f"print({card!r}, flush=True)\n"
        body = "".join(f"    {line}\n" for line in lines.splitlines())
        script.write_text(f"{head}for line in sys.stdin:\n{body or '    pass'}")
        return (sys.executable, str(script))

    return make
