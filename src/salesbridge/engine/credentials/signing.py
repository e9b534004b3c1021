"""Keys that sign access tokens: they follow one another by themselves, published before and after their time.

```text
published  |-- lead --|------------ signs (life) ------------|-- tokens expire --|
next key                             published |-- lead --|------- signs ...
```

Any number of processes may tend the keys: whoever comes first does it, under a lock of the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import structlog
from django.db import transaction
from joserfc.jwk import ECKey

from salesbridge.store.models import SigningKey
from salesbridge.store.secrets import vault
from salesbridge.store.signing_keys import fresh_key, one_at_a_time, private_half, signing_keys
from salesbridge.vault import VaultError

#: How long a key signs.
LIFE: Final = timedelta(days=30)
#: How long it is published before it signs: far longer than others may cache the key set (five minutes).
LEAD: Final = timedelta(hours=2)
#: How long it is published after: longer than any token lives, with something for clocks that disagree.
LINGER: Final = timedelta(hours=2)
#: How far the clocks of machines may be apart: a key that is needed at once signs for those behind as well.
_SKEW: Final = timedelta(minutes=5)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A published key.

    Attributes:
        kid: Its id.
        jwk: Its public half, as it is published.
        key: The same, ready to verify with.
        sign_from: From when it signs.
        sign_until: Until when it signs.
    """

    kid: str
    jwk: dict[str, Any]
    key: ECKey
    sign_from: datetime
    sign_until: datetime


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """The key that signs.

    Attributes:
        kid: Its id.
        key: Its private half.
    """

    kid: str
    key: ECKey


def tend(now: datetime) -> bool:
    """Make the keys that are due and forget those whose last token has expired.

    A key that this installation cannot open any more, or that was sealed by a key-encryption key on its way out,
    is followed by a fresh one at once: its tokens stay good, since verifying needs its public half only.

    Returns:
        Whether anything changed.
    """
    with transaction.atomic():
        one_at_a_time()
        gone, _ = signing_keys().filter(sign_until__lt=now - LINGER).delete()
        rows = list(signing_keys().filter(sign_until__gt=now).order_by("sign_from"))
        usable = [row for row in rows if row.sign_from <= now and _opens(row)]
        if not usable:
            _publish(now - _SKEW, now)
            return True
        last = rows[-1]
        if last.sign_until - now < LEAD or last.key_id != vault().keys.current:
            _publish(min(last.sign_until, now + LEAD), now)
            return True
    return gone > 0


def replace(now: datetime) -> None:
    """Forget every key and make a fresh one, as when a private half became known: every issued token is refused."""
    with transaction.atomic():
        one_at_a_time()
        signing_keys().all().delete()
        _publish(now - _SKEW, now)


def published() -> list[PublicKey]:
    """The keys that may have signed a token or are about to, the next ones included."""
    return [_public(row) for row in signing_keys().order_by("sign_from")]


def signer(now: datetime) -> Signer | None:
    """The key that signs now, None if the keys were never tended or none of them opens."""
    for row in signing_keys().filter(sign_from__lte=now, sign_until__gt=now).order_by("-sign_from"):
        try:
            return Signer(row.kid, private_half(row))
        except VaultError as error:
            _log.warning("a signing key does not open", kid=row.kid, reason=str(error))
    return None


def _opens(row: SigningKey) -> bool:
    try:
        private_half(row)
    except VaultError:
        return False
    return True


def _publish(sign_from: datetime, now: datetime) -> None:
    row = fresh_key()
    row.sign_from, row.sign_until = sign_from, sign_from + LIFE
    row.save(force_insert=True)
    _log.info("signing key made", kid=row.kid, signs_from=sign_from.isoformat(), at=now.isoformat())


def _public(row: SigningKey) -> PublicKey:
    jwk = {name: row.public[name] for name in ("kty", "crv", "x", "y", "kid", "use", "alg")}
    return PublicKey(row.kid, jwk, _imported(tuple(jwk.items())), row.sign_from, row.sign_until)


@lru_cache(maxsize=16)
def _imported(jwk: tuple[tuple[str, str], ...]) -> ECKey:
    return ECKey.import_key(dict(jwk))
