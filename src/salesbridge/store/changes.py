"""The journal of changes in bulk: hearing them, taking them up, and writing down what became of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import psycopg
from django.db import connection, transaction

from salesbridge.store.door import Door
from salesbridge.store.models import Live

#: Channel on which workers hear that there is something to deliver; the payload is the instance's id.
CHANNEL = "salesbridge_changes"

# One statement, as an event a transaction is usual: temporary tables would cost more than all the rest of it.
_WRITE = """
WITH incoming AS (
    SELECT * FROM jsonb_to_recordset(%(told)s::jsonb) AS told (
        position bigint, side text, entity text, key text, op text, event_id text, at timestamptz, by text,
        ours boolean, origin text, before jsonb, after jsonb
    )
), fresh AS (
    SELECT DISTINCT ON (side, event_id) * FROM incoming
    WHERE NOT EXISTS (
        SELECT 1 FROM store_change known
        WHERE known.instance_id = %(instance)s AND known.side = incoming.side AND known.event_id = incoming.event_id
    )
    ORDER BY side, event_id, position
), numbered AS (
    UPDATE store_live SET next_number = next_number + (SELECT count(*) FROM fresh)
    WHERE tenant_id = %(tenant)s AND instance_id = %(instance)s
    RETURNING next_number - (SELECT count(*) FROM fresh) AS first
), written AS (
    INSERT INTO store_change
        (tenant_id, instance_id, number, side, entity, key, op, event_id, at, by, ours, origin, before, after, record,
         reason, story)
    SELECT %(tenant)s, %(instance)s, first + row_number() OVER (ORDER BY position) - 1, side, entity, key, op, event_id,
        at, by, ours, origin, before, after, '', '', '{}'
    FROM fresh, numbered
    RETURNING 1
)
SELECT first, (SELECT count(*) FROM written) FROM numbered
"""
# sorted, as writers who take the same events in another order could wait for one another for ever
_HEAR = """
INSERT INTO store_heardevent (id, tenant_id, event_id, type, created_at, data)
SELECT gen_random_uuid(), %s, event_id, type, coalesce(created_at, now()), data
FROM jsonb_to_recordset(%s::jsonb) AS told (event_id text, type text, created_at timestamptz, data jsonb)
ORDER BY event_id
ON CONFLICT (tenant_id, event_id) DO NOTHING
RETURNING event_id
"""
_SAID = ("side", "entity", "key", "op", "event_id", "at", "by", "ours", "origin")
_PENDING = """
SELECT number, side, entity, key, op, at, by, ours, origin, before::text, after::text, record
FROM store_change WHERE tenant_id = %s AND instance_id = %s AND outcome IS NULL ORDER BY number LIMIT %s
"""
_LATER = """
SELECT number, side, entity, key, op, at, by, ours, origin, before::text, after::text, record
FROM store_change WHERE tenant_id = %s AND instance_id = %s AND outcome IS NULL AND number > %s
    AND (side, entity, key) IN (SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]))
ORDER BY number LIMIT %s
"""
#: From so many waiting changes, a round is worth its calls.
_MANY = 500
_COMING_IN = """
SELECT count(*), max(heard_at) > clock_timestamp() - interval '0.3 seconds' FROM (
    SELECT heard_at FROM store_change WHERE tenant_id = %s AND instance_id = %s AND outcome IS NULL LIMIT %s
) AS waiting
"""
_BEHIND = """
SELECT number, side, entity, key, op, at, by, ours, origin, before::text, after::text, record
FROM store_change WHERE tenant_id = %s AND instance_id = %s AND outcome = 'parked' AND (entity, record) IN (
    SELECT * FROM unnest(%s::text[], %s::text[])
) ORDER BY number
"""
_OUTCOMES = """
UPDATE store_change change
SET outcome = told.outcome, reason = told.reason, record = told.record, superseded_by = told.superseded_by,
    story = told.story, decided_at = clock_timestamp()
FROM jsonb_to_recordset(%s::jsonb)
    AS told (number bigint, outcome text, reason text, record text, superseded_by bigint, story jsonb)
WHERE change.tenant_id = %s AND change.instance_id = %s AND change.number = told.number
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """A change as it is written into the journal, or read from it.

    Args:
        event_id: Identity of what was said; the same thing said twice is one change.
        number: Its number; 0 until it has one.
        record: What changes of the same record share; empty until it was looked at.
    """

    side: str
    entity: str
    key: str
    op: str
    event_id: str = ""
    at: datetime | None = None
    by: str = ""
    ours: bool = False
    origin: str = "event"
    before: Mapping[str, str | None] = field(default_factory=dict)
    after: Mapping[str, str | None] = field(default_factory=dict)
    number: int = 0
    record: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change.

    Args:
        number: The change.
        outcome: One of ``Change.Outcome``.
        reason: Why.
        record: What changes of the same record share.
        superseded_by: The later change that speaks for it.
        story: What was decided and written.
    """

    number: int
    outcome: str
    reason: str
    record: str
    superseded_by: int | None = None
    story: Mapping[str, Any] = field(default_factory=dict)


def own_connection() -> psycopg.Connection[tuple[Any, ...]]:
    """A connection of the caller's own, outside Django's pool, that commits each statement by itself."""
    parameters = {name: value for name, value in connection.get_connection_params().items() if name != "cursor_factory"}
    return psycopg.connect(**parameters, autocommit=True)


#: What a billing system said: its identity, its type, when, and about what.
Event = tuple[str, str, datetime | None, Mapping[str, Any]]


def hear_events(door: Door, events: Sequence[Event]) -> list[bool]:
    """Write down events of a billing system, within the caller's transaction; which of them are new."""
    names = ("event_id", "type", "created_at", "data")
    told = orjson.dumps([dict(zip(names, event, strict=True)) for event in events]).decode()
    with connection.cursor() as cursor:
        cursor.execute(_HEAR, [door.tenant_id, told])
        fresh = {event_id for (event_id,) in cursor.fetchall()}
    first = {event[0]: at for at, event in reversed(list(enumerate(events)))}
    return [event[0] in fresh and first[event[0]] == at for at, event in enumerate(events)]


