"""What a person does through the portal, written into the audit together with the act."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.http import HttpRequest

from salesbridge.portal.access import person
from salesbridge.store import audit
from salesbridge.store.door import Door


@contextmanager
def audited(
    request: HttpRequest, door: Door, action: str, subject: str = "", detail: Mapping[str, Any] | None = None
) -> Iterator[str]:
    """Do something in one transaction with its entry in the audit; what raises leaves neither.

    Args:
        request: Whose request it is.
        door: Door of the tenant.
        action: ``subject:action``.
        subject: Which one.
        detail: Facts; may be filled while the act goes on. Never a secret.

    Yields:
        Who it is, as the engine's acts want to know it.
    """
    who = person(request).email
    with transaction.atomic():
        yield who
        audit.write(door, who, action, subject, detail)


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What differs between two states, for the detail of an entry: name to ``{"before", "after"}``."""
    names = [*before, *(name for name in after if name not in before)]
    return {
        name: {"before": before.get(name), "after": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    }
