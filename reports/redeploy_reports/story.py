"""One finding as a story: what was set up, called, allowed, what came, how to see it again."""

from redeploy_reports.clean import clean
from redeploy_schemas.records import Finding


def story(finding: Finding) -> str:
    """Return a finding as lines of text, every text of it cleaned."""
    also = f" (with it: {', '.join(map(clean, finding.also))})" if finding.also else ""
    lines = [f"{clean(finding.clause)} is violated{also}: {clean(finding.summary)}"]
    for step in finding.trace:
        seen = f" -> {clean(step.observed)}" if step.observed else ""
        lines.append(f"  {step.n}. {clean(step.text)}{seen}")
        lines += [f"       {clean(line)}" for line in step.detail.splitlines()]
        for world in step.worlds_after:
            lines.append(f"       may be: {clean(world)}")
    lines += [
        f"  expected  {clean(finding.expected)}",
        f"  observed  {clean(finding.observed)}",
        f"  reproduced {finding.reproduced} of {finding.attempts}: {clean(finding.reproduce)}",
    ]
    return "\n".join(lines)