def notify(instance_id: uuid.UUID) -> None:
    """Tell workers, once the caller's transaction is committed, that there is something to deliver."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(instance_id)])


def write_changes(
    door: Door, instance_id: uuid.UUID, changes: Iterable[Heard], *, locked: bool = False
) -> tuple[int, int]:
    """Write changes into the journal, numbered in the order of committing; what is known already is passed over.

    One transaction, or a part of the caller's. Writers of one instance take turns, so a number that is visible is
    never followed by a lower one that is not visible yet.

    Args:
        door: Door of the instance's tenant.
        instance_id: The instance.
        changes: What was heard.
        locked: Whether an earlier statement of the caller's transaction has changed the instance's ``Live`` row.

    Returns:
        Number of the first new change, and how many are new.

    Raises:
        Live.DoesNotExist: The instance has no ongoing synchronisation.
    """
    told = orjson.dumps([_said(position, change) for position, change in enumerate(changes)]).decode()
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        if not locked:
            # by a statement of its own: what others wrote before is seen by the next one only
            door.rows(Live).select_for_update().only("pk", "tenant_id").get(instance_id=instance_id)
        cursor.execute(_WRITE, {"told": told, "tenant": door.tenant_id, "instance": instance_id})
        first, written = cursor.fetchone() or (0, 0)
        if written:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(instance_id)])
        return int(first), int(written)


def _said(position: int, change: Heard) -> dict[str, Any]:
    said = {name: getattr(change, name) for name in _SAID}
    return {**said, "position": position, "before": dict(change.before), "after": dict(change.after)}


def pending(door: Door, instance_id: uuid.UUID, limit: int) -> list[Heard]:
    """The oldest changes that nobody has decided yet."""
    with connection.cursor() as cursor:
        cursor.execute(_PENDING, [door.tenant_id, instance_id, limit])
        return [_heard(row) for row in cursor.fetchall()]


def later(door: Door, instance_id: uuid.UUID, taken: Sequence[Heard], limit: int) -> list[Heard]:
    """Undecided changes of the records that are taken up already, heard after these: one look answers them all."""
    names = {(change.side, change.entity, change.key) for change in taken}
    if not names:
        return []
    asked = [list(each) for each in zip(*names, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_LATER, [door.tenant_id, instance_id, taken[-1].number, *asked, limit])
        return [_heard(row) for row in cursor.fetchall()]


def coming_in(door: Door, instance_id: uuid.UUID) -> bool:
    """Whether several changes wait and the last was heard just now, so that more are likely to follow at once.

    A change that comes alone is not waited with, nor are so many that a round is full.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COMING_IN, [door.tenant_id, instance_id, _MANY])
        count, fresh = cursor.fetchone() or (0, False)
        return 1 < count < _MANY and bool(fresh)


def behind(door: Door, instance_id: uuid.UUID, records: Sequence[tuple[str, str]]) -> list[Heard]:
    """The changes that wait behind parked records, named as (entity, record)."""
    with connection.cursor() as cursor:
        entities, keys = [entity for entity, _ in records], [key for _, key in records]
        cursor.execute(_BEHIND, [door.tenant_id, instance_id, entities, keys])
        return [_heard(row) for row in cursor.fetchall()]


def _heard(row: tuple[Any, ...]) -> Heard:
    number, side, entity, key, op, at, by, ours, origin, before, after, record = row
    told = {"at": at, "by": by, "ours": ours, "origin": origin, "number": number, "record": record}
    return Heard(side, entity, key, op, before=orjson.loads(before), after=orjson.loads(after), **told)


def write_outcomes(door: Door, instance_id: uuid.UUID, outcomes: Sequence[Outcome]) -> None:
    """Write down what became of changes."""
    if not outcomes:
        return
    told = [
        {
            "number": each.number, "outcome": each.outcome, "reason": each.reason, "record": each.record,
            "superseded_by": each.superseded_by, "story": dict(each.story),
        }
        for each in outcomes
    ]  # fmt: skip
    with connection.cursor() as cursor:
        # one text, as arrays of texts are dear to write
        cursor.execute(_OUTCOMES, [orjson.dumps(told).decode(), door.tenant_id, instance_id])
