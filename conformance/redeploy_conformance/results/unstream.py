"""Reads the stream of a run back into a result, also where it was cut or is damaged."""

from collections.abc import Iterable
from typing import Any

from redeploy_conformance.finding.investigate import CaseReport
from redeploy_conformance.results.stream import STREAM_FORMAT
from redeploy_conformance.results.verdict import Start, Taken, judge
from redeploy_schemas.contract import Contract, load
from redeploy_schemas.reading import read_json
from redeploy_schemas.records import Problem, Result
from redeploy_schemas.validation import problems
from redeploy_schemas.vocabulary import RunVerdict

SCHEMA = "run/stream"
ITSELF = "the stream"
"""What a problem of the stream is called by, where others name their case."""


class StreamError(ValueError):
    """The lines are no stream of this version; the message says which, and why."""


class DamagedError(ValueError):
    """A stream cannot be used from some line on; the message says which, and why."""


def is_stream(first: str) -> bool:
    """Whether a line is the first one of a stream, of any version."""
    return first.startswith('{"record": "start"')


def fold(lines: Iterable[str]) -> Result:
    """Return the result that a stream amounts to.

    Without a closing line the run was cut short: what was not reached is not judged, and the
    verdict is never better than incomplete. So it is where a line is damaged, or where the closing
    line tells of a worse end than the lines show: what came before counts. A last line that breaks
    off is left out.

    Raises:
        StreamError: the lines are no stream, more than one, or one of another contract.
    """
    numbered = enumerate(lines, 1)
    contract = load()
    start = _start(next((line for _, line in numbered), ""), contract)
    taken, seconds, end = Taken(), 0.0, dict[str, Any]()
    try:
        for number, line in numbered:
            if end:
                raise StreamError(f"line {number} follows the closing line")
            if not line.endswith("\n"):
                break
            document = _document(number, line)
            match document["record"]:
                case "start":
                    raise StreamError(f"at line {number} another stream begins")
                case "case":
                    taken.offer = document["offer"] or taken.offer
                    taken.reports.append(_report(number, document, contract))
                case "crash":
                    taken.crashes.append(Problem.from_json(document["problem"]))
                case "end":
                    end = document
            seconds = float(document["seconds"])
    except DamagedError as error:
        _trouble(taken, str(error))
        return judge(start, taken, seconds, complete=False)
    made = judge(start, taken, seconds, complete=bool(end.get("complete")))
    if end and end["exit_code"] != made.exit_code == RunVerdict.CONFORMING:
        _trouble(
            taken, f"its closing line says {end['verdict']}, which no other line shows"
        )
        return judge(start, taken, seconds, complete=False)
    return made


def _start(line: str, contract: Contract) -> Start:
    if not line.endswith("\n"):
        raise StreamError("the stream holds no line")
    try:
        first = _document(1, line)
    except DamagedError as error:
        raise StreamError(str(error)) from error
    if first.pop("record") != "start" or first.pop("format", None) != STREAM_FORMAT:
        raise StreamError(f"the stream does not begin with a line of {STREAM_FORMAT}")
    start = Start.from_json(first)
    if start.contract_sha256 != contract.sha256:
        raise StreamError(
            f"the stream is of {start.contract_edition} ({start.contract_sha256[:12]}), "
            f"this suite judges by {contract.edition} ({contract.sha256[:12]})"
        )
    return start


def _document(number: int, line: str) -> dict[str, Any]:
    """Return a line as a document that the schema admits.

    Raises:
        DamagedError: it is none.
    """
    try:
        line.encode()  # bytes that are no text were read as half surrogate pairs
        document: dict[str, Any] = read_json(line)
    except ValueError as error:
        raise DamagedError(f"line {number} is not JSON: {error}") from error
    if wrong := problems(SCHEMA, document):
        raise DamagedError(f"line {number}: {wrong[0]}")
    return document


def _report(number: int, document: dict[str, Any], contract: Contract) -> CaseReport:
    """Return the report of a line.

    Raises:
        DamagedError: it is none of a case under this contract.
    """
    try:
        report = CaseReport.from_json(document["report"])
    except (TypeError, ValueError) as error:
        raise DamagedError(f"line {number}: {error}") from error
    for one in report.findings:
        if one.clause not in contract.by_id:
            raise DamagedError(f"line {number}: there is no clause {one.clause!r}")
    return report


def _trouble(taken: Taken, text: str) -> None:
    taken.reports.append(CaseReport(ITSELF, (), problem=text))
