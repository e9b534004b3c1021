"""Sealing secrets: envelope encryption bound to tenant, instance and name.

``Vault(keys).seal(context, value)`` gives bytes to keep, ``open`` gives the value back as a
``SecretStr``, under the same context only. Keys come from a provider (``salesbridge.vault.keys``).
"""

from salesbridge.vault.errors import Malformed, Tampered, UnknownKey, VaultError, WrongContext
from salesbridge.vault.keys import KeyProvider, Keys, environment_keys, file_keys
from salesbridge.vault.sealed import Context, Sealed
from salesbridge.vault.vault import Vault

__all__ = [
    "Context",
    "KeyProvider",
    "Keys",
    "Malformed",
    "Sealed",
    "Tampered",
    "UnknownKey",
    "Vault",
    "VaultError",
    "WrongContext",
    "environment_keys",
    "file_keys",
]
