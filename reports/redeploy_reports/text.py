"""A result as a text that fits one screen: the verdict, the violations, what is missing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import Any

from redeploy_reports.clean import clean
from redeploy_reports.phrases import again, cases_of, caution, count, counts
from redeploy_reports.story import ends
from redeploy_reports.summary import Group, Summary, groups, summarise
from redeploy_schemas.records import ClauseResult, Finding, Result, TraceStep
from redeploy_schemas.vocabulary import RunVerdict, Strength

SCREEN = 50
"""How many lines the text keeps to while no more than three clauses are violated."""

GLUE = "\u00a0"
"""A blank at which no line is broken."""

IN_FULL = 5
"""How many violated clauses are shown with their counterexample."""

FEW = 3
"""Of how many clauses the ids are given where all of them are too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Detail:
    """How much is shown of what has no natural end."""

    trace_steps: int = 12
    step_lines: int = 4
    text_lines: int = 4
    choice_lines: int = 20
    choice_names: bool = True
    missing_groups: int = 12
    problems: int = 5


_SHORTER: tuple[dict[str, Any], ...] = (
    # What is given up first, when the text is too long: the counterexamples last.
    {"choice_names": False},
    {"choice_lines": 6, "problems": 3},
    {"missing_groups": 4},
    {"text_lines": 2, "step_lines": 2},
    {"choice_lines": 3, "missing_groups": 2, "problems": 2},
    {"trace_steps": 6},
    {"choice_lines": 1, "missing_groups": 1, "problems": 1},
    {"step_lines": 1},
    {"trace_steps": 4},
    {"text_lines": 1},
    {"trace_steps": 3},
    {"trace_steps": 2},
)


def render(result: Result, *, width: int = 88, color: bool = False) -> str:
    """Return the report, ending in a line end; only commands may exceed ``width``.

    ``color`` adds terminal colours to the verdict and to nothing else. Every text of the
    result is cleaned first, whoever wrote it.
    """
    detail = _Detail()
    lines: list[str] = []
    for less in ({}, *_SHORTER):
        detail = replace(detail, **less)
        lines = list(_Page(result, max(width, 40), color, detail).lines())
        if len(lines) <= SCREEN:
            break
    return "\n".join(lines) + "\n"


