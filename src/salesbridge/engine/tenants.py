"""Changing a tenant: its billing system is asked before new credentials are kept, overrides are checked before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from pydantic import SecretStr

from salesbridge.billing import DIALECTS, System
from salesbridge.billing.events import rules
from salesbridge.billing.paths import merged
from salesbridge.engine.connections import API_KEY
from salesbridge.engine.instances import BillingSystem, SetupRefusedError, answering, checked_zone
from salesbridge.model import TABLE, merge
from salesbridge.model.context import checked_templates
from salesbridge.store.door import Door
from salesbridge.store.journal import record
from salesbridge.store.models import Tenant
from salesbridge.store.secrets import open_secret, put_secret

_COUNTRY = re.compile(r"[A-Z]{2}|")


def entered_of(door: Door) -> BillingSystem:
    """The billing system of a tenant as it would have to be entered, its API key included.

    Raises:
        NoSecret: The tenant has no API key.
    """
    tenant = door.tenant
    return BillingSystem(
        tenant.name, tenant.product, tenant.base_url, open_secret(door, None, API_KEY), tenant.username, tenant.zone,
        tenant.path_overrides, tenant.model_overrides, tenant.event_overrides,
    )  # fmt: skip


def change_billing(door: Door, base_url: str, username: str, api_key: SecretStr | None, by: str) -> System:
    """Change where a tenant's billing system is, or what it is called with, once it has answered.

    Args:
        door: Door of the tenant.
        base_url: Address of its API.
        username: User of the API key, where the product has one.
        api_key: The new key; None to go on with the one there is, which only the same host ever gets to see.
        by: Who says so.

    Raises:
        BillingError: The billing system refuses or does not answer; says what to do.
        SetupRefusedError: Its version cannot be used, or another host needs its own key.
        NoSecret: There is no key to go on with.
    """
    now = door.tenant
    if api_key is None and base_url != now.base_url:
        raise SetupRefusedError("Another address needs its API key entered: the old one is not sent there.")
    key = api_key or open_secret(door, None, API_KEY)
    entered = BillingSystem(now.name, now.product, base_url, key, username, path_overrides=now.path_overrides)
    system = answering(entered)
    with transaction.atomic():
        _keep(door, "billing", {"base_url": base_url, "username": username}, by, key_replaced=api_key is not None)
        if api_key is not None:
            put_secret(door, None, API_KEY, api_key)
    return system


def change_place(door: Door, zone: str, country: str, by: str) -> None:
    """Change in which time zone billing means its times, and in which country its phone numbers.

    Raises:
        SetupRefusedError: The zone is not known, or the country is no code of ISO 3166.
    """
    checked_zone(zone)
    if not _COUNTRY.fullmatch(country):
        raise SetupRefusedError(f"{country!r} is no country code; use two capital letters such as NZ.")
    _keep(door, "place", {"zone": zone, "country": country}, by)


def change_paths(door: Door, overrides: Mapping[str, str], by: str) -> System:
    """Change the API paths that differ from the product's own, once the billing system has answered with them.

    Raises:
        BillingError: A path cannot be used, or the billing system refuses or does not answer.
        SetupRefusedError: Its version cannot be used.
        NoSecret: There is no API key to ask with.
    """
    merged(DIALECTS[door.tenant.product].paths, overrides)  # type: ignore[index]
    system = answering(replace(entered_of(door), path_overrides=dict(overrides)))
    _keep(door, "paths", {"path_overrides": dict(overrides)}, by)
    return system


def change_model(door: Door, overrides: Mapping[str, Any], by: str) -> None:
    """Change what the tenant adds to the data model or masters otherwise; it holds from the next delivery on.

    Raises:
        OverrideError: The data model cannot be changed in that way, or a link template's object would be gone.
    """
    table = merge(TABLE, overrides)
    checked_templates(table, door.tenant.link_templates)
    _keep(door, "model", {"model_overrides": dict(overrides)}, by)


def change_events(door: Door, overrides: Mapping[str, str], by: str) -> None:
    """Change which records an event type says have changed.

    Raises:
        BillingError: A rule cannot be read.
    """
    rules(overrides)
    _keep(door, "events", {"event_overrides": dict(overrides)}, by)


def _keep(door: Door, what: str, values: Mapping[str, Any], by: str, **more: Any) -> Tenant:
    with transaction.atomic():
        tenant = Door.operator(reason="change a tenant").tenants.select_for_update().get(pk=door.tenant_id)
        for name, value in values.items():
            setattr(tenant, name, value)
        tenant.save()
        record(door, f"tenant:{what}_changed", actor=by, subject=tenant.name, detail={**values, **more})
    return tenant
