"""Setting up tenants and connector instances: credentials are verified before anything is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from pydantic import SecretStr

from salesbridge import billing
from salesbridge.billing import System
from salesbridge.billing.events import rules
from salesbridge.engine import connections
from salesbridge.engine.connections import API_KEY, CONSUMER_SECRET, PASSWORD, PRIVATE_KEY, SECURITY_TOKEN
from salesbridge.model import TABLE, Entity, Fact, Finding, merge
from salesbridge.salesforce import ClientCredentials, JwtBearer, OrgInfo, PasswordToken, Salesforce, SalesforceError
from salesbridge.store.door import Door
from salesbridge.store.journal import record
from salesbridge.store.models import Instance, Organisation, Tenant
from salesbridge.store.secrets import put_secret

Credentials = ClientCredentials | PasswordToken | JwtBearer


class SetupRefusedError(ValueError):
    """What was entered cannot be used; the message names the mend."""


@dataclass(frozen=True, slots=True)
class BillingSystem:
    """A billing system as somebody enters it.

    Args:
        name: Name of the tenant.
        product: ``junifer`` or ``velocity``.
        base_url: Address of its API.
        api_key: Its API key.
        username: User of the API key, where the product has one.
        zone: IANA time zone of its timestamps.
        path_overrides: API paths that differ from the product's table.
        model_overrides: Fields and masters that differ from the data model.
        event_overrides: Which records an event type says have changed, where that differs from the product's table.
        organisation: Whose tenant it becomes; the default organisation's when none is given.
    """

    name: str
    product: str
    base_url: str
    api_key: SecretStr
    username: str = ""
    zone: str = "UTC"
    path_overrides: Mapping[str, str] | None = None
    model_overrides: Mapping[str, Any] | None = None
    event_overrides: Mapping[str, str] | None = None
    organisation: Organisation | None = None


def add_tenant(entered: BillingSystem, *, by: str) -> tuple[Door, System]:
    """Keep a tenant once its billing system has answered.

    Raises:
        BillingError: The billing system refuses or does not answer; says what to do.
        SetupRefusedError: The product's version or the time zone cannot be used.
        OverrideError: The data model cannot be changed in that way.
    """
    checked_zone(entered.zone)
    if Door.operator(reason="see whether a name is free").tenants.filter(name=entered.name).exists():
        raise SetupRefusedError(f"A tenant {entered.name!r} is there already. Choose another name.")
    merge(TABLE, entered.model_overrides or {})
    rules(entered.event_overrides or {})
    system = answering(entered)
    with transaction.atomic():
        tenant = Door.operator(reason="add a tenant").tenants.create(
            name=entered.name, product=entered.product, base_url=entered.base_url, username=entered.username,
            zone=entered.zone, path_overrides=dict(entered.path_overrides or {}),
            model_overrides=dict(entered.model_overrides or {}),
            event_overrides=dict(entered.event_overrides or {}),
            **({"organisation": entered.organisation} if entered.organisation else {}),
        )  # fmt: skip
        door = Door(tenant.pk)
        put_secret(door, None, API_KEY, entered.api_key)
        record(door, "tenant:added", actor=by, subject=entered.name)
    return door, system


def checked_zone(name: str) -> None:
    """Make sure that a time zone is known.

    Raises:
        SetupRefusedError: It is not.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SetupRefusedError(f"{name!r} is no time zone; use an IANA name such as Pacific/Auckland.") from error


def answering(entered: BillingSystem) -> System:
    """Which billing system answers to what somebody entered.

    Raises:
        BillingError: The billing system refuses or does not answer; says what to do.
        SetupRefusedError: The product's version cannot be used.
    """
    opened = connections.connect_billing(
        entered.product, entered.base_url, entered.username, entered.api_key, entered.path_overrides or {}
    )
    try:
        system = opened.system()
    finally:
        opened.close()
    reason = billing.supported(system)
    if reason:
        raise SetupRefusedError(f"{system.product} {system.version} cannot be used. {reason}")
    return system


