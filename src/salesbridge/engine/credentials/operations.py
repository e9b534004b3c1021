"""What people do with named credentials: begin it, watch it, look back at it. Portal and command line call these.

An operation and the durable work that it needs are written in one transaction. Revoking and cutting off hold from that
transaction's commit on; only what is removed from Salesforce afterwards takes a worker.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from salesbridge.engine import durable
from salesbridge.engine.credentials import clients, workflow
from salesbridge.engine.credentials.book import Kind, State, open_operation, solve, stop_active
from salesbridge.engine.credentials.clients import SCOPES, CredentialRefusedError
from salesbridge.engine.credentials.places import checked_name, places
from salesbridge.store.door import Door
from salesbridge.store.models import ApiClient, CredentialOperation, Instance

#: Seconds for which the old secret works on after Salesforce was seen to use the new one: token requests that were
#: under way have long been answered then.
GRACE_S: Final = 30.0
_LONGEST_GRACE_S: Final = 86_400.0


def start_add(
    door: Door,
    instance: Instance,
    name: str,
    *,
    by: str,
    scopes: Sequence[str] = SCOPES,
    users: Sequence[str] = (),
) -> CredentialOperation:
    """Begin to add a named credential: made in Salesforce, given its secret, and seen to work.

    Args:
        door: Door of the tenant.
        instance: Whose org will call.
        name: What it is called, in Salesforce too.
        by: Who adds it.
        scopes: What its tokens may at most be good for.
        users: Usernames in the org that are given its permission set.

    Raises:
        CredentialRefusedError: The name, a scope or the edge's address cannot be used; says what to do.
    """
    places(checked_name(name), door.tenant.product, scopes)
    with transaction.atomic():
        door.instances.select_for_update().get(pk=instance.pk)
        _free(door, instance, name)
        # its first secret is shown to nobody: the push makes another, and this one is taken back
        client = clients.add(door, instance, name, by=by, scopes=scopes).client
        operation = open_operation(door, client, Kind.ADD, by, users=list(users))
        _enqueue(door, operation, workflow.ADD)
    return operation


def start_rotate(door: Door, client_pk: uuid.UUID, *, by: str, grace: float = GRACE_S) -> CredentialOperation:
    """Begin to exchange the secret; the old one works until Salesforce was seen to use the new one.

    Args:
        door: Door of the tenant.
        client_pk: The credential.
        by: Who rotates it.
        grace: Seconds for which the old secret works on after that, up to a day.

    Raises:
        CredentialRefusedError: There is no such credential, it is revoked, or the grace is none.
        OperationActiveError: It is being worked on already.
    """
    if not 0 <= grace <= _LONGEST_GRACE_S:
        raise CredentialRefusedError("The old secret may work on for 0 to 86400 seconds.")
    client = _client(door, client_pk)
    if client.state != ApiClient.State.ACTIVE:
        raise CredentialRefusedError("This credential is revoked. Add a new one.")
    with transaction.atomic():
        operation = open_operation(door, client, Kind.ROTATE, by, grace=grace)
        _enqueue(door, operation, workflow.ROTATE)
    return operation


def revoke(door: Door, client_pk: uuid.UUID, *, by: str, remove: bool = False) -> CredentialOperation:
    """Issue no more tokens, from the commit on; whatever was under way for the credential ends.

    Tokens that were issued live to their expiry, see :func:`cut_off`. A revoked credential may be revoked again, to
    remove it.

    Args:
        door: Door of the tenant.
        client_pk: The credential.
        by: Who revokes it.
        remove: Also take it out of Salesforce, which is durable work.

    Raises:
        CredentialRefusedError: There is no such credential.
    """
    with transaction.atomic():
        client = clients.revoke(door, client_pk, by=by)
        stop_active(door, client, "Ended because the credential was revoked.")
        operation = open_operation(door, client, Kind.REVOKE, by, remove=remove)
        if remove:
            _tell(operation, "revoke", "No new token is issued. Waiting for a worker to remove it from Salesforce.")
            _enqueue(door, operation, workflow.REMOVE)
        else:
            _at_once(door, operation, "revoke", "No new token is issued. Tokens issued before live to their expiry.")
    return _fresh(door, operation)


def cut_off(door: Door, client_pk: uuid.UUID, *, by: str) -> CredentialOperation:
    """Have every token that was issued until now refused, within a second; other work goes on beside it.

    Raises:
        CredentialRefusedError: There is no such credential.
    """
    with transaction.atomic():
        client = clients.cut_off(door, client_pk, by=by)
        row = door.rows(CredentialOperation).new(client=client, kind=Kind.CUT_OFF, by=by)
        row.state, row.step, row.finished_at = State.DONE, "revoke", client.cut_off_before
        row.message = "Every token issued until then is refused."
        if client.state == ApiClient.State.ACTIVE:
            row.message += " The credential may ask for new ones: revoke it too if that is to end."
        row.trail = [{"step": row.step, "at": datetime.now(UTC).isoformat(), "message": row.message}]
        row.save(force_insert=True)
    return _fresh(door, row)


def find(door: Door, instance: Instance, name: str) -> ApiClient:
    """The credential that people call ``name``: the active one, or else the one revoked last.

    Raises:
        CredentialRefusedError: The instance has none of that name.
    """
    rows = door.rows(ApiClient).filter(instance=instance, name__iexact=name).order_by("state", "-created_at")
    found = rows.first()
    if found is None:
        raise CredentialRefusedError(f"{instance.name} has no credential {name!r}. See: salesbridge credential list")
    return found


def operation(door: Door, pk: uuid.UUID) -> CredentialOperation:
    """An operation as it is now.

    Raises:
        CredentialOperation.DoesNotExist: The tenant has no such operation.
    """
    return door.rows(CredentialOperation).select_related("client").get(pk=pk)


def latest(door: Door, client_pk: uuid.UUID) -> CredentialOperation | None:
    """What is being done to a credential now, or else was done last."""
    rows = door.rows(CredentialOperation).filter(client_id=client_pk).select_related("client")
    return rows.order_by(F("finished_at").desc(nulls_first=True)).first()


def history(door: Door, instance: Instance, client_pk: uuid.UUID | None = None) -> list[CredentialOperation]:
    """What was done to an instance's credentials, or to one of them, latest first."""
    rows = door.rows(CredentialOperation).filter(client__instance=instance).select_related("client")
    if client_pk is not None:
        rows = rows.filter(client_id=client_pk)
    return list(rows.order_by("-created_at"))


