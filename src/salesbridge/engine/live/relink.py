"""Linking billing's record to the Salesforce record into which its own was merged."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models.functions import Now

from salesbridge.engine.live.org_rows import OrgRows
from salesbridge.engine.live.site import Site
from salesbridge.store.door import Door
from salesbridge.store.live_links import Linked, keep_links, links_by_id, links_by_key, unlink
from salesbridge.store.models import Lease
from salesbridge.sync.change import Gone, Seen

#: Merges in a row that are followed.
_MERGES = 10
_DELIVER = "deliver"


class RelinkRefusedError(ValueError):
    """The surviving record cannot be linked; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Survivor:
    """The record that is left of a merge.

    Args:
        site: The instance.
        entity: Its entity.
        billing_key: External id of billing's record.
        salesforce_id: Salesforce id of the surviving record.
    """

    site: Site
    entity: str
    billing_key: str
    salesforce_id: str

    def keep(self) -> None:
        """Link the two inside the caller's transaction, as two records that are compared for the first time.

        What was agreed on before was agreed on with the record that is gone.
        """
        door, instance_id = self.site.door, self.site.instance.pk
        unlink(door, instance_id, [(self.entity, self.billing_key)])
        keep_links(door, instance_id, [Linked(self.entity, self.billing_key, self.salesforce_id)])


def relink(site: Site, entity: str, billing_key: str) -> Survivor | None:
    """The record to which billing's record is to be linked now; None where there is no merge to be followed.

    Args:
        site: The instance.
        entity: Entity of the record.
        billing_key: External id of billing's record.

    Raises:
        RelinkRefusedError: The surviving record belongs to another billing record, or is gone as well.
        SalesforceError: Salesforce refuses or does not answer.
    """
    link = links_by_key(site.door, site.instance.pk, [(entity, billing_key)]).get((entity, billing_key))
    if link is None:
        return None
    survivor, seen = _survivor(site, entity, link.salesforce_id)
    if survivor == link.salesforce_id:
        return None
    if not isinstance(seen, Seen):
        raise RelinkRefusedError(
            f"The surviving record {survivor} is gone as well. Undelete it in Salesforce, or dismiss this."
        )
    _require_free(site, entity, billing_key, seen)
    return Survivor(site, entity, billing_key, survivor)


def _survivor(site: Site, entity: str, salesforce_id: str) -> tuple[str, object]:
    rows, name = OrgRows(site), salesforce_id
    for _ in range(_MERGES):
        rows.read([(entity, name)])
        read = rows.get((entity, name))
        if not isinstance(read, Gone) or not read.merged_into:
            return name, read
        name = read.merged_into
    return name, None


def _require_free(site: Site, entity: str, billing_key: str, seen: Seen) -> None:
    other = links_by_id(site.door, site.instance.pk, [(entity, seen.id)]).get((entity, seen.id))
    holder = other.billing_key if other is not None else seen.key
    if holder not in {None, billing_key}:
        raise RelinkRefusedError(
            f"The surviving record {seen.id} belongs to {entity} {holder} already, and one Salesforce record cannot "
            f"stand for two of billing's. Merge {billing_key} and {holder} in billing, then dismiss this."
        )


def revoke_delivery(door: Door, instance_id: uuid.UUID) -> None:
    """Make a round of delivery that is under way begin anew; called first in the transaction that makes it necessary.

    What it has decided was decided on what is being changed now. Its own transaction finds the lease gone and writes
    nothing; whoever takes the lease next reads both sides again.
    """
    held = door.rows(Lease).filter(instance_id=instance_id, role=_DELIVER)
    held.update(owner="", until=Now())
