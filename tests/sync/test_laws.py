"""Laws of the one decision, over worlds generated from the data model and over made-up entities."""

from dataclasses import replace

import worlds
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from salesbridge.model import EXTERNAL_ID, Side, columns
from salesbridge.sync.change import Change, Seen
from salesbridge.sync.decide import decide
from salesbridge.sync.decision import Reason, Verdict
from salesbridge.sync.merge import TRAVELS, Rule, slots

SETTLED = {
    Reason.EQUAL, Reason.LEFT, Reason.PROSPECT, Reason.GONE, Reason.FIGHTING, Reason.UNKNOWN_NUMBER, Reason.MOVED,
}  # fmt: skip
LAW = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@st.composite
def any_world(draw, *, both=False):
    entity = draw(worlds.entities())
    return entity, draw(worlds.facts(entity, both=both))


ANY_WORLD, BOTH_SIDES = any_world(), any_world(both=True)


def decided(entity, known):
    decision = decide(entity, known)
    return decision, worlds.carry_out(entity, known, decision)


@LAW
@given(ANY_WORLD)
def test_deciding_twice_is_deciding_once(world):
    entity, known = world
    first, after = decided(entity, known)
    second = decide(entity, after)
    if first.verdict in {Verdict.WAIT, Verdict.ASK}:
        assert second == first
    elif not first.unlink:  # a record that was unlinked is from then on as if it had never been linked
        assert second.writes == ()
        assert second.reason in SETTLED
        assert second.lost == ()


@LAW
@given(BOTH_SIDES, st.booleans(), st.integers(1, 3))
def test_the_echo_of_a_write_does_nothing_whoever_it_names(world, ours, times):
    entity, known = world
    first, after = decided(entity, known)
    assume(first.writes)
    before = {Side.SALESFORCE: known.salesforce, Side.BILLING: known.billing}
    echoes = tuple(
        Change(
            write.side,
            entity.name,
            worlds.KEY,
            at=known.now,
            before={} if write.create else {name: before[write.side].cells.get(name) for name in write.cells},
            after=write.cells,
            ours=ours,
        )
        for write in first.writes
    )
    answer = decide(entity, replace(after, changes=echoes * times))
    assert answer.writes == ()
    assert answer.reason in SETTLED
    assert answer.lost == ()


@LAW
@given(ANY_WORLD)
def test_only_the_master_ever_writes_a_field(world):
    entity, known = world
    masters = {slot.name: slot.master for slot in slots(entity)}
    agreed = known.link.agreed if known.link else {}
    writes = decide(entity, known).writes
    born = any(write.create for write in writes)
    for write in writes:
        for name, cell in write.cells.items():
            if born:
                assert cell in {*write_source(known, write).values(), known_key(entity, known)}
                continue
            fills = write.side is Side.SALESFORCE and name not in agreed and known.salesforce.cells[name] is None
            assert masters[name] is write.side.other or fills
            assert cell == write_source(known, write)[name], "a value that nobody entered"


def write_source(known, write):
    seen = known.billing if write.side is Side.SALESFORCE else known.salesforce
    return seen.cells if seen else {}


def known_key(entity, known):
    cells = known.salesforce.cells if known.salesforce else known.billing.cells
    return ":".join(cells.get(name) or "" for name in worlds.needed_parents(entity))


@LAW
@given(BOTH_SIDES)
def test_after_a_decision_every_column_agrees_or_has_a_reason_not_to(world):
    entity, known = world
    first, after = decided(entity, known)
    assume(first.verdict in {Verdict.WRITE, Verdict.NOTHING})
    assume(isinstance(after.salesforce, Seen) and after.billing)
    left = {move.name for move in first.moves if move.rule not in TRAVELS}
    for slot in slots(entity):
        one, other = (seen.cells.get(slot.name, "absent") for seen in (after.salesforce, after.billing))
        kept = slot.keeps and other is None
        assert "absent" in {one, other} or slot.agree(one, other) or slot.name in left or kept


@LAW
@given(BOTH_SIDES)
def test_what_is_agreed_on_is_what_both_sides_hold(world):
    entity, known = world
    first, after = decided(entity, known)
    assume(after.link is not None and first.verdict in {Verdict.WRITE, Verdict.NOTHING})
    assume(isinstance(after.salesforce, Seen) and after.billing)
    by_name = {slot.name: slot for slot in slots(entity)}
    for name, cell in first.agreed(frozenset(Side)).items():
        assert by_name[name].agree(cell, after.salesforce.cells[name])
        assert by_name[name].agree(cell, after.billing.cells[name])


