"""What one side says has happened, and what both sides hold: the values that decisions are made of. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from salesbridge.model import Side

#: Values by column as CSV cells; None is a cleared field, an absent column is unknown and left alone.
Cells = Mapping[str, str | None]


class Op(StrEnum):
    """What is said to have happened to a record."""

    SAVE = "save"
    DELETE = "delete"
    UNDELETE = "undelete"


class Origin(StrEnum):
    """How we came to know."""

    EVENT = "event"
    POLL = "poll"
    RECONCILIATION = "reconciliation"
    AUDIT = "audit"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that one side says has happened to a record: a doorbell, never the truth itself.

    Args:
        side: Who says so.
        entity: Salesforce object of the record.
        key: The side's own key: a Salesforce id (18 characters) or an external id.
        op: What is said to have happened.
        at: When, by the clock of that side; None where it does not tell.
        before: Values it says were there, mapped columns only.
        after: Values it says are there now, mapped columns only.
        by: Who did it, as that side names people; empty where it does not tell.
        ours: Whether the connector's own user did it. It is told for the story only: no decision depends on it.
        origin: How we came to know.
    """

    side: Side
    entity: str
    key: str
    op: Op = Op.SAVE
    at: datetime | None = None
    before: Cells = field(default_factory=dict)
    after: Cells = field(default_factory=dict)
    by: str = ""
    ours: bool = False
    origin: Origin = Origin.EVENT

    @property
    def claims(self) -> dict[str, tuple[str | None, str | None]]:
        """Columns that it says have changed, with the values before and after."""
        return {
            name: (self.before.get(name), value)
            for name, value in self.after.items()
            if name in self.before and self.before[name] != value
        }


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as one side holds it, just read.

    Args:
        cells: Values by column, parents among them by their external id.
        key: External id that it carries; None for a Salesforce record without one.
        id: Salesforce id, or billing's own id.
        modified: When it was last modified, by that side's clock.
        by: Who modified it last.
    """

    cells: Cells
    key: str | None
    id: str = ""
    modified: datetime | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """A record that one side has deleted.

    Args:
        merged_into: Salesforce id of the record that it was merged into; empty for a plain delete.
    """

    merged_into: str = ""


@dataclass(frozen=True, slots=True)
class Tries:
    """How often a value was put back since it was first put back.

    Args:
        cell: The value.
        count: How often.
        since: When it was first put back.
    """

    cell: str | None
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """What ties a billing record to a Salesforce record.

    Args:
        billing_key: External id.
        salesforce_id: Salesforce id.
        agreed: Values both sides last agreed on.
        restored: Columns that were put back lately.
    """

    billing_key: str
    salesforce_id: str
    agreed: Cells
    restored: Mapping[str, Tries] = field(default_factory=dict)
