"""Reading a form request and the client credentials in it, strictly."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from pydantic import SecretStr
from starlette.requests import Request

from salesbridge.edge.oauth.answers import OAuthError, invalid_client, invalid_request

#: Longest form that is read.
LIMIT: Final = 16_384
_LONGEST: Final = 512
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Claim:
    """Who a client says it is, and its proof.

    Attributes:
        client_id: Its public id.
        secret: Its secret.
    """

    client_id: str
    secret: SecretStr


async def form_of(request: Request) -> dict[str, str]:
    """The parameters of a form; those sent without a value count as left out (RFC 6749, section 3.2).

    Raises:
        OAuthError: It is no form, too long, or has a parameter twice.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise invalid_request(f"Send the parameters as {_FORM}.")
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LIMIT:
            raise OAuthError("invalid_request", "The request is too long.", 413, {"Connection": "close"})
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        raise invalid_request("The parameters are not form encoded.") from None
    if len({name for name, _ in pairs}) != len(pairs):
        raise invalid_request("A parameter is there twice.")
    return {name: value for name, value in pairs if value}


def claim_of(header: str | None, form: Mapping[str, str]) -> Claim:
    """The client credentials in a request: by HTTP Basic or in the form, not both.

    Raises:
        OAuthError: There are none, two, or they cannot be read.
    """
    if header is None:
        claim = Claim(form.get("client_id", ""), SecretStr(form.get("client_secret", "")))
    else:
        claim = _basic(header)
        if "client_secret" in form or form.get("client_id", claim.client_id) != claim.client_id:
            raise invalid_request("Send the client credentials in one way only.")
    secret = claim.secret.get_secret_value()
    if not (0 < len(claim.client_id) <= _LONGEST and 0 < len(secret) <= _LONGEST):
        raise invalid_client()
    return claim


def _basic(header: str) -> Claim:
    """The two halves of HTTP Basic, each form encoded before they were joined (RFC 6749, section 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise invalid_client()
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        if not colon:
            raise invalid_client()
        return Claim(unquote_plus(client_id, errors="strict"), SecretStr(unquote_plus(secret, errors="strict")))
    except (binascii.Error, UnicodeError, ValueError):
        raise invalid_client() from None
