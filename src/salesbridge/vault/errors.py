"""Why a sealed secret does not open."""

from __future__ import annotations


class VaultError(Exception):
    """A secret could not be sealed or opened; the message says what to do."""


class Malformed(VaultError):  # noqa: N818 - named as a finding
    """The bytes were not made by a vault, or were cut."""


class WrongContext(VaultError):  # noqa: N818 - named as a finding
    """The secret was sealed for another tenant, instance or name."""


class Tampered(VaultError):  # noqa: N818 - named as a finding
    """The bytes were changed after they were sealed, or the key under this id is another one."""


class UnknownKey(VaultError):  # noqa: N818 - named as a finding
    """The key that wraps the secret is not among our keys."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"The key '{key_id}' is not among the vault's keys. Add it to SALESBRIDGE_VAULT_KEY or to the "
            "key file (it stays after the current one), or enter the secret anew."
        )
        self.key_id = key_id
