"""The command: what it prints, what it writes, and how it ends."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from redeploy_conformance.cli import main
from redeploy_schemas.validation import problems

RESULT = "redeploy-conformance-certification.json"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of the test's own, where the result goes."""
    monkeypatch.chdir(tmp_path)


def certify(*words: str) -> Result:
    """The end of the command."""
    return CliRunner().invoke(main, ["certify", *words])


def written() -> dict[str, Any]:
    """The result, checked against its schema."""
    document: dict[str, Any] = json.loads(Path(RESULT).read_text("utf-8"))
    assert problems("client/result", document) == []
    return document


def test_the_suites_own_client_conforms() -> None:
    done = certify("reference", "--examples", "1")
    assert (done.exit_code, done.output.splitlines()[-1].split(" in ")[0]) == (
        0,
        "CONFORMING: 1 client",
    )
    [client] = written()["clients"]
    assert (client["problem"], client["failures"]) == (None, [])
    assert client["card"]["library"] == "redeploy-conformance"


def test_one_case_alone_shows_what_is_sent_when_its_outcome_was_told() -> None:
    client = "reference --fault sends-again-when-it-failed"
    done = certify(client, "--case", "unknown/closed-when-read")
    assert done.exit_code == 1
    [failure] = written()["clients"][0]["failures"]
    assert failure["clause"] == "C5"
    assert failure["observed"].endswith("s after its outcome was told")


def test_two_clients_of_one_library_have_names_of_their_own() -> None:
    other = "reference --signature v1"
    done = certify("reference", other, "--case", "success/plain")
    rows = [one.partition(") ")[0] for one in done.output.splitlines() if "✓" in one]
    assert [one.rpartition("(")[2] for one in rows[:2]] == ["reference", other]


def test_a_failure_is_shown_again_by_the_command_that_is_told() -> None:
    client = "reference --fault digits-lost"
    done = certify(client, "--examples", "0", "--clause", "C3")
    assert done.exit_code == 1
    [failure, *_] = written()["clients"][0]["failures"]
    assert failure["clause"] == "C3"
    assert f"again: {failure['reproduce']}" in done.output
    again = certify(*shlex.split(failure["reproduce"])[2:])
    assert again.exit_code == 1
    shown = written()["clients"][0]
    assert [(one["clause"], one["case"]) for one in shown["failures"]] == [
        ("C3", failure["case"])
    ]
    assert "> POST /?InstanceId=i-" in again.output
    assert "< HTTP/1.1 200" in again.output


def test_no_secret_and_no_signature_is_told_or_written() -> None:
    for fault in ("prints-the-secret", "signature-in-messages"):
        for signature in ("v1", "v3"):
            client = f"reference --signature {signature} --fault {fault}"
            done = certify(client, "--case", "error/DiskError")
            assert done.exit_code == 1
            [failure] = written()["clients"][0]["failures"]
            assert failure["clause"] == "C8"
            text = done.output + Path(RESULT).read_text("utf-8")
            for mark in ("Signature=", "Signature%3D", "signing with"):
                for part in text.split(mark)[1:]:
                    assert part.startswith(("***", " key")), part[:40]


def test_what_cannot_be_written_is_shown_all_the_same() -> None:
    done = certify("reference", "--case", "success/plain", "--result", "/dev/full")
    assert (done.exit_code, "INCOMPLETE: 1 client" in done.stdout) == (2, True)
    told = "redeploy-conformance: /dev/full: No space left on device\n"
    assert done.stderr.endswith(told)


def test_one_case_that_holds_is_not_a_whole_certification() -> None:
    done = certify("reference", "--case", "success/plain")
    assert (done.exit_code, "INCOMPLETE" in done.output) == (3, True)
    rows = written()["clients"][0]["clauses"]
    held = {one["id"] for one in rows if one["verdict"] == "pass"}
    assert held == {"C3"}  # what the other clauses are about was not tried


def test_what_was_not_reached_when_it_was_stopped_is_not_said_to_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from redeploy_conformance.certify import running

    played = running.play

    def stopped(*given: Any) -> Any:
        if given[0].name == "error/DiskError":
            running_team[0].problem = running.STOPPED
        return played(*given)

    running_team: list[Any] = []
    team = running._Team

    def kept(*given: Any) -> Any:
        running_team.append(team(*given))
        return running_team[0]

    monkeypatch.setattr(running, "play", stopped)
    monkeypatch.setattr(running, "_Team", kept)
    done = certify("reference", "--examples", "0", "-n", "1")
    assert (done.exit_code, "it was stopped before the end" in done.output) == (3, True)
    rows = {one["id"]: one for one in written()["clients"][0]["clauses"]}
    assert rows["C3"]["verdict"] == "pass"
    assert "it was not reached" in rows["C7"]["reason"]


def test_several_clients_stand_in_one_table() -> None:
    clients = ["reference", "reference --fault code-lost"]
    done = certify(
        *clients, "--clause", "C4", "--examples", "0", "--format", "markdown"
    )
    assert done.exit_code == 1
    rows = [line for line in done.output.splitlines() if line.startswith("| ")]
    assert rows[0].startswith("| client | version | C1 | C1b | C2 ")
    assert [row.split(" | ")[0] for row in rows[2:4]] == [
        "| redeploy-conformance",
        "| redeploy-conformance with code-lost",
    ]
    assert [one["adapter"] for one in written()["clients"]] == clients


def test_json_on_standard_output_is_what_is_written() -> None:
    done = certify("reference", "--case", "success/plain", "--format", "json")
    assert json.loads(done.output) == written()


def test_a_result_is_shown_again() -> None:
    done = certify("reference", "--clause", "C3m")
    again = CliRunner().invoke(main, ["report", "clients", RESULT])
    assert (again.exit_code, again.output) == (0, done.output)
    Path("none.json").write_text("[]", "utf-8")
    wrong = CliRunner().invoke(main, ["report", "clients", "none.json"])
    assert (wrong.exit_code, "is no certification" in wrong.output) == (2, True)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["nobody"], "there is no client 'nobody': name reference, "),
        (["/proc"], "/proc is a folder: name the program in it"),
        (["'"], "is no command line"),
        (["reference", "--case", "no/such"], "there is no case 'no/such' with seed 0"),
        (["reference", "--case", "sucess/plain"], "(did you mean 'success/plain'?)"),
        (["reference", "--clause", "A1"], "there is no clause 'A1' of clients"),
        (["reference", "--result", "no/such/folder"], "there is no such folder"),
        (["reference", "--result", "/proc/nope"], "/proc/nope: "),
    ],
)
def test_wrong_usage_is_told_before_anything_runs(words: list[str], text: str) -> None:
    done = certify(*words)
    assert (done.exit_code, text in done.output) == (2, True)
    assert not Path(RESULT).exists()


def test_an_adapter_that_cannot_be_started() -> None:
    broken = shlex.join([sys.executable, "-c", "import sys; sys.exit('no library')"])
    done = certify(broken, "reference", "--case", "success/plain")
    assert done.exit_code == 4
    first, second = written()["clients"]
    assert first["problem"] == (
        "it wrote no identity card but ended with exit code 1: no library"
    )
    assert second["cases"] == 1  # the next client is judged all the same


def test_checking_an_adapter_says_nothing_of_its_library() -> None:
    done = certify("--check-adapter", "reference --fault code-lost")
    assert (done.exit_code, done.output) == (
        0,
        "reference --fault code-lost: nothing is wrong with the adapter\n",
    )
    assert not Path(RESULT).exists()


def test_checking_what_is_no_adapter() -> None:
    done = certify("--check-adapter", shlex.join([sys.executable, "-c", "print(1)"]))
    assert done.exit_code == 4
    assert "its identity card is not right" in done.output


def test_a_program_that_says_nothing_is_not_waited_for_without_a_word_or_an_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from redeploy_conformance.certify import driver

    monkeypatch.setattr(driver, "SILENT_SECONDS", 0.1)
    monkeypatch.setattr(driver, "CARD_SECONDS", 0.3)
    done = certify("--check-adapter", "/bin/cat")
    assert (done.exit_code, done.stderr, done.stdout) == (
        4,
        "/bin/cat: waiting for its identity card, for 0.3 s at most\n",
        "/bin/cat: it wrote no identity card within 0.3 s; an adapter writes one as its first "
        "line, before it is asked anything\n",
    )
    judged = certify("/bin/cat", "--case", "success/plain")
    assert judged.exit_code == 4
    assert "/bin/cat: waiting for its identity card" in judged.stderr
    [client] = written()["clients"]
    assert client["problem"].startswith("it wrote no identity card within 0.3 s")


def test_without_certificates_tls_is_not_exercised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    done = certify("reference", "--examples", "0")
    assert done.exit_code == 3
    clauses = {one["id"]: one for one in written()["clients"][0]["clauses"]}
    assert clauses["C8"]["verdict"] == "not exercised"
    assert "pip install -e '.[certify]' installs it" in clauses["C8"]["reason"]


def test_a_program_that_is_not_executable_is_told_so() -> None:
    Path("run").write_text("#!/bin/sh\n", "utf-8")
    done = certify("./run")
    assert (
        done.exit_code,
        "./run is not executable: chmod +x ./run" in done.output,
    ) == (
        2,
        True,
    )
