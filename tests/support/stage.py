"""The stage of the proof: both simulated systems, one instance that is in step, and a way back to that moment.

Time is ours on both sides, ids are given out anew from the same place, and the database goes back to a savepoint, so
the same seed meets the same world however often it is played.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import stamina
import structlog
from django.db import transaction
from pydantic import SecretStr

from salesbridge.sandbox.billing.clock import Clock, milliseconds_of
from salesbridge.sandbox.billing.seed import Seed
from salesbridge.sandbox.billing.server import start_in_thread as start_billing
from salesbridge.sandbox.billing.service import Settings
from salesbridge.sandbox.billing.store import Billing
from salesbridge.sandbox.salesforce import demo
from salesbridge.sandbox.salesforce.ids import counter_of, sequence
from salesbridge.sandbox.salesforce.server import start_in_thread as start_salesforce

API_KEY, USER = "billing-key-for-tests", "salesbridge"
BEGIN = datetime(2026, 6, 1, 9, tzinfo=UTC)
_SHELF = ("_gone", "next_id")


@dataclass
class Hours:
    """The one clock of a play; it moves when it is told to."""

    now: datetime = BEGIN

    def __call__(self):
        return self.now


class StageClock(Clock):
    """Billing's clock, driven by the play's.

    Args:
        hours: The clock of the play.
    """

    def __init__(self, hours):
        super().__init__(0)
        self._hours = hours

    def now(self):
        with self._lock:
            self._last = max(milliseconds_of(self._hours.now), self._last + 1)
            return self._last


@dataclass
class OrgKept:
    """What an org held at a moment.

    Args:
        org: The org.
    """

    org: object
    tables: dict = field(init=False)
    numbers: dict = field(init=False)

    def __post_init__(self):
        org = self.org
        self.tables = {name: (dict(t.live), dict(t.bin)) for name, t in org._tables.items()}
        self.deletions = dict(org.deletions._entries), {k: list(v) for k, v in org.deletions._together.items()}
        self.numbers = {prefix: counter_of(next(ids)) for prefix, ids in org.numbering._sequences.items()}
        self.last, self.used = dict(org.numbering.last), dict(org.limits._used)
        self.settings = {name: getattr(org.settings, name) for name in org.settings.__slots__}

    def put_back(self, seed):
        org = self.org
        org.faults.disarm()
        org.calls.clear()
        org.on_commit.clear()
        for name, (live, deleted) in self.tables.items():
            table = org._tables[name]
            table.live, table.bin, table.indexes = dict(live), dict(deleted), {}
            table.reindex(org.schema.sobject(name))
        org.deletions._entries, together = dict(self.deletions[0]), self.deletions[1]
        org.deletions._together = {key: list(gone) for key, gone in together.items()}
        org.numbering._sequences = {prefix: sequence(prefix, number) for prefix, number in self.numbers.items()}
        org.numbering.last, org.limits._used = dict(self.last), dict(self.used)
        for name, value in self.settings.items():
            setattr(org.settings, name, value)
        org.bus.reseed(seed)


@dataclass
class BillingKept:
    """What a billing system held at a moment.

    Args:
        running: The running billing system.
    """

    running: object

    def __post_init__(self):
        billing = self.running.billing
        self.shelves = {kind: self._of(shelf) for kind, shelf in billing._shelves.items()}
        self.links = {name: set(ids) for name, ids in billing._relations._ids.items()}
        self.sequence = billing._sequence

    @staticmethod
    def _of(shelf):
        numbers = {name: getattr(shelf, name) for name in _SHELF}
        return dict(shelf._edited), list(shelf._touched), dict(shelf._created), numbers

    def put_back(self):
        billing = self.running.billing
        self.running.service.faults.disarm()
        billing._listeners.clear()
        for kind, (edited, touched, created, numbers) in self.shelves.items():
            shelf = billing._shelves[kind]
            shelf._edited, shelf._touched, shelf._created = dict(edited), list(touched), dict(created)
            for name, value in numbers.items():
                setattr(shelf, name, value)
        billing._relations._ids = {name: set(ids) for name, ids in self.links.items()}
        billing._changes.clear()
        billing._sequence = self.sequence
        billing.clock._last = 0


@dataclass
class Stage:
    """Two running systems and an instance between them whose sides agree.

    Args:
        door: Door of its tenant.
        instance: The instance.
        org: The running org.
        billing: The running billing system.
        hours: Their clock.
        person: Id of the person who edits in Salesforce.
        ours: Id of the connector's user in Salesforce.
        world: Class of the worlds that are played.
    """

    door: object
    instance: object
    org: object
    billing: object
    hours: Hours
    person: str
    ours: str
    world: type

    def __post_init__(self):
        self.kept = None

    def keep(self):
        """Remember this moment as the one that every play begins with."""
        self.kept = OrgKept(self.org.org), BillingKept(self.billing), self.hours.now

    @contextmanager
    def play(self, seed=0, **options):
        """A world in the remembered moment; whatever happens in it is forgotten afterwards."""
        org, billing, self.hours.now = self.kept
        org.put_back(seed)
        billing.put_back()
        with transaction.atomic():
            point = transaction.savepoint()
            try:
                yield self.world(self, seed=seed, **options)
            finally:
                org.put_back(seed)
                billing.put_back()
                transaction.savepoint_rollback(point)


@contextmanager
def set_stage(world, *, accounts=3, product="junifer"):
    """Both systems started, an instance set up, everything carried over once."""
    hours = Hours()
    made = demo.demo_org()
    made.org.clock = hours
    system = Billing(Seed(accounts=accounts, awkward=0.0), clock=StageClock(hours), kept_changes=None)
    settings = Settings(product=product, api_key=API_KEY, username=USER)
    with (
        quiet(),
        stamina.set_testing(testing=True, attempts=4, cap=True),
        start_salesforce(made.org) as org,
        start_billing(system, settings) as billing,
    ):
        door, instance = _instance(org, billing, product)
        stage = Stage(door, instance, org, billing, hours, made.person.id, made.integration.id, world)
        stage.keep()
        first = world(stage, seed=0)
        first.carry_over()
        stage.keep()
        yield stage


def _instance(org, billing, product):
    from salesbridge.engine import connections, instances, prepare  # noqa: PLC0415 - Django has to be set up
    from salesbridge.salesforce import ClientCredentials  # noqa: PLC0415 - as above

    entered = instances.BillingSystem(
        f"Retailer {uuid.uuid4()}", product, billing.url, SecretStr(API_KEY), USER, "Europe/London"
    )
    door, _ = instances.add_tenant(entered, by="test")
    app = ClientCredentials(org.url, demo.CLIENT_ID, SecretStr(demo.CLIENT_SECRET))
    instance, _ = instances.add_instance(door, "sales", app, by="test")
    done = prepare.deploy_package(connections.salesforce(door, instance), door.tenant)
    assert done.success, done.findings
    org.org.directory.assign(org.org.directory.user_named("admin@sandbox.example").id, "Gentrack_Connector")
    return door, instance


@contextmanager
def quiet():
    """No log lines: a play makes thousands."""
    known = structlog.get_config()
    structlog.configure(processors=[_drop])
    try:
        yield
    finally:
        structlog.configure(**known)


def _drop(_logger, _method, _event):
    raise structlog.DropEvent
