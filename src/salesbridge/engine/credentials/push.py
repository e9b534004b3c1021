"""Bringing a secret to Salesforce, and finding out which one Salesforce holds.

A secret is made and sent within one step, since it is kept nowhere. After a push whose answer was lost nobody knows
which secret Salesforce holds, so both go on working until a token that was fetched on purpose has told: the first use
of a secret is always noted (``ClientSecret.last_used_at``), so a fetch that succeeded and left the new one unused was
made with the old one.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from django.db import transaction
from pydantic import SecretStr

from salesbridge.engine.credentials import clients
from salesbridge.engine.credentials.work import Work
from salesbridge.engine.live.points import point
from salesbridge.salesforce import SalesforceError
from salesbridge.salesforce.named_credentials import CONFIGURED
from salesbridge.store.models import ClientSecret, CredentialOperation

#: Times that the same secret is sent within a step, and the pause between.
SENDS: Final = 6
PAUSE_S = 2.0
_BY: Final = "salesbridge"


class Held(StrEnum):
    """Which secret Salesforce holds."""

    NEW = "new"
    OLD = "old"
    UNKNOWN = "unknown"


def pending(work: Work) -> ClientSecret | None:
    """The secret that was made and never promoted."""
    return work.door.rows(ClientSecret).filter(client=work.client, state=ClientSecret.State.NEW).first()


def left_over(work: Work) -> bool:
    """Take up a secret that an earlier operation may have brought to Salesforce; whether there is one."""
    secret = pending(work)
    if secret is None:
        return False
    sent = work.door.rows(CredentialOperation).filter(client=work.client, secret_id=secret.pk).exclude(sent_at=None)
    before = sent.order_by("sent_at").first()
    if before is None:
        return False
    work.book.note(secret_id=secret.pk, sent_at=before.sent_at)
    return True


def push(work: Work, number: int) -> dict[str, Any]:
    """Make a secret and send it to Salesforce.

    Args:
        work: The operation.
        number: How many secrets it has sent with this one; a step that runs again sends no second.

    Returns:
        ``{"sent": True}`` if Salesforce may hold it, or ``{"refused": {...}}`` if it certainly does not: then the
        secret has been taken back, and the one before works as ever.
    """
    if work.operation.pushes >= number:
        return {"sent": True}
    external = work.places.external
    with transaction.atomic():
        issued = clients.new_secret(work.door, work.client.pk, by=_BY)
        work.book.note(secret_id=issued.secret_id, sent_at=datetime.now(UTC), pushes=number)
    point("before the push")
    refused = _send(work, issued.secret)
    point("after the push")
    if refused is None:
        return {"sent": True}
    clients.retire(work.door, issued.secret_id, by=_BY)
    work.book.note(secret_id=None, sent_at=None)
    point("after the push was taken back")
    told = {"code": refused.code, "message": refused.message, "mend": refused.mend}
    return {"refused": told, "external": external.name}


def _send(work: Work, secret: SecretStr) -> SalesforceError | None:
    """Send a secret until Salesforce has taken it; the error if it certainly has not."""
    external, client, unknown = work.places.external, work.client, False
    for sending in range(1, SENDS + 1):
        try:
            work.org.push(external, client.client_id, secret)
        except SalesforceError as error:
            unknown = unknown or error.unknown_outcome
            passing = error.kind in {"transient", "throttled"}
            if not passing or sending == SENDS:
                return None if unknown else error
            work.book.tell(_waiting(error, unknown=unknown), error.code, error.mend)
            time.sleep(min(error.retry_after or PAUSE_S, PAUSE_S * sending))
            work.book.row()
        else:
            return None
    raise AssertionError  # the last sending returned


def _waiting(error: SalesforceError, *, unknown: bool) -> str:
    if unknown:
        return f"Salesforce's answer was lost, so both secrets work until it is clear which it holds: {error.message}"
    return f"Salesforce did not take the secret yet, and the one before works: {error.message}"


def held(work: Work) -> Held:
    """Which secret Salesforce holds, found out by a token that it fetches now."""
    if _used(work):
        return Held.NEW
    if not _ours(work):
        return Held.OLD
    point("before the fetch of a token")
    try:
        work.org.refresh(work.places.external)
    except SalesforceError as error:
        if _used(work):
            return Held.NEW
        if error.kind == "authentication":
            raise
        why = f"Salesforce has not fetched a token with the new secret yet; every secret works: {error.message}"
        work.book.tell(why, error.code, error.mend)
        return Held.UNKNOWN
    point("after the fetch of a token")
    return Held.NEW if _used(work) else Held.OLD


def _ours(work: Work) -> bool:
    """Whether Salesforce may hold a secret of this credential: of what was pushed, the client id can be seen."""
    external = work.places.external
    seen = work.org.pushed(external.name, external.principal)
    return seen.client_id == work.client.client_id or (not seen.client_id and seen.status == CONFIGURED)


def _used(work: Work) -> bool:
    if work.operation.secret_id is None:
        return False
    secrets = work.door.rows(ClientSecret).filter(pk=work.operation.secret_id)
    return secrets.exclude(last_used_at=None).exists()
