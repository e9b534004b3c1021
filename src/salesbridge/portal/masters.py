"""The data model as people read it, and what another one would change, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from salesbridge.engine.live.words import side_name
from salesbridge.model import Column, Entity, Side, Table, columns
from salesbridge.store.door import Door
from salesbridge.store.models import Instance, Link

#: Most links that are counted for a preview.
_COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Line:
    """One column of the data model.

    Args:
        entity: Salesforce object.
        field: Salesforce field.
        label: Its label, or that of the field it is a part of.
        billing: Billing attributes behind it.
        record: Billing record that owns them.
        master: The side whose value wins.
        kind: How its values are spelt.
        own: Whether the tenant has added or changed it.
        notes: What else there is to say.
    """

    entity: str
    field: str
    label: str
    billing: str
    record: str
    master: str
    kind: str
    own: bool
    notes: str


def lines(table: Table, product: Table) -> list[Line]:
    """Every column of a data model in its order.

    Args:
        table: The tenant's data model.
        product: The product's own, which tells what the tenant changed.
    """
    plain = {entity.name: {c.name: _facts(entity, c) for c in columns(entity)} for entity in product.entities}
    return [
        _line(entity, column, plain.get(entity.name, {})) for entity in table.entities for column in columns(entity)
    ]


def _line(entity: Entity, column: Column, plain: Mapping[str, Mapping[str, str]]) -> Line:
    field = column.field
    notes = [
        words
        for words, so in (
            ("needed for a new record", field.required), ("only written with a new record", field.create_only),
            ("no two records alike", field.unique),
        )
        if so
    ]  # fmt: skip
    facts = _facts(entity, column)
    return Line(
        entity.name, column.name, field.label or field.name, facts["billing"], facts["record"], column.master.value,
        facts["kind"], plain.get(column.name) != facts, ", ".join(notes),
    )  # fmt: skip


def _facts(entity: Entity, column: Column) -> dict[str, str]:
    kind = column.kind
    length = getattr(kind, "length", None)
    return {
        "master": column.master.value,
        "billing": " ".join(column.attributes),
        "record": (column.field.record or entity.record).replace("_", " "),
        "kind": f"{type(kind).__name__}{f' ({length})' if isinstance(length, int) else ''}",
    }


@dataclass(frozen=True, slots=True)
class Difference:
    """What another data model would change about one column.

    Args:
        entity: Salesforce object.
        field: Salesforce field.
        what: ``added``, ``left out``, or what of it changes: ``master``, ``billing``, ``record``, ``kind``.
        before: As it is; empty for a new one.
        after: As it would be; empty for one that is left out.
        then: What the next reconciliation would do about it.
    """

    entity: str
    field: str
    what: str
    before: str
    after: str
    then: str


def differences(before: Table, after: Table) -> list[Difference]:
    """What changes between two data models, column by column."""
    found: list[Difference] = []
    for entity in after.entities:
        was = {c.name: c for c in columns(before[entity.name])}
        now = {c.name: c for c in columns(entity)}
        for name in dict.fromkeys([*was, *now]):
            found += _of_column(entity, name, was.get(name), now.get(name))
        if before[entity.name].initial != entity.initial:
            found.append(_kept(entity))
    return found


def _kept(entity: Entity) -> Difference:
    then = "its records are loaded and kept in step" if entity.initial else "its records are left alone from then on"
    words = ("no", "yes") if entity.initial else ("yes", "no")
    return Difference(entity.name, "", "kept in step", *words, then)


def _of_column(entity: Entity, name: str, was: Column | None, now: Column | None) -> Iterator[Difference]:
    if now is None and was is not None:
        facts = _facts(entity, was)
        yield Difference(
            entity.name, name, "left out", _told(facts), "", "it is left as it is on both sides and no longer compared"
        )
    elif was is None and now is not None:
        yield Difference(entity.name, name, "added", "", _told(_facts(entity, now)), _first_contact(now))
    elif was is not None and now is not None:
        old, new = _facts(entity, was), _facts(entity, now)
        for what in old:
            if old[what] != new[what]:
                yield Difference(entity.name, name, what, old[what], new[what], _then(what, now))


def _told(facts: Mapping[str, str]) -> str:
    return f"{facts['kind']}, {facts['billing'] or 'not known to billing'}, master {side_name(facts['master'])}"


def _first_contact(column: Column) -> str:
    if not column.attributes:
        return "nothing: billing does not know it"
    fallback = (
        " Where Salesforce holds nothing, billing's value goes there." if column.master is Side.SALESFORCE else ""
    )
    return f"where the sides differ, {side_name(column.master)}'s value is written to the other side.{fallback}"


def _then(what: str, column: Column) -> str:
    if what == "master":
        other = "billing" if column.master is Side.SALESFORCE else "Salesforce"
        return (
            f"nothing where both sides agree; where they differ, {side_name(column.master)}'s value is written to "
            f"{other}, and changes made in {other} are put back"
        )
    if what == "kind":
        return "values that do not fit are refused and become problems; the org's field must fit: Validate Data Model"
    return _first_contact(column)


def linked(door: Door, instances: Iterable[Instance], entities: Iterable[str]) -> list[tuple[str, str, int, bool]]:
    """How many linked records of each object a change concerns: instance, object, count, whether there are more."""
    names = list(dict.fromkeys(entities))
    found = []
    for instance in instances:
        for name in names:
            rows = door.rows(Link).filter(instance=instance, entity=name)
            count = rows[: _COUNTED + 1].count()
            found.append((instance.name, name, min(count, _COUNTED), count > _COUNTED))
    return found


def with_field(overrides: Mapping[str, Any], entity: str, field: str, choice: str) -> dict[str, Any]:
    """Overrides in which one field is mastered otherwise.

    Args:
        overrides: The tenant's overrides.
        entity: Salesforce object.
        field: Salesforce field.
        choice: ``salesforce`` or ``billing`` for that master, ``out`` to leave the field out, ``product`` for what the
            product says.
    """
    change = dict(overrides.get(entity) or {})
    fields = dict(change.get("fields") or {})
    if choice == "product":
        fields.pop(field, None)
    else:
        fields[field] = None if choice == "out" else {**(fields.get(field) or {}), "master": choice}
    made = {**overrides, entity: {**change, "fields": fields}}
    if not fields and not change.keys() - {"fields"}:
        del made[entity]
    return made


def flat(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Overrides with a line for each field, for the audit: ``Account.Phone`` to its settings."""
    made: dict[str, Any] = {}
    for entity, change in overrides.items():
        for name, settings in (change.get("fields") or {}).items():
            made[f"{entity}.{name}"] = settings if settings is not None else "left out"
        if "initial" in change:
            made[f"{entity}.initial"] = change["initial"]
    return made
