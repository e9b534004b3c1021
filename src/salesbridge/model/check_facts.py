"""What was asked of an org besides its describes, and what the package puts there: plain values, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ApexType = Literal["ApexClass", "ApexTrigger"]


@dataclass(frozen=True, slots=True)
class Apex:
    """A class or trigger, as the org has it or as the package brings it.

    Args:
        type: Which of the two.
        name: Its name.
        body: Its text.
        table: The object of a trigger.
        active: Whether its status is Active.
        valid: Whether it compiles.
    """

    type: ApexType
    name: str
    body: str
    table: str = ""
    active: bool = True
    valid: bool = True

    @property
    def text(self) -> str:
        """The text by which two are compared: ends of lines and spaces before them do not count."""
        return "\n".join(line.rstrip() for line in self.body.strip().splitlines())


@dataclass(frozen=True, slots=True)
class EventField:
    """A field of the platform event as the package defines it; ``type`` is that of describe."""

    name: str
    type: str
    length: int


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """An active validation rule."""

    entity: str
    name: str
    error_message: str
    error_field: str = ""


@dataclass(frozen=True, slots=True)
class DuplicateRule:
    """An active duplicate rule."""

    entity: str
    name: str


@dataclass(frozen=True, slots=True)
class Allocation:
    """A limit of the org: how much there is in all, and how much is left."""

    most: int
    left: int


@dataclass(frozen=True, slots=True)
class Pin:
    """Which org it is: organisation id, sandbox flag, Salesforce instance and My Domain host.

    An attribute that is None or empty is not known.
    """

    org_id: str = ""
    sandbox: bool | None = None
    instance_name: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class BillingFacts:
    """What was asked of the billing system.

    Args:
        name: Product and version.
        refusal: Why that version cannot be used; empty if it can.
        unreadable: What was said when records of a kind were read, by kind of record; only those that were refused.
    """

    name: str
    refusal: str = ""
    unreadable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that could not be asked.

    Args:
        what: What it was, in words that begin with a capital.
        why: What was answered.
        mend: What to do.
    """

    what: str
    why: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class OrgFacts:
    """What was asked of an org besides its describes; None where it was not asked or not answered (see ``unread``).

    Args:
        edition: ``OrganizationType`` (Object Reference, Organization).
        org: Which org it is.
        pinned: Which org the instance was set up for.
        api_version: The version that the instance is set to.
        api_versions: Those that the org serves.
        custom_fields: ``Object.Field`` of every custom field of the mapped objects, whoever may see it.
        custom_objects: Custom objects and platform events, whoever may see them.
        apex: Classes and triggers of the org that are of interest, and every trigger on a mapped object.
        event_describe: Describe of the platform event; empty where Salesforce shows none.
        publish_behaviour: Of the platform event (Metadata API, CustomObject).
        surfaced_describe: Describe of the platform event by which billing's events appear; empty where none is shown.
        permission_sets: Names of the permission sets in the org that the package brings.
        assigned: Names of the permission sets that are assigned to the connector's user.
        permissions: Permissions of the connector's user by name (Object Reference, UserPermissionAccess).
        validation_rules: Active ones on mapped objects.
        duplicate_rules: Active ones on mapped objects.
        limits: Allocations by Salesforce's name (REST API, Limits).
        skew_s: Seconds by which this machine's clock is ahead of Salesforce's.
        billing: What was asked of the billing system.
        unread: What could not be asked.
    """

    edition: str | None = None
    org: Pin | None = None
    pinned: Pin | None = None
    api_version: str = ""
    api_versions: tuple[str, ...] | None = None
    custom_fields: frozenset[str] | None = None
    custom_objects: frozenset[str] | None = None
    apex: tuple[Apex, ...] | None = None
    event_describe: Mapping[str, object] | None = None
    publish_behaviour: str | None = None
    surfaced_describe: Mapping[str, object] | None = None
    permission_sets: frozenset[str] | None = None
    assigned: frozenset[str] | None = None
    permissions: Mapping[str, bool] | None = None
    validation_rules: tuple[ValidationRule, ...] | None = None
    duplicate_rules: tuple[DuplicateRule, ...] | None = None
    limits: Mapping[str, Allocation] | None = None
    skew_s: float | None = None
    billing: BillingFacts | None = None
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """What the package puts into the org besides fields.

    Args:
        permission_set: Name of the connector's permission set.
        permissions: User permissions that the set grants.
        bypass: Name of the permission set that bypasses the triggers.
        event: Name of the platform event; empty for a load alone, which needs neither event nor Apex.
        event_fields: Its fields.
        publish_behaviour: When it is published.
        objects: Its custom objects besides the event.
        apex: Its classes and triggers.
        surfaced: Name of the platform event by which billing's events appear in Salesforce; empty for a load alone.
        surfaced_fields: Its fields.
    """

    permission_set: str = ""
    permissions: tuple[str, ...] = ()
    bypass: str = ""
    event: str = ""
    event_fields: tuple[EventField, ...] = ()
    publish_behaviour: str = "PublishImmediately"
    objects: tuple[str, ...] = ()
    apex: tuple[Apex, ...] = ()
    surfaced: str = ""
    surfaced_fields: tuple[EventField, ...] = ()
