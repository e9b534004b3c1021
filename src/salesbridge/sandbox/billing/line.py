"""The events of one subscription on their way: queue, attempts, pauses, and the faults of delivery."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesbridge.sandbox.billing.deliveries import Backlog, Delivery, DeliveryLog, Undelivered
from salesbridge.sandbox.billing.posting import Answer, Connection
from salesbridge.sandbox.billing.signing import HEADER

if TYPE_CHECKING:
    from salesbridge.sandbox.billing.clock import Clock
    from salesbridge.sandbox.billing.faults import Fault, Faults
    from salesbridge.sandbox.billing.subscriptions import Event, Subscription

MOST_WAITING = 100_000
_DOWN_POLL = 0.02
_HELD_SECONDS = 1.0
_OLD_SECONDS = 3600.0


@dataclass(slots=True)
class _Parcel:
    event: Event
    body: bytes
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class _Fate:
    """What the faults make of an event before it is sent."""

    event: Event
    copies: int = 1
    delay: float = 0.0
    held: bool = False
    most_held: int = 1
    hold: float = _HELD_SECONDS


class Line:
    """Posts the events of one subscription; ``accept`` is called from any thread, the rest runs in the loop.

    Args:
        subscription: Whom to tell.
        loop: The publisher's loop.
        faults: The armed faults.
        clock: Tells the time of signatures.
        log: Where attempts are kept.
    """

    def __init__(
        self,
        subscription: Subscription,
        loop: asyncio.AbstractEventLoop,
        faults: Faults,
        clock: Clock,
        log: DeliveryLog,
    ) -> None:
        self.subscription = subscription
        self.backlog = Backlog(MOST_WAITING)
        self._loop = loop
        self._faults = faults
        self._clock = clock
        self._log = log
        self._incoming: deque[_Fate] = deque()
        self._called = False
        self._ready: asyncio.Queue[_Parcel] = asyncio.Queue()
        self._held: list[Event] = []
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to post."""
        self._tasks = [self._loop.create_task(self._work()) for _ in range(self.subscription.concurrency)]

    async def stop(self) -> None:
        """End posting; what waits is forgotten."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def accept(self, event: Event) -> None:
        """Take an event for delivery, at once and cheaply; where too many wait, it is given up."""
        fate = self._fate(event)
        if fate is None:
            return
        if not self.backlog.admit(fate.copies):
            self._give_up(event, 0, f"{MOST_WAITING} events wait already")
            return
        self._incoming.append(fate)
        if not self._called:
            self._called = True
            self._loop.call_soon_threadsafe(self._take_in)

    def _fate(self, event: Event) -> _Fate | None:
        kind = event.event_type
        if self._strikes("webhook_lost", kind):
            return None
        repeat, late = self._strikes("webhook_repeat", kind), self._strikes("webhook_late", kind)
        reorder = self._strikes("webhook_reorder", kind)
        return _Fate(
            event,
            repeat.copies if repeat else 1,
            late.seconds if late else 0.0,
            held=reorder is not None,
            most_held=reorder.every if reorder else 1,
            hold=(reorder.seconds if reorder else 0.0) or _HELD_SECONDS,
        )

    def _take_in(self) -> None:
        self._called = False
        while self._incoming:
            fate = self._incoming.popleft()
            for _ in range(fate.copies):
                self._place(fate)

    def _place(self, fate: _Fate) -> None:
        if fate.held:
            if not self._held:
                self._loop.call_later(fate.hold, self._release)
            self._held.append(fate.event)
            if len(self._held) >= fate.most_held:
                self._release()
            return
        parcel = _Parcel(fate.event, fate.event.body(self.subscription))
        if fate.delay:
            self._loop.call_later(fate.delay, self._ready.put_nowait, parcel)
        else:
            self._ready.put_nowait(parcel)
        self._release()

    def _release(self) -> None:
        """Send what was held back, newest first."""
        held, self._held = self._held, []
        for event in reversed(held):
            self._ready.put_nowait(_Parcel(event, event.body(self.subscription)))

    async def _work(self) -> None:
        connection = Connection(self.subscription.endpoint, self.subscription.context)
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                parcel = await self._ready.get()
                while self._faults.armed("webhook_down"):  # noqa: ASYNC110 - faults are armed from other threads
                    await asyncio.sleep(_DOWN_POLL)
                await self._attempt(connection, parcel)
        await connection.close()

    async def _attempt(self, connection: Connection, parcel: _Parcel) -> None:
        parcel.attempts += 1
        at, began = self._clock.now(), time.perf_counter()
        headers = {HEADER: self._signature(parcel, at)}
        answer = await connection.post(parcel.body, headers, self.subscription.retries.timeout)
        self._record(parcel, answer, at, (time.perf_counter() - began) * 1000)
        if answer.success:
            self.backlog.done()
            return
        pause = self.subscription.retries.pause_after(parcel.attempts)
        if pause is None:
            self._give_up(parcel.event, parcel.attempts, answer.text)
            self.backlog.done()
        else:
            self._loop.call_later(pause, self._ready.put_nowait, parcel)

    def _signature(self, parcel: _Parcel, at: int) -> str:
        kind, seconds = parcel.event.event_type, at // 1000
        if old := self._strikes("webhook_old_timestamp", kind):
            seconds -= int(old.seconds or _OLD_SECONDS)
        forged = self._strikes("webhook_bad_signature", kind) is not None
        return self.subscription.key.header(parcel.body + b" " if forged else parcel.body, seconds)

    def _record(self, parcel: _Parcel, answer: Answer, at: int, latency: float) -> None:
        event = parcel.event
        self._log.add(
            Delivery(
                sequence=self._log.last + 1,
                app_id=self.subscription.app_id,
                event_id=event.event_id,
                event_type=event.event_type,
                attempt=parcel.attempts,
                status=answer.status,
                response=answer.text,
                success=answer.success,
                latency=round(latency, 3),
                at=at,
                first_received=event.at,
            )
        )

    def _give_up(self, event: Event, attempts: int, reason: str) -> None:
        self._log.give_up(Undelivered(self.subscription.app_id, event.event_id, event.event_type, attempts, reason))

    def _strikes(self, name: str, event_type: str) -> Fault | None:
        return self._faults.strikes(name, "POST", event_type)
