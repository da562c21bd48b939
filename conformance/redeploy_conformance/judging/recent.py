"""Ids that must not come twice, as far as memory goes (R4, R5)."""

from collections import OrderedDict

from redeploy_reports.phrases import count

MOST_IDS = 100_000
"""Ids that are remembered: a second one after so many others is not seen."""


class Recent(set[str]):
    """The ids seen last, a bounded number of them, in place of all."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self._places: OrderedDict[str, int] = OrderedDict()
        self._count = 0

    def add(self, one: str) -> None:
        """Remember an id, and forget the oldest where there are too many."""
        if one in self:
            return
        super().add(one)
        self._places[one] = self._count
        self._count += 1
        if len(self._places) > MOST_IDS:
            self.discard(self._places.popitem(last=False)[0])

    def again(self, one: str, thing: str) -> str:
        """Return words for an id that is seen again: how many things of its kind later."""
        later = self._count - self._places[one]
        return f"{one} a second time, {count(later, thing)} after the first"
