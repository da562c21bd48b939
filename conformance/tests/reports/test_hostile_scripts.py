"""A finding written as a script or as a test: what a target said stays a text in it."""

import ast
import shutil
import subprocess
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from redeploy_conformance.finding.export import pytest_file, script
from redeploy_conformance.planning.steps import Create, Redeploy
from redeploy_schemas.contract import load
from redeploy_schemas.records import Finding

BASH = shutil.which("bash")
STUBS = "say() { :; }; call() { :; }; control() { :; }; pick() { printf x; }; encoded() { :; }\n"
"""The helpers of a script, doing nothing: only its own lines are tried."""
SPELLS = (
    "$(touch ran)",
    "`touch ran`",
    "'; touch ran; '",
    '"; touch ran; "',
    "\ntouch ran\n",
    "\\' ; touch ran #",
    "\x1b[31m\u202e\x00\r",
    '"""\nimport os; os.mknod("ran")\n"""',
)

spells = st.one_of(
    st.sampled_from(SPELLS),
    st.lists(st.sampled_from(SPELLS), min_size=2, max_size=3).map("".join),
    st.text(st.characters(exclude_categories=()), max_size=40),
)
few = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.skipif(BASH is None, reason="needs bash")
@few
@given(spell=spells)
@example(spell="".join(SPELLS))
def test_a_script_runs_nothing_that_a_target_said(
    finding: Finding, tmp_path: Path, spell: str
) -> None:
    hostile = replace(finding, expected=spell, observed=spell, case=spell)
    text = script(hostile, [Create("i1"), Redeploy("i1")], load())
    assert_harmless(text, tmp_path)


@pytest.mark.skipif(BASH is None, reason="needs bash")
@pytest.mark.parametrize("spell", SPELLS[:6])
def test_nor_what_stands_in_the_steps_of_a_result_file(
    finding: Finding, tmp_path: Path, spell: str
) -> None:
    statement = ("Allow", f"ecs:{spell}", f"acs:ecs:*:*:instance/{spell}")
    steps = [Create("i1"), Redeploy("i1", statements=(statement,))]
    assert_harmless(script(finding, steps, load()), tmp_path)


def assert_harmless(text: str, folder: Path) -> None:
    head = (
        files("redeploy_conformance.finding").joinpath("export.sh").read_text("utf-8")
    )
    assert text.startswith(head)
    done = subprocess.run(
        [str(BASH), "-eu"],
        input=STUBS + text.removeprefix(head),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(folder.iterdir()) == []


@few
@given(spell=spells)
@example(spell="".join(SPELLS))
def test_a_test_holds_what_a_target_said_as_one_constant(
    finding: Finding, spell: str
) -> None:
    hostile = replace(finding, expected=spell, observed=spell, case=spell)
    steps = [Create("i1"), Redeploy("i1", by=spell or None)]
    text = pytest_file(hostile, steps, load())
    assert text.isascii()
    plain = pytest_file(finding, [Create("i1"), Redeploy("i1", by="x")], load())
    if spell:
        assert shape(text) == shape(plain)


def shape(text: str) -> list[str]:
    """Return the kinds of the nodes of a program, without any value."""
    return [type(one).__name__ for one in ast.walk(ast.parse(text))]