def told(row: CredentialOperation) -> dict[str, Any]:
    """An operation as JSON."""
    return {
        "id": row.pk, "credential": row.client.name, "operation": row.kind, "state": row.state, "step": row.step,
        "since": row.since, "message": row.message, "code": row.code, "mend": row.mend, "by": row.by,
        "created_at": row.created_at, "finished_at": row.finished_at, "trail": row.trail,
    }  # fmt: skip


def _free(door: Door, instance: Instance, name: str) -> None:
    """Salesforce compares names without case, so two credentials must differ in more than that."""
    active = door.rows(ApiClient).filter(instance=instance, state=ApiClient.State.ACTIVE, name__iexact=name)
    other = active.first()
    if other is not None:
        raise CredentialRefusedError(
            f"The instance has a credential {other.name!r} already. Rotate or revoke it, or choose another name."
        )


def _client(door: Door, client_pk: uuid.UUID) -> ApiClient:
    found = door.rows(ApiClient).filter(pk=client_pk).first()
    if found is None:
        raise CredentialRefusedError("There is no such credential.")
    return found


def _enqueue(door: Door, row: CredentialOperation, name: str) -> None:
    lane = f"credential:{row.client_id}"
    durable.enqueue(name, f"credential:{row.pk}", str(door.tenant_id), str(row.pk), lane=lane)


def _at_once(door: Door, row: CredentialOperation, step: str, message: str) -> None:
    _tell(row, step, message)
    door.rows(CredentialOperation).filter(pk=row.pk).update(state=State.DONE, finished_at=Now())
    solve(door, row.client)


def _tell(row: CredentialOperation, step: str, message: str) -> None:
    row.step, row.message = step, message
    row.trail = [{"step": step, "at": datetime.now(UTC).isoformat(), "message": message}]
    row.save(update_fields=["step", "message", "trail"])


def _fresh(door: Door, row: CredentialOperation) -> CredentialOperation:
    return operation(door, row.pk)
