"""Context linking: from a Salesforce record to the record's page in the billing system."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from salesbridge.model import TABLE, Table, merge
from salesbridge.model.context import ASSUMED, checked_templates, linked, place
from salesbridge.store.door import Door
from salesbridge.store.journal import record
from salesbridge.store.models import Tenant


class NoTargetError(LookupError):
    """There is no page to go to; the message says why, for people."""


def model_of(tenant: Tenant) -> Table:
    """The tenant's data model, with its link fields filled where it has templates of addresses."""
    table = merge(TABLE, tenant.model_overrides)
    return linked(table, tenant.link_templates, tenant.base_url, tenant.name)


def target(door: Door, entity: str, key: str) -> str:
    """The address of a record's page in the billing system, for the portal's ``/go/<tenant>/<entity>/<key>``.

    Args:
        door: Door of the tenant.
        entity: Salesforce object, in any case of its letters.
        key: External id.

    Raises:
        NoTargetError: The data model has no such object, there is no template for it, or the address is too long.
    """
    tenant = door.tenant
    table = merge(TABLE, tenant.model_overrides)
    named = {each.name.lower(): each for each in table.entities}
    found = named.get(entity.lower())
    if found is None:
        raise NoTargetError(f"The data model has no object {entity!r}.")
    where = place(found, tenant.link_templates, tenant.base_url, tenant.name)
    if where is None:
        command = "salesbridge tenant link-template"
        raise NoTargetError(f"Nobody has said where {found.label} are in the billing system: {command} says it.")
    address = where.of(key) if key else ""
    if not address:
        raise NoTargetError(f"{key!r} makes no address in the billing system.")
    return address


def set_template(door: Door, entity: str, template: str | None, by: str) -> Mapping[str, str]:
    """Set or take away the template of an entity's addresses; links change with the next comparison of both sides.

    Args:
        door: Door of the tenant.
        entity: Salesforce object, or ``*`` for every one that has no template of its own.
        template: The template; None takes it away, and leaves links as they are.
        by: Who says so.

    Returns:
        All templates of the tenant.

    Raises:
        OverrideError: The template cannot be used, or there is no such object.
    """
    return _keep(door, {entity: template}, by)


def assume(door: Door, by: str) -> Mapping[str, str]:
    """Set the templates that are likely for the tenant's product, where there is none; neither is documented."""
    has = door.tenant.link_templates
    return _keep(door, {name: text for name, text in ASSUMED[door.tenant.product].items() if name not in has}, by)


def _keep(door: Door, changes: Mapping[str, str | None], by: str) -> Mapping[str, str]:
    with transaction.atomic():
        tenant = door.tenant
        kept = {name: text for name, text in {**tenant.link_templates, **changes}.items() if text}
        tenant.link_templates = checked_templates(merge(TABLE, tenant.model_overrides), kept)
        tenant.save()
        record(door, "tenant:links", actor=by, subject=tenant.name, detail=dict(changes))
    return dict(tenant.link_templates)
