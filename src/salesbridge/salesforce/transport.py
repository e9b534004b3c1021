"""The HTTP client that Salesforce is called with, and what its failures mean."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Final

import httpx2

from salesbridge.salesforce.errors import SalesforceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A call may run for ten minutes (Salesforce App Limits Cheatsheet); ours are short: two minutes of silence is a fault.
TIMEOUT: Final = httpx2.Timeout(connect=10.0, read=120.0, write=120.0, pool=30.0)
_NOTHING_SENT: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)


def new_client(*, ca_file: Path | None, loopback: bool) -> httpx2.Client:
    """Opens a connection pool, safe to share between threads.

    Args:
        ca_file: PEM file of the certificate authorities to trust beside the system's.
        loopback: The host is this machine: proxies of the environment do not apply.
    """
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(str(ca_file))
    return httpx2.Client(verify=context, timeout=TIMEOUT, follow_redirects=False, trust_env=not loopback)


def transport_error(exc: httpx2.TransportError, host: str, *, safe: bool) -> SalesforceError:
    """Makes the exception of a call that got no answer.

    Args:
        exc: What the HTTP client raised.
        host: Where the call went.
        safe: The call changes nothing, so that its outcome does not matter.
    """
    code, message, mend = _explained(exc, host)
    return SalesforceError(
        message,
        kind="permanent" if code == "TLS" else "transient",
        code=code,
        mend=mend,
        unknown_outcome=not safe and not isinstance(exc, _NOTHING_SENT),
    )


def _explained(exc: httpx2.TransportError, host: str) -> tuple[str, str, str]:
    causes = tuple(_causes(exc))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return (
            "DNS",
            f"The name {host} is not known.",
            "Check the spelling of the login URL, and this machine's name server.",
        )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return (
            "TLS",
            f"The certificate of {host} is not trusted.",
            "Let the connector trust your proxy's authority (setting ca_file), or correct the login URL.",
        )
    if isinstance(exc, httpx2.ProxyError):
        return "PROXY", f"The proxy did not reach {host}.", "Check the proxy settings of this machine (HTTPS_PROXY)."
    if isinstance(exc, httpx2.ConnectError):
        return (
            "CONNECT",
            f"{host} does not accept connections.",
            "Check the login URL, and that the firewall lets HTTPS out.",
        )
    if isinstance(exc, httpx2.TimeoutException):
        return (
            "TIMEOUT",
            f"{host} did not answer in time.",
            "It is tried again by itself; look at status.salesforce.com if it lasts.",
        )
    return (
        "BROKEN",
        f"The connection to {host} broke.",
        "It is tried again by itself; check proxies and firewalls if it lasts.",
    )


def _causes(exc: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = exc
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__
