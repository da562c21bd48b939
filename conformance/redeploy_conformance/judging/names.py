"""Short names for the ids that one instance shows, so that equal histories look equal.

No clause depends on how an id is spelled, only on whether it is the same as before.
"""

import re
from collections import defaultdict
from collections.abc import Hashable
from typing import Any, TypeAlias

from msgspec.structs import replace

from redeploy_conformance.judging.blaming import Violation
from redeploy_conformance.judging.sight import View

NAMED = ("host", "local_data", "cloud_data")
"""Fields of a view whose values are ids."""
Shown: TypeAlias = tuple[tuple[str, Hashable], ...]
"""A view as a key: field and value; events as (id, type, status)."""
SHORT = re.compile(r"<\w+ \d+>")


class Names:
    """The short names of the ids of one instance, by the kind of the id."""

    def __init__(self) -> None:
        """Begin with none."""
        self.short: defaultdict[str, dict[Hashable, str]] = defaultdict(dict)

    def of(self, kind: str, id: Hashable) -> str:
        """Return the short name of an id; another id never has it."""
        mine = self.short[kind]
        return mine.get(id) or mine.setdefault(id, f"<{kind} {len(mine)}>")

    def shown(self, view: View) -> Shown:
        """Return a view with short names, in a form that can be remembered."""
        short: dict[str, Hashable] = {
            name: self.of(name, view[name]) for name in NAMED if name in view
        }
        if "events" in view:
            named = view["events"].items()
            short["events"] = tuple((self.of("event", id), *one) for id, one in named)
        return tuple({**view, **short}.items())

    def told(self, one: Violation) -> Violation:
        """Return a violation with the ids themselves; what is in no field of ids stays."""
        if one.field not in NAMED and "event " not in one.field:
            return one
        ids = {short: id for mine in self.short.values() for id, short in mine.items()}

        def spelled(text: str) -> str:
            return SHORT.sub(lambda found: str(ids.get(found[0], found[0])), text)

        return replace(
            one,
            expected=spelled(one.expected),
            observed=spelled(one.observed),
            field=spelled(one.field),
        )


class _Spelled(Names):
    def of(self, kind: str, id: Hashable) -> Any:
        return id


SPELLED = _Spelled()
"""Names that are the ids themselves."""


def seen_again(shown: Shown) -> dict[str, Any]:
    """Return the view that a key stands for."""
    view: dict[str, Any] = dict(shown)
    if "events" in view:
        view["events"] = {id: (kind, status) for id, kind, status in view["events"]}
    return view
