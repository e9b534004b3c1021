"""One row for each call, written behind the caller's back in batches.

A call never waits for the database. What waits to be written is bounded: when the database is away for so long that it
is full, further rows are left out and counted, and an activity of each tenant tells how many as soon as it is back.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from django.db import transaction
from starlette.concurrency import run_in_threadpool

from salesbridge.edge.rows import lent
from salesbridge.store.door import Door, OutsideTheDoor
from salesbridge.store.journal import record
from salesbridge.store.models import ApiCall

#: Rows that wait at most.
WAITING: Final = 20_000
_EVERY_S: Final = 1.0
_BATCH: Final = 1_000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it is written down; see ``salesbridge.store.models.ApiCall``."""

    tenant_id: uuid.UUID
    instance_id: uuid.UUID
    client_id: str
    at: datetime
    request_id: str
    trace_id: str
    method: str
    path: str
    status: int
    outcome: str
    received: int
    sent: int
    milliseconds: int


class Calls:
    """Rows on their way into the database.

    Args:
        waiting: Rows that wait at most.
    """

    def __init__(self, waiting: int = WAITING) -> None:
        self._most = waiting
        self._rows: list[Call] = []
        self._lost: Counter[uuid.UUID] = Counter()
        self._task: asyncio.Task[None] | None = None

    def put(self, call: Call) -> None:
        """Have a call written down."""
        if len(self._rows) < self._most:
            self._rows.append(call)
        else:
            self._lost[call.tenant_id] += 1

    async def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._keep_writing())

    async def stop(self) -> None:
        """Write what is left, and stop."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self.flush()

    async def flush(self) -> bool:
        """Write everything that waits.

        Returns:
            Whether it is written; if not it still waits.
        """
        while self._rows or self._lost:
            batch, lost = self._rows[:_BATCH], dict(self._lost)
            try:
                await run_in_threadpool(lent, _write, batch, lost)
            except Exception as error:  # noqa: BLE001 - whatever it is, the rows wait for the next time
                _log.warning("calls cannot be written down", waiting=len(self._rows), reason=type(error).__name__)
                return False
            del self._rows[: len(batch)]
            self._lost -= Counter(lost)
        return True

    async def _keep_writing(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            writing = asyncio.create_task(self.flush())
            try:
                await asyncio.shield(writing)
            except asyncio.CancelledError:  # a batch that is being written is written once
                await writing
                raise


@transaction.atomic
def _write(batch: list[Call], lost: dict[uuid.UUID, int]) -> None:
    by_instance: dict[tuple[uuid.UUID, uuid.UUID], list[Call]] = {}
    for call in batch:
        by_instance.setdefault((call.tenant_id, call.instance_id), []).append(call)
    for (tenant_id, _), calls in by_instance.items():
        rows = Door(tenant_id).rows(ApiCall)
        with suppress(OutsideTheDoor):  # the instance was deleted meanwhile: nobody is left to read of its calls
            rows.bulk_create([rows.new(**_values(call)) for call in calls])
    for tenant_id, count in lost.items():
        record(Door(tenant_id), "calls:not_recorded", actor="gateway", detail={"calls": count})


def _values(call: Call) -> dict[str, object]:
    names = call.__dataclass_fields__
    return {name: getattr(call, name) for name in names if name != "tenant_id"}
