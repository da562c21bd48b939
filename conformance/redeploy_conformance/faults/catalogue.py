"""All faults by id."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from redeploy_conformance.emulator.app import Emulator
from redeploy_conformance.emulator.settings import Settings
from redeploy_conformance.faults import (
    of_admission,
    of_answers,
    of_authority,
    of_calls,
    of_disks,
    of_events,
    of_force,
    of_forms,
    of_histories,
    of_life,
    of_limits,
    of_long_histories,
    of_meetings,
    of_neighbours,
    of_offers,
    of_rejections,
    of_responding,
    of_signatures,
    of_tasks,
)
from redeploy_conformance.faults.registry import REGISTERED, Fault

# The modules enter their faults when they are imported.
_MODULES: Final = (
    of_admission,
    of_responding,
    of_calls,
    of_answers,
    of_life,
    of_force,
    of_tasks,
    of_neighbours,
    of_events,
    of_disks,
    of_limits,
    of_authority,
    of_signatures,
    of_offers,
    of_histories,
    of_rejections,
    of_forms,
    of_long_histories,
    of_meetings,
)

FAULTS: Final[Mapping[str, Fault]] = MappingProxyType(REGISTERED)
"""Every fault by its id."""


def fault(fault_id: str) -> Fault:
    """The fault with that id. Raises KeyError if there is none."""
    return FAULTS[fault_id]


def build(fault_id: str, settings: Settings | None = None, **options: Any) -> Emulator:
    """An emulator with that fault. Raises KeyError if there is no such fault."""
    return FAULTS[fault_id].build(settings, **options)
