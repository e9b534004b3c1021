"""What an event would become in Salesforce, tried on events that were heard or on a made-up one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from salesbridge.billing.events import BillingEvent
from salesbridge.engine.surface.records import record_ids
from salesbridge.store.models import HeardEvent
from salesbridge.sync.event_defaults import sample
from salesbridge.sync.event_mapping import EventMapping, UnsurfacedError, surface

if TYPE_CHECKING:
    from salesbridge.engine.live.site import Site

#: Events among which one of a type is looked for: the last ones.
_LOOKED_AT = 2000


@dataclass(frozen=True, slots=True)
class Preview:
    """What an event would become.

    Attributes:
        event: The event.
        heard_at: When it was heard; None for a made-up one.
        fields: The platform event's fields; empty where it cannot become one.
        problem: Why it cannot.
        mend: What to do about that.
    """

    event: BillingEvent
    heard_at: datetime | None
    fields: Mapping[str, str | None] = field(default_factory=dict)
    problem: str = ""
    mend: str = ""


def preview(site: Site, event_type: str, mapping: EventMapping | None) -> Preview:
    """Try a mapping on the event of the type that was heard last, or on a made-up one.

    Args:
        site: The instance.
        event_type: The type.
        mapping: The mapping; None where there is none yet, which is told as the problem.
    """
    event, heard_at = latest(site, event_type)
    if mapping is None:
        return Preview(event, heard_at, problem=f"{event_type} has no event mapping.", mend="Give it one.")
    record_id = record_ids(site, [event]).get(event.event_id, "") if heard_at else ""
    try:
        return Preview(event, heard_at, surface(mapping, event, record_id))
    except UnsurfacedError as error:
        return Preview(event, heard_at, problem=error.message, mend=error.mend)


def latest(site: Site, event_type: str) -> tuple[BillingEvent, datetime | None]:
    """The event of a type that was heard last, and when; else a made-up one with the documented members."""
    last = site.door.rows(HeardEvent).order_by("-heard_at").values("pk")[:_LOOKED_AT]
    heard = site.door.rows(HeardEvent).filter(pk__in=last, type=event_type).order_by("-heard_at").first()
    if heard is None:
        return BillingEvent(str(uuid.UUID(int=0)), event_type, "", "", datetime.now(UTC), sample(event_type)), None
    return BillingEvent(heard.event_id, heard.type, "", "", heard.created_at, heard.data), heard.heard_at
