"""Reads the stream of a run back into a result, also where it was cut."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from redeploy_conformance.finding.investigate import CaseReport
from redeploy_conformance.results.stream import STREAM_FORMAT
from redeploy_conformance.results.verdict import Start, Taken, judge
from redeploy_schemas.contract import load
from redeploy_schemas.records import Problem, Result
from redeploy_schemas.validation import problems

SCHEMA = "run/stream"


class StreamError(ValueError):
    """The lines are no stream of this version; the message says which, and why."""


def is_stream(first: str) -> bool:
    """Whether a line is the first one of a stream, of any version."""
    return first.startswith('{"record": "start"')


def fold(lines: Iterable[str]) -> Result:
    """Return the result that a stream amounts to.

    Without a closing line the run was cut short: what was not reached is not judged, and the
    verdict is never better than incomplete. A last line that breaks off is left out.

    Raises:
        StreamError: a line is not one of a stream, or it is of another contract.
    """
    documents = _documents(lines)
    first = next(documents, None)
    if first is None:
        raise StreamError("the stream holds no line")
    if first.pop("record") != "start" or first.pop("format", None) != STREAM_FORMAT:
        raise StreamError(f"the stream does not begin with a line of {STREAM_FORMAT}")
    start = Start.from_json(first)
    contract = load()
    if start.contract_sha256 != contract.sha256:
        raise StreamError(
            f"the stream is of {start.contract_edition} ({start.contract_sha256[:12]}), "
            f"this suite judges by {contract.edition} ({contract.sha256[:12]})"
        )
    taken, seconds, complete = Taken(), 0.0, False
    for document in documents:
        seconds = float(document["seconds"])
        match document["record"]:
            case "case":
                taken.offer = document["offer"] or taken.offer
                taken.reports.append(CaseReport.from_json(document["report"]))
            case "crash":
                taken.crashes.append(Problem.from_json(document["problem"]))
            case "end":
                complete = bool(document["complete"])
    return judge(start, taken, seconds, complete=complete)


def _documents(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the lines as documents that the schema admits, but for a last one cut off."""
    for number, line in enumerate(lines, 1):
        if not line.endswith("\n"):
            return
        try:
            document = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise StreamError(f"line {number} is not JSON: {error}") from error
        wrong = problems(SCHEMA, document)
        if wrong:
            raise StreamError(f"line {number}: {wrong[0]}")
        yield document
