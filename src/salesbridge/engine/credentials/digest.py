"""What is kept of a client's secret.

A secret is 256 bits from the operating system's source of randomness. Nobody can try so many, however fast, so the
slowness of a password hash would buy nothing and would cost every token request; one HMAC-SHA-256 is right (RFC 9700
asks for high entropy, OWASP's advice on slow hashes is for what people choose). It is keyed with what the secret
belongs to: a digest that somebody copies to another client's row verifies nothing there. A key of ours beside that
would guard a leaked database no better, since the digests cannot be turned round, and would be one more thing to lose.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from collections.abc import Sequence
from typing import Final

from pydantic import SecretStr

_LABEL: Final = b"salesbridge client secret 1"
_BYTES: Final = 32
#: Secrets of one client that are accepted at once at most: a new, a current and a retiring one.
SLOTS: Final = 3
_NOBODYS: Final = secrets.token_bytes(_BYTES)


def make() -> SecretStr:
    """Return a fresh secret; its prefix lets scanners of source code find it where it does not belong."""
    return SecretStr(f"sbs_{secrets.token_urlsafe(_BYTES)}")


def digest(tenant_id: uuid.UUID | None, client_id: str, secret: str) -> bytes:
    """Return what is kept of a secret of a client."""
    key = b"\0".join((_LABEL, str(tenant_id).encode(), client_id.encode()))
    return hmac.digest(key, secret.encode("utf-8", "surrogatepass"), "sha256")


def matching(known: Sequence[bytes], given: bytes) -> int | None:
    """Return the place of the digest that equals the given one.

    The same number of comparisons is made whatever is known and wherever the match is, so that the time tells nothing.
    """
    found = None
    padded = [*known[:SLOTS], *[_NOBODYS] * (SLOTS - len(known))]
    for place, each in enumerate(padded):
        equal = hmac.compare_digest(each, given)
        found = place if equal and place < len(known) else found
    return found
