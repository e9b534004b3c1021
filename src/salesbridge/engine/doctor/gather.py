"""Asking an org for everything that is checked. What it refuses to tell is noted, and never takes the rest along."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from salesbridge.engine.pinning import pin_of
from salesbridge.model import Entity, Expected, OrgFacts
from salesbridge.model.check_facts import (
    Allocation,
    Apex,
    BillingFacts,
    DuplicateRule,
    Pin,
    Unread,
    ValidationRule,
)
from salesbridge.salesforce import OrgInfo, Salesforce, SalesforceError
from salesbridge.salesforce.connection import Call
from salesbridge.salesforce.definitions import publish_behaviour
from salesbridge.salesforce.soql import quote

now_s = time.time
_ABSENT = frozenset({"NOT_FOUND", "INVALID_TYPE"})
#: Permission that the connector has no use for.
_TOO_MUCH = "ModifyAllData"
_SETUP = "Give the connector's user View Setup and Configuration, or check it by hand."


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about.

    Args:
        salesforce: The org.
        info: Whom we are connected to.
        entities: The objects that are checked.
        expected: What the package puts into the org.
        api_version: The version that the instance is set to.
    """

    salesforce: Salesforce
    info: OrgInfo
    entities: tuple[Entity, ...]
    expected: Expected
    api_version: str

    @property
    def objects(self) -> str:
        """Names of the objects as a list for SOQL."""
        return ", ".join(quote(entity.name) for entity in self.entities)


def read_facts(asked: Asked, pinned: Pin, billing: BillingFacts | None) -> OrgFacts:
    """Everything that the org answers.

    Args:
        asked: What is asked about.
        pinned: The org that the instance was set up for.
        billing: What the billing system answered.

    Raises:
        SalesforceError: Salesforce does not answer at all, or knows the credentials no more.
    """
    found: dict[str, Any] = {}
    unread: list[Unread] = []
    for name, (what, read) in _READINGS.items():
        try:
            found[name] = read(asked)
        except SalesforceError as error:
            if error.kind in {"transient", "authentication"}:
                raise
            why = error.message.strip().rpartition("\n")[2]  # a query's error quotes the query above it
            unread.append(Unread(what, why, _SETUP if error.kind == "permanent" else error.mend))
    return OrgFacts(
        edition=asked.info.edition or "", org=pin_of(asked.info), pinned=pinned, api_version=asked.api_version,
        billing=billing, unread=tuple(unread), **found,
    )  # fmt: skip


def _custom_fields(asked: Asked) -> frozenset[str]:
    soql = f"SELECT DeveloperName, TableEnumOrId FROM CustomField WHERE TableEnumOrId IN ({asked.objects})"
    rows = asked.salesforce.tooling_query(soql)
    return frozenset(f"{row['TableEnumOrId']}.{row['DeveloperName']}__c" for row in rows)


def _custom_objects(asked: Asked) -> frozenset[str] | None:
    wanted = {name.rpartition("__")[0]: name for name in _own_objects(asked.expected) if name}
    if not wanted:
        return None
    soql = f"SELECT DeveloperName FROM CustomObject WHERE DeveloperName IN ({', '.join(map(quote, wanted))})"
    return frozenset(wanted[row["DeveloperName"]] for row in asked.salesforce.tooling_query(soql))


def _apex(asked: Asked) -> tuple[Apex, ...] | None:
    if not asked.expected.apex:
        return None
    tables = {apex.table for apex in asked.expected.apex if apex.table}
    return (*read_triggers(asked.salesforce, tables), *_classes(asked))


def read_triggers(salesforce: Salesforce, tables: Collection[str]) -> Iterator[Apex]:
    """Every trigger on some objects.

    Raises:
        SalesforceError: Salesforce refuses or does not answer.
    """
    listed = ", ".join(map(quote, sorted(tables)))
    soql = f"SELECT Name, TableEnumOrId, Status, IsValid, Body FROM ApexTrigger WHERE TableEnumOrId IN ({listed})"
    for row in salesforce.tooling_query(soql) if listed else ():
        yield _told(row, "ApexTrigger", row["TableEnumOrId"])


def _classes(asked: Asked) -> Iterator[Apex]:
    names = ", ".join(quote(apex.name) for apex in asked.expected.apex if apex.type == "ApexClass")
    soql = f"SELECT Name, Status, IsValid, Body FROM ApexClass WHERE NamespacePrefix = NULL AND Name IN ({names})"
    for row in asked.salesforce.tooling_query(soql) if names else ():
        yield _told(row, "ApexClass", "")


def _told(row: Mapping[str, Any], kind: Any, table: str) -> Apex:
    return Apex(kind, row["Name"], row["Body"] or "", table, row["Status"] == "Active", bool(row["IsValid"]))


def _own_objects(expected: Expected) -> tuple[str, ...]:
    return (expected.event, expected.surfaced, *expected.objects)


