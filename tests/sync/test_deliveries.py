"""Doorbells in any order, any number of times, with edits and deaths in between: the end is always the same."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import worlds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salesbridge.model import EXTERNAL_ID, Entity, Field, Side
from salesbridge.model.kinds import Text
from salesbridge.sync.change import Change, Seen
from salesbridge.sync.decide import Facts, decide
from salesbridge.sync.decision import Reason, Verdict
from salesbridge.sync.merge import slots

LAW = settings(
    suppress_health_check=[HealthCheck.too_slow],
)
SIDES = {Side.SALESFORCE: "salesforce", Side.BILLING: "billing"}
TICK = timedelta(seconds=1)


@dataclass
class Record:
    """A record on both sides, with all that was ever said of it, and what is under way."""

    entity: Entity
    known: Facts
    tells_time: bool
    doorbells: list = field(default_factory=list)
    edits: list = field(default_factory=list)
    lost: list = field(default_factory=list)
    under_way: object = None

    def seen(self, side):
        return getattr(self.known, SIDES[side])

    def edit(self, side, name, cell):
        """A person changes one value on one side, which rings our doorbell."""
        self._tick()
        seen = self.seen(side)
        self._ring(side, {name: seen.cells[name]}, {name: cell}, ours=False)
        self.edits.append((name, side, cell))
        self._hold(side, replace(seen, cells={**seen.cells, name: cell}))

    def look(self, changes=()):
        """Read both sides and decide; the writes are under way from then on."""
        self.finish()
        self._tick()
        self.under_way = decide(self.entity, replace(self.known, changes=tuple(changes)))
        if self.under_way.reason is Reason.UNCOMMITTED:
            later = replace(self.known, changes=tuple(changes), now=self.known.now + timedelta(minutes=10))
            self.under_way = decide(self.entity, later)
        self.lost += self.under_way.lost

    def finish(self, written=frozenset(Side), *, committed=True):
        """What is under way reaches those sides, or we die before the link is kept."""
        decision, self.under_way = self.under_way, None
        if decision is None or decision.verdict is Verdict.WAIT:
            return
        for write in (write for write in decision.writes if write.side in written):
            before = {name: self.seen(write.side).cells.get(name) for name in write.cells}
            self._ring(write.side, before, dict(write.cells), ours=True)
        self.known = worlds.carry_out(self.entity, self.known, decision, written, committed=committed)
        if self.known.link:
            self.known = replace(self.known, link=replace(self.known.link, restored={}))
        self._hold(Side.SALESFORCE, self.known.salesforce)

    def _ring(self, side, before, after, *, ours):
        at = self.known.now
        self.doorbells.append(Change(side, self.entity.name, worlds.KEY, at=at, before=before, after=after, ours=ours))

    def _hold(self, side, seen):
        modified = self.known.now if self.tells_time else None
        self.known = replace(self.known, **{SIDES[side]: replace(seen, modified=modified)})

    def _tick(self):
        self.known = replace(self.known, now=self.known.now + TICK)


def wanted(start, edits, slot):
    """The reference: what the master said last; at first contact billing's value where Salesforce has none."""
    said = [cell for name, side, cell in edits if name == slot.name and side is slot.master]
    if said:
        return said[-1]
    salesforce, billing = (getattr(start, SIDES[side]).cells[slot.name] for side in (Side.SALESFORCE, Side.BILLING))
    fills = slot.master is Side.SALESFORCE and salesforce is None
    return billing if fills or slot.master is Side.BILLING else salesforce


def free_slots(entity):
    """What can travel both ways at any time, parents aside."""
    return [slot for slot in slots(entity) if not (slot.create_only or slot.one_way or slot.keeps)]


@st.composite
def records(draw, entity):
    names = [slot.name for slot in free_slots(entity) if slot.column]
    names = draw(st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=3)) if names else []
    key = {EXTERNAL_ID: worlds.KEY}
    salesforce, billing = (
        key | draw(worlds.cells(entity, names, absent=False, empty=empty)) for empty in (False, True)
    )
    known = Facts(
        (),
        Seen(salesforce, worlds.KEY, worlds.SALESFORCE_ID),
        Seen(billing, worlds.KEY, "B1"),
        None,
        frozenset(),
        worlds.NOW,
    )
    return Record(entity, known, draw(st.booleans()))


STEPS = ("edit", "edit", "edit", "ring", "ring", "look", "finish", "half", "die", "die early")


def live(draw, record, steps):
    """Edits, doorbells, looks and deaths in any order."""
    values = worlds.told(record.entity)
    names = sorted(set(record.known.salesforce.cells) - {EXTERNAL_ID})
    for step in steps:
        if step == "edit" and names:
            name = draw(st.sampled_from(names))
            record.edit(draw(st.sampled_from(Side)), name, draw(st.sampled_from((*values[name], None))))
        elif step == "ring":
            record.look(draw(st.lists(st.sampled_from(record.doorbells), max_size=3)) if record.doorbells else ())
        elif step == "look":
            record.look()
        elif step == "finish":
            record.finish()
        elif step == "half":
            record.finish(frozenset({draw(st.sampled_from(Side))}))
        elif step == "die":
            record.finish(committed=False)
        else:
            record.under_way = None


@LAW
@given(st.data())
def test_however_changes_are_delivered_the_master_prevails_and_a_further_round_writes_nothing(data):
    entity = data.draw(worlds.entities())
    record = data.draw(records(entity))
    start = record.known
    record.look()
    record.finish()
    live(data.draw, record, data.draw(st.lists(st.sampled_from(STEPS), max_size=12)))
    for change in data.draw(st.permutations(record.doorbells)):
        record.look([change] * data.draw(st.integers(1, 2)))
    record.look(record.doorbells[-1:])
    record.finish()
    for slot in free_slots(entity):
        if slot.name in start.salesforce.cells:
            last = wanted(start, record.edits, slot)
            assert slot.agree(record.known.salesforce.cells[slot.name], last)
            assert slot.agree(record.known.billing.cells[slot.name], last)
    record.look(record.doorbells)
    assert record.under_way.writes == ()


NOTES = Entity(
    "Made_Up__c", "made_up", ("number",), "made-up records",
    (Field("Ours__c", Text(20), Side.SALESFORCE, "ours"), Field("Theirs__c", Text(20), Side.BILLING, "theirs")),
)  # fmt: skip


@LAW
@given(st.data())
def test_every_edit_that_does_not_prevail_is_told_and_nothing_that_nobody_entered(data):
    record = data.draw(records(NOTES))
    record.look()
    record.finish()
    names = sorted(set(record.known.salesforce.cells) - {EXTERNAL_ID})
    for at, step in enumerate(data.draw(st.lists(st.sampled_from(("edit", "edit", "ring", "finish")), max_size=12))):
        if step == "edit":
            record.edit(data.draw(st.sampled_from(Side)), data.draw(st.sampled_from(names)), f"entered {at}")
        elif step == "finish":
            record.finish()
        elif record.doorbells:
            record.look(data.draw(st.lists(st.sampled_from(record.doorbells), max_size=3)))
    for change in data.draw(st.permutations(record.doorbells)):
        record.look([change])
    record.finish()
    masters = {slot.name: slot.master for slot in slots(NOTES)}
    overruled = {edit for edit in record.edits if edit[1] is not masters[edit[0]]}
    assert {(entry.name, entry.side, entry.lost) for entry in record.lost} == overruled
