"""The trace of a staging run: the same verdict from it alone, and what is wrong with it is named."""

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from redeploy_conformance.emulator.settings import Settings as EmulatorSettings
from redeploy_conformance.evidence.check import ForeignTraceError, check
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_conformance.staging.again import check_staging, is_staging
from redeploy_conformance.staging.beginning import begin, go_on
from redeploy_conformance.staging.double import Weather
from redeploy_conformance.staging.requests import read
from redeploy_conformance.staging.running import Staging
from redeploy_conformance.staging.tracing import StagingWriter, TraceError, opened
from redeploy_conformance.targets.base import Transport
from redeploy_conformance.wire.http import HttpRequest, HttpResponse
from redeploy_schemas.records import Result
from redeploy_schemas.validation import problems
from redeploy_schemas.vocabulary import RunVerdict

from .conftest import (
    ACCEPTS,
    LISTED,
    LONG,
    Account,
    MakeAccount,
    Watching,
    with_events,
)


def begun(
    account: Account,
    path: Path,
    transport: Transport | None = None,
    **fields: Any,
) -> tuple[Staging, StagingWriter]:
    """Begin a run on a double that writes a trace."""
    writer = StagingWriter(path)
    run = begin(
        account.contract,
        account.settings(**fields),
        transport or account.transport(),
        account.wallet,
        account.journal,
        account.said.append,
        account.clock,
        writer,
    )
    return run, writer


def resumed(account: Account, path: Path) -> tuple[Staging, StagingWriter]:
    writer = StagingWriter(path)
    run = go_on(
        account.contract,
        lambda settings: account.transport(),
        account.wallet,
        account.journal,
        account.said.append,
        account.clock,
        writer,
    )
    return run, writer


def finished(run: Staging, writer: StagingWriter) -> Result:
    """Carry a run out as the command does, and return its result."""
    with run.journal:
        run.carry_out(run.plan())
        complete = not run.stopping
        left = run.restore()
        result = run.result(left, complete=complete)
        writer.end(RunVerdict(result.exit_code), result.seconds, complete=complete)
    return result


def told(result: Result) -> dict[str, Any]:
    """A result without what the time of signing changes in the requests that are shown."""
    document = result.to_json()
    return {**document, "findings": [_finding(one) for one in document["findings"]]}


def _finding(one: dict[str, Any]) -> dict[str, Any]:
    steps = [{**step, "exchanges": len(step["exchanges"])} for step in one["trace"]]
    return {**one, "trace": steps}


@pytest.mark.parametrize("lag", [0.0, None])
@pytest.mark.parametrize(
    "setting", [LONG, ACCEPTS, replace(ACCEPTS, default_outcome="fail")]
)
def test_a_healthy_account_is_judged_the_same_live_and_from_the_trace(
    account_of: MakeAccount,
    tmp_path: Path,
    setting: EmulatorSettings,
    lag: float | None,
) -> None:
    account, path = account_of(settings=setting), tmp_path / "run.trace"
    said = {**LISTED, "read_lag_seconds": lag}
    live = finished(*begun(account, path, statement=said))
    drawn = check_staging([path], account.contract)
    assert live.findings == ()
    assert told(drawn) == told(live)
    assert drawn.complete


SHOWN = {
    "unknown-id-accepted": "A1",
    "row-reboot-scheduled-not-responded-to": "E1",
    "second-call-in-flight-accepted": "A2",
    "success-ends-stopped": "L3",
    "replayed-nonce-accepted": "U4",
}


@pytest.mark.parametrize("fault", SHOWN)
def test_a_fault_is_found_the_same_live_and_from_the_trace(
    account_of: MakeAccount, tmp_path: Path, fault: str
) -> None:
    account = with_events(account_of(settings=ACCEPTS, parts=FAULTS[fault].parts))
    path = tmp_path / "run.trace"
    live = finished(*begun(account, path, events_are_real=True, statement=LISTED))
    drawn = check_staging([path], account.contract)
    assert told(drawn) == told(live)
    assert {one.clause for one in drawn.findings} == {SHOWN[fault]}
    assert (drawn.exit_code, drawn.complete) == (1, True)


