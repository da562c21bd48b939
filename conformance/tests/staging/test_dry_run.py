"""A dry run asks what a target offers, and nothing else."""

import subprocess
from pathlib import Path

import pytest
from warm import warm

from redeploy_conformance.commands.dry_run import lines
from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.running.bench import set_up
from redeploy_conformance.staging.double import Double
from redeploy_conformance.staging.requests import read
from redeploy_conformance.targets.asgi import DirectTransport
from redeploy_conformance.targets.base import Target
from redeploy_conformance.targets.statement import Statement
from redeploy_schemas.contract import Contract

from .conftest import Watching


def told(emulator: Emulator, contract: Contract) -> tuple[list[str], Watching]:
    watching = Watching(DirectTransport(emulator.asgi))
    target = Target("it", "embedded", watching, Statement(name="it"))
    return lines(set_up(target, contract), lambda case: True, burst=False), watching


def test_a_dry_run_of_an_emulator_only_discovers_it(contract: Contract) -> None:
    shown, watching = told(Emulator(), contract)
    assert [(one.method, one.body) for one in watching.requests] == [("GET", b"")]
    assert "everything in the target" in "\n".join(shown)
    assert "A3-security-lock lock_reasons=security:" in shown
    assert "  redeploy i1" in shown
    assert any(one.startswith("  another case does the same better: ") for one in shown)


def test_a_dry_run_of_something_without_a_control_plane_only_looks(
    contract: Contract,
) -> None:
    shown, watching = told(Double(clock="virtual"), contract)
    assert [read(one).action for one in watching.requests[1:]] == ["DescribeInstances"]
    assert shown[0].endswith("offers no control plane")
    assert shown[1].startswith("0 planned cases: 0 calls of RedeployInstance on 0 ")
    assert "clauses that would be decided: none" in shown
    assert any(
        one.startswith("  needs accounts, instances of the control protocol: ")
        for one in shown
    )


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["--dry-run", "--clause", "A3"], 0, " planned cases: "),
        (["cn-hangzhou"], 2, "looks like a region"),
        (["https://ecs.cn-hangzhou.aliyuncs.com"], 2, "is the real service"),
    ],
)
def test_the_command_tells_the_plan_or_who_is_meant(
    tmp_path: Path, words: list[str], code: int, why: str
) -> None:
    done = subprocess.run(
        [*warm(), "run", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code
    assert why in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []
