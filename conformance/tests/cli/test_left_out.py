"""Cases that do not apply to a target fail nobody, and nobody takes them for cases that ran."""

import json
from pathlib import Path

import pytest

from redeploy_conformance.evidence.certificate import CertificateError, verify
from redeploy_schemas.contract import load

from .conftest import Ran, run_in, wrapped

WITHOUT_V1 = """
    if b"SignatureVersion=1.0" in request.target.encode() + request.body:
        said = {"RequestId": f"R-{self.count}", "Code": "InvalidVersion", "Message": "No."}
        return HttpResponse(400, (), json.dumps(said).encode())
"""
SAID = (
    "28 cases were left out: requests as v1 form are not understood, and requests as v1 query "
    "are not understood."
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """A whole run against an emulator that takes no requests signed by V1."""
    folder = tmp_path_factory.mktemp("without-v1")
    (folder / "mine.py").write_text(wrapped(WITHOUT_V1), "utf-8")
    return folder, run_in(folder, "run", "mine:make", "--trace", "run.trace")


def test_the_verdict_says_which_cases_were_left_out(whole: tuple[Path, Ran]) -> None:
    _, ran = whole
    assert ran.code == 0, ran.said
    assert ran.result is not None
    assert ran.result["sentence"].startswith("Conforming: all ")
    assert ran.result["sentence"].endswith(f"; {SAID}")
    assert SAID in " ".join(ran.out.split())
    left = ran.result["run"]["left_out"]
    assert [(one["reason"], len(one["cases"])) for one in left] == [
        ("requests as v1 form are not understood", 14),
        ("requests as v1 query are not understood", 14),
    ]
    assert "U4-signature no signature, as v1 form" in left[0]["cases"]


def test_the_trace_and_the_certificate_say_so_too(whole: tuple[Path, Ran]) -> None:
    folder, ran = whole
    assert ran.result is not None
    assert SAID in " ".join(run_in(folder, "check-trace", "run.trace").out.split())
    files = ("redeploy-conformance-result.json", "run.trace")
    made = run_in(folder, "certificate", "make", *files, "-o", "c.json")
    assert made.code == 0, made.said
    document = json.loads((folder / "c.json").read_text("utf-8"))
    assert document["left_out"] == ran.result["run"]["left_out"]
    trace = [folder / "run.trace"]
    assert verify(document, trace, load()) == document
    del document["left_out"]
    with pytest.raises(CertificateError, match="another left out"):
        verify(document, trace, load())


def test_a_run_that_leaves_nothing_out_says_nothing_of_it(healthy: Ran) -> None:
    assert healthy.result is not None
    assert healthy.result["run"]["left_out"] == []
    assert "left out" not in healthy.out
