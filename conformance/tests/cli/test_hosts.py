"""Runs over several hosts, without any: a stand-in for ssh runs here what it should run there.

What real hosts and real networks do is shown by ``conformance/benchmarks/two_hosts.py``.
"""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import ONE, Command, Ran, run_in

Ssh = Callable[[str], Command]
THERE = 'for last; do :; done; exec env -i HOME="$0.home" PATH="$PATH" sh -c "$last"'
"""Runs the last word as ssh does, in an environment of its own."""
TWO = tuple(f"--tx=ssh={name}//python={sys.executable}" for name in ("one", "two"))
SECRET = "s3cret-t0ken"
GUARDED = """
from dataclasses import replace

from redeploy_conformance.emulator import control_parts
from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.settings import Settings
from redeploy_conformance.targets.asgi import DirectTransport


class OneClock(control_parts.ControlParts):
    def discovery(self, asked):
        status, fields = super().discovery(asked)
        offers = [one for one in fields["offers"] if one != "clocks"]
        return status, fields | {"offers": offers}


def guarded():
    return DirectTransport(Emulator(Settings(control_token="s3cret-t0ken")).asgi)


def one_clock():
    from redeploy_conformance.emulator.app import Parts

    return DirectTransport(Emulator(parts=Parts(control=OneClock)).asgi)
"""


@pytest.fixture
def ssh(tmp_path: Path) -> Ssh:
    """Put a script in the place of ssh; give the command that meets it."""

    def stand_in(script: str) -> Command:
        folder = tmp_path / "bin"
        folder.mkdir()
        path = folder / "ssh"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        Path(f"{path}.home").mkdir()

        def run(*words: str, **env: str) -> Ran:
            search = f"{folder}:/usr/bin:/bin"
            return run_in(tmp_path, *words, timeout=240, **{"PATH": search, **env})

        return run

    return stand_in


def test_two_hosts_come_to_the_verdict_of_one(ssh: Ssh, redeploy: Command) -> None:
    words = ("run", "embedded:events-stay-open", "-k", "test_tour or E1 or E6 or L3")
    here, there = redeploy(*words), ssh(THERE)(*words, *TWO)
    assert here.code == there.code == 1
    assert here.result is not None
    assert there.result is not None
    assert there.result["run"]["workers"] == 2
    blamed = [
        {one["id"] for one in ran.result["clauses"] if one["verdict"] == "fail"}
        for ran in (here, there)
        if ran.result is not None
    ]
    assert blamed[0] == blamed[1] != set()


def test_a_statement_and_what_it_names_go_along(
    ssh: Ssh, tmp_path: Path, statement: Callable[[str], str]
) -> None:
    """The token is in no environment over there, and in nothing that is written here."""
    run = ssh(THERE.replace("env -i", f'env -i PYTHONPATH="{tmp_path}"'))
    (tmp_path / "mine.py").write_text(GUARDED)
    path = statement(
        '[endpoint]\nfactory = "mine:guarded"\ncontrol_token_env = "MY_TOKEN"\n'
    )
    outputs = ("--stream", "s.ndjson", "--trace", "t.ndjson", "--junit", "j.xml")
    ran = run("run", path, *ONE, *TWO, *outputs, "-v", MY_TOKEN=SECRET)
    assert ran.code == 3, ran.said  # one clause alone is not the whole contract
    assert ran.result is not None
    assert ran.result["problems"] == []
    rows = {one["id"]: one["verdict"] for one in ran.result["clauses"]}
    assert rows["A3"] == "pass"
    files = [one for one in tmp_path.iterdir() if one.is_file() and one.suffix != ".py"]
    assert {"s.ndjson", "t.ndjson", "j.xml"} <= {one.name for one in files}
    assert all(SECRET not in one.read_text("utf-8") for one in files)
    assert SECRET not in ran.said


def test_the_trace_of_workers_on_hosts_comes_home(ssh: Ssh, tmp_path: Path) -> None:
    run = ssh(THERE)
    ran = run("run", "--quick", *TWO, "--trace", "t.ndjson")
    assert ran.code == 0, ran.said
    lines = (tmp_path / "t.ndjson").read_text("utf-8").splitlines()
    workers = [json.loads(one)["worker"] for one in lines if '"header"' in one[:30]]
    assert workers == ["gw0", "gw1"]
    again = run("check-trace", "t.ndjson")
    assert again.code == 0, again.said


