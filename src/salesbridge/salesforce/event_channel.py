"""The way to the Pub/Sub API: which addresses are allowed, what is trusted, who we are on every call."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import grpc

from salesbridge.salesforce.errors import SalesforceError
from salesbridge.salesforce.event_errors import EXPIRED, rpc_error
from salesbridge.salesforce.hosts import is_loopback, is_salesforce
from salesbridge.salesforce.oauth_errors import REFUSED_AGAIN

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from salesbridge.salesforce.rest import Salesforce
    from salesbridge.salesforce.tokens import Token

_PORT: Final = 7443
_PORTS: Final = frozenset({443, _PORT})
_CALL_TIMEOUT_S: Final = 30.0
STOP_POLL_S: Final = 0.25
_MEND: Final = "Enter api.pubsub.salesforce.com:7443, or your region's address (such as api.deu.pubsub.salesforce.com)."
_OPTIONS: Final = (
    ("grpc.http2.max_pings_without_data", 0),
    # A response holds up to 3 MB of events (Pub/Sub API guide, "Subscribe RPC Method"), besides their envelopes.
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
    ("grpc.max_send_message_length", 4 * 1024 * 1024),
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 250),
    ("grpc.max_reconnect_backoff_ms", 10_000),
    # Orgs do not share a connection: one that is cut or throttled leaves the others alone.
    ("grpc.use_local_subchannel_pool", 1),
)


class StoppedError(Exception):
    """The caller wants no answer any more; never leaves the client."""


def open_channel(
    address: str, *, ca_file: Path | None, plaintext: bool, ping_s: float, allow_loopback: bool
) -> grpc.Channel:
    """Opens a channel, which connects with the first call.

    Args:
        address: Host and port of the Pub/Sub API.
        ca_file: PEM file of the certificate authorities to trust beside the system's.
        plaintext: Without TLS, on this machine only.
        ping_s: Seconds of quiet after which the connection is probed; it is given up two thirds of that later.
        allow_loopback: Sandbox mode: addresses of this machine are allowed.

    Raises:
        SalesforceError: The address is not one to send a token to.
    """
    target = checked_target(address, plaintext=plaintext, allow_loopback=allow_loopback)
    # A NAT or balancer that drops an idle connection tells nobody: pings find out.
    patience_ms = int(ping_s * 667)
    options = (
        *_OPTIONS,
        ("grpc.keepalive_time_ms", int(ping_s * 1000)),
        ("grpc.keepalive_timeout_ms", patience_ms),
        # Without it a probe without an answer is given a minute, whatever the line above says.
        ("grpc.http2.ping_timeout_ms", patience_ms),
    )
    if plaintext:
        return grpc.insecure_channel(target, options=options)
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(_trusted(ca_file)), options=options)


def checked_target(address: str, *, plaintext: bool, allow_loopback: bool) -> str:
    """Checks an address of the Pub/Sub API and gives it with its port.

    Access tokens are sent there, so only Salesforce's hosts pass, with TLS; loopback passes in sandbox mode.

    Raises:
        SalesforceError: With code ``INVALID_EVENTS_ADDRESS``.
    """
    host, port = _host_and_port(address.strip())
    if allow_loopback and is_loopback(host) and port:
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if plaintext:
        raise _refused("Without TLS only addresses of this machine are allowed, in sandbox mode and with a port.")
    if not is_salesforce(host):
        raise _refused(f"{host or 'This'} is not an address of Salesforce.")
    if (port or _PORT) not in _PORTS:
        raise _refused("The Pub/Sub API listens at port 7443 or 443.")
    return f"{host}:{port or _PORT}"


class Caller:
    """Signs calls with the token of a Salesforce connection, and renews it once per expiry."""

    def __init__(self, salesforce: Salesforce) -> None:
        self._salesforce = salesforce

    @property
    def token(self) -> Token:
        """The current token."""
        return self._salesforce.token

    def renewed(self, stale: Token, refusal: SalesforceError, *, again: bool) -> Token:
        """Gives another token after a refusal, if it is one that another token mends.

        Args:
            stale: The refused token.
            refusal: Why the call failed.
            again: ``stale`` was itself just renewed.

        Raises:
            SalesforceError: The refusal, if another token does not mend it.
        """
        if refusal.code not in EXPIRED:
            raise refusal
        if again:
            refusal.mend = REFUSED_AGAIN
            raise refusal
        return self._salesforce.renewed(stale)

    def ask(self, method: Any, request: Any, *, stop: threading.Event | None = None, safe: bool = True) -> Any:
        """Makes a unary call.

        Raises:
            SalesforceError: It failed.
            StoppedError: ``stop`` was set before the answer came.
        """
        token = self.token
        try:
            return _once(method, request, token, stop, safe=safe)
        except SalesforceError as exc:
            token = self.renewed(token, exc, again=False)
        try:
            return _once(method, request, token, stop, safe=safe)
        except SalesforceError as exc:
            self.renewed(token, exc, again=True)
            raise


def signature(token: Token) -> tuple[tuple[str, str], ...]:
    """Gives the metadata of a call (Pub/Sub API guide, "Supported Authentication")."""
    return (
        ("accesstoken", token.access.get_secret_value()),
        ("instanceurl", token.instance_url),
        ("tenantid", token.org_id),
    )


def _once(method: Any, request: Any, token: Token, stop: threading.Event | None, *, safe: bool) -> Any:
    future = method.future(request, metadata=signature(token), timeout=_CALL_TIMEOUT_S)
    while True:
        try:
            return future.result(timeout=STOP_POLL_S)
        except grpc.FutureTimeoutError:
            if stop is not None and stop.is_set():
                future.cancel()
                raise StoppedError from None
        except grpc.RpcError as exc:
            raise rpc_error(exc, token.access.get_secret_value(), safe=safe) from None


def _host_and_port(address: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(f"//{address}")
        if parts.netloc != address or "@" in address:
            raise _refused("The address is a host and a port, without anything else.")
        return (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise _refused("The address is not a host and a port.") from None


def _refused(message: str) -> SalesforceError:
    return SalesforceError(message, kind="permanent", code="INVALID_EVENTS_ADDRESS", mend=_MEND)


def _trusted(ca_file: Path | None) -> bytes | None:
    """Gives the authorities to trust, as PEM; None for those that gRPC brings with it."""
    system = ssl.create_default_context().get_ca_certs(binary_form=True)
    pem = "".join(map(ssl.DER_cert_to_PEM_cert, system)).encode()
    return pem + b"\n" + ca_file.read_bytes() if ca_file else pem or None
