"""Setup objects that the query resource answers and that are views of the org rather than stored records.

Sources: Object Reference, *UserPermissionAccess*, *DuplicateRule*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .schema import Field, Schema, SObject
from .soql import Tables, parse
from .soql.errors import SoqlError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .org import Org
    from .results import Row

PERMISSIONS = (
    "ActivateContract",
    "ActivateOrder",
    "ApiEnabled",
    "AuthorApex",
    "BulkApiHardDelete",
    "CustomizeApplication",
    "ManageNamedCredentials",
    "ModifyAllData",
    "ModifyMetadata",
    "ViewAllData",
    "ViewSetup",
)
"""The permissions that ``UserPermissionAccess`` has a field for."""
_ACCESS, _DUPLICATES = "UserPermissionAccess", "DuplicateRule"
#: Who may modify all data is an administrator in this org, and holds what administrators hold.
_ADMINISTRATOR = "ModifyAllData"


def setup_tables(org: Org, soql: str, user: str) -> Tables | None:
    """The virtual tables that a statement is about; None for one about records, or that cannot be parsed."""
    try:
        name = parse(soql).source.path.text.casefold()
    except SoqlError:
        return None
    tables = {_ACCESS: lambda: _access(org, user), _DUPLICATES: lambda: _duplicate_rules(org)}
    shown = [table for table in tables if table.casefold() == name]
    if shown == [_DUPLICATES] and not org.directory.allows(user, "ViewSetup"):
        shown = []  # Summer '20 and later: only with View Setup and Configuration
    if not shown:
        return None
    return Tables(_schema(), {each: tables[each] for each in shown}, org.clock, org.settings)


def _schema() -> Schema:
    return Schema([
        _sobject(_ACCESS, {"Id": "id", **{f"Permissions{name}": "boolean" for name in PERMISSIONS}}),
        _sobject(
            _DUPLICATES,
            {"Id": "id", "DeveloperName": "string", "MasterLabel": "string", "SobjectType": "picklist",
             "SobjectSubtype": "picklist", "IsActive": "boolean", "NamespacePrefix": "string"},
        ),
    ])  # fmt: skip


def _sobject(name: str, fields: dict[str, str]) -> SObject:
    made = {each: Field(each, each, kind, createable=False, updateable=False) for each, kind in fields.items()}
    flags = dict.fromkeys(("createable", "updateable", "deletable", "undeletable", "replicateable"), False)
    return SObject(name, name, name, None, made, **flags)


def _access(org: Org, user: str) -> Iterator[Row]:
    everything = org.directory.allows(user, _ADMINISTRATOR)
    held = {f"Permissions{name}": everything or org.directory.allows(user, name) for name in PERMISSIONS}
    yield {"Id": "000000000000000AAA", **held}


def _duplicate_rules(org: Org) -> Iterator[Row]:
    for number, full_name in enumerate(org.settings.duplicate_rules, start=1):
        owner, _, name = full_name.partition(".")
        yield {
            "Id": f"0Bm{number:012d}AAA",
            "DeveloperName": name,
            "MasterLabel": name.replace("_", " "),
            "SobjectType": owner,
            "SobjectSubtype": "None",
            "IsActive": True,
        }