def add_instance(
    door: Door,
    name: str,
    entered: Credentials,
    *,
    by: str,
    api_version: str = "66.0",
    emails: list[str] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> tuple[Instance, OrgInfo]:
    """Keep an instance once Salesforce has accepted its credentials, and pin its org.

    Args:
        door: Door of the tenant.
        name: What people call it.
        entered: Credentials.
        by: Who adds it.
        api_version: Salesforce API version.
        emails: Who is told the result of a run.
        settings: Settings that differ from the defaults (``salesbridge.engine.live.options``).

    Raises:
        SalesforceError: Salesforce refuses or does not answer; says which setting to look at.
        SetupRefusedError: The name is taken.
    """
    if door.instances.filter(name=name).exists():
        raise SetupRefusedError(f"The tenant has an instance {name!r} already. Choose another name.")
    with connections.connect_salesforce(entered, api_version) as salesforce:
        org = salesforce.org()
    with transaction.atomic():
        instance = door.instances.create(
            name=name, login_url=entered.login_url, auth=AUTH_OF[type(entered)], consumer_key=entered.consumer_key,
            username=getattr(entered, "username", ""), api_version=api_version, org_id=org.org_id,
            org_sandbox=org.sandbox, org_instance=org.instance_name, instance_url=org.instance_url,
            notify_emails=emails or [], settings=dict(settings or {}),
        )  # fmt: skip
        for secret, value in secrets_of(entered).items():
            put_secret(door, instance.pk, secret, value)
        record(door, "instance:added", actor=by, subject=name, instance_id=instance.pk)
    return instance, org


#: How an instance signs in, by the credentials it has.
AUTH_OF: Mapping[type[Credentials], str] = {
    ClientCredentials: Instance.Auth.CLIENT_CREDENTIALS,
    JwtBearer: Instance.Auth.JWT,
    PasswordToken: Instance.Auth.PASSWORD,
}


def secrets_of(entered: Credentials) -> dict[str, SecretStr]:
    """The secret parts of credentials, by the names under which the vault keeps them."""
    if isinstance(entered, ClientCredentials):
        return {CONSUMER_SECRET: entered.consumer_secret}
    if isinstance(entered, JwtBearer):
        return {PRIVATE_KEY: entered.private_key_pem}
    return {
        CONSUMER_SECRET: entered.consumer_secret,
        PASSWORD: entered.password,
        SECURITY_TOKEN: entered.security_token,
    }


def validate(door: Door, instance: Instance, *, initial: bool = False) -> list[Finding]:
    """Validate Data Model: every difference between what the connector needs and the org.

    Args:
        door: Door of the tenant.
        instance: The connector instance.
        initial: Only what the initial data synchronisation needs.

    Raises:
        SalesforceError: Salesforce refuses or does not answer.
        BillingError: The billing system refuses or does not answer.
    """
    from salesbridge.engine import doctor  # noqa: PLC0415 - the doctor asks with what is below

    return list(doctor.validate(door, instance, initial=initial).findings)


_FACTS = {Fact.STANDARD_PRICEBOOK: "SELECT Id FROM Pricebook2 WHERE IsStandard = true"}


def facts_of(salesforce: Salesforce, entities: Iterable[Entity]) -> dict[str, str]:
    """The facts of the org with which records of some entities are created; those the user cannot see are left out.

    Raises:
        SalesforceError: Salesforce refuses or does not answer.
    """
    wanted = sorted({fact for entity in entities for _, fact in entity.facts})
    found = {fact: [str(row["Id"]) for row in salesforce.query(_FACTS[fact])] for fact in wanted}
    return {fact: ids[0] for fact, ids in found.items() if ids}


def describes_of(salesforce: Salesforce, entities: Iterable[Entity], *, fresh: bool = False) -> dict[str, Any]:
    """The describe of each entity's object; None where Salesforce does not show it to the connector's user.

    Raises:
        SalesforceError: Salesforce refuses for another reason, or does not answer.
    """
    found: dict[str, Any] = {}
    for entity in entities:
        try:
            found[entity.name] = salesforce.describe(entity.name, fresh=fresh)
        except SalesforceError as error:
            if error.code not in {"NOT_FOUND", "INVALID_TYPE"}:
                raise
            found[entity.name] = None
    return found


def find(name: str) -> tuple[Door, Instance]:
    """The instance that people call ``name`` or ``tenant/name``.

    Raises:
        SetupRefusedError: There is none, or more than one.
    """
    tenant_name, _, own = name.rpartition("/")
    operator = Door.operator(reason="find an instance by its name for the operator at the command line")
    found = list(operator.instances.filter(name=own, **({"tenant__name": tenant_name} if tenant_name else {})))
    if len(found) == 1:
        return Door(found[0].tenant_id), Door(found[0].tenant_id).instances.get(pk=found[0].pk)
    if found:
        names = ", ".join(f"{Tenant.__str__(i.tenant)}/{i.name}" for i in found)
        raise SetupRefusedError(f"Several instances are called {name!r}: say which, {names}.")
    raise SetupRefusedError(f"There is no instance {name!r}. See: salesbridge instance list")
