"""What the pictures count: edges of the diagram, cells of the event table, requests as curl."""

import shlex
from collections.abc import Callable
from dataclasses import replace

import pytest

from redeploy_reports.curl import curl
from redeploy_reports.edges import CROSSED, EXERCISED, NEVER, VIOLATED, Edge, edges
from redeploy_reports.heat import HeatRow, rows
from redeploy_schemas.contract import load
from redeploy_schemas.records import ClauseResult, Exchange, Move, Result

Maker = Callable[..., ClauseResult]
CONTRACT = load()


def move(origin: str, before: str, after: str, what: str, count: int) -> Move:
    return Move(origin=origin, before=before, after=after, what=what, count=count)


def walked(result: Result, *moves: Move) -> dict[tuple[str, str, str], Edge]:
    """Return the edges of redeploys that begin in Running, and the rejections."""
    found = edges(CONTRACT, replace(result, moves=moves))
    life = next(life for life in found.lives if life.origin == "Running")
    return {(one.label, one.before, one.after): one for one in (*life, *found.rejected)}


def test_without_moves_every_edge_is_never_reached(conforming: Result) -> None:
    assert {one.state for one in edges(CONTRACT, conforming)} == {NEVER}


def test_every_status_and_every_step_of_every_path_has_an_edge(
    conforming: Result,
) -> None:
    found = edges(CONTRACT, conforming)
    assert [(life.origin, *life.passed, life.last) for life in found.lives] == [
        (row.origin, *row.path) for row in CONTRACT.transitions
    ]
    assert [edge.before for edge in found.rejected] == list(
        CONTRACT.attribute_by_name["status"].values
    )


def test_a_look_after_a_look_is_one_edge(conforming: Result) -> None:
    found = walked(conforming, move("Running", "Stopping", "Stopped", "seen", 4))
    edge = found["then", "Stopping", "Stopped"]
    assert (edge.count, edge.crossed, edge.state) == (4, 0, EXERCISED)
    assert found["then", "Stopped", "Starting"].state == NEVER


def test_what_lies_between_two_looks_is_crossed_and_not_exercised(
    conforming: Result,
) -> None:
    found = walked(conforming, move("Running", "Stopping", "Running", "succeeds", 5))
    for before, after in (("Stopping", "Stopped"), ("Stopped", "Starting")):
        edge = found["then", before, after]
        assert (edge.count, edge.crossed, edge.state) == (0, 5, CROSSED)
    first = found["first seen", "Running", "Stopping"]
    assert (first.count, first.crossed, first.state) == (0, 0, NEVER)
    end = found["succeeds", "Running", "Running"]
    assert (end.count, end.state) == (5, EXERCISED)


def test_a_failure_may_go_any_way_and_crosses_nothing(conforming: Result) -> None:
    found = walked(conforming, move("Running", "Stopping", "Running", "fails", 3))
    assert found["fails", "Running", "Running"].count == 3
    assert found["then", "Stopping", "Stopped"].state == NEVER


def test_rejections_are_told_apart_by_whether_a_redeploy_is_under_way(
    conforming: Result,
) -> None:
    found = walked(
        conforming,
        move("", "Running", "Running", "rejected", 2),
        move("Running", "Stopping", "Stopping", "rejected", 7),
    )
    assert found["rejected", "Running", "Running"].count == 2
    assert found["rejected", "Stopping", "Stopping"].count == 0
    assert found["another call is rejected", "Running", "Running"].count == 7


def test_a_violated_clause_colours_its_edges(conforming: Result, clause: Maker) -> None:
    broken = clause("L1", "running-stops", verdict="fail", findings=(0,))
    result = replace(conforming, clauses=(broken,))
    found = walked(result, move("Running", "Running", "Stopping", "seen", 1))
    states = {key for key, edge in found.items() if edge.state == VIOLATED}
    assert states == {("first seen", "Running", "Stopping")}


def by_type(result: Result) -> dict[str, HeatRow]:
    return {row.type: row for row in rows(CONTRACT, result)}


def test_the_heat_map_takes_its_counts_from_the_rows_of_e1(
    conforming: Result, clause: Maker
) -> None:
    seen = {"SystemMaintenance.Reboot Inquiring": 1086, "SystemMaintenance.Reboot": 66}
    result = replace(
        conforming,
        clauses=(
            clause("E1", "responds", rows=seen),
            clause("E2", "unlisted-event", rows={"SystemMaintenance.Reboot": 4}),
            clause("E3", "local-disk-row", rows={"SystemMaintenance.Reboot": 2}),
        ),
    )
    row = by_type(result)["SystemMaintenance.Reboot"]
    assert [(cell.listed, cell.count, cell.heat) for cell in row.cells] == [
        (True, 1086, 4),
        (True, 0, 0),
        (False, 0, 0),
    ]
    assert row.outside.count == 6


def test_the_heat_map_has_every_type_that_the_contract_knows(
    conforming: Result,
) -> None:
    assert list(by_type(conforming)) == [
        *(row.type for row in CONTRACT.events),
        *CONTRACT.unlisted_event_types,
    ]


def test_a_violated_row_is_marked(violated: Result, clause: Maker) -> None:
    case = "E1-responds SystemFailure.Redeploy Inquiring"
    finding = replace(violated.findings[0], clause="E1", case=case)
    result = replace(
        violated,
        clauses=(clause("E1", "responds", verdict="fail", findings=(0,)),),
        findings=(finding,),
    )
    marked = {
        (row.type, status)
        for row in rows(CONTRACT, result)
        for status, cell in zip(CONTRACT.open_event_statuses, row.cells, strict=True)
        if cell.violated
    }
    assert marked == {("SystemFailure.Redeploy", "Inquiring")}


def exchange(line: str, body: str = "") -> Exchange:
    return Exchange(
        request_line=line, request_body=body, status=200, response_body="", problem=None
    )


def test_a_request_becomes_a_command() -> None:
    one = exchange("POST /?InstanceId=i-1&x='$(id)' (RedeployInstance)")
    command = curl(one, "http://127.0.0.1:8080/")
    assert command is not None
    assert shlex.split(command) == [
        "curl",
        "-sS",
        "-X",
        "POST",
        "http://127.0.0.1:8080/?InstanceId=i-1&x='$(id)'",
        "-H",
        "x-acs-action: RedeployInstance",
    ]


def test_without_an_address_the_endpoint_is_left_to_the_reader() -> None:
    command = curl(exchange("POST /control/v1/reset", '{"a": "it\'s"}'), None)
    assert command is not None
    assert command.startswith('curl -sS -X POST "$ENDPOINT"/control/v1/reset')
    assert shlex.split(command)[-2:] == ["--data-raw", '{"a": "it\'s"}']


@pytest.mark.parametrize("line", ["", "no request", "post / (x", "GET"])
def test_what_is_no_request_has_no_command(line: str) -> None:
    assert curl(exchange(line), None) is None
