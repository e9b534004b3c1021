"""The base URL of a billing system, checked before a key is sent there."""

from __future__ import annotations

import ipaddress
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
