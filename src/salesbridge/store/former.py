"""Turning an instance to another org: its links are put away, and those of the other org, if any, brought back."""

from __future__ import annotations

import uuid

from django.db import connection, transaction

from salesbridge.store.door import Door

_PUT_AWAY = """
INSERT INTO store_formerlink (id, tenant_id, instance_id, org_id, entity, billing_key, salesforce_id, agreed)
SELECT gen_random_uuid(), tenant_id, instance_id, %s, entity, billing_key, salesforce_id, agreed FROM store_link
WHERE tenant_id = %s AND instance_id = %s
"""
_CLEAR = "DELETE FROM store_link WHERE tenant_id = %s AND instance_id = %s"
_BRING_BACK = """
INSERT INTO store_link (tenant_id, instance_id, entity, billing_key, salesforce_id, agreed, restored, updated_at)
SELECT tenant_id, instance_id, entity, billing_key, salesforce_id, agreed, '{}', statement_timestamp()
FROM store_formerlink WHERE org_id = %s AND tenant_id = %s AND instance_id = %s
"""
_FORGET = "DELETE FROM store_formerlink WHERE org_id = %s AND tenant_id = %s AND instance_id = %s"


def exchange_links(door: Door, instance_id: uuid.UUID, former: str, org_id: str) -> tuple[int, int]:
    """Put the links of one org away, and bring those of another back.

    Args:
        door: Door of the instance's tenant.
        instance_id: The instance.
        former: Org that its links belong to.
        org_id: Org that it writes to from now on.

    Returns:
        How many links were put away, and how many brought back.
    """
    own = (door.tenant_id, instance_id)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_PUT_AWAY, (former, *own))
        away = cursor.rowcount
        cursor.execute(_CLEAR, own)
        cursor.execute(_BRING_BACK, (org_id, *own))
        back = cursor.rowcount
        cursor.execute(_FORGET, (org_id, *own))
    return away, back
