"""Publishes committed changes as signed events, as the integration platform does; on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from typing import TYPE_CHECKING

from salesbridge.sandbox.billing.deliveries import Delivery, DeliveryLog, Undelivered
from salesbridge.sandbox.billing.events import events_of
from salesbridge.sandbox.billing.line import Line
from salesbridge.sandbox.billing.signing import SigningKey
from salesbridge.sandbox.billing.subscriptions import PING, Event, Retries, Subscription

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Collection, Iterable

    from salesbridge.sandbox.billing.faults import Faults
    from salesbridge.sandbox.billing.store import Billing, Change

DEFAULT_TENANT = "sandbox"
_STOP_SECONDS = 5.0


class UnknownSubscriptionError(LookupError):
    """No app with such an id is subscribed."""


class Publisher:
    """Tells subscribed apps of every change committed while the system publishes events.

    Nothing runs before the first subscription. Events are queued in memory, at most 100,000 for an app, and are lost
    when the process ends.

    Args:
        billing: Whose changes are published.
        faults: Troubles of delivery, those whose names begin with ``webhook_``.
        source: What events name as their source.
        retries: When a failed delivery is repeated, unless a subscription says otherwise.
    """

    def __init__(self, billing: Billing, faults: Faults, source: str, retries: Retries | None = None) -> None:
        self._billing = billing
        self._faults = faults
        self._source = source
        self._retries = retries or Retries()
        self._log = DeliveryLog()
        self._lines: dict[str, Line] = {}
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._end_listening: Callable[[], None] | None = None

    def subscribe(
        self,
        endpoint: str,
        event_types: Collection[str] = (),
        *,
        app_id: str = "",
        tenant_id: str = DEFAULT_TENANT,
        concurrency: int = 4,
        key: SigningKey | None = None,
        retries: Retries | None = None,
        context: ssl.SSLContext | None = None,
    ) -> Subscription:
        """Tell an app of every event from now on; its ``key.public_pem`` is what the receiver checks signatures with.

        Args:
            endpoint: A URL of this machine.
            event_types: The types wanted; empty: all.
            app_id: UUID of the app; empty: a new one. A known one replaces its subscription.
            tenant_id: The tenant as the platform knows it.
            concurrency: How many events are posted at once; with 1 and no failure they arrive in commit order.
            key: Its key pair; None: a new one.
            retries: When a failed delivery is repeated.
            context: Trust for an https endpoint.

        Raises:
            ValueError: The endpoint is no URL of this machine, or the concurrency is below 1.
        """
        subscription = Subscription(
            endpoint,
            app_id or str(uuid.uuid4()),
            tenant_id,
            key or SigningKey(),
            frozenset(event_types),
            concurrency,
            retries or self._retries,
            context,
        )
        with self._lock:
            loop = self._running_loop()
            replaced = self._lines.get(subscription.app_id)
            line = Line(subscription, loop, self._faults, self._billing.clock, self._log)
            self._lines = {**self._lines, subscription.app_id: line}
            loop.call_soon_threadsafe(line.start)
        if replaced:
            asyncio.run_coroutine_threadsafe(replaced.stop(), loop).result(_STOP_SECONDS)
        return subscription

    def unsubscribe(self, app_id: str) -> None:
        """Tell an app no more; what still waits for it is forgotten.

        Raises:
            UnknownSubscriptionError: No such app.
        """
        with self._lock:
            line = self._line(app_id)
            self._lines = {other: kept for other, kept in self._lines.items() if other != app_id}
        if self._loop:
            asyncio.run_coroutine_threadsafe(line.stop(), self._loop).result(_STOP_SECONDS)

    def subscriptions(self) -> list[Subscription]:
        """The subscribed apps, oldest first."""
        return [line.subscription for line in self._lines.values()]

    def ping(self, app_id: str, message: str = "Connectivity test") -> str:
        """Send the connectivity test to an app, also while nothing is published; answers the event's id.

        Raises:
            UnknownSubscriptionError: No such app.
        """
        event = Event(str(uuid.uuid4()), PING, self._billing.clock.now(), {"message": message})
        self._line(app_id).accept(event)
        return event.event_id

    def publish(self, event_type: str, data: dict[str, str]) -> str:
        """Send an event by hand, such as one of a type that nobody knows; answers its id."""
        event = Event(str(uuid.uuid4()), event_type, self._billing.clock.now(), data, self._source)
        self._send(event)
        return event.event_id

    def deliveries(self, after: int = 0) -> list[Delivery]:
        """The attempts with a sequence above ``after``, oldest first; the newest 100,000 are kept."""
        return self._log.attempts(after)

    def failed(self) -> list[Undelivered]:
        """The events that were given up."""
        return self._log.failed()

    @property
    def waiting(self) -> int:
        """Events neither delivered nor given up."""
        return sum(line.backlog.waiting for line in self._lines.values())

    def wait_until_idle(self, seconds: float = 5.0) -> bool:
        """Whether every event was delivered or given up within some seconds."""
        until = time.monotonic() + seconds
        return all(line.backlog.wait_until_idle(max(0.0, until - time.monotonic())) for line in self._lines.values())

    def stop(self, *, wait: bool = True) -> None:
        """End publishing and forget the subscriptions and what waits; the records of deliveries stay readable."""
        with self._lock:
            if self._end_listening:
                self._end_listening()
            loop, thread, lines = self._loop, self._thread, list(self._lines.values())
            self._loop = self._thread = None
            self._lines = {}
        if loop and thread:
            asyncio.run_coroutine_threadsafe(self._end(lines), loop)
            if wait:
                thread.join(_STOP_SECONDS)

    def _heard(self, change: Change) -> None:
        if self._lines and self._billing.publishing:
            for event_type, data in events_of(change, self._billing.accounts_of):
                self._send(Event(str(uuid.uuid4()), event_type, change.at, data, self._source))

    def _send(self, event: Event) -> None:
        for line in self._lines.values():
            if line.subscription.wants(event.event_type):
                line.accept(event)

    def _line(self, app_id: str) -> Line:
        line = self._lines.get(app_id)
        if line is None:
            raise UnknownSubscriptionError(f"No app {app_id} is subscribed")
        return line

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            started = threading.Event()
            self._thread = threading.Thread(
                target=lambda: asyncio.run(self._run(started)), name="billing-publisher", daemon=True
            )
            self._thread.start()
            started.wait()
            self._end_listening = self._billing.on_change(self._heard)
        if self._loop is None:
            raise RuntimeError("The publisher did not start")
        return self._loop

    async def _run(self, started: threading.Event) -> None:
        self._stopping = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        started.set()
        await self._stopping.wait()

    async def _end(self, lines: Iterable[Line]) -> None:
        await asyncio.gather(*(line.stop() for line in lines))
        self._stopping.set()