@LAW
@given(BOTH_SIDES)
def test_a_write_that_failed_leaves_the_agreement_as_it_was(world):
    entity, known = world
    first = decide(entity, known)
    assume(first.writes)
    (side, *_) = (write.side for write in first.writes)
    untouched = first.agreed(frozenset({side.other}))
    written = {name for write in first.writes if write.side is side for name in write.cells}
    assert not written & set(untouched)
    assert set(first.agreed(frozenset(Side))) == written | set(untouched)


@LAW
@given(ANY_WORLD)
def test_the_decision_tells_no_more_than_was_known(world):
    entity, known = world
    decision = decide(entity, known)
    assert {write.side for write in decision.writes} <= set(Side)
    assert len({write.side for write in decision.writes}) == len(decision.writes)
    assert (decision.verdict is Verdict.WRITE) == bool(decision.writes)
    assert (decision.reason is Reason.PARENT) == (decision.waits_for is not None)
    assert decision.waits_for not in known.linked
    for entry in decision.lost:
        claimed = {
            (name, change.side, after)
            for change in known.changes
            if not change.ours
            for name, (_, after) in change.claims.items()
        }
        replaced = {
            (move.name, move.to, move.loser) for move in decision.moves if move.rule in {Rule.CONFLICT, Rule.RESTORED}
        }
        assert (entry.name, entry.side, entry.lost) in claimed | replaced


@LAW
@given(BOTH_SIDES)
def test_a_value_is_reported_lost_only_to_another_one(world):
    entity, known = world
    decision, after = decided(entity, known)
    by_name = {slot.name: slot for slot in slots(entity)}
    seen = {Side.SALESFORCE: after.salesforce, Side.BILLING: after.billing}
    for entry in decision.lost:
        slot = by_name[entry.name]
        assert not slot.agree(entry.lost, entry.won)
        assert seen[slot.master].cells[entry.name] == entry.won
    told = [(entry.name, entry.side, entry.lost) for entry in decision.lost]
    assert len(told) == len(set(told))


@LAW
@given(ANY_WORLD, st.booleans())
def test_no_write_depends_on_who_made_a_change(world, ours):
    entity, known = world
    changes = tuple(replace(change, ours=ours) for change in known.changes)
    assert replace(decide(entity, known), lost=()) == replace(decide(entity, replace(known, changes=changes)), lost=())


@LAW
@given(ANY_WORLD)
def test_what_a_side_claims_is_never_written_unless_the_side_holds_it(world):
    entity, known = world
    silent = replace(known, changes=())
    decision = decide(entity, known)
    assume(decision.reason is not Reason.UNCOMMITTED)
    assert decision.writes == decide(entity, silent).writes


def mirrored_entity(entity):
    fields = tuple(replace(field, master=field.master.other) for field in entity.fields)
    return replace(entity, fields=fields)


@st.composite
def symmetric_worlds(draw):
    """Worlds whose rules do not tell the sides apart: no parents, nothing fixed in Salesforce, no first contact."""
    entity = draw(worlds.made_up())
    fields = tuple(replace(field, create_only=False) for field in entity.fields if field.name != "Status")
    entity = replace(entity, fields=fields, parents=())
    agreed = draw(worlds.cells(entity, absent=False))
    restored = draw(worlds.links(entity)).restored
    changes = tuple(replace(change, at=None) for change in draw(st.lists(worlds.announcements(entity), max_size=3)))
    sides = [
        Seen({EXTERNAL_ID: worlds.KEY, **draw(worlds.cells(entity, absent=False))}, worlds.KEY, worlds.SALESFORCE_ID)
        for _ in Side
    ]
    known = draw(worlds.facts(entity))
    link = worlds.Link(worlds.KEY, worlds.SALESFORCE_ID, agreed, restored)
    known = replace(known, salesforce=sides[0], billing=sides[1], link=link, changes=changes, unwritable=frozenset())
    return entity, known


@LAW
@given(symmetric_worlds())
def test_swapping_sides_and_masters_swaps_the_decision(world):
    entity, known = world
    changes = tuple(replace(change, side=change.side.other) for change in known.changes)
    swapped = replace(known, salesforce=known.billing, billing=known.salesforce, changes=changes)
    straight, mirrored = decide(entity, known), decide(mirrored_entity(entity), swapped)
    assert (straight.verdict, straight.reason) == (mirrored.verdict, mirrored.reason)
    assert straight.fighting == mirrored.fighting
    for side in Side:
        assert straight.write_to(side) == (
            write and replace(write, side=side) if (write := mirrored.write_to(side.other)) else None
        )
    assert straight.lost == tuple(replace(entry, side=entry.side.other) for entry in mirrored.lost)
    own = {column.name for column in columns(entity)}
    assert {n: c for n, c in straight.equal.items() if n in own} == {
        n: c for n, c in mirrored.equal.items() if n in own
    }