def test_what_the_provider_moved_is_excused_the_same_live_and_from_the_trace(
    account_of: MakeAccount, tmp_path: Path
) -> None:
    account, path = account_of(count=1, settings=ACCEPTS), tmp_path / "run.trace"
    one = next(iter(account.double.account.instances.values()))

    class Failing(Watching):
        """A server that fails right before the first call."""

        def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
            if read(request).action == "RedeployInstance" and one.status == "Running":
                account.double.world.add_event(one, "SystemFailure.Reboot", "Executed")
                one.place("Starting")
            return super().send(request, timeout)

    live = finished(
        *begun(account, path, Failing(account.transport()), clauses=("A7",))
    )
    drawn = check_staging([path], account.contract)
    assert live.findings == ()
    assert any("the provider moved it" in one.text for one in live.problems)
    assert told(drawn) == told(live)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2))]
)
def test_a_service_with_trouble_is_judged_the_same_live_and_from_the_trace(
    account_of: MakeAccount, tmp_path: Path, seed: int
) -> None:
    account = account_of(
        settings=ACCEPTS,
        weather=Weather(errors=0.06, refusals=0.06, lost=0.04, slow=0.1),
        seed=seed,
    )
    path = tmp_path / "run.trace"
    bound = {"redeploy_seconds": 900.0}
    launch = {"InstanceType": "ecs.g6.large", "ImageId": "img"}
    live = finished(*begun(account, path, statement=bound, launch=launch))
    assert b'"problem":' in path.read_bytes()
    assert told(check_staging([path], account.contract)) == told(live)


def test_calls_at_once_that_are_answered_the_other_way_round_are_heard_again(
    account_of: MakeAccount, tmp_path: Path
) -> None:
    fault = FAULTS["second-call-in-flight-accepted"]
    account = account_of(settings=ACCEPTS, parts=fault.parts)

    class Crossed(Watching):
        """Of calls made at once, the first waits for its answer until the second has one."""

        second = threading.Event()
        first = False

        def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
            answer = super().send(request, timeout)
            at_once = threading.current_thread() is not threading.main_thread()
            if at_once and read(request).action == "RedeployInstance":
                if self.first:
                    self.second.set()
                else:
                    self.first = True
                    assert self.second.wait(timeout=20)
            return answer

    path, crossed = tmp_path / "run.trace", Crossed(account.transport())
    live = finished(*begun(account, path, crossed, statement=LISTED, clauses=("L12",)))
    assert crossed.second.is_set()
    assert told(check_staging([path], account.contract)) == told(live)


def test_every_request_is_in_the_trace_and_no_secret(
    account_of: MakeAccount, tmp_path: Path
) -> None:
    account, path = account_of(settings=ACCEPTS), tmp_path / "run.trace"

    class Telling(Watching):
        """Says the secret of the key in every answer that is JSON."""

        def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
            answer = super().send(request, timeout)
            if not answer.body.startswith(b"{"):
                return answer
            body = json.loads(answer.body) | {"Hint": account.double.key.secret}
            return replace(answer, body=json.dumps(body).encode())

    watching = Telling(account.transport())
    live = finished(*begun(account, path, watching, statement=LISTED))
    text = path.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert account.double.key.secret not in text
    assert "Hint" in text
    assert "Signature=" not in text.replace("Signature=***", "")
    made = [one for one in lines if one["record"] == "exchange"]
    assert len(made) == len(watching.requests)
    assert [one for one in (problems("run/trace", line) for line in lines) if one] == []
    assert told(check_staging([path], account.contract)) == told(live)


