"""Links in bulk: the path every record of an initial load takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from django.db import connection, transaction

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Sequence

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
WHERE tenant_id = %s AND instance_id = %s AND entity = %s AND billing_key = any(%s)
"""


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
            for row in rows:
                copy.write_row(row)
        cursor.execute(_MERGE, [door.tenant_id, instance_id, entity, run_id])
        written = cursor.rowcount
        cursor.execute("DROP TABLE incoming_link")
        return int(written)


def read_links(
    door: Door, instance_id: uuid.UUID, entity: str, keys: Sequence[str]
) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the Salesforce id and the agreed values of each key that is linked."""
    found = _read(door, instance_id, entity, keys, "agreed::text")
    return {key: (salesforce_id, orjson.loads(agreed)) for key, salesforce_id, agreed in found}


def salesforce_ids(door: Door, instance_id: uuid.UUID, entity: str, keys: Sequence[str]) -> dict[str, str]:
    """Return the Salesforce id of each key that is linked."""
    return {key: found for key, found, _ in _read(door, instance_id, entity, keys, "NULL")}


def billing_keys(door: Door, instance_id: uuid.UUID, entity: str, ids: Sequence[str]) -> dict[str, str]:
    """Return the billing key of each Salesforce id (18 characters) that is linked."""
    links = door.links(instance_id).filter(entity=entity, salesforce_id__in=list(ids))
    return dict(links.values_list("salesforce_id", "billing_key"))


def _read(
    door: Door, instance_id: uuid.UUID, entity: str, keys: Sequence[str], agreed: str
) -> list[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_READ.format(agreed=agreed), [door.tenant_id, instance_id, entity, list(keys)])
        rows: list[tuple[str, str, str]] = cursor.fetchall()
        return rows
