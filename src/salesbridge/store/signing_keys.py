"""The installation's signing keys: no tenant owns them, so they have a way of their own to their table."""

from __future__ import annotations

from django.db import connection
from django.db.models import QuerySet
from joserfc.jwk import ECKey
from pydantic import SecretStr

from salesbridge.store.models import SigningKey
from salesbridge.store.secrets import vault
from salesbridge.telemetry import remember_secret
from salesbridge.vault import Context, Sealed

_LOCK = 0x4B455953  # key of the advisory lock: "KEYS"


def signing_keys() -> QuerySet[SigningKey]:
    """All signing keys, to be filtered and ordered."""
    return QuerySet(SigningKey)


def one_at_a_time() -> None:
    """Have every other process wait that wants to change the keys, until the transaction at hand ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def fresh_key() -> SigningKey:
    """Return an unsaved P-256 key whose private half is sealed; when it signs is for the caller to say."""
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"})
    kid = key.thumbprint()
    pem = SecretStr(key.as_pem(private=True).decode())
    remember_secret(pem)
    sealed = vault().seal(_context(kid), pem)
    public = {name: str(value) for name, value in key.as_dict(private=False).items()} | {"kid": kid}
    return SigningKey(kid=kid, public=public, sealed=sealed, key_id=Sealed.unpack(sealed).key_id)


def private_half(row: SigningKey) -> ECKey:
    """Return what signs; from now on it is masked in our logs.

    Raises:
        VaultError: It does not open.
    """
    pem = vault().open(_context(row.kid), bytes(row.sealed))
    remember_secret(pem)
    return ECKey.import_key(pem.get_secret_value(), {"kid": row.kid, "use": "sig", "alg": "ES256"})


def _context(kid: str) -> Context:
    return Context("installation", None, f"signing_key:{kid}")
