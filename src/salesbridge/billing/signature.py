"""The signature of a published event: who sent it, and when.

Header ``X-Payload-Signature: t=<unix seconds>,v=<base64>``; signed is the text of ``t``, a full stop and the raw body,
by RSA PKCS#1 v1.5 with SHA-512 (the platform's published webhook samples; the age is left to the receiver).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from salesbridge.billing.port import BillingError

HEADER: Final = "X-Payload-Signature"
TOLERANCE: Final = timedelta(minutes=5)
Code = Literal["MISSING", "MALFORMED", "WRONG", "TOO_OLD", "FROM_THE_FUTURE"]
_HEADER: Final = re.compile(r"t=([0-9]{1,12}),v=([A-Za-z0-9+/]+={0,2})", re.ASCII)


class SignatureRefusedError(Exception):
    """A body that is not to be trusted.

    Attributes:
        code: ``MISSING``, ``MALFORMED``, ``WRONG``, ``TOO_OLD`` or ``FROM_THE_FUTURE``; the last two are told only of
            bodies whose signature is right.
        message: What is wrong, without anything secret.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(code, message)
        self.code: Code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.message} ({self.code})"


class _Signed(NamedTuple):
    seconds: str
    signature: bytes


def verify(
    header: str | None, raw: bytes, keys: Sequence[str], *, now: datetime, tolerance: timedelta = TOLERANCE
) -> str:
    """Checks that a body was signed with one of some keys, not long ago.

    Args:
        header: The value of ``X-Payload-Signature``.
        raw: The body as it came; decoded and written again it would be another.
        keys: Public keys in PEM; several while a key is being rotated.
        now: The present instant (aware).
        tolerance: How far the signature's time may be from now, either way.

    Returns:
        The signature's identity, 64 hexadecimal digits, for a cache of those seen.

    Raises:
        SignatureRefusedError: The header is missing or malformed, or the signature wrong, too old or from the future.
        BillingError: There is no key, or none fits and one of them is not a public RSA key in PEM.
        ValueError: ``now`` has no time zone.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone.")
    signed = _parsed(header)
    _require_fitting_key(keys, signed, raw)
    _require_fresh(int(signed.seconds), now, tolerance)
    return hashlib.sha256(f"{int(signed.seconds)}.".encode() + signed.signature).hexdigest()


def _parsed(header: str | None) -> _Signed:
    if not header or header.isspace():
        raise SignatureRefusedError("MISSING", f"The request has no {HEADER} header.")
    match = _HEADER.fullmatch(header.strip())
    if match is None:
        raise SignatureRefusedError("MALFORMED", f"{HEADER} is not of the form t=<unix seconds>,v=<base64>.")
    try:
        return _Signed(match[1], base64.b64decode(match[2], validate=True))
    except binascii.Error:
        raise SignatureRefusedError(
            "MALFORMED", f"The signature in {HEADER} is not base64; was it cut at a '='?"
        ) from None


def _require_fitting_key(keys: Sequence[str], signed: _Signed, raw: bytes) -> None:
    text = b"%b.%b" % (signed.seconds.encode(), raw)
    loaded = [_loaded(key) for key in keys]
    if any(key is not None and _fits(key, signed.signature, text) for key in loaded):
        return
    if not loaded or None in loaded:
        raise BillingError(
            "The key that checks the signatures of events is missing or is not a public RSA key in PEM.",
            kind="permanent",
            code="BAD_PUBLIC_KEY",
            mend="Copy the app's public key from the integration platform into the tenant's settings.",
        )
    raise SignatureRefusedError(
        "WRONG", "The signature does not fit the body: it was changed on the way, or signed with another key."
    )


def _require_fresh(seconds: int, now: datetime, tolerance: timedelta) -> None:
    age = now.timestamp() - seconds
    limit = tolerance.total_seconds()
    if age > limit:
        raise SignatureRefusedError("TOO_OLD", f"The event was signed {age:.0f} s ago, more than {limit:.0f} s.")
    if -age > limit:
        raise SignatureRefusedError(
            "FROM_THE_FUTURE", f"The event was signed {-age:.0f} s from now: check this machine's clock."
        )


@lru_cache(maxsize=64)
def _loaded(pem: str) -> RSAPublicKey | None:
    try:
        key = load_pem_public_key(pem.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPublicKey) else None


def _fits(key: RSAPublicKey, signature: bytes, text: bytes) -> bool:
    try:
        key.verify(signature, text, PKCS1v15(), SHA512())
    except InvalidSignature:
        return False
    return True
