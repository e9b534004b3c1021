"""The judge: invariants I1 to I10 over the history of a play that has come to rest. It asks the two systems, and reads
what the product has written down; it never asks the product what it thinks of itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from history import billing_key
from mapped import BY_ENTITY, EXT, KIND_OF, MASTER, PARENTS, TRIGGERED, B, S

from salesbridge.store.journal import LIVE
from salesbridge.store.models import Change, Live

_SETTLED = {"applied", "unchanged", "superseded", "parked", "dismissed"}
#: Ways of waiting that end with somebody's edit or decision only.
_LASTING = {"parent", "permanent", "person"}
#: Calls to Salesforce that one round of delivery may need: a few reads and writes for each of seven objects.
CALLS_A_ROUND = 60


def judge(play):
    """Everything that is wrong with a play that has been drained; nothing, if all is well."""
    found = list(play.violations)
    for law in LAWS:
        found += [f"{law.__name__.upper().replace('_', ' ')}: {told}" for told in law(play)]
    return found


def i1_no_event_is_lost(play):
    """Every accepted change has a journal row, and that row ends with an outcome and a reason."""
    changes = play.changes()
    known = {(change.side, change.event_id) for change in changes}
    place = play._place()
    for event in play.log[:place]:
        wanted = event.values["Object_Type__c"] in TRIGGERED and event.event_id not in play.lost_events
        if wanted and (S, event.event_id) not in known:
            yield f"Salesforce's event {event.event_id} was passed over: {event.values}"
    heard = {change.event_id.split(":")[0] for change in changes if change.side == B}
    for letter in play.accepted:
        if letter.event_id not in heard:
            yield f"billing's event {letter.type} {dict(letter.data)} was acknowledged and is in no journal"
    yield from _outcomes(play, changes)


def _outcomes(play, changes):
    waiting = {(parked.entity, parked.record): parked for parked in play.parked()}
    numbers = {change.number: change for change in changes}
    if (
        sorted(numbers) != list(range(1, len(numbers) + 1))
        and numbers
        and max(numbers) - min(numbers) + 1 != len(numbers)
    ):
        yield "the journal's numbers have gaps"
    for change in changes:
        told = f"change {change.number} of {change.entity} {change.record or change.key}"
        if change.outcome not in _SETTLED:
            yield f"{told} was never decided"
        elif change.outcome == "parked" and (change.entity, change.record) not in waiting:
            yield f"{told} is parked, but nothing remembers the record"
        elif change.outcome == "superseded" and (
            change.superseded_by not in numbers or numbers[change.superseded_by].outcome is None
        ):
            yield f"{told} is superseded by a change that was not decided"
        elif not change.reason:
            yield f"{told} ended without a reason"
    linked = {(link.entity, link.billing_key) for link in play.door.links(play.instance)}
    for (entity, record), parked in waiting.items():
        if not (parked.code and parked.message and parked.mend):
            yield f"{entity} {record} is parked without a reason"
        if parked.hold not in _LASTING or (parked.waits_for_entity, parked.waits_for_key) in linked:
            yield f"{entity} {record} still waits although its cause is gone: {parked.hold}, {parked.message}"


def i2_no_update_is_lost(play):
    """A field ends with what its master last said; what a person entered elsewhere and lost is in the conflict log."""
    chosen = _masters_say(play)
    now = play.history.now()
    for (entity, key, name), value in chosen.items():
        side = MASTER[entity, name]
        held = now.get((side, entity, key, name), value)
        if held != value:
            yield f"{side} is master of {entity} {key} {name} and last said {value!r}, but it holds {held!r}"
    yield from _untold(play)
    yield from _invented(play)


def _masters_say(play):
    """What the master of each field last said."""
    chosen = {
        (entity, key, name): value
        for (side, entity, key, name), value in play.history.first.items()
        if MASTER[entity, name] == side
    }
    for each in play.history.moved:
        if MASTER[each.entity, each.field] == each.side and (not each.ours or each.born):
            chosen[each.entity, play.history.key(each.key), each.field] = each.after
    return chosen


def _untold(play):
    """Values of people that the connector replaced without telling."""
    conflicts = {(c.entity, c.record, c.field, c.side, c.lost) for c in play.conflicts()}
    holder, said = {}, defaultdict(set)
    for (side, entity, key, name), value in play.history.first.items():
        if MASTER[entity, name] == side:
            said[entity, key, name].add(value)
    for each in play.history.moved:
        key = play.history.key(each.key)
        slot = (each.side, each.entity, key, each.field)
        master = MASTER[each.entity, each.field] == each.side
        overruled = each.ours and not each.born and holder.get(slot) == "person"
        if overruled and master and each.before is not None:
            yield f"the connector replaced {each.before!r}, which a person had entered on the master's side: {each}"
        told = each.before in said[slot[1:]] or (each.entity, key, each.field, each.side, each.before) in conflicts
        if overruled and not master and not told:
            yield f"{each.side}'s {each.before!r} in {each.field} of {each.entity} {key} was replaced and not told"
        holder[slot] = "connector" if each.ours else "person"
        if master:
            said[slot[1:]].add(each.after)


def _invented(play):
    """Conflicts that tell of what nobody entered; after a death, our own write may look like an edit."""
    entered, said = defaultdict(set), defaultdict(set)
    for (_side, *slot), value in play.history.first.items():
        said[tuple(slot)].add(value)
    for each in play.history.edits:
        slot = each.entity, play.history.key(each.key), each.field
        entered[(each.side, *slot)].add(each.after)
        said[slot].add(each.after)
    quiet = not (play.crashes or play.zombies or play.faulted)
    for told in play.conflicts():
        slot = told.entity, told.record, told.field
        known = entered[(told.side, *slot)] if quiet else said[slot]
        if (told.entity, told.field) in MASTER and told.lost not in known:
            yield f"{told.side}'s {told.lost!r} in {slot} is told as lost, but nobody entered it there"


def i3_no_echo(play):
    """The connector writes a field of a side at most once for each edit of it; a restart may cost a repeat."""
    edits, writes = Counter(), Counter()
    for each in play.history.moved:
        slot = (each.entity, play.history.key(each.key), each.field)
        if not each.ours:
            edits[slot] += 1
        elif not each.born:
            writes[(each.side, *slot)] += 1
    for (side, *slot), count in writes.items():
        allowed = edits[tuple(slot)] + play.crashes + play.zombies
        if count > allowed:
            yield f"{side}: {slot} was written {count} times for {edits[tuple(slot)]} edits"


def i4_both_sides_agree(play):
    """Both sides hold the same wherever nothing is parked, and another look at everything writes nothing."""
    now = play.history.now()
    excused = {(parked.entity, parked.record) for parked in play.parked()} | _apart(play)
    for (side, entity, key, name), value in now.items():
        other = (B if side == S else S, entity, key, name)
        if (entity, key) in excused:
            continue
        if other not in now:
            yield f"{entity} {key} is in {side} only"
        elif now[other] != value and side == S:
            yield f"{entity} {key} {name}: Salesforce has {value!r}, billing {now[other]!r}"
    saves, moved = play.history.our_saves, len(play.history.moved)
    play.look_at_everything()
    play.settle()
    if play.history.our_saves != saves:
        yield f"another look at everything saved {play.history.our_saves - saves} records: {play.history.moved[moved:]}"


def _apart(play):
    """Records that a delete, a merge or a wrong number has taken apart; a person was asked, or the settings said so."""
    apart = set()
    linked = {(link.entity, link.billing_key) for link in play.door.links(play.instance)}
    for entity, kind in KIND_OF.items():
        here = set(play.rows(entity))
        there = {key for (side, e, key, _) in play.history.now() if side == B and e == entity}
        apart |= {(entity, key) for key in here ^ there if kind and (entity, key) not in linked and play.unlink}
    return apart


def i7_no_duplicates(play):
    """No two Salesforce records have the same external id, at any time, and no billing record came into being twice."""
    yield from play.history.twins
    for entity in BY_ENTITY:
        counted = Counter(row[EXT].casefold() for row in play.org.rows(entity) if row.get(EXT))
        yield from (f"{entity} {key} is there {count} times" for key, count in counted.items() if count > 1)
    counted = Counter(
        f"{r['account_number']}:{r['customer_number']}" for r in play.billing.records("account_customers")
    )
    yield from (f"billing's account customer {key} is there {n} times" for key, n in counted.items() if n > 1)
    known = {link.salesforce_id for link in play.door.links(play.instance)}
    for entity in BY_ENTITY:
        ours = [r for r in play.org.rows(entity) if r["CreatedById"] == play.stage.ours and r["Id"] not in known]
        yield from (f"{entity} {row['Id']} was made by the connector and is linked to nothing" for row in ours)


def i8_children_have_their_own_parent(play):
    """A child is under the parent that billing names, unless a merge moved it; one that waits says for which."""
    excused = {(parked.entity, parked.record) for parked in play.parked()} | play.history.moved_along
    for child, lookup, parent, member in PARENTS:
        ids = {row["Id"]: row.get(EXT) for row in play.org.rows(parent)}
        records = _records(play, KIND_OF[child])
        for key, row in play.rows(child).items():
            wanted = records.get(key, {}).get(member)
            if wanted is not None and (child, key) not in excused and ids.get(row.get(lookup)) != wanted:
                yield f"{child} {key} is under {ids.get(row.get(lookup))} instead of {wanted}"
    for parked in play.parked():
        if parked.hold == "parent" and not parked.waits_for_key:
            yield f"{parked.entity} {parked.record} waits for a parent without saying which"


def _records(play, kind):
    return {billing_key(kind, record): record for record in play.billing.records(kind)}


def i9_nothing_is_invented(play):
    """Every value was there at the beginning or was entered by a person."""
    known = defaultdict(lambda: {None, "true"})  # true: billing's default of a new relation
    for (_, entity, key, name), value in play.history.first.items():
        known[entity, key, name].add(value)
    for each in play.history.edits:
        known[each.entity, play.history.key(each.key), each.field].add(each.after)
    for each in play.history.writes:
        slot = (each.entity, play.history.key(each.key), each.field)
        if each.after not in known[slot]:
            yield f"{each.after!r} in {slot} was entered by nobody"


def i10_bounded(play):
    """Nothing is left undecided however much is parked, and calls stay within what the rounds may cost."""
    undecided = play.door.rows(Change).filter(instance=play.instance, outcome=None).count()
    if undecided:
        yield f"{undecided} changes are stuck behind others"
    calls = len(play.org.calls)
    if calls > CALLS_A_ROUND * (play.rounds + 1):
        yield f"{calls} calls to Salesforce in {play.rounds} rounds"
    live = play.door.rows(Live).get(instance=play.instance)
    if live.held_until is not None and live.outages:
        yield f"delivery is still held: {live.held_reason}"
    waiting = {(parked.entity, parked.record) for parked in play.parked()}
    problems = play.door.problems.filter(instance=play.instance, state__in=LIVE)
    for problem in problems.exclude(entity=""):
        if (problem.entity, problem.key) not in waiting:
            yield f"a problem is still open for {problem.entity} {problem.key}, which no longer waits: {problem}"


#: I5 and I6 compare several plays and I12 several tenants (their own tests); I11 is what I1 finds after a crash.
LAWS = (
    i1_no_event_is_lost,
    i2_no_update_is_lost,
    i3_no_echo,
    i4_both_sides_agree,
    i7_no_duplicates,
    i8_children_have_their_own_parent,
    i9_nothing_is_invented,
    i10_bounded,
)
