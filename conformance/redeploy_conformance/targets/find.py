"""From the word on the command line to a target."""

import importlib
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from redeploy_conformance.misspelt import near
from redeploy_conformance.targets.asgi import LoopTransport
from redeploy_conformance.targets.base import (
    Kind,
    Target,
    TargetUsageError,
    Transport,
    UnansweredError,
    UnreachableError,
)
from redeploy_conformance.targets.handler import HandlerTransport
from redeploy_conformance.targets.statement import Statement, StatementError, read
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.contract import Contract

if TYPE_CHECKING:
    from redeploy_conformance.emulator.app import Emulator

REAL = re.compile(r"https?://[^/?#]*\.aliyuncs\.com\.?(:\d*)?([/?#]|$)", re.IGNORECASE)
"""An address of the real service."""
ADDRESS = re.compile(
    r"(localhost|\[[0-9a-f:.]+\]|[\w-]+(\.[\w-]+)+):\d+/?", re.IGNORECASE
)
"""A host and a port, without the scheme; behind the colon of a factory is a name."""
REGION = re.compile(r"[a-z]{2}-[a-z]+(-[a-z0-9]+)*")
USE_STAGE = "the instances of an account are judged with 'plan' and 'stage'"


def find(word: str, contract: Contract) -> Target:
    """Return the target that a word names.

    ``embedded`` (or ``embedded:FAULT``), a base URL, ``module:callable``, or the path of a
    statement, a TOML file.

    Raises:
        TargetUsageError: the word names none of these, or its statement cannot be used.
    """
    kind, statement = describe(word, contract)
    transport: Transport
    match kind:
        case Kind.EMBEDDED:
            transport = HandlerTransport(_emulator(word).handle)
        case Kind.FACTORY:
            transport = _made(statement.factory or "")
        case Kind.HTTP:
            # Only now: httpx takes a tenth of a second to begin, and only this needs it.
            from redeploy_conformance.targets.http import HttpTransport

            transport = HttpTransport(statement.url or "", statement.ca_file)
        case _:
            assert_never(kind)
    return Target(statement.name, kind, transport, statement)


def describe(word: str, contract: Contract) -> tuple[Kind, Statement]:
    """Return the kind of the target that a word names, and its statement; nothing is made yet.

    Raises:
        TargetUsageError: see ``find``.
    """
    if word == Kind.EMBEDDED or word.startswith(Kind.EMBEDDED + ":"):
        fault = _fault(word)
        name = "reference emulator" + (f", fault {fault}" if fault else "")
        return Kind.EMBEDDED, Statement(
            name=name, version="embedded", read_lag_seconds=0.0
        )
    if "://" in word:
        if REAL.match(word):
            raise TargetUsageError(
                f"{word} is the real service: {USE_STAGE}, which keeps within limits"
            )
        return Kind.HTTP, Statement(name=word, url=word)
    if word.endswith(".toml") or Path(word).is_file():
        return _declared(word, contract)
    if ADDRESS.fullmatch(word):
        raise TargetUsageError(
            f"{word!r} is no target, since a base URL begins with http:// or https://: "
            f"did you mean http://{word}?"
        )
    if ":" in word:
        return Kind.FACTORY, Statement(name=word, factory=word)
    if REGION.fullmatch(word):
        raise TargetUsageError(f"{word} looks like a region: {USE_STAGE}")
    raise TargetUsageError(
        f"{word!r} is no target: give a base URL such as http://127.0.0.1:8080, "
        "module:callable, a statement such as target.toml, or 'embedded'"
    )


def _declared(word: str, contract: Contract) -> tuple[Kind, Statement]:
    try:
        statement = read(Path(word), contract)
    except StatementError as error:
        raise TargetUsageError(str(error)) from error
    token = statement.control_token_env
    if token is not None and not os.environ.get(token):
        raise TargetUsageError(f"{word}: the environment variable {token} is not set")
    if (statement.url is None) == (statement.factory is None):
        raise TargetUsageError(
            f"{word}: [endpoint] needs either url or factory, not both or none"
        )
    return (Kind.HTTP if statement.factory is None else Kind.FACTORY), statement


def _fault(word: str) -> str:
    return word.removeprefix(Kind.EMBEDDED).removeprefix(":")


def _emulator(word: str) -> "Emulator":
    fault = _fault(word)
    if not fault:
        from redeploy_conformance.emulator.app import Emulator

        return Emulator()
    from redeploy_conformance.faults.catalogue import FAULTS, build

    if fault not in FAULTS:
        like = near(fault, FAULTS)
        raise TargetUsageError(f"there is no fault {fault!r}{like}")
    return build(fault)


class _Foreign:
    """A transport of somebody's own, whose exceptions are answers that never came."""

    def __init__(self, made: Any) -> None:
        self.made = made
        self.host = getattr(made, "host", "ecs.test")

    def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Return the answer.

        Raises:
            UnansweredError: it raised, or returned something else.
            UnreachableError: it says so.
        """
        try:
            answer = self.made.send(request, timeout)
        except (UnansweredError, UnreachableError):
            raise
        except Exception as error:
            text = f"the target's send raised {type(error).__name__}: {error}"
            raise UnansweredError(text) from error
        if not isinstance(answer, HttpResponse):
            text = (
                f"the target's send returned {type(answer).__name__}, no HttpResponse"
            )
            raise UnansweredError(text)
        return answer

    def close(self) -> None:
        """Let go of what is held, if anything is."""
        if hasattr(self.made, "close"):
            self.made.close()


def _made(word: str) -> Transport:
    """Call ``module:callable``; it returns an ASGI application or a transport of its own."""
    module, _, name = word.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        made = getattr(importlib.import_module(module), name)()
    except (Exception, SystemExit) as error:  # a module that exits must not end the run
        raise TargetUsageError(
            f"{word} could not be called: {type(error).__name__}: {error}"
        ) from error
    if callable(getattr(made, "send", None)):
        return _Foreign(made)
    if callable(made):
        return LoopTransport(made)
    raise TargetUsageError(
        f"{word} returned {type(made).__name__}, which is neither an ASGI application "
        "nor something with send(request, timeout)"
    )
