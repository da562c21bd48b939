"""The certificate: what was certified of whom, and the traces that anybody can check it by."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redeploy_conformance.evidence.check import ForeignTraceError, check
from redeploy_conformance.evidence.whole import against
from redeploy_reports.phrases import count
from redeploy_schemas.contract import Contract
from redeploy_schemas.records import Result
from redeploy_schemas.validation import problems
from redeploy_schemas.vocabulary import Missing, RunVerdict

CERTIFICATE_FORMAT = "redeploy-conformance/certificate/1"
"""The name and the version of the layout; its schema is ``run/certificate.json``."""
SAME = (
    "target",
    "suite",
    "contract",
    "required",
    "not_applicable",
    "counts",
    "seed",
    "left_out",
)
"""What a result and the verdict from its traces must agree in; they began moments apart."""


class CertificateError(ValueError):
    """There is no certificate to be had, or this one does not hold; the message says why.

    ``verdict`` is how it ends: not conforming, wrong usage, or incomplete where it cannot be told.
    """

    def __init__(self, verdict: RunVerdict, text: str) -> None:
        """Take the verdict and the reason."""
        super().__init__(text)
        self.verdict = verdict


def make(result: Result, traces: Sequence[Path], contract: Contract) -> dict[str, Any]:
    """Return the certificate of a run, after its traces said the same.

    Raises:
        OSError: a trace cannot be read.
        CertificateError: the run was not conforming, not complete, or not what its traces show.
    """
    if result.exit_code == RunVerdict.NOT_CONFORMING:
        raise CertificateError(
            RunVerdict.NOT_CONFORMING, f"only a conforming run: {result.sentence}"
        )
    if result.exit_code != RunVerdict.CONFORMING or not result.complete:
        raise CertificateError(
            RunVerdict.INCOMPLETE, f"only a complete run: {result.sentence}"
        )
    drawn = _drawn(traces, contract)
    made, shown = _certified(result), _certified(drawn)
    for name in SAME:
        if made.get(name) != shown.get(name):
            raise CertificateError(
                RunVerdict.WRONG_USAGE,
                f"these are not the traces of this result: they differ in {name}",
            )
    return {**shown, "traces": [_digest(one) for one in traces]}


def verify(
    document: object, traces: Sequence[Path], contract: Contract
) -> dict[str, Any]:
    """Return a certificate that holds: its traces are these, and show what it says.

    Raises:
        OSError: a trace cannot be read.
        CertificateError: it does not hold, or cannot be told.
    """
    wrong = problems("run/certificate", document)
    if wrong or not isinstance(document, dict):
        raise CertificateError(
            RunVerdict.WRONG_USAGE, f"it is no certificate: {wrong[0]}"
        )
    theirs = [(one["sha256"], one["bytes"]) for one in document["traces"]]
    if len(theirs) != len(traces):
        raise CertificateError(
            RunVerdict.WRONG_USAGE,
            f"it is about {count(len(theirs), 'trace')}, and {len(traces)} given",
        )
    for path in traces:
        digest = _digest(path)
        if (digest["sha256"], digest["bytes"]) not in theirs:
            raise CertificateError(
                RunVerdict.NOT_CONFORMING,
                f"{path.name} is not a trace of this certificate: it has {digest['bytes']} "
                f"bytes and SHA-256 {digest['sha256']}",
            )
        theirs.remove((digest["sha256"], digest["bytes"]))
    if document["contract"]["sha256"] != contract.sha256:
        raise CertificateError(
            RunVerdict.INCOMPLETE,
            f"it is of contract {document['contract']['sha256'][:12]}, this suite has "
            f"{contract.sha256[:12]}: only a suite of that contract can tell",
        )
    shown = _certified(_drawn(traces, contract))
    for name in sorted({*shown, *document} - {"traces"}):
        if document.get(name) != shown.get(name):
            raise CertificateError(
                RunVerdict.NOT_CONFORMING,
                f"its traces show another {name.replace('_', ' ')}",
            )
    return document


def _drawn(traces: Sequence[Path], contract: Contract) -> Result:
    """Return the verdict of traces.

    Raises:
        CertificateError: it is not that of a whole and complete run without violation.
    """
    try:
        checker = check(traces, contract)
        drawn = checker.result()
    except ForeignTraceError as error:
        raise CertificateError(RunVerdict.WRONG_USAGE, str(error)) from error
    if drawn.exit_code == RunVerdict.NOT_CONFORMING:
        raise CertificateError(
            RunVerdict.NOT_CONFORMING, f"the traces say otherwise: {drawn.sentence}"
        )
    if drawn.exit_code != RunVerdict.CONFORMING or not drawn.complete:
        texts = [one.text for one in drawn.problems[:1]]
        raise CertificateError(
            RunVerdict.INCOMPLETE, " ".join(["the traces:", drawn.sentence, *texts])
        )
    reason = against(traces, contract, drawn.target.offers, checker.skipped)
    if reason is not None:
        raise CertificateError(RunVerdict.INCOMPLETE, reason)
    return drawn


def _certified(result: Result) -> dict[str, Any]:
    """Return what a certificate says of a result; open clauses are not certified.

    Cases that were left out are named only where there are some.
    """
    required = [one for one in result.clauses if one.strength != "open"]
    absent = {one.id for one in required if one.missing == Missing.NOT_APPLICABLE.value}
    target = result.target.to_json()
    left = [one.to_json() for one in result.left_out]
    return {
        **({"left_out": left} if left else {}),
        "format": CERTIFICATE_FORMAT,
        "verdict": RunVerdict.CONFORMING.words,
        "target": target,
        "suite": {"name": result.suite_name, "version": result.suite_version},
        "contract": {
            "edition": result.contract_edition,
            "sha256": result.contract_sha256,
        },
        "required": [one.id for one in required if one.id not in absent],
        "not_applicable": sorted(absent),
        "counts": {
            "held": sum(one.held for one in required),
            "cases": result.cases,
            "requests": result.requests,
            "steps": result.steps,
        },
        "seed": result.seed,
        "started": result.started,
    }


def _digest(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": digest}


def to_text(document: dict[str, Any]) -> str:
    """Return a certificate as JSON text."""
    return json.dumps(document, indent=1) + "\n"