class _Page:
    """One rendering at one level of detail."""

    def __init__(
        self, result: Result, width: int, color: bool, detail: _Detail
    ) -> None:
        self.result = result
        self.summary: Summary = summarise(result)
        self.width = width
        self.color = color
        self.detail = detail

    def lines(self) -> Iterator[str]:
        yield from self.head()
        violated = self.summary.violated
        for clause in violated[:IN_FULL]:
            yield ""
            yield from self.violation(clause)
        if rest := violated[IN_FULL:]:
            yield ""
            ids = ", ".join(clean(clause.id) for clause in rest)
            yield from self.fold(f"and {len(rest)} more violated: {ids}")
        if said := caution(self.result):
            yield ""
            yield from self.fold(said)
        for section in (
            self.known(),
            self.missing(),
            self.left_out(),
            self.choices(),
            self.problems(),
        ):
            lines = list(section)
            if lines:
                yield ""
                yield from lines

    def head(self) -> Iterator[str]:
        result, target = self.result, self.result.target
        yield from self.fold(
            f"{clean(result.suite_name)} {clean(result.suite_version)} · contract: "
            f"{clean(result.contract_edition)} ({clean(result.contract_sha256)[:12]})"
        )
        version = f" {clean(target.version, limit=40)}" if target.version else ""
        place = f" at {clean(target.address, limit=99)}" if target.address else ""
        yield from self.fold(
            f"target: {clean(target.name, limit=60)}{version} ({clean(target.kind)}){place}"
        )
        yield ""
        verdict = clean(result.verdict).upper()
        sentence = clean(result.sentence, limit=400)
        rest_of_it = sentence[len(verdict) :]
        again = sentence.upper().startswith(verdict) and rest_of_it[:1] in (":", " ")
        text = verdict + (rest_of_it if again else f": {sentence}")
        first, *rest = self.some(text, "", most=4)
        yield self.paint(first, verdict)
        yield from rest
        yield from self.fold(counts(self.result), "  ")
        yield from self.fold(self.effort(), "  ")
        if not result.complete:
            yield "  the run was cut short: what was not reached is not judged"

    def effort(self) -> str:
        result = self.result
        return (
            f"{cases_of(result)}, {count(result.steps, 'step')}, "
            f"{count(result.requests, 'request')} in {result.seconds:.1f} s, "
            f"{count(result.workers, 'worker')}, seed {result.seed}, "
            f"exit{GLUE}code{GLUE}{result.exit_code}"
        )

    def violation(self, clause: ClauseResult) -> Iterator[str]:
        found = [self.result.findings[index] for index in clause.findings]
        mild = ", mild" if clause.mild else ""
        declared = f", declared: {clean(clause.declared)}" if clause.declared else ""
        heading = (
            f"VIOLATED {clean(clause.id)} {clean(clause.name)}"
            f" ({clean(clause.strength)}{mild}{declared}; {clean(clause.source)})"
        )
        if found and found[0].also:
            heading += f", with {', '.join(clean(name) for name in found[0].also)}"
        if found and found[0].instead:
            heading += (
                f", or else {', '.join(clean(name) for name in found[0].instead)}"
            )
        yield from self.some(heading, "", "  ")
        yield from self.some(clean(clause.statement), "  ")
        if others := self.summary.explained.get(clause.id):
            names = " and ".join(map(clean, others))
            yield from self.fold(
                f"explained as well by {names}, violated by itself", "  "
            )
        if found:
            yield from self.finding(found[0], len(found) - 1)
        else:
            yield "  no counterexample was recorded"

    def finding(self, finding: Finding, others: int) -> Iterator[str]:
        yield from self.both_ends(clean(finding.expected), "  expected  ")
        yield from self.both_ends(clean(finding.observed), "  observed  ")
        kept = ends(finding.trace, self.detail.trace_steps)
        for step in kept:
            if isinstance(step, int):
                yield f"    … {count(step, 'step')} left out"
            else:
                text = f"    {step.n}. {_step(step)}"
                yield from self.some(text, "", "       ", self.detail.step_lines)
                yield from (
                    f"       {clean(line)}" for line in step.detail.splitlines()
                )
        more = f" ({count(others, 'more counterexample')} in the result file)"
        yield (f"  {again(finding)}{more if others else ''}:")
        yield f"    {clean(finding.reproduce, limit=2000)}"

    def known(self) -> Iterator[str]:
        if not self.summary.known:
            return
        yield "KNOWN DEVIATIONS, in the baseline"
        names = [f"{clean(one.id)} {clean(one.name)}" for one in self.summary.known]
        yield from self.pack(names, "  ")

    def missing(self) -> Iterator[str]:
        found = groups(self.summary.not_exercised)
        if not found:
            return
        silent = all(
            one.strength == Strength.OPEN.value and one.declared is None
            for one in self.summary.not_exercised
        )
        mild = ", where the contract is silent: the verdict does not need it"
        yield from self.fold("NOT EXERCISED" + (mild if silent else ""))
        kept = found[: self.detail.missing_groups]
        for group in kept:
            names = [clean(clause.id) for clause in group.clauses]
            text = _gap(group, names)
            if len(text) > (self.width - 8) * self.detail.text_lines and names[FEW:]:
                # The names are cut, so that the reason is not.
                text = _gap(group, [*names[:FEW], f"{len(names) - FEW} more"])
            yield from self.both_ends(text, "  ", "    ")
        if rest := sum(len(group.clauses) for group in found[len(kept) :]):
            yield f"  {count(rest, 'more clause')} in the result file"

    def left_out(self) -> Iterator[str]:
        left = self.result.left_out
        if not left:
            return
        yield "LEFT OUT, AND NOTHING JUDGED BY IT"
        for one in left[: self.detail.missing_groups]:
            number = count(len(one.cases), "case")
            text = f"{number}: {clean(one.reason)}: {', '.join(map(clean, one.cases))}"
            yield from self.some(text, "  ", "    ")
        if rest := left[self.detail.missing_groups :]:
            yield f"  {count(len(rest), 'more reason')} in the result file"

    def choices(self) -> Iterator[str]:
        rows = [row for row in self.result.clauses if row.choices]
        if not rows:
            return
        yield "CHOICES WHERE THE CONTRACT IS SILENT"
        # What is inconsistent stands first, so that a cut never hides it.
        rows.sort(key=lambda row: not row.inconsistent)
        lines = list(self.pack([self.choice(row) for row in rows], "  "))
        yield from lines[: self.detail.choice_lines]
        if len(lines) > self.detail.choice_lines:
            yield "  … the rest is in the result file"

    def choice(self, row: ClauseResult) -> str:
        name = f" {clean(row.name)}:" if self.detail.choice_names else ""
        seen = ", ".join(
            f"{clean(choice.choice, limit=60)} ×{choice.count}".replace(" ", GLUE)
            for choice in row.choices
        )
        declared = f" (declared: {clean(row.declared)})" if row.declared else ""
        mark = " inconsistent:" if row.inconsistent else ""
        return f"{clean(row.id)}{name}{mark} {seen}{declared}"

    def problems(self) -> Iterator[str]:
        problems = self.result.problems
        if not problems:
            return
        yield "COULD NOT BE RUN"
        alike: dict[str, list[str]] = {}
        for problem in problems:
            alike.setdefault(problem.text, []).append(problem.case)
        kept = list(alike.items())[: self.detail.problems]
        for text, cases in kept:
            more = f", and {count(len(cases) - 1, 'more case')}" if cases[1:] else ""
            yield from self.both_ends(f"{clean(cases[0])}{more}: {clean(text)}", "  ")
        if rest := len(problems) - sum(len(cases) for _, cases in kept):
            yield f"  {count(rest, 'more problem')} in the result file"

    def pack(self, items: Iterable[str], indent: str) -> Iterator[str]:
        """Yield lines that hold as many items as fit, none broken where avoidable."""
        line = ""
        for item in items:
            longer = f"{line} · {item}" if line else item
            if line and len(indent) + len(longer) > self.width:
                yield from self.fold(line, indent)
                longer = item
            line = longer
        yield from self.fold(line, indent)

    def some(
        self,
        text: str,
        first: str,
        then: str | None = None,
        most: int | None = None,
    ) -> Iterator[str]:
        """Yield a text folded, and cut where it takes too many lines."""
        most = most or self.detail.text_lines
        lines = self.fold(text, first, then)
        if len(lines) > most:
            lines = lines[:most]
            lines[-1] = _ended(lines[-1], self.width)
        yield from lines

    def both_ends(
        self, text: str, first: str, then: str | None = None
    ) -> Iterator[str]:
        """Yield a text folded; of one that takes too many lines a middle part is left out.

        So is told what differs at its end, such as the status that an event has.
        """
        most = self.detail.text_lines
        lines = self.fold(text, first, then)
        if len(lines) > most:
            start = len(first) if most == 1 or then is None else len(then)
            kept, last = lines[: most - 1], lines[most - 1]
            rest = (last[start:], *(line.strip() for line in lines[most:]))
            short = _squeezed(" ".join(rest), self.width - start)
            lines = [*kept, last[:start] + short]
        yield from lines

    def fold(self, text: str, first: str = "", then: str | None = None) -> list[str]:
        lines = wrap(
            text,
            self.width,
            initial_indent=first,
            subsequent_indent=" " * len(first) if then is None else then,
            break_on_hyphens=False,
            drop_whitespace=True,
        ) or [first.rstrip()]
        return [line.replace(GLUE, " ") for line in lines]

    def paint(self, line: str, words: str) -> str:
        if not self.color or not line.startswith(words):
            return line
        colours = {int(RunVerdict.CONFORMING): 32, int(RunVerdict.NOT_CONFORMING): 31}
        colour = colours.get(self.result.exit_code, 33)
        if colour == 32 and self.summary.known:
            colour = 33
        return f"\x1b[1;{colour}m{words}\x1b[0m{line[len(words) :]}"


