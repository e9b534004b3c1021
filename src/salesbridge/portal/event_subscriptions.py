"""Events of billing that appear in Salesforce: how each stands, and forms of mappings as people fill them in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from salesbridge.engine.surface import outbox
from salesbridge.store.door import Door
from salesbridge.store.models import Instance, Surfaced
from salesbridge.sync.event_mapping import MEMBERS, EventMapping
from salesbridge.sync.subscriptions import Subscriptions

#: Empty lines for further attributes in the form.
SPARE = 3


@dataclass(frozen=True, slots=True)
class Line:
    """An event type.

    Attributes:
        type: The event type.
        subscribed: Whether its events appear in Salesforce.
        mapping: How; None where nobody has said.
        own: Whether somebody has given the mapping, rather than that it is the default.
        waiting: Events that wait to be published.
        held: Events that wait for a person.
    """

    type: str
    subscribed: bool
    mapping: EventMapping | None
    own: bool
    waiting: int = 0
    held: int = 0


def lines(door: Door, instance: Instance, *, every: bool = False) -> list[Line]:
    """The subscribed events of an instance; with ``every`` all that are known; one query."""
    kept = outbox.subscriptions(instance)
    states = (Surfaced.State.WAITING, Surfaced.State.HELD)
    rows = door.rows(Surfaced).filter(instance=instance, state__in=states).values_list("type", "state")
    counts = {(name, state): count for name, state, count in rows.annotate(count=Count("number"))}
    return [_line(kept, name, counts) for name in (kept.known if every else sorted(kept.types))]


def _line(kept: Subscriptions, name: str, counts: Mapping[tuple[str, str], int]) -> Line:
    return Line(
        name, name in kept.types, kept.mapping(name), name in kept.own,
        counts.get((name, Surfaced.State.WAITING), 0), counts.get((name, Surfaced.State.HELD), 0),
    )  # fmt: skip


def filled(mapping: EventMapping | None) -> dict[str, Any]:
    """A mapping as the fields of the form."""
    if mapping is None:
        return {}
    form = mapping.form()
    values = {name: form[name] for name in MEMBERS if name != "attributes"}
    for number, each in enumerate(mapping.attributes):
        values[f"name_{number}"], values[f"value_{number}"] = each.name, each.value
    return values


def entered(values: Mapping[str, Any], rows: int) -> dict[str, Any]:
    """The JSON form of what somebody filled in; lines without name and value are none."""
    form: dict[str, Any] = {name: str(values.get(name) or "") for name in MEMBERS if name != "attributes"}
    return {**form, "attributes": list(_attributes(values, rows))}


def _attributes(values: Mapping[str, Any], rows: int) -> Iterator[dict[str, str]]:
    for number in range(rows):
        name, value = (str(values.get(f"{part}_{number}") or "").strip() for part in ("name", "value"))
        if name or value:
            yield {"name": name, "value": value}
