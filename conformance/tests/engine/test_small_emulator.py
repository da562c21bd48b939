"""A third reading of the page, which shares no code with the suite, is judged rightly."""

import importlib.util
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from redeploy_conformance.finding.touring import looked_into, perform_tour
from redeploy_conformance.running.bench import set_up
from redeploy_conformance.targets.find import find
from redeploy_schemas.contract import load

FILE = Path(__file__).parents[2] / "examples" / "small_emulator.py"
COMMAND = Path(sys.executable).with_name("redeploy-conformance")


@pytest.fixture
def small() -> ModuleType:
    """The example, freshly imported, so that a test may break it."""
    spec = importlib.util.spec_from_file_location("small_emulator", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def serving(small: ModuleType) -> Iterator[str]:
    server = small.make()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def blamed(small: ModuleType) -> list[str]:
    """The clauses that the tour finds broken."""
    contract = load()
    with serving(small) as url:
        target = find(url, contract)
        bench = set_up(target, contract)
        through, _, run = perform_tour(bench)
        found = looked_into(bench, through, run, url)
        target.transport.close()
    return [one.clause for one in found]


@pytest.mark.parametrize(
    "words", [["--quick"], pytest.param([], marks=pytest.mark.long)]
)
def test_it_conforms_and_no_required_clause_is_left_out(
    small: ModuleType, tmp_path: Path, words: list[str]
) -> None:
    with serving(small) as url:
        ran = subprocess.run(
            [COMMAND, "run", url, *words, "--result", tmp_path / "result.json"],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert ran.returncode == 0, ran.stdout
    result = json.loads((tmp_path / "result.json").read_text("utf-8"))
    required = [one for one in result["clauses"] if one["strength"] != "open"]
    assert {one["verdict"] for one in required} == {"pass"}
    assert result["target"]["name"] == "small emulator"


def forgets_the_lock(world: Any) -> None:
    whole = world.refusal

    def refusal(self: Any, one: dict[str, Any]) -> Any:
        return whole(self, {**one, "lock_reasons": []})

    world.refusal = refusal


def closes_events_on_failure(world: Any) -> None:
    whole = world.move

    def move(self: Any, one: dict[str, Any]) -> None:
        flight = one["flight"]
        whole(self, one)
        if flight and flight["fails"] and one["flight"] is None:
            for event in one["events"]:
                event["status"] = "Avoided"

    world.move = move


def keeps_local_data(world: Any) -> None:
    whole = world.move

    def move(self: Any, one: dict[str, Any]) -> None:
        before = one["local_data"]
        whole(self, one)
        one["local_data"] = before

    world.move = move


def responds_to_simulated_events(world: Any) -> None:
    whole = world.responds

    def responds(self: Any, one: dict[str, Any]) -> Any:
        events = [{**event, "simulated": False} for event in one["events"]]
        return whole(self, {**one, "events": events})

    world.responds = responds


def ignores_every_policy(world: Any) -> None:
    world.allowed = lambda self, key, resource: True


@pytest.mark.parametrize(
    ("break_it", "clause"),
    [
        (forgets_the_lock, "A3"),
        (closes_events_on_failure, "E6"),
        (keeps_local_data, "D1"),
        (responds_to_simulated_events, "E4"),
        (ignores_every_policy, "U1"),
    ],
)
def test_what_is_broken_in_it_is_named(
    small: ModuleType, break_it: Callable[[Any], None], clause: str
) -> None:
    break_it(small.World)
    assert clause in blamed(small)


def test_it_shares_no_code_with_the_suite() -> None:
    text = FILE.read_text("utf-8")
    assert "import redeploy" not in text
    assert "from redeploy" not in text
