"""Links as ongoing synchronisation reads and writes them: some at a time, of several entities."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import connection

from salesbridge.store.door import Door

_SELECT = """
SELECT link.entity, link.billing_key, link.salesforce_id, link.agreed::text, link.restored::text
FROM store_link link JOIN unnest(%s::text[], %s::text[]) AS asked (entity, name)
    ON link.entity = asked.entity AND link.{column} = asked.name
WHERE link.tenant_id = %s AND link.instance_id = %s
"""
_WRITE = """
INSERT INTO store_link
    (tenant_id, instance_id, entity, billing_key, salesforce_id, agreed, restored, updated_at)
SELECT %s, %s, told.entity, told.billing_key, told.salesforce_id, told.agreed, told.restored, statement_timestamp()
FROM jsonb_to_recordset(%s::jsonb)
    AS told (entity text, billing_key text, salesforce_id text, agreed jsonb, restored jsonb)
ORDER BY told.entity, told.billing_key
ON CONFLICT (instance_id, entity, billing_key) DO UPDATE
SET salesforce_id = excluded.salesforce_id, agreed = store_link.agreed || excluded.agreed,
    restored = excluded.restored, updated_at = excluded.updated_at
"""
_UNLINK = """
DELETE FROM store_link link USING unnest(%s::text[], %s::text[]) AS gone (entity, billing_key)
WHERE link.tenant_id = %s AND link.instance_id = %s
    AND link.entity = gone.entity AND link.billing_key = gone.billing_key
"""


@dataclass(frozen=True, slots=True)
class Linked:
    """A link as it is kept.

    Args:
        entity: Entity in the data model.
        billing_key: External id.
        salesforce_id: Salesforce id.
        agreed: Values both sides last agreed on; when written, those newly agreed on.
        restored: Columns that were put back lately, as JSON values.
    """

    entity: str
    billing_key: str
    salesforce_id: str
    agreed: Mapping[str, str | None] = field(default_factory=dict)
    restored: Mapping[str, Any] = field(default_factory=dict)


def links_by_key(door: Door, instance_id: uuid.UUID, asked: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Linked]:
    """Links by (entity, external id)."""
    return {(link.entity, link.billing_key): link for link in _read(door, instance_id, list(asked), "billing_key")}


def links_by_id(door: Door, instance_id: uuid.UUID, asked: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Linked]:
    """Links by (entity, Salesforce id)."""
    return {(link.entity, link.salesforce_id): link for link in _read(door, instance_id, list(asked), "salesforce_id")}


def _read(door: Door, instance_id: uuid.UUID, asked: Sequence[tuple[str, str]], column: str) -> list[Linked]:
    if not asked:
        return []
    entities, names = [entity for entity, _ in asked], [name for _, name in asked]
    with connection.cursor() as cursor:
        cursor.execute(_SELECT.format(column=column), [entities, names, door.tenant_id, instance_id])
        rows: list[tuple[str, str, str, str, str]] = cursor.fetchall()
    return [
        Linked(entity, key, sfid, orjson.loads(agreed), orjson.loads(put)) for entity, key, sfid, agreed, put in rows
    ]


def keep_links(door: Door, instance_id: uuid.UUID, links: Sequence[Linked]) -> None:
    """Write links; values agreed on before stay beside the new ones."""
    if not links:
        return
    last = {(link.entity, link.billing_key): link for link in links}
    told = [
        {
            "entity": link.entity, "billing_key": link.billing_key, "salesforce_id": link.salesforce_id,
            "agreed": dict(link.agreed), "restored": dict(link.restored),
        }
        for link in last.values()
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [door.tenant_id, instance_id, orjson.dumps(told).decode()])


def unlink(door: Door, instance_id: uuid.UUID, gone: Sequence[tuple[str, str]]) -> None:
    """Take links away, named as (entity, external id)."""
    if gone:
        with connection.cursor() as cursor:
            entities, keys = [entity for entity, _ in gone], [key for _, key in gone]
            cursor.execute(_UNLINK, [entities, keys, door.tenant_id, instance_id])
