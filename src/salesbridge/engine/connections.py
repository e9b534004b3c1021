"""Open connections to the two systems, one of each kind a process: a token is fetched once and shared."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from salesbridge import billing as billing_room
from salesbridge.billing import Billing
from salesbridge.model import BillingForm
from salesbridge.salesforce import ClientCredentials, JwtBearer, PasswordToken, Salesforce
from salesbridge.settings import settings
from salesbridge.store.door import Door
from salesbridge.store.models import Instance, Tenant
from salesbridge.store.secrets import open_secret

if TYPE_CHECKING:
    from salesbridge.salesforce.events import Events
    from salesbridge.salesforce.tokens import Token

#: Names under which the vault keeps what an instance needs to sign in.
CONSUMER_SECRET, PASSWORD, SECURITY_TOKEN, PRIVATE_KEY = "consumer_secret", "password", "security_token", "private_key"
API_KEY = "api_key"
#: Salesforce's own address of the Pub/Sub API (Pub/Sub API guide, "Pub/Sub API Endpoints").
PUBSUB_ADDRESS = "api.pubsub.salesforce.com:7443"

_open: dict[tuple[Any, ...], Any] = {}
_lock = threading.Lock()


def salesforce(door: Door, instance: Instance) -> Salesforce:
    """The org of an instance, as it was set up last; a token of another org is refused at every sign-in."""
    key = ("salesforce", instance.pk, instance.updated_at)
    return _shared(key, lambda: _connect_salesforce(door, instance))  # type: ignore[no-any-return]


def _connect_salesforce(door: Door, instance: Instance) -> Salesforce:
    from salesbridge.engine.pinning import admission  # noqa: PLC0415 - its rows are Django models, set up later

    return connect_salesforce(credentials(door, instance), instance.api_version, admission(door, instance))


def connect_salesforce(
    signing_in: ClientCredentials | PasswordToken | JwtBearer,
    api_version: str,
    admit: Callable[[Token], None] | None = None,
) -> Salesforce:
    """A connection of its own, for credentials that are to be verified.

    Args:
        signing_in: Credentials.
        api_version: Salesforce API version.
        admit: Looks at each new token before it is used, and raises for one that must not be.
    """
    chosen = settings()
    return Salesforce(
        signing_in,
        api_version=api_version,
        client_name="Salesbridge",
        ca_file=chosen.ca_file,
        allow_loopback=chosen.sandbox,
        admit=admit,
    )


def unpinned(door: Door, instance: Instance) -> Salesforce:
    """A connection to whichever org the credentials lead to, for looking at it; the caller closes it."""
    return connect_salesforce(credentials(door, instance), instance.api_version)


def billing(door: Door, tenant: Tenant) -> Billing:
    """The billing system of a tenant, as it was set up last."""
    return _shared(("billing", tenant.pk, tenant.updated_at), lambda: _connect_billing(door, tenant))  # type: ignore[no-any-return]


def _connect_billing(door: Door, tenant: Tenant) -> Billing:
    api_key = open_secret(door, None, API_KEY)
    return connect_billing(tenant.product, tenant.base_url, tenant.username, api_key, tenant.path_overrides)


def connect_billing(
    product: str, base_url: str, username: str, api_key: SecretStr, overrides: Mapping[str, str]
) -> Billing:
    """A connection of its own, for a billing system that is to be verified."""
    chosen = settings()
    return billing_room.connect(
        cast("billing_room.Product", product),
        base_url,
        username=username or None,
        api_key=api_key,
        overrides=overrides,
        ca_file=chosen.ca_file,
        allow_loopback=chosen.sandbox,
        networks=chosen.allowed_networks,
    )


def _shared(key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
    with _lock:
        if key not in _open:
            for stale in [other for other in _open if other[:2] == key[:2]]:
                _open.pop(stale).close()
            _open[key] = make()
        return _open[key]


def credentials(door: Door, instance: Instance) -> ClientCredentials | PasswordToken | JwtBearer:
    """What an instance signs in with; secrets stay wrapped until the request is written."""
    login, key = instance.login_url, instance.consumer_key
    if instance.auth == Instance.Auth.CLIENT_CREDENTIALS:
        return ClientCredentials(login, key, open_secret(door, instance.pk, CONSUMER_SECRET))
    if instance.auth == Instance.Auth.JWT:
        return JwtBearer(login, instance.username, key, open_secret(door, instance.pk, PRIVATE_KEY))
    password, token, secret = (open_secret(door, instance.pk, n) for n in (PASSWORD, SECURITY_TOKEN, CONSUMER_SECRET))
    return PasswordToken(login, instance.username, password, token, key, secret)


def form(product: str, zone: str) -> BillingForm:
    """How a source spells values (docs/billing-dialects.md)."""
    if product == "junifer":
        return BillingForm(ZoneInfo(zone), datetimes="local")
    if product == "velocity":
        return BillingForm(ZoneInfo(zone), datetimes="offset", money="text")
    return BillingForm(ZoneInfo(zone), datetimes="offset", flags="yn", money="text", lists="text")


def events(instance: Instance, salesforce: Salesforce) -> Events:
    """The org's event bus; the caller closes it.

    The instance's setting ``pubsub`` names another address than Salesforce's own, with ``http://`` in front where it
    speaks no TLS (sandboxes on this machine only).
    """
    from salesbridge.salesforce.events import Events  # noqa: PLC0415 - gRPC takes a fifth of a second to import

    chosen, address = settings(), str(instance.settings.get("pubsub") or PUBSUB_ADDRESS)
    plain = address.startswith("http://")
    return Events(
        salesforce, address=address.removeprefix("http://"), ca_file=chosen.ca_file, plaintext=plain and chosen.sandbox
    )
