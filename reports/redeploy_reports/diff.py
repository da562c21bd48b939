"""What changed between two results: clauses and choices, for a pull request."""

from collections.abc import Iterator
from dataclasses import dataclass

from redeploy_reports import markdown as md
from redeploy_reports.clean import clean
from redeploy_reports.phrases import VERDICT_WORDS, title
from redeploy_reports.summary import BROKEN
from redeploy_schemas.records import ClauseResult, Result
from redeploy_schemas.vocabulary import (
    NOT_CHOSEN,
    Missing,
    RunVerdict,
    Strength,
    Verdict,
)

WORSE, BETTER, CHANGED, UNCHOSEN = "worse", "better", "changed", "not chosen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One clause of which the two results say different things; the texts are cleaned.

    ``broken`` is whether the new one says it is violated.
    """

    id: str
    name: str
    old: str
    new: str
    kind: str
    broken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """All changes, in the order of the contract, and how the runs as a whole compare."""

    old: str
    new: str
    verdicts: tuple[str, str]
    editions: tuple[str, str]
    changes: tuple[Change, ...]
    run_worse: bool

    @property
    def worse(self) -> bool:
        """Whether anything got worse: a clause, or the verdict of the run."""
        return self.run_worse or any(one.kind == WORSE for one in self.changes)


def compare(old: Result, new: Result) -> Diff:
    """Return what changed from one result to another.

    A clause got worse when it is violated now, known or not, and was not, when it was exercised and is not any
    more, or when its choice has become inconsistent. Another choice is a change, neither better
    nor worse. What one of the runs was not asked for cannot be compared. The run got worse when it
    was conforming and is not, though asked for all, or was complete and is cut.
    """
    before = {one.id: one for one in old.clauses}
    after = {one.id: one for one in new.clauses}
    changes = tuple(
        change
        for key in dict.fromkeys([*after, *before])
        for change in _change(before.get(key), after.get(key))
    )
    return Diff(
        old=title(old.target),
        new=title(new.target),
        verdicts=(clean(old.verdict), clean(new.verdict)),
        editions=(_edition(old), _edition(new)),
        changes=changes,
        run_worse=(old.exit_code == 0 != new.exit_code and not _only_chosen(new))
        or (old.complete and not new.complete),
    )


def _only_chosen(result: Result) -> bool:
    """Whether nothing keeps a run from being green but the choice of its cases."""
    incomplete = result.exit_code == int(RunVerdict.INCOMPLETE)
    gaps = [one for one in result.clauses if one.strength != Strength.OPEN.value]
    gaps = [one for one in gaps if one.missing == Missing.COULD_NOT_RUN.value]
    return (
        incomplete and not result.problems and bool(gaps) and all(map(_unchosen, gaps))
    )


def _unchosen(clause: ClauseResult | None) -> bool:
    return clause is not None and clause.reason == NOT_CHOSEN


def _edition(result: Result) -> str:
    return f"{clean(result.contract_edition)} ({clean(result.contract_sha256)[:12]})"


def _change(old: ClauseResult | None, new: ClauseResult | None) -> Iterator[Change]:
    one = new or old
    if one is None or _said(old) == _said(new):
        return
    worse, better = _rank(new) > _rank(old), _rank(new) < _rank(old)
    apart = _unchosen(old) or _unchosen(new)
    yield Change(
        id=clean(one.id),
        name=clean(one.name),
        old=_said(old),
        new=_said(new),
        kind=UNCHOSEN if apart else WORSE if worse else BETTER if better else CHANGED,
        broken=new is not None and new.verdict in BROKEN,
    )


def _rank(clause: ClauseResult | None) -> int:
    """Order what can be said of a clause, from good to bad."""
    if clause is None or clause.missing == Missing.NOT_APPLICABLE.value:
        return 1
    if clause.verdict in BROKEN:
        return 4  # to write a violation down does not mend it
    if clause.verdict == Verdict.NOT_EXERCISED.value:
        return 2
    return 3 if clause.inconsistent else 0


def _said(clause: ClauseResult | None) -> str:
    if clause is None:
        return "not in the contract"
    if clause.verdict == Verdict.NOT_EXERCISED.value:
        if _unchosen(clause):
            return UNCHOSEN
        return f"not exercised: {clean(clause.missing or 'could not run')}"
    words = VERDICT_WORDS.get(clause.verdict, clean(clause.verdict))
    if clause.choices:
        # How often a choice was seen varies from run to run and is no change.
        seen = sorted(clean(one.choice, limit=80) for one in clause.choices)
        words += f": {', '.join(seen)}"
    if clause.inconsistent:
        words += " (inconsistent)"
    if clause.declared is not None:
        words += f" (declared: {clean(clause.declared)})"
    return words


def _heading(diff: Diff) -> Iterator[str]:
    yield f"old: {diff.old}: {diff.verdicts[0]}"
    yield f"new: {diff.new}: {diff.verdicts[1]}"
    if diff.editions[0] != diff.editions[1]:
        yield f"the contracts differ: {diff.editions[0]}, {diff.editions[1]}"


def _sentence(diff: Diff) -> str:
    if not diff.changes and not diff.run_worse:
        return "No clause and no choice changed."
    kinds = [one.kind for one in diff.changes]
    parts = [f"{kinds.count(kind)} {kind}" for kind in (WORSE, BETTER, CHANGED)]
    if apart := kinds.count(UNCHOSEN):
        parts.append(f"{apart} not chosen in one of the runs")
    whole = " The run as a whole got worse." if diff.run_worse else ""
    return f"Clauses: {', '.join(parts)}.{whole}"


def _shown(diff: Diff) -> list[Change]:
    """Return the changes that are told one by one, what got worse first."""
    told = [one for one in diff.changes if one.kind != UNCHOSEN or one.broken]
    return sorted(told, key=lambda one: one.kind != WORSE)


def _apart(diff: Diff) -> Iterator[str]:
    """Yield what only one of the runs was asked for, in a line for each run."""
    for which in ("old", "new"):
        ids = [one.id for one in diff.changes if getattr(one, which) == UNCHOSEN]
        if ids:
            yield f"not chosen in the {which} run: {', '.join(ids)}"


def text(diff: Diff) -> str:
    """Return the changes for a terminal, ending in a line end."""
    lines = [*_heading(diff), _sentence(diff)]
    for one in _shown(diff):
        lines.append(f"  {one.kind:<7}  {one.id} {one.name}: {one.old} → {one.new}")
    lines += [f"  {line}" for line in _apart(diff)]
    return "\n".join(lines) + "\n"


def markdown(diff: Diff) -> str:
    """Return the changes as Markdown, ending in a line end."""
    lines = [f"- {md.escape(line, limit=600)}" for line in _heading(diff)]
    lines += ["", f"**{_sentence(diff)}**"]
    shown = _shown(diff)
    if shown:
        lines += ["", *md.head(["change", "clause", "was", "is"])]
    for one in shown:
        cells = (f"{one.id} {one.name}", one.old, one.new)
        lines.append(
            md.row([one.kind, *(md.escape(cell, limit=2000) for cell in cells)])
        )
    lines += [line for one in _apart(diff) for line in ("", md.escape(one, limit=2000))]
    return "\n".join(lines) + "\n"
