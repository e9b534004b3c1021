"""Two simulated systems and the live engine in this process, moved step by step: nothing happens unless a test says so.

Salesforce's events are taken from the org's bus and billing's from its list of changes, and wait until they are
delivered, in whatever order and as often as a test likes.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import transaction

from salesbridge.billing.events import BillingEvent
from salesbridge.engine.live.deliver import Round, deliver
from salesbridge.engine.live.hear import hear_billing, hear_salesforce
from salesbridge.engine.live.poll import poll
from salesbridge.engine.live.site import Site, site
from salesbridge.salesforce.events import BusEvent, Delivery
from salesbridge.store import leases
from salesbridge.store.models import Change, Live, Parked

EXT = "Gentrack_External_Id__c"
TOPIC = "/event/Gentrack_Object_Event__e"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class LiveWorld:
    """One instance between two simulated systems.

    Args:
        door: Door of its tenant.
        instance: The instance.
        org: The running simulated org.
        billing: The running simulated billing system.
    """

    door: object
    instance: object
    org: object
    billing: object
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    heard_events: int = 0
    heard_changes: int = 0
    owner: str = "test"

    def __post_init__(self):
        self.door.rows(Live).get_or_create(instance=self.instance, defaults={"state": "live"})
        self.fences = {role: self.take(role) for role in ("listen", "poll", "deliver")}

    def take(self, role, owner=None):
        return leases.take(self.door, self.instance.pk, role, owner or self.owner, ttl_s=3600)

    @property
    def site(self) -> Site:
        return site(self.door, self.instance.pk)

    @property
    def live(self) -> Live:
        return self.door.rows(Live).get(instance=self.instance)

    # what the two systems hold

    def rows(self, sobject):
        return {row[EXT]: row for row in self.org.org.rows(sobject) if row.get(EXT)}

    def row(self, sobject, key):
        return self.rows(sobject)[key]

    def records(self, kind):
        found = self.billing.billing.records(kind)
        return {(r.get("number") or r.get("identifier") or r.get("code")): r for r in found}

    # what people do

    def edit_salesforce(self, sobject, key, **values):
        self.person.update(sobject, self.row(sobject, key)["Id"], values)

    def edit_billing(self, kind, key, **values):
        record = self.billing.billing.find(kind, key)
        return self.billing.billing.update(kind, record["id"], values, source="person")

    # what arrives

    def bus_events(self):
        """Events of the org's bus that have not been taken yet, oldest first."""
        bus = self.org.org.bus
        retained = bus.retained(TOPIC)
        fresh = retained[self.heard_events :]
        self.heard_events = len(retained)
        return [BusEvent(e.uuid, e.replay_id, bus.decode(e), _instant(bus.decode(e))) for e in fresh]

    def hear_salesforce(self, events=None):
        events = self.bus_events() if events is None else events
        latest = events[-1].replay_id if events else b""
        return hear_salesforce(self.site, self.fences["listen"], Delivery(tuple(events), latest, 0))

    def hear_billing(self, kind_of_event, **data):
        event = BillingEvent(str(uuid.uuid4()), kind_of_event, "t", "a", self.now, data)
        return hear_billing(self.door, [self.site], [event])[0]

    def poll(self):
        return poll(self.site, self.fences["poll"], self.now)

    def poll_everything(self):
        self.door.rows(Live).filter(instance=self.instance).update(polled_until=LONG_AGO)
        return self.poll()

    def deliver(self, **options) -> Round:
        return deliver(self.site, self.fences["deliver"], self.now, **options)

    def settle(self, rounds=50):
        """Rounds of delivery until nothing is left to do now."""
        made = []
        for _ in range(rounds):
            done = self.deliver()
            if not done.taken:
                return made
            made.append(done)
        raise AssertionError(f"delivery does not come to rest: {made[-3:]}")

    def quiesce(self, rounds=20):
        """Hear and deliver until both sides are quiet."""
        for _ in range(rounds):
            heard = self.hear_salesforce() + self.poll()
            if not heard and not self.settle():
                return
            self.settle()
        raise AssertionError("the two sides do not come to rest")

    def later(self, **delta):
        self.now += timedelta(**delta)

    # what is remembered

    def changes(self, **filters):
        with transaction.atomic():
            return list(self.door.rows(Change).filter(instance=self.instance, **filters).order_by("number"))

    def parked(self):
        return list(self.door.rows(Parked).filter(instance=self.instance))


def _instant(values):
    created = values.get("CreatedDate")
    return created if isinstance(created, datetime) else datetime.fromtimestamp(created / 1000, UTC)