@pytest.mark.parametrize(
    ("script", "code", "told"),
    [
        (
            'echo "ssh: connect to host one port 22: No route to host" >&2; exit 255',
            4,
            "one cannot be reached: ssh: connect to host one port 22: No route to host",
        ),
        ("exit 127", 2, "name one with //python=PATH"),
        (
            "echo \"ModuleNotFoundError: No module named 'redeploy_schemas'\" >&2; exit 1",
            2,
            "one: the suite cannot be loaded by",
        ),
        (
            'echo \'["0.0.1", "abcdefabcdefabc", "/opt"]\'',
            2,
            "one has redeploy-conformance 0.0.1 with contract abcdefabcdef",
        ),
        ("echo welcome", 2, "said nothing of use"),
    ],
)
def test_hosts_that_cannot_take_part(
    ssh: Ssh, script: str, code: int, told: str
) -> None:
    ran = ssh(script)("run", TWO[0])
    assert ran.code == code
    assert told in ran.said
    assert "INTERNALERROR" not in ran.said
    assert ran.result is None


def test_a_place_that_is_none_is_one_sentence(redeploy: Command) -> None:
    ran = redeploy("run", "--tx", "foo")
    assert (ran.code, ran.out, ran.result) == (2, "", None)
    assert ran.err == (
        "redeploy-conformance: --tx 'foo': 'foo' means nothing there; "
        "give a place such as 2*popen or ssh=user@host//python=PATH\n"
    )


@pytest.mark.parametrize(
    ("places", "told"),
    [
        (["popen", "12"], "--tx '12': '12' means nothing there"),
        ([""], "'' means nothing there"),
        (["popen//"], "'' means nothing there"),
        (["x*popen"], "'x*popen' means nothing there"),
        (["popen//pyton=python3"], "'pyton' means nothing there"),
        (["popen//_x"], "'_x' means nothing there"),
        (["0*popen"], "0 processes are none"),
        (["python=python3"], "it names no place to run"),
        (["ssh="], "it names no place to run"),
        (["ssh"], "ssh has no value"),
        (["popen//ssh=one"], "several places, popen and ssh"),
        (["popen//popen"], "popen is said twice"),
        (["popen//python"], "python has no value"),
        (["popen//python=/no/such"], "there is no /no/such on this machine"),
        (["popen//python='"], "is no command line"),
        (["popen//nice=very"], "nice must be a number"),
        (["socket=one:8888"], "'socket' means nothing there"),
        (["popen//id=a"], "'id' means nothing there"),
    ],
)
def test_places_that_are_none(places: list[str], told: str) -> None:
    from redeploy_conformance.commands.places import PlaceError, check

    with pytest.raises(PlaceError, match=re.escape(told)):
        check(places)


def test_places_that_are_some() -> None:
    from redeploy_conformance.commands.places import check

    check(
        [
            "popen",
            f"2*popen//python={sys.executable}//env:A=b//chdir=here//nice=-1",
            "3*ssh=-p 22 user@one//python=/opt/bin/python//ssh_config=file",
        ]
    )


def test_no_ssh_at_all(redeploy: Command, tmp_path: Path) -> None:
    ran = redeploy("run", TWO[0], PATH=str(tmp_path))
    assert ran.code == 2
    assert "there is no ssh on this machine" in ran.said


def test_one_clock_is_not_shared_by_hosts(ssh: Ssh, tmp_path: Path) -> None:
    """Nobody could keep one host from turning it under the other's test."""
    run = ssh(THERE.replace("env -i", f'env -i PYTHONPATH="{tmp_path}"'))
    (tmp_path / "mine.py").write_text(GUARDED)
    ran = run("run", "mine:one_clock", *ONE, *TWO)
    assert ran.code == 2
    assert "one clock" in ran.said
    assert run("run", "mine:one_clock", *ONE, TWO[0]).code == 3


@pytest.mark.parametrize(
    "words",
    [
        ("target", "http://127.0.0.1:1"),
        ("example database", "embedded", "--examples", "redis://localhost/0"),
    ],
)
def test_loopback_is_another_machine_on_each_host(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    from redeploy_conformance.plugin.hosts import HostError, set_out

    class Spec:
        ssh, python, ssh_config, chdir = "one", None, None, None

    what, target, *more = words
    with pytest.raises(HostError, match=rf"{what} is at .* another machine"):
        set_out([Spec()], target, (more or ["", ""])[-1])
