"""From the word on the command line to a target."""

import importlib
import sys
from dataclasses import replace
from pathlib import Path

from redeploy_conformance.targets.asgi import DirectTransport, LoopTransport
from redeploy_conformance.targets.base import Target, TargetUsageError, Transport
from redeploy_conformance.targets.http import HttpTransport
from redeploy_conformance.targets.statement import Statement, StatementError, read
from redeploy_schemas.contract import Contract

EMBEDDED = "embedded"


def find(word: str, contract: Contract) -> Target:
    """Return the target that a word names.

    ``embedded`` (or ``embedded:FAULT``), a base URL, ``module:callable``, or the path of a
    statement, a TOML file.

    Raises:
        TargetUsageError: the word names none of these, or its statement cannot be used.
    """
    if word == EMBEDDED or word.startswith(EMBEDDED + ":"):
        return _embedded(word.removeprefix(EMBEDDED).removeprefix(":"))
    if "://" in word:
        return _http(Statement(name=word, url=word))
    if word.endswith(".toml") or Path(word).is_file():
        try:
            statement = read(Path(word), contract)
            statement.credentials()
        except StatementError as error:
            raise TargetUsageError(str(error)) from error
        if (statement.url is None) == (statement.factory is None):
            raise TargetUsageError(
                f"{word}: [endpoint] needs either url or factory, not both or none"
            )
        if statement.factory is not None:
            return _factory(statement.factory, statement)
        return _http(statement)
    if ":" in word:
        return _factory(word, Statement(name=word, factory=word))
    raise TargetUsageError(
        f"{word!r} is no target: give a base URL such as http://127.0.0.1:8080, "
        "module:callable, a statement such as target.toml, or 'embedded'"
    )


def _http(statement: Statement) -> Target:
    assert statement.url is not None
    transport = HttpTransport(statement.url, statement.ca_file)
    return Target(statement.name, "http", transport, statement)


def _embedded(fault: str) -> Target:
    from redeploy_conformance.emulator.app import Emulator
    from redeploy_conformance.faults.catalogue import FAULTS, build

    statement = Statement(
        name="reference emulator", version="embedded", read_lag_seconds=0.0
    )
    if not fault:
        emulator = Emulator()
    elif fault in FAULTS:
        emulator = build(fault)
        statement = replace(statement, name=f"reference emulator, fault {fault}")
    else:
        raise TargetUsageError(f"there is no fault {fault!r}")
    transport = DirectTransport(emulator.asgi)
    return Target(statement.name, "embedded", transport, statement)


def _factory(word: str, statement: Statement) -> Target:
    """Call ``module:callable``; it returns an ASGI application or a transport of its own."""
    module, _, name = word.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        made = getattr(importlib.import_module(module), name)()
    except Exception as error:
        raise TargetUsageError(
            f"{word} could not be called: {type(error).__name__}: {error}"
        ) from error
    transport: Transport
    if callable(getattr(made, "send", None)):
        transport = made
    elif callable(made):
        transport = LoopTransport(made)
    else:
        raise TargetUsageError(
            f"{word} returned {type(made).__name__}, which is neither an ASGI application "
            "nor something with send(request, timeout)"
        )
    return Target(statement.name, "factory", transport, statement)
