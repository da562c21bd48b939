"""The README says what is so."""

import re
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest

from redeploy_conformance.certify.faulty import FAULTY
from redeploy_conformance.cli import main
from redeploy_conformance.commands.contract import mermaid
from redeploy_conformance.commands.evidence import check_trace
from redeploy_conformance.emulator.variants import variants
from redeploy_conformance.evidence.logs import SOURCES
from redeploy_conformance.faults.catalogue import FAULTS
from redeploy_schemas.contract import load

COMMAND = Path(sysconfig.get_path("scripts")) / "redeploy-conformance"
README = Path(__file__).parents[3] / "README.md"


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def text() -> str:
    return README.read_text("utf-8")


def test_the_state_diagram_is_the_contracts(text: str) -> None:
    assert f"```mermaid\n{mermaid(load()).strip()}\n```" in text


def test_the_counts_are_right(text: str) -> None:
    clauses, faults = len(load().clauses), len(FAULTS)
    flat = " ".join(text.split())
    counts = (
        f"({clauses} clauses,",
        f"(there are {faults} of them)",
        f"is tried on {faults} emulators that are wrong on purpose",
        f"on {len(variants())} that are right but choose otherwise",
        f"names {len(FAULTY)} faulty ones",
    )
    missing = [count for count in counts if count not in flat]
    assert not missing, f"README.md should say now: {', '.join(missing)}"


def test_every_clause_is_in_the_table(text: str) -> None:
    rows = [f"| {one.id} {one.name} |" for one in load().clauses]
    missing = [row for row in rows if row not in text]
    assert not missing, f"README.md, the table of every clause, lacks: {missing}"


def test_every_command_is_named(text: str) -> None:
    missing = [
        name
        for name in main.commands
        if not re.search(rf"(redeploy-conformance |`){name}\b", text)
    ]
    assert not missing, f"README.md does not name the commands {', '.join(missing)}"


def test_every_kind_of_log_can_be_named_to_the_command(text: str) -> None:
    [form] = [one for one in check_trace.params if one.name == "form"]
    choices = form.to_info_dict()["type"]["choices"]
    assert set(choices) == {"auto", "trace", *SOURCES}, (
        "--format of check-trace in commands/evidence.py, and SOURCES in evidence/logs.py, differ"
    )
    section = text[text.index("## Evidence") :].lower()
    missing = [kind for kind in SOURCES if kind not in section]
    assert not missing, f"README.md, Evidence, does not name {missing}"


def test_the_example_of_an_application_runs_and_says_what_to_offer(
    text: str, tmp_path: Path
) -> None:
    [example] = [one for one in blocks(text, "python") if "def make_app" in one]
    (tmp_path / "my_emulator.py").write_text(example, "utf-8")
    ran = subprocess.run(
        [COMMAND, "run", "my_emulator:make_app"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 3, ran.stderr
    told = " ".join(ran.stdout.split())
    assert "there is no control plane" in told
    assert "serve the control protocol beside the public endpoint" in told


def test_what_is_installed_is_this_checkout(text: str) -> None:
    """The suite is in no package index, and each extra that is named exists."""
    wanted = re.findall(r"pip install [^\n`]*", text)
    assert len(wanted) > 3
    known = tomllib.loads((README.parent / "pyproject.toml").read_text("utf-8"))
    for one in wanted:
        found = re.search(r"-e '\.\[(\w+)\]'", one)
        assert found is not None, one
        assert found[1] in known["project"]["optional-dependencies"]


def test_the_files_that_contributing_names_are_there() -> None:
    root = README.parent
    words = (root / ".github" / "CONTRIBUTING.md").read_text("utf-8")
    named = set(re.findall(r"`([\w./-]+(?:\.py|\.md|\.toml|\.json|/))`", words))
    assert len(named) > 20
    folders = ("conformance", "schemas", "reports", "strategies")
    there = [root / folder for folder in folders]
    for name in sorted(named):
        found = any(next(one.rglob(name.rstrip("/")), None) for one in there)
        assert found or (root / name).exists(), f"CONTRIBUTING.md names {name}"