def _event_describe(asked: Asked) -> Mapping[str, object] | None:
    return _described(asked, asked.expected.event)


def _surfaced_describe(asked: Asked) -> Mapping[str, object] | None:
    return _described(asked, asked.expected.surfaced)


def _described(asked: Asked, event: str) -> Mapping[str, object] | None:
    if not event:
        return None
    try:
        return asked.salesforce.describe(event, fresh=True)
    except SalesforceError as error:
        if error.code in _ABSENT:
            return {}
        raise


def _publish_behaviour(asked: Asked) -> str | None:
    return publish_behaviour(asked.salesforce, asked.expected.event) if asked.expected.event else None


def _sets(asked: Asked) -> list[str]:
    return [name for name in (asked.expected.permission_set, asked.expected.bypass) if name]


def _permission_sets(asked: Asked) -> frozenset[str]:
    soql = f"SELECT Name FROM PermissionSet WHERE Name IN ({', '.join(map(quote, _sets(asked)))})"
    return frozenset(row["Name"] for row in asked.salesforce.query(soql))


def _assigned(asked: Asked) -> frozenset[str]:
    return read_assigned(asked.salesforce, asked.info.user_id, _sets(asked))


def read_assigned(salesforce: Salesforce, user_id: str, names: Collection[str]) -> frozenset[str]:
    """Which of some permission sets are assigned to a user.

    Raises:
        SalesforceError: Salesforce refuses or does not answer.
    """
    mine = f"AssigneeId = {quote(user_id)} AND PermissionSet.Name IN ({', '.join(map(quote, names))})"
    rows = salesforce.query(f"SELECT PermissionSet.Name FROM PermissionSetAssignment WHERE {mine}")
    return frozenset(row["PermissionSet"]["Name"] for row in rows)


def _permissions(asked: Asked) -> dict[str, bool]:
    names = dict.fromkeys((*asked.expected.permissions, _TOO_MUCH))
    select = ", ".join(f"Permissions{name}" for name in names)
    row = next(asked.salesforce.query(f"SELECT {select} FROM UserPermissionAccess"), {})
    return {name: bool(row.get(f"Permissions{name}")) for name in names} if row else {}


def _validation_rules(asked: Asked) -> tuple[ValidationRule, ...]:
    select = "SELECT ValidationName, ErrorMessage, ErrorDisplayField, EntityDefinitionId FROM ValidationRule"
    rows = asked.salesforce.tooling_query(f"{select} WHERE Active = true AND EntityDefinitionId IN ({asked.objects})")
    return tuple(
        ValidationRule(
            row["EntityDefinitionId"], row["ValidationName"], row["ErrorMessage"] or "", row["ErrorDisplayField"] or ""
        )
        for row in rows
    )


def _duplicate_rules(asked: Asked) -> tuple[DuplicateRule, ...]:
    soql = "SELECT DeveloperName, SobjectType FROM DuplicateRule WHERE IsActive = true"
    return tuple(DuplicateRule(row["SobjectType"], row["DeveloperName"]) for row in asked.salesforce.query(soql))


def _limits(asked: Asked) -> dict[str, Allocation]:
    told = asked.salesforce.limits()
    return {name: Allocation(int(each["Max"]), int(each["Remaining"])) for name, each in told.items()}


def _skew(asked: Asked) -> float | None:
    """Seconds by which our clock is ahead, by the Date header (RFC 9110) against the middle of the call."""
    begun = now_s()
    answer = asked.salesforce.send(Call("GET", "/services/data"))
    ours = (begun + now_s()) / 2
    told = answer.headers.get("date")
    try:
        return ours - parsedate_to_datetime(told).timestamp() if told else None
    except ValueError:
        return None


#: Fact -> what it is in words, and how it is asked for.
_READINGS: Mapping[str, tuple[str, Callable[[Asked], Any]]] = {
    "api_versions": ("API versions", lambda asked: asked.salesforce.versions()),
    "custom_fields": ("Custom fields", _custom_fields),
    "custom_objects": ("Custom objects", _custom_objects),
    "apex": ("Apex classes and triggers", _apex),
    "event_describe": ("The platform event", _event_describe),
    "publish_behaviour": ("When the platform event is published", _publish_behaviour),
    "surfaced_describe": ("The platform event of billing's events", _surfaced_describe),
    "permission_sets": ("Permission sets", _permission_sets),
    "assigned": ("Assigned permission sets", _assigned),
    "permissions": ("Permissions of the user", _permissions),
    "validation_rules": ("Validation rules", _validation_rules),
    "duplicate_rules": ("Duplicate rules", _duplicate_rules),
    "limits": ("Limits", _limits),
    "skew_s": ("The clock", _skew),
}
#: Settings that are checked besides objects and fields, for a green result to name their number.
SETTINGS = len(_READINGS)
