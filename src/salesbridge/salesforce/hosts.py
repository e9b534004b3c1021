"""Which addresses the connector signs in to: Salesforce's own, and loopback for the sandbox."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import SplitResult, urlsplit

from salesbridge.salesforce.errors import SalesforceError

# Production, Hyperforce, government and China clouds (Salesforce Help, "Salesforce IP Addresses and Domains to Allow").
_SALESFORCE_DOMAINS: Final = ("salesforce.com", "force.com", "salesforce.mil", "crmforce.mil", "sfcrmproducts.cn")
_NOT_FOR_LOGIN: Final = (".lightning.force.com", ".my.salesforce-setup.com", ".visualforce.com")
_MY_DOMAIN: Final = (
    "Enter the org's My Domain address, such as https://example.my.salesforce.com: "
    "Setup > My Domain > Current My Domain URL."
)


def login_url(text: str, *, allow_loopback: bool = False) -> str:
    """Checks a login URL and gives its origin, without a trailing slash.

    Credentials are sent there, so only https on Salesforce's domains passes; loopback, also with http, passes in
    sandbox mode.

    Raises:
        SalesforceError: The address is not one to send credentials to; ``mend`` says what to enter.
    """
    parts = _split(text.strip())
    host = (parts.hostname or "").lower()
    if parts.username or parts.password:
        raise _refused("The login URL must not hold a username or password.", _MY_DOMAIN)
    if allow_loopback and is_loopback(host) and parts.scheme in {"http", "https"}:
        return f"{parts.scheme}://{parts.netloc}"
    _require_salesforce(parts, host)
    return f"https://{host}"


def is_loopback(host: str) -> bool:
    """Tells whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_salesforce(host: str) -> bool:
    """Tells whether a host belongs to Salesforce."""
    return host.endswith(tuple(f".{domain}" for domain in _SALESFORCE_DOMAINS))


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise _refused("The login URL is not a web address.", _MY_DOMAIN) from None
    return parts


def _require_salesforce(parts: SplitResult, host: str) -> None:
    if parts.scheme != "https":
        raise _refused("The login URL must start with https://.", _MY_DOMAIN)
    if host.endswith(_NOT_FOR_LOGIN):
        raise _refused(f"{host} is an address for pages, not for signing in.", _MY_DOMAIN)
    if not is_salesforce(host):
        raise _refused(f"{host or 'This'} is not an address of Salesforce.", _MY_DOMAIN)
    if parts.port not in {None, 443}:
        raise _refused("The login URL must not name a port.", _MY_DOMAIN)


def _refused(message: str, mend: str) -> SalesforceError:
    return SalesforceError(message, kind="authentication", code="INVALID_LOGIN_URL", mend=mend)
