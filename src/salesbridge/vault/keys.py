"""Where key-encryption keys come from.

A provider wraps and unwraps data keys and need never give a key away, so that a key management
service can be one. Ours hold AES-256 keys read from the environment or from a file.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from salesbridge.vault.errors import Malformed, Tampered, UnknownKey, VaultError
from salesbridge.vault.sealed import NONCE, TAG

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KEY_BYTES = 32


class KeyProvider(Protocol):
    """Holds key-encryption keys under ids."""

    @property
    def current(self) -> str:
        """Id of the key that new secrets are sealed under."""

    def wrap(self, key_id: str, data_key: bytes, context: bytes) -> bytes:
        """Encrypt a data key so that it opens under ``context`` only.

        Raises:
            UnknownKey: If there is no key with this id.
        """

    def unwrap(self, key_id: str, wrapped: bytes, context: bytes) -> bytes:
        """Return the data key.

        Raises:
            UnknownKey: If there is no key with this id.
            Tampered: If it was wrapped otherwise or changed since.
        """


class Keys:
    """AES-256 keys held in memory; the first one seals, the others still open.

    Attributes:
        current: Id of the key that seals.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys.values()):
            raise VaultError("The vault needs one key at least, each of 32 bytes.")
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.current = next(iter(keys))

    def __repr__(self) -> str:
        return f"Keys({', '.join(self._keys)})"

    def wrap(self, key_id: str, data_key: bytes, context: bytes) -> bytes:
        """Encrypt a data key under the key with this id."""
        nonce = os.urandom(NONCE)
        return nonce + self._key(key_id).encrypt(nonce, data_key, context)

    def unwrap(self, key_id: str, wrapped: bytes, context: bytes) -> bytes:
        """Return the data key."""
        if len(wrapped) < NONCE + TAG:
            raise Malformed("The wrapped key of this sealed secret was cut.")
        try:
            return self._key(key_id).decrypt(wrapped[:NONCE], wrapped[NONCE:], context)
        except InvalidTag:
            raise Tampered(
                f"This sealed secret was changed, or the key '{key_id}' is another one than when it was sealed. "
                "Restore it from a backup, or enter the secret anew."
            ) from None

    def _key(self, key_id: str) -> AESGCM:
        try:
            return self._keys[key_id]
        except KeyError:
            raise UnknownKey(key_id) from None


def new_key(key_id: str | None = None) -> str:
    """Return a fresh key as a line ``id:base64`` for the environment or a key file."""
    return f"{key_id or 'k' + secrets.token_hex(4)}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"


def environment_keys(text: str) -> Keys:
    """Return the keys written as ``id:base64``, separated by blanks, commas or lines.

    Raises:
        VaultError: If the text is written otherwise; the message does not repeat it.
    """
    keys = {}
    for number, entry in enumerate(text.replace(",", " ").split(), start=1):
        key_id, colon, encoded = entry.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not colon or not key_id or not key_id.isascii() or len(key) != KEY_BYTES or key_id in keys:
            raise VaultError(
                f"Vault key number {number} is not of the form id:base64 with 32 bytes and an id of its own. "
                "Make one by: python -m salesbridge.vault"
            )
        keys[key_id] = key
    return Keys(keys)


def file_keys(path: Path) -> Keys:
    """Return the keys in a file, one ``id:base64`` a line; the file is made at first start.

    Raises:
        VaultError: If the file is unreadable, or readable by other accounts than ours.
    """
    try:
        _make(path)
        if path.stat().st_mode & 0o077:
            raise VaultError(f"The vault's keys may be read by other accounts. Run: chmod 600 {path}")
        return environment_keys(path.read_text())
    except OSError as error:
        raise VaultError(f"The vault's key file {path} cannot be used ({error.strerror}).") from error


def _make(path: Path) -> None:
    """Make the file whole or not at all, and once, however many processes start together."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(new_key() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # unlike a rename, this fails if another process was first
    except FileExistsError:
        pass
    finally:
        draft.unlink()
