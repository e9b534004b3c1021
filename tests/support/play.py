"""A play on the stage: what people, networks and misfortune can do, one step at a time, and the engine in between.

Salesforce's events come in the order of its log from a place that the engine itself remembers, as a subscription's do;
billing's webhooks come in any order, more than once or never, and are sent again until they were acknowledged.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from history import History, billing_key
from live_world import LONG_AGO, TOPIC, _instant
from mapped import BY_ENTITY, EXT, KIND_OF, TRIGGERED, B, S
from stage import USER

from salesbridge.billing import BillingError
from salesbridge.billing.events import BillingEvent
from salesbridge.engine.live.deliver import Round, deliver
from salesbridge.engine.live.hear import hear_billing, hear_salesforce
from salesbridge.engine.live.points import watched
from salesbridge.engine.live.poll import poll
from salesbridge.engine.live.site import site
from salesbridge.salesforce import SalesforceError
from salesbridge.salesforce.events import BusEvent, Delivery
from salesbridge.sandbox.billing.events import events_of
from salesbridge.store import leases
from salesbridge.store.changes import Heard, write_changes
from salesbridge.store.leases import FencedError
from salesbridge.store.models import Change, Conflict, HeardEvent, Live, Parked

ROLES = ("listen", "poll", "deliver")
#: Work that only the holder of a lease may do; a webhook may come in anywhere.
FENCED = ("hear salesforce", "poll", "deliver")


class CrashError(BaseException):
    """The process dies here."""


class Stall:
    """What is going to happen to the engine's work: death, or a pause in which another worker takes over.

    Args:
        after: Points that are passed before.
        zombie: Whether the worker comes back after its lease was taken.
        name: Only points of this name count.
    """

    def __init__(self, after, *, zombie=False, name=""):
        self.left, self.zombie, self.name = after, zombie, name

    def strikes(self, name):
        """Count a point; whether it is the one."""
        if self.name not in name:
            return False
        self.left -= 1
        return self.left < 0


@dataclass
class Play:
    """One play.

    Args:
        stage: Where.
        seed: What replay ids and the like are made of.
        unlink: Whether deletes take links away.
    """

    stage: object
    seed: int = 0
    unlink: bool = False
    log: list = field(default_factory=list)
    letters: list = field(default_factory=list)
    trace: list = field(default_factory=list)
    points: Counter = field(default_factory=Counter)
    told: list = field(default_factory=list)
    violations: list = field(default_factory=list)

    def __post_init__(self):
        self.door, self.instance = self.stage.door, self.stage.instance
        self.org, self.billing = self.stage.org.org, self.stage.billing.billing
        self.person, self.faults = self.stage.person, self.stage.billing.service.faults
        self.door.rows(Live).get_or_create(instance=self.instance, defaults={"state": "live"})
        if self.unlink:
            self.door.instances.filter(pk=self.instance.pk).update(settings={"deletes": "unlink"})
        self.cursor, self.fetched, self.letters_up_to = 0, 0, self.billing.last_change
        self.lost_events, self.lost_letters, self.accepted = set(), set(), []
        self.owners, self.stall, self.paused, self.die_at = 0, None, False, None
        self.passed = []
        self.crashes = self.zombies = self.faulted = self.rounds = 0
        self.fences, self.born, self.silent = {}, 0, False
        self.history = History(self.org, self.billing, self.stage.ours, USER)
        self.begin_process()

    # time

    @property
    def now(self):
        return self.stage.hours.now

    def later(self, **delta):
        self.stage.hours.now += timedelta(**delta)

    # the process

    def begin_process(self):
        """A new worker takes the leases over and goes on where the database says."""
        self.owners += 1
        owner = f"worker-{self.owners}"
        leases.free_dead([])
        self.fences = {role: leases.take(self.door, self.instance.pk, role, owner, ttl_s=36_000) for role in ROLES}
        assert all(self.fences.values()), "a free lease was refused"
        self.site = site(self.door, self.instance.pk)
        self.cursor = self._place()

    def _place(self):
        replay = self.live.replay_id
        if replay is None:
            return 0
        return next(at for at, event in enumerate(self.log, 1) if event.replay_id == bytes(replay))

    @property
    def live(self):
        return self.door.rows(Live).get(instance=self.instance)

    def work(self, name, call):
        """One piece of the engine's work, in which the process may die or be overtaken."""
        fenced = False

        def listener(point):
            nonlocal fenced
            self.points[point] += 1
            self.passed.append(point)
            if self.die_at is not None and len(self.passed) > self.die_at:
                self.die_at = None
                raise CrashError(point)
            if self.stall is None or not self.stall.strikes(point):
                return
            struck, self.stall = self.stall, None
            self.note("stalled", point, zombie=struck.zombie)
            if not struck.zombie:
                raise CrashError(point)
            fenced = self._overtaken()

        try:
            with watched(listener):
                done = call()
        except CrashError:
            self.crashes += 1
            self.begin_process()
            return None
        except FencedError:
            self.note("fenced", name)
            if not fenced:
                self.violations.append(f"{name} was fenced although nobody had taken the lease")
            return None
        except (SalesforceError, BillingError) as error:
            self.note("failed", name, code=error.code)
            return None
        if fenced and name in FENCED:
            self.violations.append(f"{name} went on to its end although the lease was somebody else's by then")
        self.note(name, done)
        return done

    def _overtaken(self):
        """Another worker takes over and works, while this one is away; it comes back with leases that are gone."""
        self.zombies += 1
        self.begin_process()
        deliver(self.site, self.fences["deliver"], self.now)
        return True

    def note(self, *words, **details):
        at = (self.now - self.stage.kept[2]).total_seconds()
        self.trace.append(f"{at:.0f} {' '.join(map(_told, words))} {details or ''}".rstrip())

    @property
    def hash(self):
        """What two plays of one seed have in common: every step, every change on either side, every outcome."""
        told = [*self.trace, *map(str, self.history.moved)]
        told += [f"{c.number} {c.side} {c.entity} {c.record} {c.outcome} {c.reason}" for c in self.changes()]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()

    # what people do

    def rows(self, entity):
        return {row[EXT]: row for row in self.org.rows(entity) if row.get(EXT)}

    def keys(self, entity):
        return sorted(self.rows(entity))

    def save(self, operation, entity, values):
        """What a person saves in Salesforce.

        The package's triggers tell of three objects only, and not of what a delete or merge takes along (Apex
        Developer Guide, "Operations That Don't Invoke Triggers"): the rest is found by comparing everything.
        """
        self.silent = self.silent or entity not in TRIGGERED or operation in {"delete", "undelete"}
        (result,) = self.org.save(operation, entity, [values], user=self.person)
        self.note("person", operation, entity, *[f"{k}={v}" for k, v in values.items()], result.success)
        return result

    def edit_salesforce(self, entity, key, **values):
        row = self.rows(entity).get(key)
        return row is not None and self.save("update", entity, {"Id": row["Id"], **values}).success

    def edit_billing(self, kind, key, **values):
        record = self.billing.find(kind, key)
        if record is None:
            return False
        try:
            self.billing.update(kind, record["id"], values, source="person")
        except ValueError as refused:
            self.note("person", kind, key, values, "refused", refused)
            return False
        self.note("person", kind, key, values)
        return True

    def edit(self, side, mapped, key, value):
        """One field of one record changed by a person."""
        if side == S:
            return self.edit_salesforce(mapped.entity, key, **{mapped.field: value})
        return self.edit_billing(mapped.kind, key, **{mapped.member: value})

    def create_in_billing(self, kind, **values):
        try:
            made = self.billing.create(kind, values, source="person")
        except ValueError as refused:
            self.note("person", "create", kind, "refused", refused)
            return None
        self.note("person", "create", kind, values)
        return made

    def delete_in_billing(self, kind, key):
        record = self.billing.find(kind, key)
        if record is not None:
            self.billing.delete(kind, record["id"], source="person")
            self.note("person", "delete", kind, key)

    # what is on its way

    def fetch(self):
        """Take what both systems have said since the last time."""
        bus = self.org.bus
        for event in bus.retained(TOPIC):
            if event.number > self.fetched:
                self.fetched = event.number
                values = bus.decode(event)
                self.log.append(BusEvent(event.uuid, event.replay_id, values, _instant(values)))
        for change in self.billing.changes(after=self.letters_up_to):
            self.letters_up_to = change.sequence
            for at, (kind, data) in enumerate(events_of(change, self.billing.accounts_of)):
                name = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{change.sequence}:{at}"))
                self.letters.append(BillingEvent(name, kind, "t", "a", self.now, data))

    @property
    def waiting(self):
        """Events of Salesforce that have not been delivered yet."""
        return self.log[self.cursor :]

    def hear_salesforce(self, count=None, *, repeat=0, turned=False, lose=()):
        """The next events of the log, some of the older ones among them once more."""
        self.fetch()
        count = len(self.waiting) if count is None else min(count, len(self.waiting))
        fresh = self.log[self.cursor : self.cursor + count]
        if not fresh:
            return 0
        lost = {fresh[at].event_id for at in lose if at < len(fresh)}
        batch = self.log[max(0, self.cursor - repeat) : self.cursor]
        batch = [*batch, *(event for event in fresh if event.event_id not in lost)]
        delivery = Delivery(tuple(reversed(batch) if turned else batch), fresh[-1].replay_id, 0)
        before = self.cursor
        self.lost_events |= lost
        done = self.work("hear salesforce", lambda: hear_salesforce(self.site, self.fences["listen"], delivery))
        if done is not None:
            self.cursor = before + count
        return done or 0

    def hear_billing(self, which=None, *, repeat=False, lose=()):
        """Some of the letters that wait; one that is not acknowledged waits on."""
        self.fetch()
        chosen = list(self.letters) if which is None else [self.letters[at] for at in which if at < len(self.letters)]
        heard = 0
        for at, letter in enumerate(chosen):
            if at in lose:
                self.letters.remove(letter)
                self.lost_letters.add(letter.event_id)
                continue
            done = self.work("hear billing", lambda letter=letter: hear_billing(self.door, [self.site], [letter])[0])
            if done is None:
                break
            heard += done
            self.accepted.append(letter)
            if not repeat:
                self.letters.remove(letter)
        return heard

    def poll(self):
        return self.work("poll", lambda: poll(self.site, self.fences["poll"], self.now)) or 0

    def deliver(self, limit=1000):
        live = self.live
        if self.paused or (live.held_until is not None and live.held_until > self.now):
            return Round()
        self.rounds += 1
        fence, where = self.fences["deliver"], self.site
        return self.work("deliver", lambda: deliver(where, fence, self.now, limit=limit)) or Round(taken=-1)

    def look_at_everything(self):
        """What a full comparison would hand over if everything differed: each record, as each side tells of it.

        Of the catalogue, which nobody edits beyond its first products, a few are enough.
        """
        told = [(S, entity, row["Id"]) for entity in self.site.entities for row in self.org.rows(entity)]
        told += [
            (B, entity, billing_key(kind, record))
            for entity, kind in {**KIND_OF, "PricebookEntry": "products"}.items()
            for record in self.billing.records(kind)
        ]
        catalogue = set(self.keys("Product2")[4:])
        rows = [*self.org.rows("Product2"), *self.org.rows("PricebookEntry")]
        prices = {row["Id"] for row in rows if row[EXT] in catalogue}
        told = [each for each in told if each[2] not in catalogue | prices]
        serial = uuid.uuid4()
        return write_changes(
            self.door, self.instance.pk,
            [Heard(side, e, key, "save", f"look:{serial}:{e}:{key}", origin="reconciliation") for side, e, key in told],
        )[1]  # fmt: skip

    # the end

    def mend(self):
        """No more misfortune: everything works again."""
        self.stall, self.paused = None, False
        self.org.faults.disarm()
        self.faults.disarm()

    def settle(self, rounds=60):
        """Deliver until there is nothing to do now."""
        for _ in range(rounds):
            held = self.live.held_until
            if held is not None and held > self.now:
                self.stage.hours.now = held
            if not self.deliver().taken and not self.live.held_until:
                return
        raise AssertionError("delivery does not come to rest")

    def quiesce(self, rounds=25):
        """Hear and deliver until both sides are quiet."""
        heard = self.poll()
        for _ in range(rounds):
            heard += self.hear_salesforce() + self.hear_billing()
            work = self.door.rows(Change).filter(instance=self.instance, outcome=None).exists()
            if not heard and not work:
                return
            self.settle()
            self.later(seconds=1)
            heard = 0
        raise AssertionError("the two sides do not come to rest")

    def drain(self):
        """Let everything end well: no faults, all events, parked records looked at until they say the same again."""
        self.mend()
        self.quiesce()
        if self.lost_events or self.silent:
            self.look_at_everything()
        for pause in ({"minutes": 12}, {"hours": 7}):
            self.later(**pause)
            self.settle()
        self.quiesce()

    def carry_over(self):
        """Everything in billing arrives in Salesforce for the first time."""
        self.door.rows(Live).filter(instance=self.instance).update(polled_until=LONG_AGO)
        self.poll()
        self.settle()
        self.later(hours=1)
        assert self.parked() == []
        assert all(self.rows(entity) for entity in BY_ENTITY if KIND_OF[entity])
        self.door.rows(Live).filter(instance=self.instance).update(polled_until=self.now, replay_id=None)
        self.door.rows(Change).filter(instance=self.instance).delete()

    # what is remembered

    def changes(self, **filters):
        return list(self.door.rows(Change).filter(instance=self.instance, **filters).order_by("number"))

    def parked(self):
        return list(self.door.rows(Parked).filter(instance=self.instance))

    def conflicts(self):
        return list(self.door.rows(Conflict).filter(instance=self.instance))

    def letters_heard(self):
        return set(self.door.rows(HeardEvent).values_list("event_id", flat=True))


def _told(word):
    if isinstance(word, Round):
        return f"{word.taken} changes {dict(word.verdicts)} {dict(word.written)} {word.held}"
    return str(word)
