"""The audit of people's actions: who did what, in a chain that shows when somebody rewrote it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet

from salesbridge.store.door import Door
from salesbridge.store.models import Audit, Organisation

_CHAIN = 0x41554449  # first key of the advisory lock: "AUDI"
_FACTS = ("number", "tenant_id", "at", "actor", "action", "subject", "detail", "previous")
_log = structlog.get_logger(__name__)

#: Whose action it is: an organisation's, or that of the organisation a tenant belongs to.
Where = Door | Organisation | uuid.UUID


@dataclass(frozen=True, slots=True)
class Break:
    """A place where a chain does not hold.

    Attributes:
        number: Entry at which it shows.
        reason: What is wrong.
    """

    number: int
    reason: str


def entries(organisation: Organisation | uuid.UUID) -> QuerySet[Audit]:
    """The entries of an organisation, to be filtered and ordered."""
    return QuerySet(Audit).filter(organisation_id=_id(organisation))


def write(where: Where, actor: str, action: str, subject: str = "", detail: Mapping[str, Any] | None = None) -> Audit:
    """Write down what a person did; in the transaction at hand, so that it stands or falls with the act.

    Args:
        where: Organisation whose chain it goes to, or a tenant's door: then the tenant is noted too.
        actor: Who did it.
        action: ``subject:action``, such as ``instance:added``.
        subject: Which one, such as its name.
        detail: Facts worth keeping, of JSON's kinds; never a secret.

    Raises:
        django.db.IntegrityError: If the action is not of that form.
    """
    tenant_id = where.tenant_id if isinstance(where, Door) else None
    organisation_id = _id(where.tenant.organisation if isinstance(where, Door) else where)
    with transaction.atomic():
        _one_at_a_time(organisation_id)
        last = entries(organisation_id).order_by("-number").first()
        entry = Audit(
            organisation_id=organisation_id, number=last.number + 1 if last else 1, tenant_id=tenant_id,
            at=datetime.now(UTC), actor=actor[:254], action=action, subject=subject[:300],
            detail=json.loads(json.dumps(detail or {}, default=str)), previous=last.hash if last else "",
        )  # fmt: skip
        entry.hash = digest(entry)
        entry.save(force_insert=True)
    # cutting off the end of the table shows only against a head kept elsewhere: an export, or this line
    _log.debug("audited", organisation=str(organisation_id), number=entry.number, action=action, head=entry.hash)
    return entry


def digest(entry: Audit) -> str:
    """The hash that an entry must carry: over what it says and the hash of the entry before."""
    return hashlib.sha256(_canonical({"organisation_id": entry.organisation_id, **_facts(entry)})).hexdigest()


def verify(organisation: Organisation | uuid.UUID) -> list[Break]:
    """Follow the chain of an organisation from its beginning; an empty list means that it holds."""
    found, number, previous = [], 0, ""
    for entry in entries(organisation).order_by("number").iterator():
        if entry.number != number + 1:
            found.append(Break(entry.number, f"entries {number + 1} to {entry.number - 1} are missing"))
        elif entry.previous != previous:
            found.append(Break(entry.number, "it does not continue the entry before"))
        if entry.hash != digest(entry):
            found.append(Break(entry.number, "what it says was changed"))
        number, previous = entry.number, entry.hash
    return found


def export(rows: QuerySet[Audit]) -> Iterator[str]:
    """Entries as lines of NDJSON, with the hashes that let anybody check them."""
    for entry in rows.order_by("number").iterator():
        facts = {"organisation_id": entry.organisation_id, **_facts(entry), "hash": entry.hash}
        yield _canonical(facts).decode() + "\n"


def _facts(entry: Audit) -> dict[str, Any]:
    return {**{name: getattr(entry, name) for name in _FACTS}, "at": entry.at.astimezone(UTC).isoformat()}


def _canonical(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str).encode()


def _id(organisation: Organisation | uuid.UUID) -> uuid.UUID:
    return organisation.pk if isinstance(organisation, Organisation) else organisation


def _one_at_a_time(organisation_id: uuid.UUID) -> None:
    """Hold the end of the chain until the transaction ends: two entries can never have the same number."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_CHAIN, str(organisation_id)])
