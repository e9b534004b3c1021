"""Durable work: DBOS in our database, with the hardening that was found necessary by trial.

* The application version is ours, not a hash of the sources, so an edit strands no work.
* JSON, not pickle: what comes out of a shared database is never executed.
* Every start of a process has its own executor id, a row in the worker table and a heartbeat. Work of a worker whose
  heart stopped is resumed by another on its original queue; DBOS itself recovers an executor's own work only.
* A workflow is enqueued inside the Django transaction that makes it necessary.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from dbos import DBOS, DBOSClient, DBOSConfig
from dbos._serialization import DBOSPortableJSON
from django.db import connection, transaction
from django.db.models.functions import Now

from salesbridge import store
from salesbridge.store import leases
from salesbridge.store.door import Door

#: Increase only when pending work of an older release could not be continued by the new one.
VERSION = "2"
NAME = "salesbridge"
LOADS = "loads"
#: Where work goes that was started beside other work, once the process that began it is dead.
RESUMED = "resumed"
#: Seconds between two looks for work in a queue. Looking is the engine's main cost while Salesforce works: 59 ms of CPU
#: a second were measured at 0.25, 28 at 1.
_POLL_S = 1.0
HEARTBEAT_S = 2.0
DEAD_AFTER_S = 6.0
#: Seconds for which a worker that is asked to stop lets what is nearly done come to its end.
_GOODBYE_S = 8
_PRUNE_EVERY_S = 3600.0
_KEPT_DAYS = 30
_REAPER_LOCK = 0x52454150

_log = structlog.get_logger(__name__)


@contextmanager
def worker() -> Iterator[str]:
    """Execute durable work in this process until the block is left; yields the executor id."""
    url = store.setup()
    executor = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    door = Door.operator(reason="announce this worker")
    door.workers.create(executor_id=executor, host=_machine(), pid=os.getpid())
    _launch(url, executor)
    resume_orphans(executor)
    with ExitStack() as leaving:
        leaving.callback(lambda: door.workers.filter(pk=executor).delete())
        leaving.enter_context(_beside(_beat, executor))
        # Left in the opposite order: the heart beats until the last work is done, or another worker would take over.
        leaving.callback(DBOS.destroy, workflow_completion_timeout_sec=_GOODBYE_S)
        leaving.enter_context(_beside(_reap, executor))
        yield executor


@contextmanager
def _beside(task: Callable[[str, threading.Event], None], executor: str) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=task, args=(executor, stop), name=task.__name__, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=10)


def _launch(url: str, executor: str) -> None:
    config: DBOSConfig = {
        "name": NAME,
        "system_database_url": _sqlalchemy(url),
        "application_version": VERSION,
        "executor_id": executor,
        "serializer": DBOSPortableJSON,
        "console_log_level": "ERROR",
        "log_level": "ERROR",
        # Each is paid for all the time: a ping at each use of a connection, a look each 10 ms for what to notify of.
        "db_engine_kwargs": {"pool_pre_ping": False},
        "notification_coalesce_sec": 0.1,
    }
    DBOS(config=config)
    DBOS.launch()
    DBOS.register_queue(LOADS, partition_concurrency=1, polling_interval_sec=_POLL_S)
    DBOS.register_queue(RESUMED, worker_concurrency=8, polling_interval_sec=_POLL_S)


def _sqlalchemy(url: str) -> str:
    return "postgresql://" + url.partition("://")[2]


@cache
def prepare(url: str) -> None:
    """Make DBOS's tables, so that work can be enqueued before any worker has ever run."""
    DBOS.migrate(_sqlalchemy(url))


@cache
def _client(url: str) -> DBOSClient:
    prepare(url)
    client = DBOSClient(system_database_url=_sqlalchemy(url), serializer=DBOSPortableJSON, application_name=NAME)
    client.register_queue(LOADS, partition_concurrency=1, polling_interval_sec=_POLL_S)
    return client


