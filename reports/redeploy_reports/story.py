"""One finding as a story: what was set up, called, allowed, what came, how to see it again."""

from collections.abc import Iterator, Sequence

from redeploy_reports.clean import clean
from redeploy_reports.phrases import again, count
from redeploy_schemas.records import Finding, TraceStep

STEPS = 40
"""How many steps of one counterexample are shown."""


def story(finding: Finding) -> str:
    """Return a finding as lines of text, every text of it cleaned."""
    also = f" (with it: {', '.join(map(clean, finding.also))})" if finding.also else ""
    if finding.instead:
        also += f" (or else: {', '.join(map(clean, finding.instead))})"
    lines = [f"{clean(finding.clause)} is violated{also}: {clean(finding.summary)}"]
    for step in ends(finding.trace, STEPS):
        if isinstance(step, int):
            lines.append(f"  … {count(step, 'step')} left out")
            continue
        seen = f" -> {clean(step.observed)}" if step.observed else ""
        lines.append(f"  {step.n}. {clean(step.text)}{seen}")
        lines += [f"       {clean(line)}" for line in step.detail.splitlines()]
        for world in step.worlds_after:
            lines.append(f"       may be: {clean(world)}")
    lines += [
        f"  expected  {clean(finding.expected)}",
        f"  observed  {clean(finding.observed)}",
        f"  {again(finding)}: {clean(finding.reproduce)}",
    ]
    return "\n".join(lines)


def ends(steps: Sequence[TraceStep], most: int) -> Iterator[TraceStep | int]:
    """Yield the steps; of more than ``most``, the first, how many are left out, and the last."""
    if len(steps) <= most:
        yield from steps
        return
    first = 1 if most > 2 else 0
    last = most - 1 - first
    yield from steps[:first]
    yield len(steps) - first - last
    yield from steps[-last:]
