"""What tests of every part share: documents with one value that is not as it should be."""

import os
import signal
from collections.abc import Iterator
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings

GONE = object()
ODD = (GONE, None, 5, "", [], [5], {"a": 1})
Place = tuple[str | int, ...]

# How long an example takes says what else the machine has to do, and nothing of what is tried.
settings.register_profile("busy", settings.default, deadline=None)
settings.load_profile("busy")

# Selenium needs Trio, which brings a plugin of Hypothesis: each process that the tests start and that
# imports Hypothesis would import both, for nothing.
os.environ.setdefault("HYPOTHESIS_NO_PLUGINS", "1")

# Whoever starts this in the background of a shell has Ctrl-C ignored by all that it starts; some of what
# the tests start is to be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def odd() -> SimpleNamespace:
    """Return ``changes`` of a document, each a place and a value, and ``changed`` to make one."""
    return SimpleNamespace(changes=_changes, changed=_changed)


def _changes(document: Any) -> Iterator[tuple[Place, object]]:
    for place in _places(document):
        for value in ODD:
            if place or value is not GONE:
                yield place, value


def _places(document: Any) -> Iterator[Place]:
    """Yield every place of a document, of a list the first."""
    yield ()
    rows: Any = document.items() if isinstance(document, dict) else ()
    if isinstance(document, list):
        rows = enumerate(document[:1])
    for name, inner in rows:
        yield from ((name, *rest) for rest in _places(inner))


def _changed(document: Any, place: Place, value: object) -> Any:
    """Return a document with another value in a place, if it has that place."""
    if not place:
        return value
    first, *rest = place
    copy: Any = deepcopy(document)
    try:
        inner = copy[first]
    except (KeyError, IndexError, TypeError):
        return document
    if not rest and value is GONE:
        del copy[first]
    else:
        copy[first] = _changed(inner, tuple(rest), value)
    return copy
