"""The data model reference as a page, written from the table: ``python -m salesbridge.model.reference``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from salesbridge.model.columns import Column, columns
from salesbridge.model.entity import EXTERNAL_ID, Entity, Phase, Table
from salesbridge.model.kinds import Kind, Picklist, Side
from salesbridge.model.kinds.text import Street
from salesbridge.model.order import load_order
from salesbridge.model.table import TABLE

_INTRODUCTION = """\
# Data model reference

This page is written from the data model itself by `python -m salesbridge.model.reference`; change the table instead.

For each Salesforce object: its fields, the billing attribute behind each, and the **master**, the side whose value wins
when the two differ. Fields marked **published** are in the vendor's data model reference; the others are ours and are
to be confirmed with each customer. Fields that end in `__c` are custom fields, which the Salesforce package brings into
the org. A tenant's settings can add fields, leave fields out and change masters.

Every object has the external id `{external_id}`, by which records are matched. It is unique. Salesforce minds
its case, as billing does, but for market identifiers, which are brought to upper case first.
"""
_MASTERS = {Side.BILLING: "billing", Side.SALESFORCE: "Salesforce"}


def page(table: Table) -> str:
    """The reference as Markdown."""
    sections = [_INTRODUCTION.format(external_id=EXTERNAL_ID), _order(table), *map(_entity, table.entities)]
    return "\n".join(sections)


def _order(table: Table) -> str:
    names = " → ".join(entity.name for entity in load_order(table, initial=True))
    return f"The initial data synchronisation loads, in this order: {names}.\n"


def _entity(entity: Entity) -> str:
    heads = ("Field", "Label", "Billing attribute", "Master", "Kind", "Notes")
    lines = [f"## {entity.name}", "", *_facts(entity), "", _line(heads), _line(["---"] * len(heads))]
    lines += [_line(row) for row in (_key(entity), *_lookups(entity), *map(_row, columns(entity)))]
    return "\n".join(lines) + "\n"


def _facts(entity: Entity) -> Iterator[str]:
    when = (
        "Loaded initially, then kept in step." if entity.initial else "Kept in step after the initial synchronisation."
    )
    yield f"Billing record: {entity.record.replace('_', ' ')} ({entity.label}). {when}"
    if entity.adopts:
        yield "A record that Salesforce already holds for the same parents is adopted."
    if entity.identifier:
        yield "The market identifier is verified by its check digit before it is written."
    if entity.feature:
        yield f"Needs in Salesforce: {entity.feature}."


def _key(entity: Entity) -> tuple[str, ...]:
    attributes = " : ".join(f"`{name}`" for name in entity.key)
    kind = f"text, {entity.external_id_length}"
    marks = {"external id": True, "unique": True, "published": any(field.published for field in entity.fields)}
    return f"`{EXTERNAL_ID}`", "Gentrack External Id", attributes, "billing", kind, ", ".join(_true(marks))


def _lookups(entity: Entity) -> Iterator[tuple[str, ...]]:
    for parent in entity.parents:
        notes = ", ".join(_true({"required": parent.required, "never changed": parent.create_only}))
        yield f"`{parent.field}`", "", f"`{parent.billing}`", "billing", f"lookup to {parent.entity}", notes
    for name, fact in entity.facts:
        yield f"`{name}`", "", "", "Salesforce", f"the org's {fact.replace('_', ' ')}", "required, never changed"


def _row(column: Column) -> tuple[str, ...]:
    field = column.field
    attributes = ", ".join(f"`{name}`" for name in column.attributes)
    owner = {f"of the {field.record}": bool(field.record)}
    when = {"written alone, after the record": column.phase is Phase.ACTIVATE, "never changed": field.create_only}
    marks = {"required": field.required, "published": field.published, "unique": field.unique}
    notes = ", ".join(_true(marks | owner | when))
    return f"`{column.name}`", field.label, attributes, _MASTERS[column.master], _kind(column.kind), notes


def _kind(kind: Kind) -> str:
    """The kind with its measures in words, for example ``number, 15 digits, 2 of them decimals``."""
    wanted = kind.salesforce_type
    words = [wanted.metadata.lower() if not isinstance(kind, Street) else f"text of {kind.count} lines"]
    if wanted.length:
        words.append(str(wanted.length))
    if wanted.precision:
        words.append(f"{wanted.precision} digits, {wanted.scale} of them decimals")
    if isinstance(kind, Picklist) and kind.restricted:
        words.append("restricted")
    return ", ".join(words) + (f": {' / '.join(wanted.values)}" if wanted.values else "")


def _true(marks: dict[str, bool]) -> list[str]:
    return [name for name, holds in marks.items() if holds]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


if __name__ == "__main__":
    sys.stdout.write(page(TABLE))
