"""Whether the control plane tells the truth of what inspection shows of instances made (S1)."""

from collections.abc import Mapping
from typing import Any

from redeploy_conformance.api import OfferError
from redeploy_conformance.plane import Plane


def same_instance(row: Mapping[str, Any]) -> None:
    """Make sure that what was told of an instance made is about that one.

    Raises:
        OfferError: it is about another.
    """
    made, told = row["instance_id"], row["inspect"]["instance_id"]
    if made != told:
        raise OfferError(f"POST instances made {made}, and told of {told} instead")


def try_again(plane: Plane, account: str, spec: Mapping[str, Any]) -> None:
    """Make one more instance, and compare what is told of it with what inspection shows at once.

    Raises:
        OfferError: they differ, though nothing has happened between.
    """
    body = {"account_id": account, "instances": [spec]}
    row = plane.ask("POST", "instances", body, "instances-answer")["instances"][0]
    told = row.get("inspect", {})
    shown = plane.inspected(account).get(row["instance_id"], told)
    for name in told:
        if told[name] != shown.get(name):
            raise OfferError(
                f"POST instances told of {row['instance_id']} as its {name} {told[name]}, "
                f"and GET instances shows {shown.get(name)}"
            )
