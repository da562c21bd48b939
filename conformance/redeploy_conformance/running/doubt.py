"""Whether a violation is the control plane's own: of a change that it did not make, or told wrongly (S1)."""

from collections.abc import Sequence
from dataclasses import replace

from redeploy_conformance.judging.blaming import Violation
from redeploy_conformance.judging.oracle import Worlds
from redeploy_conformance.judging.views import INSPECTED
from redeploy_conformance.running.api import OfferError, SetUpError
from redeploy_conformance.running.making import Maker, asked


def doubted(maker: Maker, wrong: Sequence[Violation]) -> None:
    """Make and change another instance in the same way, and never call it: it must show so.

    Only where the control plane changed the instance of a violation after it was made, or told when
    it made it what inspection shows, and that is what is wrong. If nothing comes of it, the violation
    and its evidence stay as they are.

    Raises:
        OfferError: it does not show so.
    """
    worlds, sent = Worlds(maker.oracle.worlds), len(maker.api.exchanges)
    try:
        for key in dict.fromkeys(one.key for one in wrong if one.key in maker.origins):
            fields = {one.field for one in wrong if one.key == key}
            if maker.changes.get(key):
                _change_another(maker, key)
            elif key in maker.told and fields & {*INSPECTED, "local_disk"}:
                _make_another(maker, key)
    except OfferError:
        raise
    except SetUpError:
        pass  # what cannot be tried again says nothing against the control plane
    maker.oracle.worlds = worlds
    del maker.api.exchanges[sent:]


def _make_another(maker: Maker, key: str) -> None:
    account = maker.account(maker.oracle.homes[key]).id
    body = {"account_id": account, "instances": [asked(maker.origins[key])]}
    made = maker.plane.ask("POST", "instances", body, "instances-answer")
    row = made["instances"][0]
    told = row.get("inspect", {})
    shown = maker.plane.inspected(account).get(row["instance_id"], told)
    for name in told:
        if told[name] != shown[name]:
            raise OfferError(
                f"POST instances told of {row['instance_id']} as its {name} {told[name]}, and "
                f"GET instances shows {shown[name]}"
            )


def _change_another(maker: Maker, key: str) -> None:
    another = f"another {key}"
    maker.create([replace(maker.origins[key], key=another)])
    for change in list(maker.changes[key]):
        maker.prepare(replace(change, key=another))
    found, _ = maker.verified([another], None)
    if found and maker.lag:
        maker.clock.wait(maker.lag)
        found, _ = maker.verified([another], None)
    if found:
        raise OfferError(
            "an instance made and changed alike, and never called, does not show it either: "
            f"expected {found[0].expected}, got {found[0].observed}"
        )
