"""The bytes of a sealed secret.

``b"sb1"`` · length of the key id (1 byte) · key id (ASCII) · fingerprint of the context (16) ·
length of the wrapped data key (2, big endian) · wrapped data key · nonce (12) · ciphertext and tag.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from salesbridge.vault.errors import Malformed

PREFIX = b"sb1"
NONCE = 12
TAG = 16
_FINGERPRINT = 16


@dataclass(frozen=True, slots=True)
class Context:
    """What a secret is for; it opens for nothing else.

    Attributes:
        tenant: Id of the tenant.
        instance: Id of the instance, None for a secret of the tenant itself.
        name: Name of the secret, such as ``consumer_secret``.
    """

    tenant: str
    instance: str | None
    name: str

    def encode(self, purpose: str, *more: str) -> bytes:
        """Return associated data that no other context or purpose can give.

        Every part carries its length, and an absent instance differs from an empty one.
        """
        parts = (purpose, self.tenant, self.instance, self.name, *more)
        return PREFIX + b"".join(_measured(part) for part in parts)

    @property
    def fingerprint(self) -> bytes:
        """Tell contexts apart before anything is decrypted; it hides nothing, the row names them all."""
        return hashlib.sha256(self.encode("fingerprint")).digest()[:_FINGERPRINT]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed secret, taken apart.

    Attributes:
        key_id: Key-encryption key that wraps the data key.
        fingerprint: Of the context it was sealed for.
        wrapped: The data key, wrapped.
        nonce: Nonce of the ciphertext.
        ciphertext: The secret under the data key, with its tag.
    """

    key_id: str
    fingerprint: bytes
    wrapped: bytes
    nonce: bytes
    ciphertext: bytes

    def pack(self) -> bytes:
        """Return the bytes to keep.

        Raises:
            Malformed: If the key id is not 1 to 255 ASCII characters.
        """
        key_id = self.key_id.encode("ascii", "replace")
        if not 0 < len(key_id) < 256 or not self.key_id.isascii():  # noqa: PLR2004 - one byte
            raise Malformed("A key id has 1 to 255 ASCII characters.")
        return b"".join((
            PREFIX, bytes([len(key_id)]), key_id, self.fingerprint,
            len(self.wrapped).to_bytes(2, "big"), self.wrapped, self.nonce, self.ciphertext,
        ))  # fmt: skip

    @classmethod
    def unpack(cls, data: bytes) -> Sealed:
        """Take the bytes apart.

        Raises:
            Malformed: If they were not packed by this version, or were cut.
        """
        rest = _Reader(bytes(data))
        if rest.take(len(PREFIX)) != PREFIX:
            raise Malformed("This is not a sealed secret of a version we know.")
        try:
            key_id = rest.take(rest.take(1)[0]).decode("ascii")
        except UnicodeDecodeError:
            raise Malformed("The key id of this sealed secret is damaged.") from None
        fingerprint = rest.take(_FINGERPRINT)
        wrapped = rest.take(int.from_bytes(rest.take(2), "big"))
        nonce = rest.take(NONCE)
        return cls(key_id, fingerprint, wrapped, nonce, rest.take(None))


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int | None) -> bytes:
        """Return the next bytes, or all that are left, which must hold a tag at least."""
        left = len(self._data) - self._at
        if left < (TAG if count is None else count):
            raise Malformed("This sealed secret was cut.")
        begin, self._at = self._at, self._at + (left if count is None else count)
        return self._data[begin : self._at]


def _measured(part: str | None) -> bytes:
    if part is None:
        return b"\xff" * 4
    data = part.encode()
    return len(data).to_bytes(4, "big") + data
