"""What the options of a staging run must look like."""

import click

SECRET = ("password", "userdata")
"""Parameters of RunInstances that may hold a secret, which a journal must not."""
TEMPLATE = "what a template asks for is not seen here, and could outlive the instance"
OURS = {
    "amount": "one instance is made",
    "autoreleasetime": "the run sets when the instance ends at the latest",
    "deletionprotection": "the instance is deleted in the end",
    "instancechargetype": "the instance is pay-as-you-go, or it could not be deleted",
    "launchtemplateid": TEMPLATE,
    "launchtemplatename": TEMPLATE,
    "launchtemplateversion": TEMPLATE,
    "minamount": "one instance is made",
    "regionid": "TARGET says the region",
    "tag": "the run's own tag marks the instance",
}
"""Parameters of RunInstances that are not given with a run, and why."""
OUTLIVING = ("deletewithinstance", "deleteonrelease")
"""How names end that say whether a part of an instance is deleted with it."""


def pair(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> dict[str, str]:
    """Return ``NAME=VALUE`` texts as a mapping.

    Raises:
        click.BadParameter: one has no name or no value, may be a secret, or would leave something
            behind that the run does not delete.
    """
    found: dict[str, str] = {}
    for one in value:
        name, _, text = one.partition("=")
        if not name or not text:
            raise click.BadParameter(f"{one!r} is not NAME=VALUE")
        if name.lower() in SECRET:
            raise click.BadParameter(
                f"{name} may hold a secret, and would be written down"
            )
        if param.name == "launch" and name.lower().partition(".")[0] in OURS:
            why = OURS[name.lower().partition(".")[0]]
            raise click.BadParameter(f"{name} is not yours to give: {why}")
        keeps = name.lower().endswith(OUTLIVING) and text.lower() != "true"
        if param.name == "launch" and keeps:
            raise click.BadParameter(
                f"{name} must be true: what outlives the instance would be left behind, and billed"
            )
        found[name] = text
    if param.name == "tag" and len(found) > 1:
        raise click.BadParameter("one tag marks the instances, not several")
    return found


def share(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """Return a share.

    Raises:
        click.BadParameter: it is none.
    """
    if not 0 < value <= 1:
        raise click.BadParameter(f"{value:g} is no share: more than 0, at most 1")
    return value
