"""Deliberately faulty clients, to see that each is caught, and legal ones that do things otherwise.

To add one: a class in one of these modules that changes a step of ``Client``, under ``@faulty``
with its id and the clauses it breaks; its docstring is the sentence.
"""

from redeploy_conformance.certify.faulty import (
    of_answers,
    of_connections,
    of_reading,
    of_repeats,
    of_requests,
    of_secrets,
    of_signing,
    variants,
)
from redeploy_conformance.certify.faulty.registry import (
    FAULTY,
    VARIANTS,
    FaultyClient,
)

# The modules enter their clients when they are imported.
_MODULES = (
    of_requests,
    of_signing,
    of_answers,
    of_reading,
    of_repeats,
    of_connections,
    of_secrets,
    variants,
)

__all__ = ["FAULTY", "VARIANTS", "FaultyClient"]
