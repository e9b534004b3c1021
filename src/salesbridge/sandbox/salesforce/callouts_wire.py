"""HTTP as the org speaks it to other systems: no redirects, no cookies, limits of size and time."""

from __future__ import annotations

import ssl
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesbridge.sandbox.salesforce.org import Org

MAX_SECONDS = 120.0
DEFAULT_SECONDS = 10.0
SYNCHRONOUS_BYTES, ASYNCHRONOUS_BYTES = 6_000_000, 12_000_000
_IDLE_SECONDS = 2.0  # shorter than servers keep connections, so that no callout meets one that is being closed
_CONNECTIONS = 128
_UNTRUSTED = (
    "sun.security.validator.ValidatorException: PKIX path building failed: "
    "sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to requested "
    "target"
)
_TUNNEL = 'Unable to tunnel through proxy. Proxy returns "HTTP/1.1 503 Service Unavailable"'


class CalloutError(Exception):
    """A ``System.CalloutException``: its text is what Apex sees."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What another system answered."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes = field(repr=False)


class Wire:
    """The org's connections to other systems; safe to use from several threads.

    Args:
        org: The org; its connections end with it.
        ca_file: PEM certificates to trust; those of the machine when it is None.
    """

    def __init__(self, org: Org, ca_file: str | None) -> None:
        context = ssl.create_default_context(cafile=ca_file)
        self._client = httpx2.Client(
            verify=context,
            trust_env=False,
            follow_redirects=False,
            limits=httpx2.Limits(
                max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS, keepalive_expiry=_IDLE_SECONDS
            ),
        )
        self.close = weakref.finalize(org, self._client.close)

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        seconds: float = DEFAULT_SECONDS,
        limit: int = SYNCHRONOUS_BYTES,
    ) -> Answer:
        """Send a request and read the whole answer.

        Args:
            method: HTTP method.
            url: Where to.
            headers: Headers.
            body: The body; an empty one is none.
            seconds: How long to wait for the connection, and for the answer to start.
            limit: The largest body, of request and answer each, in bytes.

        Raises:
            CalloutError: No answer, or too large a body.
        """
        if len(body) > limit:
            raise CalloutError(f"Exceeded max size limit of {limit} with request size {len(body)}")
        plain = {"Accept": "*/*", "Accept-Encoding": "identity", **headers}
        try:
            with self._client.stream(method, url, headers=plain, content=body or None, timeout=seconds) as response:
                found = _read(response, limit)
        except httpx2.TimeoutException:
            raise CalloutError("Read timed out") from None
        except httpx2.ConnectError as error:
            raise CalloutError(_UNTRUSTED if _untrusted(error) else _TUNNEL) from None
        except (httpx2.InvalidURL, UnicodeError) as error:
            raise CalloutError(f"Illegal character in the endpoint or in a header: {error}") from None
        except httpx2.TransportError as error:
            raise CalloutError(f"Unexpected end of file from server ({type(error).__name__})") from None
        self._client.cookies.clear()
        return found


def _read(response: httpx2.Response, limit: int) -> Answer:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_raw():
        parts.append(part)
        size += len(part)
        if size > limit:
            told = response.headers.get("content-length")
            raise CalloutError(f"Exceeded max size limit of {limit} with response size {told or size}")
    return Answer(response.status_code, response.reason_phrase, dict(response.headers.items()), b"".join(parts))


def _untrusted(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(cause):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
