"""Runs on several processes: in which order cases are done, and what a process that dies leaves."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from redeploy_conformance.evidence.recording import part_of
from redeploy_conformance.finding.investigate import CaseReport
from redeploy_conformance.plugin import hosts

if TYPE_CHECKING:
    from redeploy_conformance.plugin.gathering import Gathering
    from redeploy_conformance.plugin.run import Reporter

OURS = re.compile(r"(?:^|/)test_(?:first_tour|plan|walks)\.py::test_\w+(?:\[(.*)\])?$")
"""The ids of the packaged tests, wherever they are installed; the group is the case's name."""


def spread(items: Sequence[Any]) -> list[Any]:
    """Return tests in an order in which processes that take one each time end together.

    The long ones, which are the tour and the bursts, come first, and the walks in the middle: late
    enough to know what was seen least, and early enough for short cases to fill what they leave.
    """
    first, walks, rest = [], [], []
    for item in items:
        spec = getattr(item, "callspec", None)
        case = None if spec is None else spec.params.get("case")
        if item.name == "test_tour" or (case is not None and case.burst):
            first.append(item)
        elif spec is not None and "walk" in spec.params:
            walks.append(item)
        else:
            rest.append(item)
    half = len(rest) // 2
    return [*first, *rest[:half], *walks, *rest[half:]]


def died(worker: str, test: str | None = None) -> CaseReport:
    """Return what is left of the case that a worker was at when it died: that it is missing."""
    if test is None:
        return CaseReport(
            worker, (), problem=f"{worker} died before the end of the run"
        )
    found = OURS.search(test)
    case = (found and found[1]) or test
    return CaseReport(case, (), problem=f"{worker} died while this ran; it is missing")


def where(node: Any) -> str:
    """Return how a worker is called in a report: its number, and its host where it has one."""
    spec = node.gateway.spec
    return f"worker {node.gateway.id}" + (
        f" on {hosts.called(spec)}" if spec.ssh else ""
    )


def defaults(option: Any) -> None:
    """Give pytest-xdist what it should do where the user does not say.

    Each worker takes one test at a time, since tests differ a thousandfold in length. A worker on
    another host is not replaced: where its host is gone, there is nobody to start another.
    """
    if option.maxschedchunk is None:
        option.maxschedchunk = 1
    if option.maxworkerrestart is None and hosts.remote(option.tx):
        option.maxworkerrestart = "0"


class Workers:
    """The hooks of pytest-xdist, in the process that draws the verdict."""

    def __init__(self, reporter: "Reporter", gathering: "Gathering") -> None:
        """Take what the run is about."""
        self.reporter = reporter
        self.gathering = gathering
        self.luggage: hosts.Luggage | None = None
        self.dead: dict[str, str] = {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(
        self, config: pytest.Config, specs: Sequence[Any]
    ) -> None:
        """Prepare the connections to other hosts; nothing is copied there."""
        target, examples = self.reporter.target_word, self.reporter.examples or ""
        try:
            self.luggage = hosts.set_out(specs, target, examples)
        except hosts.HostError as error:
            self.gathering.leave(str(error), int(error.verdict))
        rsync = config.getoption("rsyncdir") or config.getini("rsyncdirs")
        if self.luggage is not None and not rsync:
            # pytest-xdist would copy its own pytest there.
            config.pluginmanager.getplugin("dsession").nodemanager.roots.clear()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker on another host what it cannot find there."""
        if self.luggage is not None:
            mine = asdict(self.luggage)
            if not node.gateway.spec.ssh:
                mine |= {"statement": None, "authorities": None, "env": {}}
            node.workerinput["redeploy"] = mine | {
                "remote": bool(node.gateway.spec.ssh)
            }

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object | None) -> None:
        """Take what a worker hands over at its end, or note that it has died.

        It is no worker's fault that the user ended the run.
        """
        if error and not self.gathering.interrupted:
            self.gathering.cut = True
            self.dead[node.gateway.id] = where(node)
        data = getattr(node, "workeroutput", {}).pop("redeploy_trace", None)
        if data is not None and self.reporter.trace_path:
            path = part_of(Path(self.reporter.trace_path), node.gateway.id)
            hosts.taken_over(data, path)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: Any) -> None:
        """Enter what was running where a worker died as missing."""
        worker = self.dead.pop(report.node.gateway.id, None)
        if worker is None:
            return
        if OURS.search(crashitem):
            self.gathering.collected().enter(died(worker, crashitem))
        else:
            self.gathering.others_failed = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Enter workers that died between two tests."""
        for worker in self.dead.values():
            self.gathering.collected().enter(died(worker))
