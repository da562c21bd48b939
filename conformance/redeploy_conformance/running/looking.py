"""Looks: what the public operations, and inspection, show of a case's instances."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from redeploy_conformance.judging.sight import View
from redeploy_conformance.judging.views import event_of, in_a_word, view
from redeploy_conformance.running.api import Api
from redeploy_conformance.running.plane import Account, Plane


class Looker:
    """Looks at instances, account by account."""

    def __init__(
        self,
        api: Api,
        plane: Plane | None,
        ids: Mapping[str, str],
        homes: Mapping[str, str],
        account: Callable[[str], Account],
    ) -> None:
        """Take the ids and accounts of instances by key; ``plane`` only where it can inspect."""
        self.api = api
        self.plane = plane
        self.ids = ids
        self.homes = homes
        self.account = account

    def glance(self, keys: Sequence[str]) -> dict[str, View]:
        """Return what DescribeInstances alone shows of instances."""
        views: dict[str, View] = {}
        for name, mine in self._by_account(keys).items():
            listed = self.listed(self.account(name), mine)
            for key in mine:
                seen = view(listed.get(self.ids[key]), {}, None)
                seen.pop("events", None)
                views[key] = seen
        return views

    def views(
        self, keys: Sequence[str], made: Mapping[str, Mapping[str, Any]] | None = None
    ) -> dict[str, View]:
        """Return all that can be seen of instances.

        ``made`` is what inspection would show of all of them, by id, where that is known already.
        """
        views: dict[str, View] = {}
        for name, mine in self._by_account(keys).items():
            account = self.account(name)
            listed = self.listed(account, mine)
            events: dict[str, dict[str, tuple[str, str]]] = {}
            for row in self.api.events(account.credentials):
                instance_id, event_id, shown = event_of(row)
                events.setdefault(instance_id, {})[event_id] = shown
            inspected = self._inspected(account) if made is None else made
            for key in mine:
                one = self.ids[key]
                views[key] = view(
                    listed.get(one), events.get(one, {}), inspected.get(one)
                )
        return views

    def _inspected(self, account: Account) -> Mapping[str, Mapping[str, Any]]:
        return self.plane.inspected(account.id) if self.plane else {}

    def listed(
        self, account: Account, keys: Sequence[str]
    ) -> dict[str, Mapping[str, Any]]:
        """Return the rows of DescribeInstances, by id."""
        ids = list(dict.fromkeys(self.ids[key] for key in keys))
        rows = self.api.describe(ids, account.credentials)
        return {str(row.get("InstanceId")): row for row in rows}

    def _by_account(self, keys: Sequence[str]) -> dict[str, list[str]]:
        homes: dict[str, list[str]] = {}
        for key in keys:
            homes.setdefault(self.homes[key], []).append(key)
        return homes


def left_out(views: Mapping[str, View]) -> list[str]:
    """Return the instances that inspection leaves out, where it shows others."""
    listed = {key: "host" in one for key, one in views.items() if one["exists"]}
    blind = [key for key, inspected in listed.items() if not inspected]
    return blind if any(listed.values()) else []


def shown(views: Mapping[str, View]) -> str:
    """Return what a look showed, in words; the first few instances are enough."""
    return "; ".join(f"{key} {_words(seen)}" for key, seen in list(views.items())[:4])


def _words(seen: View) -> str:
    events = [f"{kind} {status}" for kind, status in seen.get("events", {}).values()]
    return ", ".join([in_a_word(seen), *events])
