"""Named credentials, as far as the database is concerned: who may ask for access tokens, and which keys sign them."""

from salesbridge.engine.credentials.check import Grant, authenticate
from salesbridge.engine.credentials.clients import (
    SCOPES,
    CredentialRefusedError,
    CredentialStatus,
    Issued,
    SecretStatus,
    add,
    cut_off,
    new_secret,
    promote,
    retire,
    revoke,
    status,
)

__all__ = [
    "SCOPES",
    "CredentialRefusedError",
    "CredentialStatus",
    "Grant",
    "Issued",
    "SecretStatus",
    "add",
    "authenticate",
    "cut_off",
    "new_secret",
    "promote",
    "retire",
    "revoke",
    "status",
]
