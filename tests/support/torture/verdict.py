"""The judge: what must hold once the faults have stopped and everything has come to rest. It knows no engine.

It reads the ledgers of the two systems, what they hold, and the tables of the journal; the names of the invariants are
those of the reliability page.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from mapped import MAPPED, MASTER, PARENTS, B, S

#: Of a run without disturbances every edit is written once; each disturbance may make us write a batch again.
_WRITES_AN_EDIT, _WRITES_A_DISTURBANCE = 1.0, 4.0


def violations(scene, begin, *, disturbances):
    """Everything that does not hold, in sentences.

    Args:
        scene: Where.
        begin: What both sides held at the beginning, and how many saves there had been.
        disturbances: How often something went wrong.
    """
    held, (first, known) = scene.held(), begin
    saves = scene.saves()[known:]
    return [
        *_twins(held),
        *_differences(held),
        *_lost_edits(held, saves),
        *_invented(first, saves),
        *_too_many_writes(saves, disturbances),
        *_journal(scene),
        *_unheard(scene),
        *_problems(scene),
    ]


def _by_key(rows):
    return {row["key"]: row for row in rows}


def _twins(held):
    for entity, rows in held[S].items():
        for key, count in Counter(row["key"] for row in rows).items():
            if count > 1:
                yield f"I7: {entity} {key} is in Salesforce {count} times"


def _differences(held):
    """Equal on every mapped field, parents included, and the same records on both sides."""
    for entity, rows in held[B].items():
        billing, org = _by_key(rows), _by_key(held[S][entity])
        yield from (f"I4: {entity} {key} is in billing only" for key in billing.keys() - org.keys())
        yield from (f"I4: {entity} {key} is in Salesforce only" for key in org.keys() - billing.keys())
        parents = [lookup for child, lookup, _, _ in PARENTS if child == entity]
        for key in billing.keys() & org.keys():
            for name in [m.field for m in MAPPED if m.entity == entity] + parents:
                if billing[key][name] != org[key][name]:
                    told = f"billing has {billing[key][name]!r}, Salesforce {org[key][name]!r}"
                    yield f"{'I8' if name in parents else 'I4'}: {entity} {key}.{name}: {told}"


def keys_of(saves):
    """External ids by side, entity and the side's own id."""
    return {(s.side, s.entity, s.id): s.key for s in saves if s.key}


def last_edits(saves):
    """The value that people entered last in the master of each field: (entity, key, field) -> value."""
    keys = keys_of(saves)
    found = {}
    for save in saves:
        key = keys.get((save.side, save.entity, save.id))
        for name, (_, after) in save.fields.items():
            if not save.ours and key is not None and MASTER[save.entity, name] == save.side:
                found[save.entity, key, name] = after
    return found


def _lost_edits(held, saves):
    rows = {side: {e: _by_key(each) for e, each in held[side].items()} for side in held}
    for (entity, key, name), value in last_edits(saves).items():
        for side in (S, B):
            row = rows[side][entity].get(key)
            if row is not None and row[name] != value:
                yield f"I2: {entity} {key}.{name} was last set to {value!r} in its master, {side} has {row[name]!r}"


def _invented(first, saves):
    """Whatever we wrote was somebody's value of this field before."""
    entered = defaultdict(set)
    keys = keys_of(saves)
    for rows in first.values():
        for entity, each in rows.items():
            for row in each:
                for name, value in row.items():
                    entered[entity, row["key"], name].add(value)
    for save in saves:
        key = keys.get((save.side, save.entity, save.id), save.id)
        for name, (_, after) in save.fields.items():
            known = entered[save.entity, key, name]
            if not save.ours:
                known.add(after)
            elif after not in known and not (save.born and after is None):
                yield f"I9: {save.entity} {key}.{name}: we wrote {after!r} to {save.side}, which nobody had entered"


def writes(saves):
    """Fields that people changed, and that we changed, after the beginning; a record's making counts as one."""
    counted = Counter()
    for save in saves:
        counted[save.ours] += 1 if save.born else len(save.fields)
    return counted[False], counted[True]


def idle_writes(saves):
    """Saves of ours that changed nothing we know of."""
    return sum(save.ours and not save.fields for save in saves)


def _too_many_writes(saves, disturbances):
    people, ours = writes(saves)
    most = people * _WRITES_AN_EDIT + disturbances * _WRITES_A_DISTURBANCE
    if ours > most:
        yield f"I3: {ours} fields were written for {people} edited ones and {disturbances} disturbances"


def _journal(scene):
    undecided = scene.sql("SELECT count(*) FROM store_change WHERE outcome IS NULL")[0][0]
    if undecided:
        yield f"I1: {undecided} changes have no outcome"
    adrift = scene.sql(
        "SELECT entity, record, count(*) FROM store_change c WHERE outcome = 'parked' AND NOT EXISTS ("
        " SELECT 1 FROM store_parked p WHERE p.instance_id = c.instance_id AND p.entity = c.entity"
        " AND p.record = c.record) GROUP BY 1, 2"
    )
    for entity, record, count in adrift:
        yield f"I1: {count} changes of {entity} {record} are parked, but nothing will look at them again"
    for entity, record, code, message in scene.sql("SELECT entity, record, code, message FROM store_parked"):
        yield f"I1: {entity} {record} still waits ({code}): {message}"
    gaps = scene.sql(
        "SELECT l.next_number - 1 - count(c.*) FROM store_live l LEFT JOIN store_change c USING (instance_id)"
        " GROUP BY l.next_number"
    )
    if gaps and gaps[0][0]:
        yield f"I1: {gaps[0][0]} numbers of the journal have no change"


def _unheard(scene):
    """What we acknowledged was written down before."""
    told = scene.http.get(f"{scene.billing_url}/sandbox/deliveries").json()["deliveries"]
    accepted = {each["eventId"] for each in told if each["success"]}
    kept = {event_id for (event_id,) in scene.sql("SELECT event_id FROM store_heardevent")}
    for event_id in sorted(accepted - kept):
        yield f"I11: event {event_id} was acknowledged and is not in the journal"


def _problems(scene):
    query = "SELECT kind, title, cause FROM store_problem WHERE state IN ('open', 'retrying')"
    for kind, title, cause in scene.sql(query):
        yield f"problem: {kind}: {title} ({cause})"