def _ended(line: str, width: int) -> str:
    """Return a line with the mark of a cut at its end, between words where there are any."""
    if len(line) > width - 2:
        kept, _, cut = line[: width - 1].rpartition(" ")
        short = kept.strip() and len(cut) < width // 3
        line = kept if short else line[: width - 2]
    return f"{line.rstrip()} …"


def _squeezed(text: str, room: int) -> str:
    """Return a text without its middle where it is too long."""
    if len(text) <= room:
        return text
    end = text[-room // 2 :]
    end = end.partition(" ")[2] or end
    return f"{text[: room - len(end) - 3].rstrip()} … {end}"


def _step(step: TraceStep) -> str:
    text = clean(step.text)
    if step.observed is not None:
        text += f" → {clean(step.observed)}"
    if step.allowed:
        allowed = " or ".join(clean(outcome) for outcome in step.allowed)
        text += f" (allowed: {allowed})"
    return text


def _gap(group: Group, names: Sequence[str]) -> str:
    text = f"{clean(group.missing or 'could not run')}: {', '.join(names)}"
    text += f": {_sentence(group.reason)}" if group.reason else ""
    return text + (f" Remedy: {_sentence(group.remedy)}" if group.remedy else "")


def _sentence(text: str) -> str:
    text = clean(text)
    return text if text.endswith((".", "!", "?")) else f"{text}."
