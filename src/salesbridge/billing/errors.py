"""What the failures of a billing system mean, and what a person does about them."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import httpx2
import orjson

from salesbridge.billing.dialect import Dialect
from salesbridge.billing.port import BillingError, Kind

_SERVER_FAULT: Final = 500
_LATER: Final = "Nothing to do: it is tried again by itself; ask the operators of the billing system if it lasts."
_NOTHING_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)


class _Advice(NamedTuple):
    kind: Kind
    code: str
    mend: str


_BY_STATUS: Final[Mapping[int, _Advice]] = {
    400: _Advice(
        "permanent", "BAD_REQUEST", "Correct the value that the message names, in the system that is its master."
    ),
    401: _Advice("authentication", "UNAUTHORIZED", "Enter the API user and a valid API key in the tenant's settings."),
    403: _Advice(
        "authentication", "FORBIDDEN", "Give the API key's user the permission class that the message names (PUS:USER)."
    ),
    # A missing record is told in the product's own words; this is for an answer that is not the product's.
    404: _Advice("permanent", "PATH_NOT_FOUND", "Check the base URL, and the path in the tenant's settings."),
    408: _Advice("transient", "TIMEOUT", _LATER),
    409: _Advice("permanent", "CONFLICT", "The record was changed meanwhile: it is read again with its next change."),
    415: _Advice("permanent", "UNSUPPORTED_MEDIA_TYPE", "A proxy removes the content type: let it pass unchanged."),
    429: _Advice("throttled", "THROTTLED", "The billing system asks for fewer calls: it is tried again by itself."),
    503: _Advice("transient", "UNAVAILABLE", _LATER),
}


def answer_error(response: httpx2.Response, dialect: Dialect, *, safe: bool) -> BillingError:
    """Makes the exception of an answer that is not a success.

    Args:
        response: The answer, read.
        dialect: Knows the product's error shape.
        safe: The call may be repeated, so that its outcome does not matter.
    """
    status = response.status_code
    advice = _BY_STATUS.get(status) or _otherwise(response)
    refusal = dialect.refusal(_json(response))
    text = response.headers.get("retry-after", "")
    return BillingError(
        refusal.message if refusal else f"The billing system answered {status} without saying why.",
        kind=advice.kind,
        code=refusal.code if refusal else advice.code,
        mend=advice.mend,
        status=status,
        fields=refusal.fields if refusal else (),
        retry_after=float(text) if text.isdigit() else None,
        unknown_outcome=status >= _SERVER_FAULT and not safe and not text.isdigit(),
    )


def shape_error(response: httpx2.Response, said: str) -> BillingError:
    """Makes the exception of a success that is not of the shape the API promises."""
    kind = response.headers.get("content-type", "").partition(";")[0] or "no content type"
    return BillingError(
        f"The billing system's answer at {response.url.path} ({kind}) cannot be understood. {said}",
        kind="permanent",
        code="BAD_ANSWER",
        mend="Check the base URL and the paths in the tenant's settings, and proxies on the way.",
        status=response.status_code,
    )


def unreadable(response: httpx2.Response) -> BillingError:
    """Makes the exception of a success whose body is not JSON: cut off on the way, or somebody else's page."""
    error = shape_error(response, "It is not JSON.")
    if "json" in response.headers.get("content-type", ""):
        error.kind = "transient"
    return error


def transport_error(exc: httpx2.TransportError, host: str, *, safe: bool) -> BillingError:
    """Makes the exception of a call that got no answer."""
    code, message, mend = _explained(exc, host)
    return BillingError(
        message,
        kind="permanent" if code == "TLS" else "transient",
        code=code,
        mend=mend,
        unknown_outcome=not safe and not isinstance(exc, _NOTHING_SENT),
    )


def _otherwise(response: httpx2.Response) -> _Advice:
    if response.is_redirect:
        return _Advice("permanent", "REDIRECT", "Enter the address that the system now has as the tenant's base URL.")
    if response.status_code >= _SERVER_FAULT:
        return _Advice("transient", f"HTTP_{response.status_code}", _LATER)
    return _Advice(
        "permanent", f"HTTP_{response.status_code}", "Check the base URL and paths in the tenant's settings."
    )


def _explained(exc: httpx2.TransportError, host: str) -> tuple[str, str, str]:
    causes = tuple(_causes(exc))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "DNS", f"The name {host} is not known.", "Check the tenant's base URL and this machine's name server."
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return (
            "TLS",
            f"The certificate of {host} is not trusted.",
            "Give the connector the certificate authority of the billing system (setting ca_file).",
        )
    if isinstance(exc, (httpx2.ConnectError, httpx2.ProxyError)):
        return "CONNECT", f"{host} does not accept connections.", "Check the base URL, VPN and firewall."
    if isinstance(exc, httpx2.TimeoutException):
        return "TIMEOUT", f"{host} did not answer in time.", _LATER
    return "BROKEN", f"The connection to {host} broke.", _LATER


def _causes(exc: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = exc
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _json(response: httpx2.Response) -> Any:
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
