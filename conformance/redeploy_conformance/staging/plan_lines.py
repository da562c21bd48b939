"""A plan, in lines for people."""

from collections.abc import Mapping
from math import ceil

from redeploy_conformance.staging.cases import at_stake, forces, redeploys
from redeploy_conformance.staging.decide import listed
from redeploy_conformance.staging.finding import Found, lost
from redeploy_conformance.staging.planning import Plan, worst_seconds
from redeploy_reports.phrases import count


def plan_lines(plan: Plan, found: Mapping[str, Found]) -> list[str]:
    """Return a plan: what it comes to first, then step by step, then what it decides."""
    used = {
        lane.instance: found[lane.instance]
        for lane in plan.lanes
        if lane.instance in found
    }
    lines = [
        f"at most {count(plan.redeploys, 'redeploy')} of {count(len(used), 'instance')}, "
        f"at most {_minutes(plan.seconds)}"
    ]
    if plan.in_doubt:
        most = plan.settings.redeploys
        lines.append(
            f"in {count(plan.in_doubt, 'case')} every call must be refused: one that is not costs a "
            f"redeploy more, but all in all there are never more than {most}"
        )
    if plan.seconds > plan.settings.minutes * 60:
        lines.append(
            f"more than the {count(plan.settings.minutes, 'minute')} allowed: "
            "what may end after that is not begun"
        )
    for lane in plan.lanes:
        who = f"{lane.instance}, {lane.status}" if lane.instance else "a new instance"
        minutes = _minutes(plan.lane_seconds(lane))
        lines += ["", f"on {who} ({lane.key}), at most {minutes}:"]
        for case in lane.cases:
            cost = redeploys(plan.contract, case)
            seconds = worst_seconds(plan.contract, case, plan.settings)
            word = f"up to {count(cost, 'redeploy')}" if cost else "no redeploy"
            if not cost and at_stake(plan.contract, case):
                word += " where it is refused, as it must be"
            lines.append(f"  {case.name} ({word}, up to {seconds:.0f} s)")
            lines += [f"    {one}" for one in case.steps]
    if plan.settings.launch:
        lines += ["", "an instance is made with RunInstances, billed, and deleted"]
    if plan.left_out:
        lines += ["", "left out:"]
        lines += [f"  {case.name}: {why}" for case, why in plan.left_out]
    if plan.unfit:
        lines += ["", "left alone:", *(f"  {key}: {why}" for key, why in plan.unfit)]
    lines += ["", "what could be lost:"]
    lines += [f"  {one}" for one in lost(plan.contract, used)]
    forcing = [
        case.name
        for lane in plan.lanes
        for case in lane.cases
        if forces(plan.contract, case)
    ]
    if forcing:
        lines.append(
            "  a redeploy with ForceStop may cut a running instance off like a power failure, and "
            f"what it has not written yet is lost: {', '.join(forcing)}"
        )
    lines += ["", "of the clauses, this would be"]
    lines += [f"  {one}" for one in listed(plan.reach)]
    lines += ["", "nothing was changed: this is only the plan"]
    return lines


def _minutes(seconds: float) -> str:
    return count(ceil(seconds / 60), "minute")
