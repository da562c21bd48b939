"""What a run that ends now leaves: what is known to stay behind, what nobody knows, and no more.

Of what was never touched, or is seen to be as it was, nothing is said.
"""

from dataclasses import dataclass, field

from redeploy_conformance.staging.past import Past

LEFT = "left behind"
UNKNOWN = "not known"
NOT_LISTED = "not listed"
"""What a look shows of an instance that is not there, in place of a status."""


@dataclass(slots=True)
class Leftovers:
    """What could not be put back, and of what that is not known since nobody could look; in sentences.

    ``alone`` says that something was left alone, since somebody else moved it.
    """

    left: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    alone: bool = False

    @property
    def all(self) -> list[str]:
        """Both."""
        return [*self.left, *self.unseen]

    def lines(self) -> list[str]:
        """Return both, each with what it is."""
        return [
            *(f"{LEFT}: {one}" for one in self.left),
            *(f"{UNKNOWN}: {one}" for one in self.unseen),
        ]


@dataclass(slots=True)
class Sightings:
    """What looks of this process showed of instances after the last request that may have changed them.

    ``back`` are those that were brought back, or found to be as they were.
    """

    shown: dict[str, str] = field(default_factory=dict)
    back: set[str] = field(default_factory=set)
    _asked: dict[str, float] = field(default_factory=dict)

    def asked(self, instance: str, now: float) -> None:
        """Take note of a request that may change an instance."""
        self._asked[instance] = now
        self.shown.pop(instance, None)
        self.back.discard(instance)

    def requested(self, instance: str) -> bool:
        """Whether this process made a request that may have changed an instance."""
        return instance in self._asked

    def looked(self, instance: str, status: str, since: float) -> None:
        """Take note of a look that shows nothing older than ``since``."""
        if since >= self._asked.get(instance, float("-inf")):
            self.shown[instance] = status


def left_behind(past: Past, seen: Sightings) -> Leftovers:
    """Return what a run that ends now leaves as it is, as far as journal and looks tell."""
    told = Leftovers()
    if past.restored:
        return told
    for instance, before in past.before.items():
        doubted = instance in past.doubted and seen.shown.get(instance) != before.status
        touched = instance in past.touched or doubted
        if touched and instance not in seen.back:
            _instance(past, instance, before.status, seen, told)
    for event, instance in past.events.items():
        words = f"simulated event {event} on {instance}"
        if event in past.canceling:
            told.unseen.append(f"whether {words} is canceled: no answer came")
        elif event not in past.canceled:
            told.left.append(words)
    for one in past.unsure:
        words = f"whether a simulated {one.type} was made on {one.instance}"
        told.unseen.append(f"{words}: no answer told, and no look")
    told.left += [
        f"{one}, which the run made"
        for one in past.launched
        if not _gone(past, one, seen)
    ]
    if past.launching:
        told.unseen.append("whether an instance was made: no answer told, and no look")
    return told


def _gone(past: Past, instance: str, seen: Sightings) -> bool:
    """Whether an instance of the run is deleted: by a look since that was asked for, else by its answer."""
    if instance in past.deleting and instance in seen.shown:
        return seen.shown[instance] == NOT_LISTED
    return instance in past.deleted


def _instance(
    past: Past, instance: str, before: str, seen: Sightings, told: Leftovers
) -> None:
    flying, shown = past.flying.get(instance), seen.shown.get(instance)
    was = f"{instance} was {before}"
    if shown is not None and shown != before:
        told.left.append(f"{was} and is {shown}")
    elif flying is not None and flying.task and seen.requested(instance):
        told.left.append(f"{was}, and a redeploy of it is under way")
    elif flying is not None:
        told.unseen.append(f"{was}, and a redeploy of it may be under way")
    elif shown is None or past.wanted.get(instance, before) != before:
        told.unseen.append(f"{was}, and nobody has looked since the last request")
