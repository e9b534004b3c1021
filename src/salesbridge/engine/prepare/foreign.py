"""Apex that a deployment of the package would replace although it is the customer's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from salesbridge.model import Table
from salesbridge.package import Choices, listing
from salesbridge.salesforce import Salesforce
from salesbridge.salesforce.soql import quote

_APEX = ("ApexClass", "ApexTrigger")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
#: A trigger that does nothing but call a handler, as ours do.
_CALL_ONLY = re.compile(r"\s*trigger\s+\w+\s+on\s+\w+\s*\([^)]*\)\s*\{\s*(\w+)\.run\(\);\s*\}\s*")


@dataclass(frozen=True, slots=True)
class ForeignApex:
    """A class or trigger of the customer's that has the name of one of ours.

    Args:
        type: ``ApexClass`` or ``ApexTrigger``.
        name: Its name.
    """

    type: str
    name: str


class ForeignApexError(ValueError):
    """The org has Apex of its own with the names of ours; nothing was deployed.

    Args:
        found: What would be replaced, or removed.
    """

    def __init__(self, found: Iterable[ForeignApex]) -> None:
        self.found = tuple(found)
        named = ", ".join(f"{each.type} {each.name}" for each in self.found)
        super().__init__(f"The org has Apex of its own with the names of the package's: {named}")


def foreign_apex(salesforce: Salesforce, table: Table, choices: Choices) -> list[ForeignApex]:
    """What a deployment would replace that is not ours, by type and name.

    A class is taken for ours when it speaks of the connector, which the vendor's samples do too; a trigger only when it
    does nothing but call a handler that is ours, so that nothing which somebody added to it is lost unseen. What
    belongs to a managed package has names of its own.

    Args:
        salesforce: The org; its user needs *View Setup and Configuration*.
        table: The tenant's data model.
        choices: What is to be installed.

    Raises:
        SalesforceError: Salesforce refuses the query.
    """
    named = listing(table, choices)
    bodies = {kind: _bodies(salesforce, kind, named.get(kind, ())) for kind in _APEX}
    classes = {name for name, body in bodies["ApexClass"].items() if _speaks_of_us(body)}
    others = [ForeignApex("ApexClass", name) for name in sorted(bodies["ApexClass"].keys() - classes)]
    ours = {name.casefold() for name in classes}
    triggers = sorted(name for name, body in bodies["ApexTrigger"].items() if not _only_calls(body, ours))
    return others + [ForeignApex("ApexTrigger", name) for name in triggers]


def _bodies(salesforce: Salesforce, kind: str, names: Iterable[str]) -> dict[str, str]:
    listed = ", ".join(map(quote, names))
    if not listed:
        return {}
    soql = f"SELECT Name, Body FROM {kind} WHERE NamespacePrefix = NULL AND Name IN ({listed})"
    return dict(_told(salesforce.tooling_query(soql)))


def _told(rows: Iterable[dict[str, str]]) -> Iterator[tuple[str, str]]:
    for row in rows:
        yield row["Name"], row.get("Body") or ""


def _speaks_of_us(body: str) -> bool:
    return "gentrack" in _COMMENT.sub(" ", body).casefold()


def _only_calls(body: str, handlers: set[str]) -> bool:
    found = _CALL_ONLY.fullmatch(_COMMENT.sub(" ", body))
    return found is not None and found.group(1).casefold() in handlers
