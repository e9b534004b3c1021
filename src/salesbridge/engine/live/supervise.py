"""What a worker does for live instances: hold their leases, hear both sides, deliver, and call for reconciliations.

Any number of workers share the instances by leases. A worker that dies is followed by another once its leases lapse, or
at once where somebody can see that its process is gone.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog
from django.db import connection

from salesbridge.engine.live import poll as polling
from salesbridge.engine.live.budget import Bucket, per_minute
from salesbridge.engine.live.deliver import deliver
from salesbridge.engine.live.listen import listen
from salesbridge.engine.live.notices import Notices
from salesbridge.engine.live.site import Site, site
from salesbridge.engine.live.states import RUNNING
from salesbridge.engine.live.upkeep import Upkeep
from salesbridge.engine.surface import outbox
from salesbridge.engine.surface.publish import publish
from salesbridge.store import leases
from salesbridge.store.changes import coming_in
from salesbridge.store.door import Door
from salesbridge.store.leases import Fence, FencedError
from salesbridge.store.models import Change, Live, Parked, Sale

#: Roles of a worker for an instance.
LISTEN, POLL, DELIVER = "listen", "poll", "deliver"
UPKEEP = "upkeep"
ROLES = (LISTEN, POLL, DELIVER)
_TICK_S = 0.5
_DELIVERIES = 8
_GOODBYE_S = 10.0
#: Longest time for which a round waits for changes that are just coming in, and how often it looks.
_GATHER_S, _GATHER_STEP_S = 3.0, 0.1

_log = structlog.get_logger(__name__)
_Key = tuple[uuid.UUID, str]


@contextmanager
def supervised(executor: str) -> Iterator[None]:
    """Keep live instances in step in the background until the block is left.

    Args:
        executor: This process's executor id, under which it holds leases.
    """
    supervisor = Supervisor(executor)
    thread = threading.Thread(target=supervisor.run, name="supervisor", daemon=True)
    thread.start()
    try:
        yield
    finally:
        supervisor.stop()
        thread.join(timeout=_GOODBYE_S)


class Supervisor:
    """The live work of one worker.

    Args:
        executor: Executor id.
    """

    def __init__(self, executor: str) -> None:
        self._executor = executor
        self._stopped = threading.Event()
        self._notices = Notices()
        self._held: dict[_Key, Fence] = {}
        self._listeners: dict[uuid.UUID, tuple[threading.Thread, threading.Event]] = {}
        self._busy: set[_Key] = set()
        self._polled: dict[uuid.UUID, float] = {}
        self._buckets: dict[uuid.UUID, Bucket] = {}
        self._upkeep = Upkeep()
        self._pool = ThreadPoolExecutor(_DELIVERIES, thread_name_prefix="deliver")
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Ask the supervisor to end."""
        self._stopped.set()
        self._notices.wake()

    def run(self) -> None:
        """Work until asked to stop."""
        with self._notices:
            while not self._stopped.is_set():
                try:
                    self._tick()
                except Exception as error:  # noqa: BLE001 - the database may be away: the next round tries again
                    _log.warning("supervision round failed", error=str(error))
                    connection.close()
                    self._stopped.wait(_TICK_S)
            self._leave()

    def _tick(self) -> None:
        """Look after everything once, then deliver whatever is noticed until it is time to look again."""
        ends = time.monotonic() + _TICK_S
        running = self._look_after()
        self._deliver_all(_with_work(running))
        while not self._stopped.is_set() and (left := ends - time.monotonic()) > 0:
            self._deliver_all(self._notices.wait(left))

    def _deliver_all(self, instances: Iterable[uuid.UUID]) -> None:
        for instance_id in instances:
            self._deliver(instance_id)

    def _look_after(self) -> list[uuid.UUID]:
        """Keep or take the leases of live instances, and do what they are for."""
        self._renew()
        running = {live.instance_id: live for live in _live_instances()}
        for key in [key for key in self._held if key[0] not in running]:
            self._let_go(key)
        for live in running.values():
            self._serve(live)
        return list(running)

    def _renew(self) -> None:
        still = leases.renew(self._executor)
        for key, fence in list(self._held.items()):
            if (*key, fence.epoch) not in still:
                self._let_go(key)

    def _serve(self, live: Live) -> None:
        door, instance_id = Door(live.tenant_id), live.instance_id
        for role in ROLES:
            if (instance_id, role) not in self._held:
                fence = leases.take(door, instance_id, role, self._executor)
                if fence is not None:
                    self._held[instance_id, role] = fence
        if (instance_id, LISTEN) in self._held:
            self._listen(door, instance_id)
        if (instance_id, POLL) in self._held:
            self._poll(door, live)
        if (instance_id, DELIVER) in self._held:
            listening = self._listeners.get(instance_id)
            due = self._upkeep.due(live, listening=listening is not None or (instance_id, LISTEN) not in self._held)
            if due is not None:
                self._submit((instance_id, UPKEEP), due)

    def _listen(self, door: Door, instance_id: uuid.UUID) -> None:
        known = self._listeners.get(instance_id)
        if known is not None and known[0].is_alive():
            return
        stop, fence = threading.Event(), self._held[instance_id, LISTEN]
        work = _quietly(lambda: listen(site(door, instance_id), fence, stop))
        thread = threading.Thread(target=work, name=f"listen {instance_id}", daemon=True)
        self._listeners[instance_id] = (thread, stop)
        thread.start()

    def _poll(self, door: Door, live: Live) -> None:
        instance_id = live.instance_id
        where = site(door, instance_id)
        if not polling.due(where, live, self._polled.get(instance_id), time.monotonic()):
            return
        self._polled[instance_id] = time.monotonic()
        fence = self._held[instance_id, POLL]
        self._submit((instance_id, POLL), lambda: polling.poll(where, fence, datetime.now(UTC)))

    def _deliver(self, instance_id: uuid.UUID) -> None:
        fence = self._held.get((instance_id, DELIVER))
        if fence is not None:
            self._submit((instance_id, DELIVER), lambda: self._rounds(fence))

    def _rounds(self, fence: Fence) -> None:
        """Rounds of delivery until there is nothing to do for now."""
        where = site(fence.door, fence.instance_id)
        bucket = self._buckets.setdefault(fence.instance_id, Bucket(per_minute(where)))
        while not self._stopped.is_set() and self._held.get((fence.instance_id, DELIVER)) is fence:
            last = outbox.last(where.door, fence.instance_id)
            delivered = self._round(where, fence, bucket)
            # what is heard meanwhile is published after the next round, which brings its records up to date
            published = publish(where, fence, datetime.now(UTC), upto=last) if last is not None else 0
            if not delivered and not published:
                return

    def _round(self, where: Site, fence: Fence, bucket: Bucket) -> int:
        """A round of delivery, unless it has to wait; how many changes it took up."""
        if _held(where) or not bucket.allows(where.salesforce.usage.own_calls):
            return 0
        self._gather(where)
        return deliver(where, fence, datetime.now(UTC)).taken

    def _gather(self, where: Site) -> None:
        """Let changes that come in one after the other come together: a round costs calls whatever its size."""
        ends = time.monotonic() + _GATHER_S
        while not self._stopped.is_set() and time.monotonic() < ends and coming_in(where.door, where.instance.pk):
            self._stopped.wait(_GATHER_STEP_S)

    def _submit(self, key: _Key, work: Callable[[], object]) -> None:
        with self._lock:
            if key in self._busy:
                return
            self._busy.add(key)
        self._pool.submit(self._once, key, work)

    def _once(self, key: _Key, work: Callable[[], object]) -> None:
        try:
            _quietly(work)()
        finally:
            with self._lock:
                self._busy.discard(key)

    def _let_go(self, key: _Key) -> None:
        """Stop what a lease was for; giving it back changes nothing where another worker has it already."""
        fence = self._held.pop(key, None)
        if key[1] == LISTEN and (known := self._listeners.pop(key[0], None)):
            known[1].set()
        if fence is not None:
            fence.give_back()

    def _leave(self) -> None:
        """Finish what is in hand, then give the leases back so that others need not wait for them to lapse."""
        for _, stop in self._listeners.values():
            stop.set()
        for thread, _ in self._listeners.values():
            thread.join(timeout=_GOODBYE_S)
        self._pool.shutdown(wait=True, cancel_futures=True)
        for fence in self._held.values():
            fence.give_back()
        connection.close()


