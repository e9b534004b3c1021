"""Beginning an inspection by a person's word; what changes something is audited together with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from salesbridge.portal import inspections
from salesbridge.portal.access import person
from salesbridge.portal.acting import audited
from salesbridge.store.door import Door
from salesbridge.store.models import Instance


def begin(request: HttpRequest, door: Door, instance: Instance, kind: str, carry: inspections.Carry) -> None:
    """Begin an inspection; that too many go on is shown on the next page."""
    try:
        inspections.begin(door, instance, kind, carry, by=person(request).email)
    except inspections.InspectionRefusedError as error:
        messages.error(request, str(error))


def begin_audited(
    request: HttpRequest, door: Door, instance: Instance, asked: tuple[str, inspections.Carry, str],
    detail: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Begin an inspection that is an act of a person's.

    Args:
        request: Whose request it is.
        door: Door of the tenant.
        instance: The instance.
        asked: Kind of the inspection, what carries it out, and the action in the audit.
        detail: Facts for the audit.
    """
    kind, carry, action = asked
    try:
        with audited(request, door, action, instance.name, detail) as who:
            inspections.begin(door, instance, kind, carry, by=who)
    except inspections.InspectionRefusedError as error:
        messages.error(request, str(error))
