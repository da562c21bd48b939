"""The control protocol."""

from typing import Any

import pytest

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.settings import Settings
from redeploy_conformance.wire.http import HttpRequest
from redeploy_conformance.wire.signing import Credentials


def test_discovery(bench: Any) -> None:
    status, found = bench.control("GET", "")
    assert status == 200
    assert found["protocol"] == "redeploy-control/1"
    assert set(found["implementation"]) == {"name", "version"}
    assert {"accounts", "clock", "inspect", "reset"} <= set(found["offers"])


def test_instances_come_in_the_order_asked_with_their_events(bench: Any) -> None:
    event = {"type": "SystemMaintenance.Reboot", "status": "Inquiring"}
    specs = [{}, {"events": [event, event]}, {"status": "Stopped"}]
    asked = {"account_id": bench.account_id, "instances": specs}
    _, made = bench.control("POST", "instances", asked)
    assert [len(one["event_ids"]) for one in made["instances"]] == [0, 2, 0]
    assert bench.status(made["instances"][2]["instance_id"]) == "Stopped"


@pytest.mark.parametrize(
    "spec",
    [
        {"status": "Deleted"},
        {"colour": "red"},
        {"lock_reasons": "security"},
        {"lock_reasons": ["other"]},
        {"local_disk": "healthy"},
        {"storage": "local", "local_disk": "lost"},
        {"events": [{"type": "SystemFailure.Stop"}]},
        {"events": {}},
        7,
    ],
)
def test_a_bad_spec_makes_nothing(bench: Any, spec: Any) -> None:
    asked = {"account_id": bench.account_id, "instances": [{}, spec]}
    status, answer = bench.control("POST", "instances", asked)
    assert (status, list(answer)) == (400, ["error"])
    assert bench.call("DescribeInstances")["TotalCount"] == 0


def test_changing_an_instance(bench: Any) -> None:
    instance = bench.instance()
    path = f"instances/{instance}"
    change = {"status": "Stopped", "storage": "local", "billing": "expired"}
    assert bench.control("PATCH", path, change) == (200, {})
    assert bench.status(instance) == "Stopped"
    shown = bench.look(instance)
    assert (shown["local_disk"], shown["billing"]) == ("healthy", "expired")
    assert shown["local_data"]
    assert bench.control("PATCH", path, {"local_disk": "damaged"})[0] == 200
    assert bench.control("PATCH", path, {"storage": "cloud", "billing": "current"})
    assert bench.look(instance)["local_disk"] is None
    assert bench.look(instance)["local_data"] is None
    assert bench.control("PATCH", path, {"events": []})[0] == 400
    assert bench.redeploy(instance) == "accepted"
    assert bench.control("PATCH", path, {"status": "Running"})[0] == 409
    assert bench.control("PATCH", path, {"lock_reasons": ["refunded"]})[0] == 200


def test_an_event_stays_as_it_was_made(bench: Any) -> None:
    """No request changes one: only a redeploy does."""
    instance = bench.instance(events=[])
    event = {"type": "SystemMaintenance.Reboot", "status": "Scheduled"}
    _, made = bench.control("POST", f"instances/{instance}/events", event)
    path = f"events/{made['event_id']}"
    assert bench.control("PATCH", path, {"status": "Canceled"})[0] == 404
    assert bench.events(instance) == ["Scheduled"]
    gone = {**event, "status": "Gone"}
    assert bench.control("POST", f"instances/{instance}/events", gone)[0] == 400


def test_a_change_made_in_a_failing_redeploy_is_kept(make_bench: Any) -> None:
    bench = make_bench(event_in_flight="Executing")
    instance = bench.instance(events=[])
    event = {"type": "SystemMaintenance.Reboot", "status": "Scheduled"}
    bench.control("POST", f"instances/{instance}/events", event)
    bench.next_fails(instance)
    bench.redeploy(instance)
    assert bench.events(instance) == ["Executing"]
    path = f"instances/{instance}"
    bench.control("POST", f"{path}/events", {**event, "status": "Inquiring"})
    bench.control("PATCH", path, {"billing": "expired"})
    bench.advance(60)
    assert bench.events(instance) == ["Scheduled", "Inquiring"]
    assert bench.look(instance)["billing"] == "expired"


def test_the_clock_and_reset(bench: Any) -> None:
    instance = bench.instance()
    bench.redeploy(instance)
    assert bench.control("POST", "clock/advance", {"seconds": 5}) == (200, {"now": 5.0})
    assert bench.control("POST", "reset") == (200, {})
    assert bench.redeploy(instance) == "InvalidAccessKeyId.NotFound"
    assert bench.control("GET", "clock") == (200, {"now": 5.0})
    for seconds in (-1, "1", None, True, float("nan"), 1e300):
        answer = bench.control("POST", "clock/advance", {"seconds": seconds})
        assert answer[0] == 400, seconds