def _quietly(work: Callable[[], object]) -> Callable[[], None]:
    """The work, with what goes wrong written to the log: the next round tries again."""

    def run() -> None:
        try:
            work()
        except FencedError as error:
            _log.info("fenced", error=str(error))
        except Exception as error:  # noqa: BLE001 - a thread must not die of one instance's trouble
            _log.warning("live work failed", error=str(error), kind=type(error).__name__)
        finally:
            connection.close()

    return run


def _live_instances() -> list[Live]:
    operator = Door.operator(reason="share live instances among workers")
    return list(operator.rows(Live).filter(state__in=RUNNING))


def _with_work(instances: list[uuid.UUID]) -> set[uuid.UUID]:
    """Instances for which there is something to deliver: undecided changes, parked records or events that are due."""
    operator = Door.operator(reason="find instances with work")
    undecided = operator.rows(Change).filter(instance_id__in=instances, outcome=None)
    now = datetime.now(UTC)
    due = operator.rows(Parked).filter(instance_id__in=instances, next_at__lte=now)
    found = {*undecided.values_list("instance_id", flat=True).distinct()}
    found |= {
        *operator.rows(Sale).filter(instance_id__in=instances, wake_at__lte=now).values_list("instance_id", flat=True)
    }
    return found | {*due.values_list("instance_id", flat=True).distinct()} | outbox.with_work(instances, now)


def _held(where: Site) -> bool:
    until = where.door.rows(Live).values_list("held_until", flat=True).get(instance=where.instance)
    return until is not None and until > datetime.now(UTC)
