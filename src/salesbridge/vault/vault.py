"""Sealing and opening."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from salesbridge.vault.errors import Tampered, WrongContext
from salesbridge.vault.keys import KEY_BYTES, KeyProvider
from salesbridge.vault.sealed import NONCE, Context, Sealed


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals secrets, each under a data key of its own that a key-encryption key wraps.

    Tenant, instance and name are associated data of both, the key id of the wrapping, so a sealed
    secret moved to another row does not open. Changing the key-encryption key wraps the data key
    anew and leaves the ciphertext as it is.

    Attributes:
        keys: Where the key-encryption keys are.
    """

    keys: KeyProvider

    def seal(self, context: Context, plaintext: SecretStr | str) -> bytes:
        """Return the secret sealed under the current key.

        Args:
            context: What the secret is for.
            plaintext: The secret.
        """
        value = plaintext.get_secret_value() if isinstance(plaintext, SecretStr) else plaintext
        data_key, nonce = os.urandom(KEY_BYTES), os.urandom(NONCE)
        ciphertext = AESGCM(data_key).encrypt(nonce, value.encode(), context.encode("data"))
        key_id = self.keys.current
        wrapped = self.keys.wrap(key_id, data_key, context.encode("key", key_id))
        return Sealed(key_id, context.fingerprint, wrapped, nonce, ciphertext).pack()

    def open(self, context: Context, sealed: bytes) -> SecretStr:
        """Return the secret.

        Raises:
            WrongContext: If it was sealed for something else.
            UnknownKey: If we have not the key that wraps it.
            Tampered: If it was changed.
            Malformed: If it is no sealed secret.
        """
        parts = Sealed.unpack(sealed)
        data_key = self._data_key(context, parts)
        try:
            value = AESGCM(data_key).decrypt(parts.nonce, parts.ciphertext, context.encode("data"))
        except InvalidTag:
            raise Tampered(
                "This sealed secret was changed. Restore it from a backup, or enter the secret anew."
            ) from None
        return SecretStr(value.decode())

    def rewrap(self, context: Context, sealed: bytes, to: str | None = None) -> bytes:
        """Return the same sealed secret wrapped by another key, without opening it.

        Args:
            context: What the secret is for.
            sealed: The sealed secret.
            to: Id of the key; the current one if not given.

        Raises:
            VaultError: As ``open`` does.
        """
        parts, key_id = Sealed.unpack(sealed), to or self.keys.current
        data_key = self._data_key(context, parts)
        wrapped = self.keys.wrap(key_id, data_key, context.encode("key", key_id))
        return replace(parts, key_id=key_id, wrapped=wrapped).pack()

    def _data_key(self, context: Context, parts: Sealed) -> bytes:
        if parts.fingerprint != context.fingerprint:
            raise WrongContext(
                f"This secret was not sealed as '{context.name}' of this tenant and instance: it was copied from "
                "elsewhere. Enter the secret anew."
            )
        return self.keys.unwrap(parts.key_id, parts.wrapped, context.encode("key", parts.key_id))
