"""Changing what an instance signs in with, and taking an instance away."""

from __future__ import annotations

from django.db import transaction

from salesbridge.engine import connections
from salesbridge.engine.instances import AUTH_OF, Credentials, SetupRefusedError, secrets_of
from salesbridge.engine.live.states import RUNNING
from salesbridge.engine.pinning import CODE, pin_of, pinned_of
from salesbridge.model.check_org import another_org, described
from salesbridge.salesforce import OrgInfo, SalesforceError
from salesbridge.store.door import Door
from salesbridge.store.journal import record
from salesbridge.store.models import ApiClient, Instance, Live
from salesbridge.store.secrets import forget_secret, put_secret

_SECRETS = (connections.CONSUMER_SECRET, connections.PASSWORD, connections.SECURITY_TOKEN, connections.PRIVATE_KEY)


def change_credentials(
    door: Door, instance: Instance, entered: Credentials, *, by: str, name: str = "", elsewhere: bool = False
) -> tuple[Instance, OrgInfo]:
    """Keep other credentials for an instance, once Salesforce has accepted them for the org it was set up for.

    Args:
        door: Door of the tenant.
        instance: The instance.
        entered: The new credentials; those it had are forgotten.
        by: Who says so.
        name: Another name for it; empty to keep the one it has.
        elsewhere: Keep them although they lead to another org, such as a refreshed sandbox; nothing is written there
            before that org is confirmed (``salesbridge.engine.pinning.confirm``).

    Raises:
        SalesforceError: Salesforce refuses or does not answer, or they lead to another org (code ``ANOTHER_ORG``).
        SetupRefusedError: The name is taken.
    """
    name = name or instance.name
    if door.instances.filter(name=name).exclude(pk=instance.pk).exists():
        raise SetupRefusedError(f"The tenant has an instance {name!r} already. Choose another name.")
    with connections.connect_salesforce(entered, instance.api_version) as salesforce:
        org = salesforce.org()
    if not elsewhere:
        _same_org(instance, org)
    with transaction.atomic():
        row = door.instances.select_for_update().get(pk=instance.pk)
        row.name, row.login_url, row.auth = name, entered.login_url, AUTH_OF[type(entered)]
        row.consumer_key, row.username = entered.consumer_key, getattr(entered, "username", "")
        if not row.org_id:
            row.org_id, row.org_sandbox, row.org_instance = org.org_id, org.sandbox, org.instance_name
            row.instance_url = org.instance_url
        row.save()
        _keep_secrets(door, row, entered)
        record(door, "instance:reconnected", actor=by, subject=name, instance_id=row.pk)
    return row, org


def _keep_secrets(door: Door, instance: Instance, entered: Credentials) -> None:
    for name in _SECRETS:
        forget_secret(door, instance.pk, name)
    for name, value in secrets_of(entered).items():
        put_secret(door, instance.pk, name, value)


def _same_org(instance: Instance, org: OrgInfo) -> None:
    pinned, found = pinned_of(instance), pin_of(org)
    if another_org(pinned, found):
        raise SalesforceError(
            f"These credentials lead to another org: {described(found)}. The instance was set up for "
            f"{described(pinned)}.",
            kind="authentication",
            code=CODE,
            mend="Enter credentials of the same org. If a sandbox was refreshed, save them all the same, then confirm "
            "the org. For any other org, set up a new instance.",
        )


def remove_instance(door: Door, instance: Instance, *, by: str) -> None:
    """Take an instance away with everything remembered of it; nothing is written to either system.

    Args:
        door: Door of the tenant.
        instance: The instance; paused or not live, and without a run or a named credential.
        by: Who says so.

    Raises:
        SetupRefusedError: Something of it is still at work; says what to end first.
    """
    with transaction.atomic():
        row = door.instances.select_for_update().get(pk=instance.pk)
        if door.rows(Live).filter(instance=row, state__in=RUNNING).exists():
            raise SetupRefusedError("The instance is being kept in step. Pause it first.")
        if door.runs.filter(instance=row, finished_at=None).exists():
            raise SetupRefusedError("An initial data synchronisation is under way. Cancel it first.")
        if door.rows(ApiClient).filter(instance=row, state=ApiClient.State.ACTIVE).exists():
            raise SetupRefusedError("Salesforce still calls Gentrack APIs with a named credential. Revoke it first.")
        record(door, "instance:removed", actor=by, subject=row.name, instance_id=row.pk)
        row.delete()
