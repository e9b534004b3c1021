"""PostgreSQL's notices that there is something to deliver. They are hints: whoever misses one looks anyway."""

from __future__ import annotations

import threading
import uuid
from typing import Self

import psycopg
import structlog

from salesbridge.store.changes import CHANNEL, own_connection

_LOOK_S = 1.0
_AGAIN_S = 1.0
_log = structlog.get_logger(__name__)


class Notices:
    """Instances of which a notice came, collected by a thread of its own."""

    def __init__(self) -> None:
        self._noticed: set[uuid.UUID] = set()
        self._changed = threading.Condition()
        self._woken = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._collect, name="notices", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(timeout=5)

    def wake(self) -> None:
        """End a wait."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def wait(self, seconds: float) -> set[uuid.UUID]:
        """Wait for a notice, for some time at most; the instances noticed since the last wait."""
        with self._changed:
            if not self._noticed and not self._woken:
                self._changed.wait(seconds)
            noticed, self._noticed, self._woken = self._noticed, set(), False
            return noticed

    def _collect(self) -> None:
        while not self._stopped.is_set():
            try:
                with own_connection() as listening:
                    listening.execute(f"LISTEN {CHANNEL}")
                    self._hear(listening)
            except psycopg.Error as error:
                _log.info("notices interrupted", error=str(error))
                self._stopped.wait(_AGAIN_S)

    def _hear(self, listening: psycopg.Connection[tuple[object, ...]]) -> None:
        while not self._stopped.is_set():
            for notice in listening.notifies(timeout=_LOOK_S, stop_after=1):
                with self._changed:
                    self._noticed.add(uuid.UUID(notice.payload))
                    self._changed.notify_all()
