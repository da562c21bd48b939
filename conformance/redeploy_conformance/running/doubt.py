"""Whether a violation is the control plane's own: of a change that it did not make, or told wrongly (S1)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from redeploy_conformance.judging.blaming import Violation
from redeploy_conformance.judging.oracle import Worlds
from redeploy_conformance.judging.views import INSPECTED
from redeploy_conformance.planning import steps as step
from redeploy_conformance.running.api import OfferError, SetUpError
from redeploy_conformance.running.making import Maker, asked

SHOWN = frozenset({*INSPECTED, "local_disk"})
LATER = 60.0
"""Seconds for which a change is waited for that does not show, where no read is said to be late."""


def doubted(maker: Maker, wrong: Sequence[Violation]) -> None:
    """Make and change another instance in the same way, and never call it: it must show so.

    Only where the control plane changed the instance of a violation after it was made, or told when
    it made it what inspection shows, and that is what is wrong. If nothing comes of it, the violation
    and its evidence stay as they are.

    Raises:
        OfferError: it does not show so.
    """
    if not maker.api.asks_more:
        return
    worlds, sent = Worlds(maker.oracle.worlds), len(maker.api.exchanges)
    why: OfferError | None = None
    # What cannot be tried again says nothing against the control plane, and the violation stays.
    with suppress(SetUpError):
        for key in dict.fromkeys(one.key for one in wrong):
            why = _own(maker, key, [one for one in wrong if one.key == key])
            if why is not None:
                why.key = key
                break
    maker.oracle.worlds = worlds
    del maker.api.exchanges[sent:]
    if why is not None:
        raise why


def _own(maker: Maker, key: str, wrong: Sequence[Violation]) -> OfferError | None:
    """Return what the control plane did or told wrongly of an instance, if so.

    An answer rests on what it told where another clause may be broken instead.
    """
    made = maker.made.get(key)
    if made is None or made.by is None:
        return None
    if made.changes:
        return _changed_another(maker, key, made.by, made.changes)
    answered = any(one.field == "answer" and one.instead for one in wrong)
    if made.told and (answered or SHOWN.intersection(one.field for one in wrong)):
        return _made_another(maker, key, made.by)
    return None


def _made_another(maker: Maker, key: str, by: step.Create) -> OfferError | None:
    account = maker.account(maker.oracle.homes[key]).id
    body = {"account_id": account, "instances": [asked(by)]}
    row = maker.plane.ask("POST", "instances", body, "instances-answer")["instances"][0]
    told = row.get("inspect", {})
    shown = maker.plane.inspected(account).get(row["instance_id"], told)
    for name in sorted(SHOWN & told.keys()):
        if told[name] != shown[name]:
            return OfferError(
                f"POST instances told of {row['instance_id']} as its {name} {told[name]}, and "
                f"GET instances shows {shown[name]}"
            )
    return None


def _changed_another(
    maker: Maker, key: str, by: step.Create, changes: Sequence[step.Change]
) -> OfferError | None:
    another = f"another {key}"
    maker.create([replace(by, key=another)])
    for change in changes:
        maker.prepare(replace(change, key=another))
    found, _ = maker.verified([another], None)
    if found and maker.lag:
        maker.clock.wait(maker.lag)
        found, _ = maker.verified([another], None)
    if not found:
        return None
    if not maker.lag and maker.clock.stepped:
        maker.clock.wait(LATER)
        if not maker.verified([another], None)[0]:
            late = (
                "reads are late, though declared not to be: an instance changed alike, and never "
                f"called, shows only {LATER:g} s later {found[0].expected}, and until then "
                f"{found[0].observed}"
            )
            return OfferError(late, instead=("L8l",))
    return OfferError(
        "an instance made and changed alike, and never called, does not show it either: "
        f"expected {found[0].expected}, got {found[0].observed}"
    )
