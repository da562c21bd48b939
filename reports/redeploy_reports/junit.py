"""JUnit XML for a CI server: a test case per clause.

A violated clause is a failure; one that was not exercised is skipped, with its reason. Since
skipped reads as green, a run that is neither conforming nor not conforming also carries a case
named ``run`` that is an error.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from redeploy_reports.clean import clean
from redeploy_reports.phrases import count, title, verdict, why_not
from redeploy_reports.story import story
from redeploy_schemas.records import ClauseResult, Result
from redeploy_schemas.vocabulary import RunVerdict, Verdict

CLASS = "redeploy_conformance.contract"
IN_FULL = 5
"""How many counterexamples of one clause are told in full."""


def render(result: Result) -> str:
    """Return one XML document, ending in a line end."""
    root = Element("testsuites", name="redeploy-conformance")
    _suite(root, result)
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    root.set("time", f"{result.seconds:.3f}")
    indent(root)
    text = tostring(root, encoding="unicode", short_empty_elements=True)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _suite(root: Element, result: Result) -> None:
    suite = SubElement(root, "testsuite", name=title(result.target))
    properties = SubElement(suite, "properties")
    for name, value in _identity(result):
        SubElement(properties, "property", name=name, value=clean(value))
    for clause in result.clauses:
        _case(suite, result, clause)
    if result.exit_code not in (RunVerdict.CONFORMING, RunVerdict.NOT_CONFORMING):
        whole = SubElement(suite, "testcase", classname=CLASS, name="run", time="0")
        SubElement(
            whole,
            "error",
            type=clean(result.verdict),
            message=clean(result.sentence, limit=400),
        )
    for one, name in (("failure", "failures"), ("error", "errors")):
        suite.set(name, str(len(suite.findall(f"testcase/{one}"))))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    suite.set("tests", str(len(suite.findall("testcase"))))
    suite.set("time", f"{result.seconds:.3f}")
    suite.set("timestamp", clean(result.started).rstrip("Z"))
    if result.problems:
        lines = [f"{clean(one.case)}: {clean(one.text)}" for one in result.problems]
        SubElement(suite, "system-err").text = "\n".join(lines)


def _identity(result: Result) -> Sequence[tuple[str, str]]:
    left = [f"{count(len(one.cases), 'case')}: {one.reason}" for one in result.left_out]
    return (
        *([("left out", "; ".join(left))] if left else []),
        ("verdict", result.verdict),
        ("exit code", str(result.exit_code)),
        ("suite version", result.suite_version),
        ("contract edition", result.contract_edition),
        ("contract sha256", result.contract_sha256),
        ("seed", str(result.seed)),
        ("complete", str(result.complete).lower()),
    )


def _case(suite: Element, result: Result, clause: ClauseResult) -> None:
    name = f"{clean(clause.id)}-{clean(clause.name)}"
    case = SubElement(suite, "testcase", classname=CLASS, name=name, time="0")
    if clause.verdict == Verdict.FAIL.value:
        found = [result.findings[place] for place in clause.findings]
        message = clean(clause.statement, limit=400)
        if found:
            message = (
                f"expected {clean(found[0].expected)}, got {clean(found[0].observed)}"
            )
        failure = SubElement(case, "failure", type=name, message=message)
        told = [story(one) for one in found[:IN_FULL]]
        if len(found) > IN_FULL:
            told.append(
                f"and {count(len(found) - IN_FULL, 'more counterexample')} in the result"
            )
        failure.text = "\n\n".join([clean(clause.statement, limit=400), *told])
    elif clause.verdict == Verdict.NOT_EXERCISED.value:
        message = f"{verdict(clause)}: {why_not(clause)}"
        SubElement(case, "skipped", message=message)
    elif clause.verdict == Verdict.KNOWN.value:
        SubElement(case, "skipped", message="a known deviation, in the baseline")
    elif clause.choices:
        SubElement(case, "system-out").text = f"choice: {verdict(clause)}"