def test_a_truncated_trace_is_incomplete_at_its_line_and_what_came_before_counts(
    account_of: MakeAccount, tmp_path: Path
) -> None:
    account = account_of(settings=ACCEPTS, parts=FAULTS["success-ends-stopped"].parts)
    path, cut = tmp_path / "run.trace", tmp_path / "cut.trace"
    live = finished(*begun(account, path, statement=LISTED))
    lines = path.read_bytes().splitlines(keepends=True)
    names = [json.loads(line)["record"] for line in lines]
    first = names.index("finding")
    for many in (2, first // 2, first + 1, len(lines) - 1):
        cut.write_bytes(b"".join(lines[:many]))
        drawn = check_staging([cut], account.contract)
        assert not drawn.complete
        assert [one.text for one in drawn.problems[-1:]] == [
            f"cut.trace, line {many + 1}: the last line is missing: it was cut short"
        ]
    assert [one.clause for one in drawn.findings] == [
        one.clause for one in live.findings
    ]
    cut.write_bytes(b"".join(lines[: first + 1])[:-9])
    drawn = check_staging([cut], account.contract)
    assert drawn.problems[-1].text == (
        f"cut.trace, line {first + 1}: the trace is cut in the middle of this line"
    )
    assert {one.clause for one in drawn.findings} == {"L3"}
    assert (drawn.complete, drawn.exit_code) == (False, 1)


@pytest.mark.parametrize(
    ("record", "change", "why"),
    [
        ("done", {"clauses": ["A1"]}, "break nothing, the trace says A1"),
        ("exchange", {"action": "RunInstances"}, "RunInstances {"),
        ("step", {"steps": [{"do": "look"}]}, "other steps stand where"),
        ("clock", {"record": "stop"}, "a StopLine stands where a reading of the clock"),
    ],
)
def test_what_is_not_what_the_run_did_is_damage_and_no_verdict(
    account_of: MakeAccount,
    tmp_path: Path,
    record: str,
    change: dict[str, Any],
    why: str,
) -> None:
    account, path = account_of(), tmp_path / "run.trace"
    finished(*begun(account, path))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    at = [one["record"] for one in lines].index(record)
    lines[at] |= change
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    drawn = check_staging([path], account.contract)
    assert (drawn.complete, drawn.exit_code, drawn.findings) == (False, 3, ())
    assert f"run.trace, line {at + 1}: " in drawn.problems[-1].text
    assert why in drawn.problems[-1].text


@pytest.mark.parametrize("lag", [0.0, None])
def test_a_run_that_was_asked_to_end_and_resumed_is_judged_from_both_its_traces(
    account_of: MakeAccount, tmp_path: Path, lag: float | None
) -> None:
    account = account_of(settings=ACCEPTS)
    first, second = tmp_path / "1.trace", tmp_path / "2.trace"
    said = {**LISTED, "read_lag_seconds": lag}
    run, writer = begun(account, first, statement=said)
    run.say = lambda text: run.stop() if len(run.past.reports) >= 12 else None
    part = finished(run, writer)
    assert not part.complete
    assert told(check_staging([first], account.contract)) == told(part)
    whole = finished(*resumed(account, second))
    assert whole.complete
    assert told(check_staging([first, second], account.contract)) == told(whole)
    alone = check_staging([second], account.contract)
    assert (alone.complete, alone.exit_code) == (False, 3)
    assert [one.text for one in alone.problems] == [
        "2.trace goes on from an earlier process of the run, whose trace is to be given "
        "before it"
    ]
    line, *rest = second.read_text().splitlines(keepends=True)
    header = json.loads(line)
    journal = header["staging"]["journal"]
    header["staging"]["journal"] = [x for x in journal if x["line"] != "before"]
    second.write_text("".join([json.dumps(header) + "\n", *rest]))
    torn = check_staging([second], account.contract)
    assert torn.problems[-1].text == (
        "2.trace, line 1: a line of its journal does not follow from those before it"
    )


def test_a_trace_of_another_run_or_kind_is_refused(
    account_of: MakeAccount, tmp_path: Path
) -> None:
    account, path = account_of(), tmp_path / "run.trace"
    finished(*begun(account, path, clauses=("A1",)))
    assert is_staging(path)
    with pytest.raises(ForeignTraceError, match="is of a staging run"):
        check([path], account.contract)
    other = tmp_path / "other.trace"
    account.journal.unlink()
    finished(*begun(account, other, clauses=("A1",)))
    with pytest.raises(ForeignTraceError, match=r"other\.trace is of another run"):
        check_staging([path, other], account.contract)


def test_without_room_for_the_trace_nothing_is_begun_and_that_is_said() -> None:
    def begin_on(path: str) -> None:
        with opened(path) as writer:
            assert writer is not None
            writer.asked(True)

    with pytest.raises(TraceError, match="/dev/full cannot be written: No space left"):
        begin_on("/dev/full")


def test_a_run_whose_trace_cannot_go_on_ends_and_is_put_back_from_its_journal(
    account_of: MakeAccount, tmp_path: Path
) -> None:
    account = account_of(settings=ACCEPTS)
    before = account.shown()

    class Full(Watching):
        """The disk is full after the first redeploy."""

        def send(self, request: HttpRequest, timeout: float) -> HttpResponse:
            answer = super().send(request, timeout)
            if read(request).action == "RedeployInstance":
                writer._file = Path("/dev/full").open("w")  # noqa: SIM115
            return answer

    full = Full(account.transport())
    run, writer = begun(account, tmp_path / "full.trace", full)
    with run.journal, pytest.raises(TraceError, match="No space left"):
        run.carry_out(run.plan())
    again = account.go_on(judging=False)
    with again.journal:
        assert again.restore() == []
    assert account.shown() == before
