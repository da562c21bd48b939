"""What the tests of evidence share: recorded runs of any emulator, and logs of what callers did."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.evidence.logs import kind_of, watch
from redeploy_conformance.evidence.recording import begin, finish
from redeploy_conformance.evidence.writer import TraceWriter
from redeploy_conformance.finding.investigate import findings, perform_case
from redeploy_conformance.planning.planner import name, plan, possible
from redeploy_conformance.planning.steps import Case
from redeploy_conformance.results.verdict import Start, Taken, judge
from redeploy_conformance.running.bench import Bench, set_up
from redeploy_conformance.targets.base import Target, Transport
from redeploy_conformance.targets.handler import HandlerTransport
from redeploy_conformance.targets.statement import Statement
from redeploy_schemas.contract import Contract, load
from redeploy_schemas.records import Result
from redeploy_schemas.records import Target as TargetRecord

from .log_records import Fields, Judged


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load()


@dataclass
class Recorded:
    """A run that was written down: its result, and its trace."""

    result: Result
    path: Path

    @property
    def lines(self) -> list[bytes]:
        return self.path.read_bytes().splitlines(keepends=True)


Record = Callable[..., Recorded]


@pytest.fixture
def record(contract: Contract, tmp_path: Path) -> Record:
    """Return what runs the cases of some clauses, and writes the trace."""

    def run(
        emulator: Emulator | None = None,
        clauses: Sequence[str] = ("A3",),
        *,
        transport: Transport | None = None,
        file: str = "run.trace",
        **declared: object,
    ) -> Recorded:
        statement = Statement(**{"read_lag_seconds": 0.0, **declared})  # type: ignore[arg-type]
        made = transport or HandlerTransport((emulator or Emulator()).handle)
        bench = set_up(Target("emulator", "embedded", made, statement), contract)
        path = tmp_path / file
        writer = begin(path, bench, worker="main", seed=0, workers=1)
        taken = Taken(offer=_offer(bench))
        for case in plan(contract):
            doable = possible(case, bench.offer.parts)
            if doable is not None and set(clauses) & set(case.clauses[:1]):
                _perform(bench, doable, writer, taken)
        writer.close()
        target = TargetRecord(
            name="x",
            version=None,
            kind="embedded",
            address=None,
            offers=(),
            declares={},
        )
        start = Start(
            suite_version="0",
            contract_edition=contract.edition,
            contract_sha256=contract.sha256,
            target=target,
            started="2026-01-01T00:00:00Z",
            seed=0,
            workers=1,
        )
        result = judge(start, taken, 1.0, complete=True)
        finish(path, result, (), complete=True)
        return Recorded(result, path)

    return run


def _perform(bench: Bench, case: Case, writer: TraceWriter, taken: Taken) -> None:
    requests, steps = bench.api.requests, bench.steps
    report, run = perform_case(bench, name(bench.contract, case), case)
    report.findings = findings(bench, report.name, run, "")
    report.requests = bench.api.requests - requests
    report.steps = bench.steps - steps
    writer.case(report)
    taken.reports.append(report)


def _offer(bench: Bench) -> dict[str, object]:
    parts = sorted(part.value for part in bench.offer.parts)
    return {"name": "x", "version": "1", "region": bench.offer.region, "parts": parts}


@pytest.fixture
def judged(contract: Contract, tmp_path: Path) -> Judged:
    """The clauses that files of one kind break; each file is a list of its records."""

    def run(kind: str, *files: list[Fields]) -> list[str]:
        paths = []
        for number, records in enumerate(files):
            document = {"log": {"entries": records}} if kind == "har" else records
            paths.append(tmp_path / str(number))
            paths[-1].write_text(json.dumps(document))
            assert kind_of(paths[-1]) == kind
        result = watch(paths, kind, contract, 60.0, 600.0)
        assert [one.text for one in result.problems] == []
        return list(dict.fromkeys(one.clause for one in result.findings))

    return run
