"""The verdict of a run of pytest: drawn, written wherever it is wanted, and shown."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from redeploy_conformance.evidence.recording import finish
from redeploy_conformance.files import write_whole
from redeploy_conformance.plugin.collector import Collector
from redeploy_conformance.results.baseline import apply
from redeploy_reports import junit, text
from redeploy_reports.clean import clean
from redeploy_schemas.records import Result

if TYPE_CHECKING:
    from redeploy_conformance.plugin.run import Reporter


def draw(collector: Collector, reporter: "Reporter", *, complete: bool) -> Result:
    """Return the result of a run, with deviations that are known named as such."""
    # A run may end before its first case has, which brings what was found.
    collector.taken.offer = collector.taken.offer or reporter.offer
    result = collector.conclude(complete=complete)
    if reporter.baseline_path:
        result = collector.result = apply(result, reporter.pinned)
    return result


def write(
    config: pytest.Config, collector: Collector, result: Result, *, complete: bool
) -> None:
    """Write the result as the options want it.

    Raises:
        OSError: something cannot be written.
    """
    collector.end_stream(result, complete=complete)
    junit_path = config.getoption("redeploy_junit")
    if junit_path:
        write_whole(Path(junit_path), junit.render(result))
    if config.getoption("redeploy_result"):
        collector.write(result)
    trace_path = collector.reporter.trace_path
    if trace_path:
        finish(Path(trace_path), result, collector.taken.crashes, complete=complete)


def show(result: Result, terminal: Any, path: str | None) -> None:
    """Print the verdict on pytest's terminal, and where the whole result is."""
    width = min(terminal._tw.fullwidth, 100)
    whole = "\n" + text.render(result, width=width, color=terminal.hasmarkup)
    if path:
        here = Path(path)
        here = here.relative_to(Path.cwd()) if here.is_relative_to(Path.cwd()) else here
        whole += f"\nthe whole result: {clean(str(here))}\n"
    # Of a text with one sign too many for its terminal, pytest escapes the line ends, too.
    encoding = getattr(terminal._tw._file, "encoding", None) or "utf-8"
    terminal.write(whole.encode(encoding, "backslashreplace").decode(encoding))
