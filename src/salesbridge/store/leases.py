"""Leases: what only one worker at a time may do for an instance, fenced by an epoch.

A holder that was stopped and comes back finds its epoch gone: each of its transactions checks it, so that what it
prepared while it was away is refused. Time is the database's, so that the clocks of machines do not matter.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from salesbridge.store.door import Door

#: Seconds after which a lease lapses unless it is renewed.
TTL_S = 5.0

_OFFER = """
INSERT INTO store_lease (id, tenant_id, instance_id, role, owner, epoch, until)
SELECT gen_random_uuid(), %s, %s, %s, '', 0, clock_timestamp()
ON CONFLICT (instance_id, role) DO NOTHING
"""
_TAKE = """
UPDATE store_lease SET owner = %(owner)s, epoch = epoch + 1, until = clock_timestamp() + %(ttl)s * interval '1 second'
WHERE id = (
    SELECT id FROM store_lease
    WHERE tenant_id = %(tenant)s AND instance_id = %(instance)s AND role = %(role)s
      AND (owner = '' OR until < clock_timestamp())
    FOR UPDATE SKIP LOCKED
)
RETURNING epoch
"""
_RENEW = """
UPDATE store_lease SET until = clock_timestamp() + %s * interval '1 second'
WHERE owner = %s AND until > clock_timestamp()
RETURNING instance_id, role, epoch
"""
_HOLD = """
SELECT 1 FROM store_lease
WHERE tenant_id = %s AND instance_id = %s AND role = %s AND owner = %s AND epoch = %s AND until > clock_timestamp()
FOR UPDATE
"""
_GIVE_BACK = (
    "UPDATE store_lease SET owner = '', until = clock_timestamp()"
    " WHERE owner = %s AND instance_id = %s AND role = %s AND epoch = %s"
)
# a lease whose row somebody has locked is left for the next time: who waited here would stop recovering the others
_FREE_DEAD = """
UPDATE store_lease SET owner = '', until = clock_timestamp()
WHERE id IN (SELECT id FROM store_lease WHERE owner <> '' AND NOT owner = any(%s) FOR UPDATE SKIP LOCKED)
"""


class FencedError(RuntimeError):
    """Somebody else holds the lease now: what was prepared is dropped, the new holder does it."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A held lease.

    Args:
        door: Door of the instance's tenant.
        instance_id: The instance.
        role: What may be done.
        owner: Executor id of the holder.
        epoch: Which holding it is.
    """

    door: Door
    instance_id: uuid.UUID
    role: str
    owner: str
    epoch: int

    def hold(self) -> None:
        """Make sure, inside the surrounding transaction and until its end, that the lease is still ours.

        Raises:
            FencedError: It is not.
        """
        with connection.cursor() as cursor:
            ours: list[Any] = [self.door.tenant_id, self.instance_id, self.role, self.owner, self.epoch]
            cursor.execute(_HOLD, ours)
            if cursor.fetchone() is None:
                raise FencedError(f"the lease to {self.role} for {self.instance_id} is no longer held by {self.owner}")

    def give_back(self) -> None:
        """Let go of the lease, so that another worker can take it at once."""
        with connection.cursor() as cursor:
            cursor.execute(_GIVE_BACK, [self.owner, self.instance_id, self.role, self.epoch])


def take(door: Door, instance_id: uuid.UUID, role: str, owner: str, *, ttl_s: float = TTL_S) -> Fence | None:
    """Take a lease that nobody holds; None where somebody does."""
    named: dict[str, Any] = {
        "tenant": door.tenant_id,
        "instance": instance_id,
        "role": role,
        "owner": owner,
        "ttl": ttl_s,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TAKE, named)
        row = cursor.fetchone()
        if row is None:
            cursor.execute(_OFFER, [door.tenant_id, instance_id, role])
            cursor.execute(_TAKE, named)
            row = cursor.fetchone()
    return Fence(door, instance_id, role, owner, row[0]) if row else None


def renew(owner: str, *, ttl_s: float = TTL_S) -> set[tuple[uuid.UUID, str, int]]:
    """Renew all leases of a worker; (instance, role, epoch) of those that it still holds."""
    with connection.cursor() as cursor:
        cursor.execute(_RENEW, [ttl_s, owner])
        return set(cursor.fetchall())


def free_dead(living: Iterable[str]) -> int:
    """Free the leases of workers that are known to be gone, before they lapse; how many."""
    with connection.cursor() as cursor:
        cursor.execute(_FREE_DEAD, [list(living)])
        return int(cursor.rowcount)
