"""What goes out for a callout: URL, headers and body with their merge fields.

Source: Apex Developer Guide, *Merge Fields for Apex Callouts That Use Named Credentials*, *HTTP Classes*, *Callout
Limits and Limitations*.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from salesbridge.sandbox.salesforce.callouts_wire import DEFAULT_SECONDS, MAX_SECONDS, CalloutError
from salesbridge.sandbox.salesforce.versions import NEWEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesbridge.sandbox.salesforce.callouts_token import Token
    from salesbridge.sandbox.salesforce.credentials_model import (
        ExternalCredential,
        Header,
        NamedCredential,
        Principal,
    )

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"})
_MERGED = "{!$Credential."


@dataclass(frozen=True, slots=True)
class Callout:
    """One ``Http.send``: by whom, through which named credential, and what.

    ``path`` is what follows the name in ``callout:Name/path?query``; ``milliseconds`` the timeout; ``asynchronous``
    that it comes from asynchronous Apex, which may send and receive more.
    """

    user_id: str
    named_credential: str
    method: str = "GET"
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    milliseconds: int = int(DEFAULT_SECONDS * 1000)
    asynchronous: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A callout's way: its endpoint, and whose token opens it."""

    named: NamedCredential
    external: ExternalCredential
    principal: Principal
    client_id: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it goes out."""

    method: str
    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def request(callout: Callout, opened: Opened, token: Token | None) -> Sent:
    """The request of a callout, authorised by a token if there is one."""
    merge = partial(_merge, opened=opened, token=token)
    body = callout.body
    if opened.named.allow_merge_in_body and _MERGED.encode() in body:
        body = merge(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    # A request with a body whose method is GET is made as a POST (Apex Developer Guide, HTTP Classes).
    method = "POST" if body and callout.method == "GET" else callout.method
    return Sent(method, _url(opened.named, callout.path), _headers(callout, opened, token, merge), body)


def _headers(callout: Callout, opened: Opened, token: Token | None, merge: partial[str]) -> dict[str, str]:
    named = opened.named
    own = {name: merge(value) if named.allow_merge_in_header else value for name, value in callout.headers.items()}
    custom = _literal((*opened.external.headers, *named.headers), merge)
    headers = {"User-Agent": f"SFDC-Callout/{NEWEST}.0", "SFDC-STACK-DEPTH": "1", **custom, **own}
    if token is not None and named.generate_header:
        headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        headers["Authorization"] = f"Bearer {token.value}"
    return headers


def check(callout: Callout) -> None:
    """Refuse a callout that Apex would not let out.

    Raises:
        CalloutError: Its timeout or method can't be.
    """
    if not 1 <= callout.milliseconds <= MAX_SECONDS * 1000:
        raise CalloutError(f"Timeout must be between 1 and {int(MAX_SECONDS * 1000)}: {callout.milliseconds}")
    if callout.method not in METHODS:
        raise CalloutError(f"Invalid HTTP method: {callout.method}")


def uses_token(named: NamedCredential, callout: Callout) -> bool:
    """Whether the callout needs a token, in its header or by merge fields."""
    in_headers = named.allow_merge_in_header and any(_MERGED in value for value in callout.headers.values())
    in_body = named.allow_merge_in_body and _MERGED.encode() in callout.body
    return named.generate_header or in_headers or in_body


def _literal(found: tuple[Header, ...], merge: partial[str]) -> dict[str, str]:
    return {each.name: merge(each.value) for each in found}


def _merge(text: str, *, opened: Opened, token: Token | None) -> str:
    """A text with the values of its merge fields."""
    if _MERGED not in text:
        return text
    value = token.value if token is not None else ""
    fields = {
        "OAuthToken": value,
        "AuthorizationMethod": "Bearer",
        "AuthorizationHeaderValue": value,
        "OAuthConsumerKey": opened.client_id,
    }
    for name, put in fields.items():
        text = text.replace(f"{_MERGED}{name}}}", put)
    return text


def _url(named: NamedCredential, path: str) -> str:
    root = named.url.rstrip("/")
    if not path or path.startswith("?"):
        return f"{named.url}{path}"
    return f"{root}/{path.lstrip('/')}"
