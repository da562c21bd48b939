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
    "are not understood"
)


def without_v1(folder: Path, *words: str) -> Ran:
    """Run against an emulator that takes no requests signed by V1."""
    (folder / "mine.py").write_text(wrapped(WITHOUT_V1), "utf-8")
    return run_in(folder, "run", "mine:make", "--trace", "run.trace", *words)


def test_the_verdict_says_which_cases_were_left_out(tmp_path: Path) -> None:
    ran = without_v1(tmp_path, "-k", "test_tour or Q1 or v1")
    assert ran.code == 0, ran.said
    assert ran.result is not None
    assert ran.result["sentence"].startswith("Conforming: all ")
    assert SAID in ran.result["sentence"]
    assert SAID in " ".join(ran.out.split())
    left = ran.result["run"]["left_out"]
    assert [(one["reason"], len(one["cases"])) for one in left] == [
        ("requests as v1 form are not understood", 14),
        ("requests as v1 query are not understood", 14),
    ]
    assert "U4-signature no signature, as v1 form" in left[0]["cases"]
    assert SAID in " ".join(run_in(tmp_path, "check-trace", "run.trace").out.split())


@pytest.mark.long
def test_the_certificate_says_so_too(tmp_path: Path) -> None:
    ran = without_v1(tmp_path)
    assert ran.result is not None
    assert ran.result["sentence"].endswith(f"; {SAID}.")
    files = ("redeploy-conformance-result.json", "run.trace")
    made = run_in(tmp_path, "certificate", "make", *files, "-o", "c.json")
    assert made.code == 0, made.said
    document = json.loads((tmp_path / "c.json").read_text("utf-8"))
    assert document["left_out"] == ran.result["run"]["left_out"]
    trace = [tmp_path / "run.trace"]
    assert verify(document, trace, load()) == document
    del document["left_out"]
    with pytest.raises(CertificateError, match="another left out"):
        verify(document, trace, load())
