"""Access tokens: JWTs as RFC 9068 describes them, signed with ES256, bound to tenant, instance and audience."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from salesbridge.engine.credentials.check import Grant
from salesbridge.engine.credentials.signing import Signer

_ALGORITHMS: Final = ["ES256"]
_TYPE: Final = "at+jwt"
#: Longest token that is looked at; ours are about 700 characters long.
LONGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class Place:
    """Who issues tokens, and for whom.

    Attributes:
        issuer: Address of the edge.
        audience: Address of the gateway.
    """

    issuer: str
    audience: str


@dataclass(frozen=True, slots=True)
class Token:
    """What a valid token says.

    Attributes:
        jti: Its id.
        client_id: Who got it.
        tenant_id: Whose billing system may be called.
        instance_id: Whose org calls.
        scopes: What it is good for.
        issued_at: When, in seconds since 1970 by the database's clock.
        expires_at: When it expires, likewise.
    """

    jti: str
    client_id: str
    tenant_id: uuid.UUID
    instance_id: uuid.UUID
    scopes: tuple[str, ...]
    issued_at: int
    expires_at: int


class TokenRefusedError(Exception):
    """A token that is none of ours, or not good here and now; the message says why."""


def mint(signer: Signer, place: Place, grant: Grant, scopes: Sequence[str], life_s: int) -> tuple[str, Token]:
    """Return a signed token and what it says.

    Its time of issue lies after the second of the last cut off, so that what is asked for after a cut off is good.
    """
    issued = int(grant.now.timestamp())
    if grant.cut_off_before is not None:
        issued = max(issued, last_refused(grant.cut_off_before) + 1)
    token = Token(
        str(uuid.uuid4()), grant.client_id, grant.tenant_id, grant.instance_id, tuple(scopes), issued, issued + life_s
    )
    header = {"alg": "ES256", "typ": _TYPE, "kid": signer.kid}
    return jwt.encode(header, _claims(place, token), signer.key, algorithms=_ALGORITHMS), token


def last_refused(cut_off_before: datetime) -> int:
    """The last second of issue that a cut off refuses; NumericDate of RFC 7519 counts whole seconds here."""
    return int(cut_off_before.timestamp())


def read(text: str, keys: Mapping[str, ECKey], place: Place, now: float) -> Token:
    """Return what a token says, if it is one of ours and good for this place and time.

    Args:
        text: The token.
        keys: Published keys by their ids.
        place: Who must have issued it, and for whom.
        now: Seconds since 1970.

    Raises:
        UnknownKeyError: Signed with a key that is not among those; it may be newer than what we know.
        TokenRefusedError: It is not good.
    """
    if len(text) > LONGEST:
        raise TokenRefusedError("The access token is none of ours.")
    try:
        decoded = jwt.decode(text, lambda signed: _key(signed.headers(), keys), algorithms=_ALGORITHMS)
    except (JoseError, ValueError, TypeError):
        raise TokenRefusedError("The access token is none of ours.") from None
    if str(decoded.header.get("typ", "")).lower() not in {_TYPE, f"application/{_TYPE}"}:
        raise TokenRefusedError("This is no access token.")
    return _checked(decoded.claims, place, now)


class UnknownKeyError(TokenRefusedError):
    """A token signed with a key that is not known here."""


def _key(header: Mapping[str, Any], keys: Mapping[str, ECKey]) -> ECKey:
    key = keys.get(str(header.get("kid")))
    if key is None:
        raise UnknownKeyError("The access token was signed with a key that is not known.")
    return key


def _checked(claims: Mapping[str, Any], place: Place, now: float) -> Token:
    try:
        token = Token(
            str(claims["jti"]), str(claims["client_id"]), uuid.UUID(claims["tenant"]), uuid.UUID(claims["instance"]),
            tuple(claims["scope"].split()), int(claims["iat"]), int(claims["exp"]),
        )  # fmt: skip
        issuer, audience = claims["iss"], claims["aud"]
    except (KeyError, ValueError, TypeError, AttributeError):
        raise TokenRefusedError("The access token does not say all that it must.") from None
    if issuer != place.issuer or audience != place.audience:
        raise TokenRefusedError("The access token was issued for another place.")
    if token.expires_at <= now:
        raise TokenRefusedError("The access token has expired.")
    return token


def _claims(place: Place, token: Token) -> dict[str, Any]:
    return {
        "iss": place.issuer,
        "aud": place.audience,
        "sub": token.client_id,
        "client_id": token.client_id,
        "jti": token.jti,
        "iat": token.issued_at,
        "exp": token.expires_at,
        "scope": " ".join(token.scopes),
        "tenant": str(token.tenant_id),
        "instance": str(token.instance_id),
    }
