"""What an edge process knows without asking: keys, refused tokens, and which tenants' settings have changed.

It looks twice a second, so that a revocation holds everywhere within one. While the database does not answer, it goes
by what it saw last, for a minute at most: nobody can cut off a token meanwhile, as that is written in the database too.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from joserfc.jwk import ECKey
from starlette.concurrency import run_in_threadpool

from salesbridge.edge.rows import lent
from salesbridge.engine.credentials import signing, watch
from salesbridge.engine.credentials.signing import Signer
from salesbridge.engine.credentials.tokens import Place, Token, TokenRefusedError, UnknownKeyError, read
from salesbridge.engine.credentials.watch import Sight, Stops
from salesbridge.settings import settings

#: Seconds between two looks.
LOOK_S: Final = 0.4
#: Seconds for which what was seen last is gone by while the database does not answer.
GRACE_S: Final = 60.0
_TEND_S: Final = 60.0
_PRUNE_S: Final = 3600.0
_REMEMBERED: Final = 5_000
_log = structlog.get_logger(__name__)


class NotReadyError(Exception):
    """What is needed to judge a token could not be read from the database for too long."""


class Watch:
    """Judges access tokens offline.

    Args:
        place: Who issues tokens, and for whom.
        clock: Seconds, for the age of what was seen.
    """

    def __init__(self, place: Place, clock: Callable[[], float] = time.monotonic) -> None:
        self.place = place
        self.signer: Signer | None = None
        self.versions: Mapping[uuid.UUID, object] = {}
        self._clock = clock
        self._keys: dict[str, ECKey] = {}
        self._published: tuple[dict[str, Any], ...] = ()
        self._stops = Stops()
        self._seen: float | None = None
        self._asked: set[uuid.UUID] = set()
        self._judged: OrderedDict[str, Token] = OrderedDict()
        self._task: asyncio.Task[None] | None = None
        self._due = {"tend": 0.0, "prune": clock() + _PRUNE_S / 10}
        self._looking = asyncio.Lock()

    @property
    def published(self) -> tuple[dict[str, Any], ...]:
        """The public keys, as JWKs."""
        return self._published

    @property
    def blind(self) -> bool:
        """Whether what was seen is too old to go by."""
        return self._seen is None or self._clock() - self._seen > GRACE_S

    async def start(self) -> None:
        """Look once, then keep looking until stopped; a database that does not answer is asked again and again."""
        await self._try()
        self._task = asyncio.create_task(self._keep_looking())

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def mind(self, tenant_id: uuid.UUID) -> None:
        """Look at a tenant's settings too from now on."""
        self._asked.add(tenant_id)

    async def judge(self, text: str) -> Token:
        """Return what an access token says if it is good now.

        Raises:
            TokenRefusedError: It is not.
            NotReadyError: Nobody can tell at the moment.
        """
        if self.blind:
            raise NotReadyError
        token = self._judged.get(text) or await self._read(text)
        if token.expires_at <= time.time():
            raise TokenRefusedError("The access token has expired.")
        if self._stops.stops(token):
            raise TokenRefusedError("The access token was taken back.")
        return token

    async def refresh(self) -> None:
        """Look now.

        Raises:
            DatabaseError: The database does not answer.
        """
        async with self._looking:
            sight = await run_in_threadpool(lent, self._look)
        self._take(sight)

    async def _read(self, text: str) -> Token:
        try:
            token = read(text, self._keys, self.place, time.time())
        except UnknownKeyError:
            if self._seen is not None and self._clock() - self._seen > LOOK_S / 4:  # a key may be newer than our look
                await self._try()
            token = read(text, self._keys, self.place, time.time())
        self._judged[text] = token
        if len(self._judged) > _REMEMBERED:
            self._judged.popitem(last=False)
        return token

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await self._try()

    async def _try(self) -> None:
        try:
            await self.refresh()
        except Exception as error:  # noqa: BLE001 - whatever it is, the next look may succeed
            _log.warning("the edge cannot look at the database", reason=type(error).__name__)

    def _look(self) -> Sight:
        now, clock = datetime.now(UTC), self._clock()
        if clock >= self._due["tend"] or self.signer is None:
            signing.tend(now)
            self.signer = signing.signer(now)
            self._due["tend"] = clock + _TEND_S
        if clock >= self._due["prune"]:
            watch.prune(now, timedelta(days=settings().api_call_days))
            self._due["prune"] = clock + _PRUNE_S
        return watch.look(frozenset(self._asked), now)

    def _take(self, sight: Sight) -> None:
        keys = {each.kid: each.key for each in sight.keys}
        if keys.keys() != self._keys.keys():
            self._keys = keys
            self._published = tuple(each.jwk for each in sight.keys)
            self._judged.clear()
            if self.signer is not None and self.signer.kid not in keys:
                self.signer = None  # the keys were replaced: the next look finds the new one
        self._stops, self.versions = sight.stops, sight.versions
        self._seen = self._clock()
