"""The custom fields of an object, as metadata (Metadata API guide, CustomField)."""

from __future__ import annotations

from collections.abc import Iterator

from salesbridge.model import EXTERNAL_ID, Column, Entity, columns
from salesbridge.model.kinds import MultiPicklist, Picklist, SalesforceType
from salesbridge.package.components import Named
from salesbridge.package.markup import Element, elements

_KEY_HELP = "Identifies the record in the Gentrack billing system. Written by the connector; leave it as it is."
_LABEL_LENGTH = 40
_VISIBLE_LINES = {"LongTextArea": 5, "MultiselectPicklist": 4}


def custom_columns(entity: Entity) -> list[Column]:
    """The columns that the package brings into the org, by name."""
    return sorted((column for column in columns(entity) if column.field.custom), key=lambda column: column.name)


def custom_fields(entity: Entity) -> tuple[Named, ...]:
    """The fields that the package adds to a standard object, by name.

    No field is marked as required: sales people must be able to save what billing does not know yet.
    """
    named = {column.name: _field(column) for column in custom_columns(entity)}
    named[EXTERNAL_ID] = _external_id(entity)
    return tuple(sorted(named.items()))


def _external_id(entity: Entity) -> tuple[Element, ...]:
    return elements(
        fullName=EXTERNAL_ID,
        caseSensitive=entity.case_sensitive,
        externalId=True,
        inlineHelpText=_KEY_HELP,
        label="Gentrack External Id",
        length=entity.external_id_length,
        type="Text",
        unique=True,
    )


def _field(column: Column) -> tuple[Element, ...]:
    field, wanted = column.field, _held(column)
    unique = field.unique and wanted.metadata in {"Text", "Email", "Number"}
    return (
        *elements(
            fullName=column.name,
            caseSensitive=False if unique and wanted.metadata == "Text" else None,
            defaultValue=False if wanted.metadata == "Checkbox" else None,
            inlineHelpText=field.help or None,
            label=(field.label or column.name.removesuffix("__c").replace("_", " "))[:_LABEL_LENGTH],
            length=wanted.length if wanted.metadata in {"Text", "LongTextArea"} else None,
            precision=wanted.precision or None,
            scale=wanted.scale if wanted.precision else None,
            type=wanted.metadata,
            unique=True if unique else None,
        ),
        *_value_set(column),
        *elements(visibleLines=_VISIBLE_LINES.get(wanted.metadata)),
    )


def _held(column: Column) -> SalesforceType:
    """The type of the field; a picklist without values is text, since Salesforce wants one value at least."""
    wanted = column.kind.salesforce_type
    if isinstance(column.kind, Picklist) and not wanted.values:
        return SalesforceType("Text", "string", length=column.kind.length)
    return wanted


def _value_set(column: Column) -> Iterator[Element]:
    kind = column.kind
    if not isinstance(kind, (Picklist, MultiPicklist)) or not kind.values:
        return
    restricted = isinstance(kind, Picklist) and kind.restricted
    values = tuple(("value", elements(fullName=value, default=False, label=value)) for value in kind.values)
    definition: Element = ("valueSetDefinition", (*elements(sorted=False), *values))
    yield "valueSet", (*elements(restricted=restricted), definition)
