"""Links in bulk: the path every record of an initial load takes."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson
from django.db import connection, transaction

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Iterator, Sequence

    from salesbridge.store.door import Door

# dropped by us at the end, and by ON COMMIT when something fails before
_TAKE_IN = """
CREATE TEMP TABLE incoming_link (
    position bigint GENERATED ALWAYS AS IDENTITY, billing_key text, salesforce_id text, agreed jsonb
) ON COMMIT DROP
"""
_COPY = "COPY incoming_link (billing_key, salesforce_id, agreed) FROM STDIN"

# one statement must not touch a row twice, so the last mention of a key wins;
# in key order, so that two writers of one instance take row locks in the same order
_MERGE = """
INSERT INTO store_link
    (tenant_id, instance_id, entity, billing_key, salesforce_id, agreed, run_id, updated_at)
SELECT DISTINCT ON (billing_key) %s, %s, %s, billing_key, salesforce_id, agreed, %s, statement_timestamp()
FROM incoming_link
ORDER BY billing_key, position DESC
ON CONFLICT (instance_id, entity, billing_key) DO UPDATE
SET salesforce_id = excluded.salesforce_id, agreed = store_link.agreed || excluded.agreed,
    run_id = coalesce(excluded.run_id, store_link.run_id), updated_at = excluded.updated_at
"""
_READ = """
SELECT billing_key, salesforce_id, {agreed} FROM store_link
WHERE tenant_id = %s AND instance_id = %s AND entity = %s AND billing_key = any({keys})
"""
_UNLINKED = """
SELECT asked.billing_key FROM unnest({keys}) AS asked (billing_key)
WHERE NOT EXISTS (
    SELECT FROM store_link
    WHERE tenant_id = %s AND instance_id = %s AND entity = %s AND store_link.billing_key = asked.billing_key
)
"""
_BETWEEN = "\x1f"
_COPIED_AT_ONCE = 500


def write_links(
    door: Door,
    instance_id: uuid.UUID,
    entity: str,
    rows: Iterable[tuple[str, str, str]],
    run_id: uuid.UUID | None = None,
) -> int:
    """Write links, new or known; writing the same ones again changes nothing but their time.

    One transaction, or a part of the caller's.

    Args:
        door: Door of the instance's tenant.
        instance_id: Instance the links belong to.
        entity: Entity in the data model.
        rows: Billing key, Salesforce id, and newly agreed values as JSON text; values agreed on
            before stay beside them. If a key is
            mentioned twice, the last mention counts.
        run_id: Run that writes them.

    Returns:
        How many links were written: the number of different keys.

    Raises:
        Instance.DoesNotExist: If the tenant has no such instance.
    """
    door.instances.only("pk").get(pk=instance_id)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TAKE_IN)
        with cursor.copy(_COPY) as copy:
            for lines in _copied(rows):
                copy.write(lines)
        cursor.execute(_MERGE, [door.tenant_id, instance_id, entity, run_id])
        written = cursor.rowcount
        cursor.execute("DROP TABLE incoming_link")
        return int(written)


def _copied(rows: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Rows in COPY's text format, many at once: ``write_row`` is Python for every value."""
    left = iter(rows)
    while batch := list(islice(left, _COPIED_AT_ONCE)):
        yield "".join(
            [f"{_copied_text(key)}\t{_copied_text(to)}\t{_copied_text(agreed)}\n" for key, to, agreed in batch]
        )


def _copied_text(text: str) -> str:
    """A value as COPY reads it (PostgreSQL, "COPY", text format)."""
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\n" in text or "\r" in text or "\t" in text:
        text = text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return text


def read_links(
    door: Door, instance_id: uuid.UUID, entity: str, keys: Sequence[str]
) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the Salesforce id and the agreed values of each key that is linked."""
    found = _read(door, instance_id, entity, keys, "agreed::text")
    return {key: (salesforce_id, orjson.loads(agreed)) for key, salesforce_id, agreed in found}


def salesforce_ids(door: Door, instance_id: uuid.UUID, entity: str, keys: Sequence[str]) -> dict[str, str]:
    """Return the Salesforce id of each key that is linked."""
    return {key: found for key, found, _ in _read(door, instance_id, entity, keys, "NULL")}


def unlinked(door: Door, instance_id: uuid.UUID, entity: str, keys: Sequence[str]) -> set[str]:
    """Return those of the keys that are not linked."""
    asked, values = _asked(keys)
    with connection.cursor() as cursor:
        cursor.execute(_UNLINKED.format(keys=asked), [*values, door.tenant_id, instance_id, entity])
        return {key for (key,) in cursor.fetchall()}


def billing_keys(door: Door, instance_id: uuid.UUID, entity: str, ids: Sequence[str]) -> dict[str, str]:
    """Return the billing key of each Salesforce id (18 characters) that is linked."""
    links = door.links(instance_id).filter(entity=entity, salesforce_id__in=list(ids))
    return dict(links.values_list("salesforce_id", "billing_key"))


def _read(
    door: Door, instance_id: uuid.UUID, entity: str, keys: Sequence[str], agreed: str
) -> list[tuple[str, str, str]]:
    asked, values = _asked(keys)
    with connection.cursor() as cursor:
        cursor.execute(_READ.format(agreed=agreed, keys=asked), [door.tenant_id, instance_id, entity, *values])
        rows: list[tuple[str, str, str]] = cursor.fetchall()
        return rows


def _asked(keys: Sequence[str]) -> tuple[str, list[Any]]:
    """SQL for keys that are asked for, with its values: a long text is quoted at once, a list key by key."""
    text = _BETWEEN.join(keys)
    if text and text.count(_BETWEEN) == len(keys) - 1:
        return "string_to_array(%s, %s)", [text, _BETWEEN]
    return "%s::text[]", [list(keys)]
