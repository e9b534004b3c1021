"""The base URL of a billing system, checked before a key is sent there."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlsplit

from salesbridge.billing.port import BillingError


def base_url(text: str, default_path: str, *, allow_loopback: bool) -> str:
    """Checks a base URL and gives it without a trailing slash; a bare host gets the product's usual path.

    Raises:
        BillingError: Not https (http only on this machine, in sandbox mode), or with credentials, query or fragment.
    """
    try:
        parts = urlsplit(text.strip())
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise _refused("The base URL is not a web address.") from None
    local = _is_loopback(host)
    if not host or parts.username or parts.password or parts.query or parts.fragment:
        raise _refused("The base URL must be a host and a path, without user, query or fragment.")
    if local and not allow_loopback:
        raise _refused("The base URL is this machine, which only sandbox mode allows.")
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise _refused("The base URL must start with https://.")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or default_path}"


def refuse_internal(
    url: str,
    *,
    allow_loopback: bool,
    networks: Sequence[str] = (),
    resolve: Callable[[str], Iterable[str]] | None = None,
) -> None:
    """Refuses an address that leads into this machine or its networks, whatever name or spelling it has.

    What a tenant's administrator enters must not reach what only this machine can (OWASP, Server-Side Request
    Forgery Prevention): loopback, private, link-local and other addresses that are not public, in IPv4 and IPv6.
    A name that is not known here passes, because nothing can be reached by it.

    Args:
        url: A base URL.
        allow_loopback: Sandbox mode: addresses of this machine are allowed.
        networks: Networks that are allowed although they are not public, such as ``10.20.0.0/16``.
        resolve: Gives the addresses of a host; that of this machine if not given.

    Raises:
        BillingError: It leads there.
    """
    host = urlsplit(url).hostname or ""
    for found in (resolve or _addresses)(host):
        address = _plain(found)
        if address.is_global and not address.is_multicast:
            continue
        if allow_loopback and address.is_loopback:
            continue
        if not any(address in ipaddress.ip_network(each) for each in networks):
            raise BillingError(
                f"The base URL leads to {address}, which is not a public address.", kind="permanent",
                code="INTERNAL_BASE_URL",
                mend="If the billing system is in a private network, have the operator of this installation name it "
                "in SALESBRIDGE_BILLING_NETWORKS.",
            )  # fmt: skip


def _addresses(host: str) -> list[str]:
    try:
        return sorted({str(each[4][0]) for each in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)})
    except (OSError, UnicodeError):
        return []


def _plain(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address without a zone; an IPv4 address inside an IPv6 one counts as itself."""
    address = ipaddress.ip_address(text.partition("%")[0])
    inside = address.ipv4_mapped or address.sixtofour if isinstance(address, ipaddress.IPv6Address) else None
    return inside or address


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refused(message: str) -> BillingError:
    return BillingError(
        message,
        kind="permanent",
        code="INVALID_BASE_URL",
        mend="Enter it like https://billing.example.com/rest/v1 in the tenant's settings.",
    )
