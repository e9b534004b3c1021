"""Billing's events as they come in: for which instances, from which address, checked by which keys."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from django.db import transaction

from salesbridge.billing.events import PING, BillingEvent
from salesbridge.engine.instances import SetupRefusedError
from salesbridge.engine.live.hear import hear_billing
from salesbridge.engine.live.site import Site, site
from salesbridge.settings import settings
from salesbridge.store.door import Door
from salesbridge.store.journal import LIVE, raise_problem, record
from salesbridge.store.models import Live, Problem, Tenant

#: Kind of the problem that events cannot be checked.
NO_KEY = "events cannot be checked"
_PUBLISHER = "billing's publisher"


def hear(door: Door, events: Sequence[BillingEvent]) -> list[bool]:
    """Write events down for every instance of their tenant that has begun to be kept in step.

    Paused instances and those whose load is under way are among them: what they hear waits in their journal.

    Returns:
        Which of them are new.

    Raises:
        BillingError: An event does not tell which record it is about.
        DatabaseError: They could not be written down; none of them was.
    """
    if not events:
        return []
    with transaction.atomic():
        new = hear_billing(door, _sites(door), events)
        for event in (event for event, fresh in zip(events, new, strict=True) if fresh and event.type == PING):
            record(door, "hook:pinged", actor=_PUBLISHER, subject=event.event_id)
    return new


def _sites(door: Door) -> list[Site]:
    told = ("instance_id", "instance__updated_at", "tenant__updated_at")
    begun = door.rows(Live).exclude(state="new").order_by("instance_id").values_list(*told)
    return [site(door, instance_id, (changed, tenant_changed)) for instance_id, changed, tenant_changed in begun]


def without_key(door: Door) -> None:
    """Tell people that events come in that nothing can be checked with."""
    mend = (
        "Copy the app's public key from the integration platform and run: salesbridge tenant hook TENANT --add-key FILE"
    )
    raise_problem(door, NO_KEY, "Billing sends events, but there is no key to check them with", mend=mend)


def address(tenant: Tenant) -> str:
    """Where the tenant's billing system is to send its events."""
    return f"{settings().edge_url.rstrip('/')}/hooks/{tenant.hook}"


def fingerprints(keys: Sequence[str]) -> list[str]:
    """What people compare keys by: SHA-256 of the DER form, in hexadecimal digits."""
    return [hashlib.sha256(_der(_key(pem))).hexdigest() for pem in keys]


def add_key(door: Door, pem: str, *, by: str) -> Tenant:
    """Accept events signed with one more key; while keys are exchanged there are two.

    Raises:
        SetupRefusedError: It is no public RSA key, or it is there already.
    """
    kept = _key(pem).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with transaction.atomic():
        tenant = _locked(door)
        if kept in tenant.hook_keys:
            raise SetupRefusedError("This key is accepted already.")
        _keep(door, tenant, [*tenant.hook_keys, kept])
        door.problems.filter(kind=NO_KEY, state__in=LIVE).update(state=Problem.State.SOLVED)
        record(door, "hook:key_added", actor=by, subject=fingerprints([kept])[0])
    return tenant


def drop_key(door: Door, number: int, *, by: str) -> Tenant:
    """Accept no more events signed with a key.

    Args:
        door: Door of the tenant.
        number: Which one, from 1.
        by: Who says so.

    Raises:
        SetupRefusedError: There is no such key.
    """
    with transaction.atomic():
        tenant = _locked(door)
        if not 1 <= number <= len(tenant.hook_keys):
            raise SetupRefusedError(f"There is no key {number}. See: salesbridge tenant hook {tenant.name}")
        gone = tenant.hook_keys[number - 1]
        _keep(door, tenant, [key for key in tenant.hook_keys if key != gone])
        record(door, "hook:key_dropped", actor=by, subject=fingerprints([gone])[0])
    return tenant


def _locked(door: Door) -> Tenant:
    tenants = Door.operator(reason="change the keys of a tenant's events").tenants
    return tenants.select_for_update().get(pk=door.tenant_id)


def _keep(door: Door, tenant: Tenant, keys: list[str]) -> None:
    # not by save(): its new time of change would make every process open its connections to billing anew
    tenant.hook_keys = keys
    operator = Door.operator(reason="change the keys of a tenant's events")
    operator.tenants.filter(pk=door.tenant_id).update(hook_keys=keys)


def _key(pem: str) -> RSAPublicKey:
    try:
        key = load_pem_public_key(pem.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey):
        raise SetupRefusedError("This is no public RSA key in PEM (-----BEGIN PUBLIC KEY-----).")
    return key


def _der(key: RSAPublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