def enqueue(workflow: str, workflow_id: str, *arguments: Any, lane: str) -> None:
    """Enqueue a workflow; it exists if and only if the surrounding Django transaction commits.

    Args:
        workflow: Registered name.
        workflow_id: Its id; a second enqueue of the same id starts nothing.
        arguments: JSON values.
        lane: Work of one lane runs one after the other.

    Raises:
        RuntimeError: There is no surrounding transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("enqueue inside the transaction that makes the work necessary")
    client = _client(store.setup())
    options: Any = {
        "workflow_name": workflow,
        "queue_name": LOADS,
        "workflow_id": workflow_id,
        "queue_partition_key": lane,
        "app_version": VERSION,
    }
    with _borrowed().connect() as ours:
        client.enqueue_in_transaction(ours, options, *arguments)


def _borrowed() -> sa.Engine:
    """SQLAlchemy's view of Django's open connection; it neither begins, commits nor closes it."""
    connection.ensure_connection()
    borrowed = _Borrowed(connection.connection)
    return sa.create_engine(
        "postgresql+psycopg://",
        creator=lambda: borrowed,
        poolclass=sa.pool.StaticPool,
        pool_reset_on_return=None,
        use_native_hstore=False,
    )


class _Borrowed:
    """A connection whose transaction belongs to somebody else."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def commit(self) -> None:
        """Leave the transaction to its owner."""

    def rollback(self) -> None:
        """Leave the transaction to its owner."""

    def close(self) -> None:
        """Leave the connection to its owner."""


def _beat(executor: str, stop: threading.Event) -> None:
    door = Door.operator(reason="heartbeat")
    while not stop.wait(HEARTBEAT_S):
        try:
            if not door.workers.filter(pk=executor).update(heartbeat_at=Now()):
                # others took us for dead while we stood still or could not reach the database
                door.workers.create(executor_id=executor, host=_machine(), pid=os.getpid())
                _log.warning("announced again", executor=executor)
        except Exception:  # noqa: BLE001 - a missed beat is made up by the next one
            _log.warning("heartbeat missed", executor=executor)
            connection.close()
    connection.close()


def _reap(executor: str, stop: threading.Event) -> None:
    pruned = 0.0
    while not stop.wait(HEARTBEAT_S):
        try:
            if time.monotonic() - pruned > _PRUNE_EVERY_S:
                pruned = time.monotonic()
                prune()
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_REAPER_LOCK])
                if cursor.fetchone() == (True,):
                    resume_orphans(executor)
        except Exception as error:  # noqa: BLE001 - the next round tries again
            _log.warning("recovery of dead workers' work failed", error=str(error))
            connection.close()
    connection.close()


def prune() -> int:
    """Forget the steps of work that ended long ago, which DBOS keeps for ever; what runs did is in our own tables.

    Returns:
        How many workflows were forgotten.
    """
    before = (datetime.now(UTC) - timedelta(days=_KEPT_DAYS)).isoformat()
    states = ["SUCCESS", "ERROR", "CANCELLED"]
    old = DBOS.list_workflows(status=states, completed_before=before, load_input=False, load_output=False, limit=1000)
    if old:
        DBOS.delete_workflows([workflow.workflow_id for workflow in old])
    return len(old)


def resume_orphans(executor: str) -> list[str]:
    """Resume the work of workers that no longer live, and return its workflow ids.

    Args:
        executor: This process.
    """
    workers = Door.operator(reason="recover work of dead workers").workers
    workers.filter(heartbeat_at__lt=Now() - timedelta(seconds=DEAD_AFTER_S)).exclude(pk=executor).delete()
    here = workers.filter(host=_machine())
    workers.filter(pk__in=[w.pk for w in here if not _process_lives(w.pid)]).delete()
    living = set(workers.values_list("pk", flat=True))
    leases.free_dead(living)
    pending = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
    orphans = [workflow for workflow in pending if workflow.executor_id not in living]
    for workflow in orphans:
        _log.info("resuming work of a dead worker", workflow=workflow.workflow_id)
        DBOS.resume_workflow(workflow.workflow_id, queue_name=workflow.queue_name or RESUMED)
    return [workflow.workflow_id for workflow in orphans]


@cache
def _machine() -> str:
    """This machine and its process numbers: containers may share a host name, but not these."""
    try:
        space = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        space = "pid"
    return f"{socket.gethostname()} {space}"


def _process_lives(pid: int) -> bool:
    """Whether a process of this machine is there; one that is gone need not be waited for until its heart is missed."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
