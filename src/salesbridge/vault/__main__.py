"""Prints a fresh key for ``SALESBRIDGE_VAULT_KEY`` or the key file: ``python -m salesbridge.vault``."""

from __future__ import annotations

import sys

from salesbridge.vault.keys import new_key

sys.stdout.write(new_key() + "\n")