def test_a_clock_of_ones_own(bench: Any) -> None:
    """What lives on it knows no other time, and a reset of it takes nothing else away."""
    status, made = bench.control("POST", "clocks", {})
    assert (status, made["now"]) == (201, 0.0)
    on = {"clock_id": made["clock_id"]}
    _, mine = bench.control("POST", "accounts", on)
    theirs = bench.instance()
    event = {"type": "SystemMaintenance.Reboot", "status": "Scheduled"}
    asked = {"account_id": mine["account_id"], "instances": [{"events": [event]}]}
    ours = bench.control("POST", "instances", asked)[1]["instances"][0]["instance_id"]
    key = Credentials(mine["access_key_id"], mine["access_key_secret"])
    for instance, by in ((theirs, bench.owner), (ours, key)):
        assert bench.redeploy(instance, by=by) == "accepted"
    turn = {"seconds": 60, **on}
    assert bench.control("POST", "clock/advance", turn) == (200, {"now": 60.0})
    assert bench.control("GET", "clock") == (200, {"now": 0.0})
    assert bench.control("GET", f"clock?clock_id={on['clock_id']}")[1] == {"now": 60.0}
    assert bench.status(theirs) == "Stopping"
    assert bench.status(ours, by=key) == "Running"
    assert bench.control("POST", "reset", on) == (200, {})
    assert bench.redeploy(ours, by=key) == "InvalidAccessKeyId.NotFound"
    bench.advance(60)
    assert bench.status(theirs) == "Running"


def test_a_quota_is_counted_on_the_clock_of_its_account(bench: Any) -> None:
    on = {"clock_id": bench.control("POST", "clocks", {})[1]["clock_id"]}
    _, mine = bench.control("POST", "accounts", on)
    key = Credentials(mine["access_key_id"], mine["access_key_secret"])
    for _ in range(500):
        bench.redeploy("i-none", by=key)
    assert bench.redeploy("i-none", by=key) == "Throttling.User"
    bench.advance(61)
    assert bench.redeploy("i-none", by=key) == "Throttling.User"
    bench.control("POST", "clock/advance", {"seconds": 61, **on})
    assert bench.redeploy("i-none", by=key) == "InvalidInstanceId.NotFound"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "nothing", None, 404),
        ("GET", "clock?clock_id=none", None, 404),
        ("POST", "clock/advance", {"seconds": 1, "clock_id": "none"}, 404),
        ("POST", "accounts", {"clock_id": "none"}, 404),
        ("POST", "reset", {"clock_id": "none"}, 404),
        ("GET", "clocks", None, 405),
        ("GET", "instances", None, 404),
        ("DELETE", "accounts", None, 405),
        ("POST", "principals", {"account_id": "1"}, 404),
        ("PATCH", "instances/i-none", {}, 404),
        ("DELETE", "instances/i-none", None, 404),
        ("PUT", "instances/i-none/next-redeploy", {}, 404),
        ("POST", "internal-errors", {}, 404),
        ("POST", "accounts", [], 400),
    ],
)
def test_bad_requests(
    bench: Any, method: str, path: str, body: Any, status: int
) -> None:
    answer = bench.control(method, path, body)
    assert (answer[0], list(answer[1])) == (status, ["error"])


def test_a_body_that_is_no_json(bench: Any) -> None:
    target = "/redeploy-control/v1/accounts"
    for body in (b"{", b"\xff", b"[" * 100_000):
        answer = bench.emulator.handle(HttpRequest("POST", target, (), body))
        assert answer.status == 400


def test_the_token() -> None:
    emulator = Emulator(Settings(control_token="open sesame"))
    target = "/redeploy-control/v1/"

    def status(*headers: tuple[str, str]) -> int:
        return emulator.handle(HttpRequest("GET", target, headers, b"")).status

    assert status() == 401
    assert status(("Authorization", "Bearer wrong")) == 401
    assert status(("Authorization", "Bearer open sesame")) == 200
    assert "sesame" not in repr(emulator.settings)


def test_an_event_whose_type_has_half_a_pair_of_surrogates_is_listed(
    bench: Any,
) -> None:
    odd = {"type": "half \ud83d", "status": "Inquiring"}
    assert bench.events(bench.instance(events=[odd])) == ["Inquiring"]
