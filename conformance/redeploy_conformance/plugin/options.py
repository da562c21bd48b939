"""The options that the suite adds to pytest."""

import os

import pytest


def add(parser: pytest.Parser) -> None:
    """Add them, in a group of their own."""
    group = parser.getgroup("redeploy-conformance")
    group.addoption(
        "--redeploy-target",
        default="embedded",
        metavar="TARGET",
        help="embedded, a base URL, module:callable, or a statement (TOML file)",
    )
    group.addoption(
        "--redeploy-result",
        default=None,
        metavar="FILE",
        help="write the result as JSON",
    )
    group.addoption(
        "--redeploy-junit",
        default=None,
        metavar="FILE",
        help="write the verdict of each clause as JUnit XML",
    )
    group.addoption(
        "--redeploy-stream",
        default=None,
        metavar="FILE",
        help="write a JSON line for each case while running, and a closing one",
    )
    group.addoption(
        "--redeploy-trace",
        default=None,
        metavar="FILE",
        help="write everything that the verdict rests on, as JSON lines",
    )
    group.addoption(
        "--redeploy-baseline",
        default=None,
        metavar="FILE",
        help="known deviations (TOML); their pinned traces are done first",
    )
    group.addoption(
        "--redeploy-seed",
        type=int,
        default=0,
        metavar="N",
        help="seed of the exploration",
    )
    group.addoption(
        "--redeploy-examples",
        default=os.environ.get("REDEPLOY_EXAMPLES"),
        metavar="PLACE",
        help="where walks that broke a clause are kept, to be tried first: a folder, or a "
        "redis:// URL, which several hosts can share (default: $REDEPLOY_EXAMPLES)",
    )
    group.addoption(
        "--redeploy-case",
        default=None,
        metavar="NAME",
        help="run one planned case only",
    )
    group.addoption(
        "--redeploy-quick",
        action="store_true",
        help="run only the tour and the rate limit: each required clause once",
    )
    group.addoption(
        "--redeploy-burst",
        action="store_true",
        help="send bursts of calls to a target on another machine too",
    )
    group.addoption(
        "--redeploy-clause",
        action="append",
        default=[],
        metavar="ID",
        help="run the cases of these clauses only",
    )


OUTPUTS = {"result": True, "junit": True, "stream": False, "trace": False}
"""The options that name files, and whether these are written whole, at the end."""


def wrong_outputs(config: pytest.Config) -> str | None:
    """Return why what is asked for cannot be written, in one sentence; None where it can."""
    wanted = {
        path: whole
        for name, whole in OUTPUTS.items()
        if (path := config.getoption(f"redeploy_{name}"))
    }
    if not wanted:
        return None

    from redeploy_conformance.files import unwritable

    return next(
        (
            why
            for path, whole in wanted.items()
            if (why := unwritable(path, whole=whole))
        ),
        None,
    )
