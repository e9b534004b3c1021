"""What people see: lists of linked records, and page layouts (Metadata API guide, ListView, Layout).

A deployed layout replaces the one of its name as a whole, and fields cannot be added to a customer's layout by a
deployment. So each layout is a new one, assigned to nobody, from which an administrator takes what the team needs.
"""

from __future__ import annotations

from collections.abc import Iterator

from salesbridge.model import EXTERNAL_ID, Entity
from salesbridge.package.choices import Choices
from salesbridge.package.components import File, Named, xml
from salesbridge.package.markup import Element, elements

#: Main objects with the name by which a list calls their first column.
_LISTED = {
    "Account": "ACCOUNT.NAME",
    "Contact": "FULL_NAME",
    "Contract": "",
    "Asset": "ASSET.NAME",
    "Opportunity": "OPPORTUNITY.NAME",
    "Order": "",
}
_MOST_COLUMNS = 15
#: Fields that a layout holds under the name of the compound they are part of.
_WHOLE = {("Contact", name): "Name" for name in ("Salutation", "FirstName", "LastName")}
#: Standard fields besides the mapped ones that Salesforce demands on a layout of the object.
_DEMANDED = {"Asset": ("ContactId",), "Contract": ("OwnerId",)}


def list_view(entity: Entity) -> Named | None:
    """The list of an object's records that are linked with billing; None for objects that are parts of others."""
    if entity.name not in _LISTED:
        return None
    name = "Gentrack_Records"
    custom = [field.name for field in entity.fields if field.custom]
    wanted = [column for column in (_LISTED[entity.name], EXTERNAL_ID, *custom) if column][:_MOST_COLUMNS]
    columns: list[Element] = [("columns", column) for column in wanted]
    linked: Element = ("filters", elements(field=EXTERNAL_ID, operation="notEqual"))
    head, tail = elements(fullName=name), elements(label=f"Gentrack {entity.label}")
    return name, (*head, *columns, *elements(filterScope="Everything"), linked, *tail)


def layout(entity: Entity, choices: Choices) -> File | None:
    """A page layout of the object with everything that is mapped; None for objects that are parts of others."""
    if entity.name not in _LISTED:
        return None
    title = "Gentrack"
    sections = [_section("Details", list(_standard(entity, choices))), _section(title, list(_custom(entity)))]
    return xml("Layout", f"{entity.name}-Gentrack Layout", sections)


def _standard(entity: Entity, choices: Choices) -> Iterator[tuple[str, str]]:
    seen = set()
    named = [(parent.field, parent.required) for parent in entity.parents if parent.entity not in choices.leave_out]
    for field in entity.fields:
        whole = _WHOLE.get((entity.name, field.name), f"{field.name}Address" if field.address else field.name)
        needed = field.required or whole == "Name" or field.name == "Status"
        named += [] if field.custom else [(whole, needed)]
    named += [(name, False) for name in _DEMANDED.get(entity.name, ())]
    for name, needed in named:
        if name not in seen:
            seen.add(name)
            yield name, "Required" if needed else "Edit"


def _custom(entity: Entity) -> Iterator[tuple[str, str]]:
    yield EXTERNAL_ID, "Readonly"
    yield from ((field.name, "Edit") for field in entity.fields if field.custom)


def _section(label: str, fields: list[tuple[str, str]]) -> Element:
    half = (len(fields) + 1) // 2
    columns: list[Element] = [
        ("layoutColumns", tuple(("layoutItems", elements(behavior=how, field=name)) for name, how in part))
        for part in (fields[:half], fields[half:])
    ]
    flags = elements(customLabel=True, detailHeading=True, editHeading=True, label=label)
    return "layoutSections", (*flags, *columns, *elements(style="TwoColumnsTopToBottom"))
