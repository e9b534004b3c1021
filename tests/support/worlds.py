"""Worlds in which decisions are made: strategies derived from the data model, and what carrying a decision out does.

Nothing here is shared with the code under test but its words: values, facts, decisions.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from salesbridge.model import EXTERNAL_ID, TABLE, Entity, Field, Parent, Phase, Side, columns
from salesbridge.model.kinds import Boolean, Date, DateTime, MultiPicklist, Number, Phone, Picklist, Text, money
from salesbridge.sync.change import Change, Gone, Link, Op, Seen, Tries
from salesbridge.sync.decide import Facts, Policy
from salesbridge.sync.decision import Verdict

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
KEY, SALESFORCE_ID, OTHER_ID = "K1", "001000000000001AAA", "001000000000002AAA"
PARENTS = ("P1", "P2")
KINDS = (
    Text(20), Phone(), Boolean(), Date(), DateTime(), Number(6, 2), money(),
    Picklist(values=("a", "b", "c")), Picklist(values=("a", "b", "c"), restricted=True), MultiPicklist(("a", "b", "c")),
)  # fmt: skip
#: A cell that no kind but open text knows, as Salesforce may hold one.
FOREIGN = "no such value" * 30


def spelt(kind):
    """Cells of a kind; several spellings of one meaning where the kind has them."""
    match kind:
        case Boolean():
            return ("true", "false")
        case Date():
            return ("2026-01-01", "2026-02-02", "2027-03-03")
        case DateTime():
            return ("2026-01-01T00:00:00.000Z", "2026-01-01T13:00:00.000+1300", "2026-02-02T00:00:00.000Z")
        case Number(scale=0):
            return ("0", "1", "12")
        case Number():
            return ("0", "1", "1.0", "2.5")
        case MultiPicklist(values):
            return (values[0], f"{values[0]};{values[1]}", f"{values[1]};{values[0]}")
        case Phone():
            return ("+64 9 555", "(+64)9-555", "021 1", "021 2")
        case Picklist(values=[first, second, *_]):
            return (first, second)
    return ("one", "two", "three")


def fields():
    """Mapped fields as a tenant could add them."""
    return st.builds(
        Field,
        name=st.just(""),
        kind=st.sampled_from(KINDS),
        master=st.sampled_from(Side),
        billing=st.just(""),
        create_only=st.sampled_from((False, False, False, True)),
    )


@st.composite
def made_up(draw):
    """Entities that no table has: any fields, masters and parents."""
    own = draw(st.lists(fields(), min_size=1, max_size=3))
    named = tuple(replace(field, name=f"F{at}__c", billing=f"f{at}") for at, field in enumerate(own))
    status = Picklist(values=("Draft", "In Approval Process", "Activated"))
    if draw(st.booleans()):
        named += (Field("Status", status, draw(st.sampled_from(Side)), "state", phase=Phase.ACTIVATE),)
    parents = tuple(
        Parent(f"{name}Id", name, name, name.lower(), required=draw(st.booleans()), create_only=draw(st.booleans()))
        for name in draw(st.sampled_from(((), ("Owner",), ("Owner", "Site"))))
    )
    return Entity("Made_Up__c", "made_up", ("number",), "made-up records", named, parents)


def needed_parents(entity):
    """Columns of the parents without which a record makes no sense."""
    return [parent.column for parent in entity.parents if parent.required]


def entities():
    """Every entity of the model, and made-up ones."""
    return st.sampled_from(TABLE.entities) | made_up()


def told(entity):
    """Column -> cells it may have: parents and the columns that billing knows."""
    parents = {parent.column: PARENTS for parent in entity.parents}
    return parents | {column.name: spelt(column.kind) for column in columns(entity) if column.attributes}


@st.composite
def cells(draw, entity, names=None, *, empty=False, absent=True, foreign=False):
    """Cells of a record: present, null, empty (billing only), absent, or nothing that the kind knows."""
    found = {}
    for name, values in told(entity).items():
        if names is not None and name not in names:
            continue
        choices = [*values, *values, None, *([""] * empty), *(["absent"] * absent), *([FOREIGN] * foreign)]
        cell = draw(st.sampled_from(choices))
        if cell != "absent":
            found[name] = cell
    return found


@st.composite
def salesforce_records(draw, entity, names=None, *, ids=(SALESFORCE_ID,), keys=(KEY, KEY, KEY, None)):
    """Records as Salesforce holds them."""
    key = draw(st.sampled_from(keys))
    held = {EXTERNAL_ID: key, **draw(cells(entity, names, foreign=True))}
    modified = draw(st.sampled_from((None, NOW - timedelta(hours=1), NOW)))
    return Seen(held, key, draw(st.sampled_from(ids)), modified)


@st.composite
def billing_records(draw, entity, names=None):
    """Records as billing holds them."""
    return Seen({EXTERNAL_ID: KEY, **draw(cells(entity, names, empty=True))}, KEY, "B1")


@st.composite
def links(draw, entity, names=None):
    """Links with any agreement, and at most one column that was put back lately."""
    agreed = draw(cells(entity, names, foreign=True))
    values = told(entity)
    name = draw(st.sampled_from((None, *sorted(names or values))))
    if name is None:
        return Link(KEY, SALESFORCE_ID, agreed)
    tries = Tries(draw(st.sampled_from(values[name])), draw(st.integers(1, 4)), NOW - draw(WHILES))
    return Link(KEY, SALESFORCE_ID, agreed, {name: tries})


WHILES = st.sampled_from((timedelta(0), timedelta(minutes=5), timedelta(minutes=11)))


@st.composite
def announcements(draw, entity, names=None):
    """What a side says to have happened to a record; true or not."""
    values = told(entity)
    name = draw(st.sampled_from(sorted(names or values)))
    values = values[name]
    before, after = draw(st.sampled_from((*values, None))), draw(st.sampled_from((*values, None)))
    return Change(
        draw(st.sampled_from(Side)),
        entity.name,
        KEY,
        draw(st.sampled_from((*[Op.SAVE] * 5, Op.DELETE, Op.UNDELETE))),
        draw(st.sampled_from((None, NOW, NOW - timedelta(minutes=2)))),
        {name: before},
        {name: after},
        ours=draw(st.booleans()),
    )


@st.composite
def some_columns(draw, entity):
    """A few columns of an entity: what the others are is unknown, which leaves them alone."""
    return draw(st.lists(st.sampled_from(sorted(told(entity))), unique=True, min_size=1, max_size=4))


@st.composite
def facts(draw, entity, *, both=False):
    """Anything that can be known about a record, or about one that both sides hold."""
    names = draw(some_columns(entity))
    known = sorted({(parent.entity, key) for parent in entity.parents for key in PARENTS})
    gone = st.sampled_from((None, Gone(), Gone(OTHER_ID)))
    held = salesforce_records(entity, names, ids=(SALESFORCE_ID,) * 8 + (OTHER_ID,) * (not both))
    owned = sorted({column.name for column in columns(entity) if column.master is Side.SALESFORCE} & set(names))
    return Facts(
        tuple(draw(st.lists(announcements(entity, names), max_size=2))),
        draw(held if both or draw(st.integers(0, 3)) else gone),
        draw(billing_records(entity, names) if both or draw(st.integers(0, 4)) else st.none()),
        draw(links(entity, names) if draw(st.integers(0, 3)) else st.none()),
        frozenset(draw(st.sampled_from((known, known, known[:1], ())))),
        NOW,
        frozenset(draw(st.sampled_from(([], [], owned, owned[:1])))),
        Policy(draw(st.booleans()), frozenset({entity.name} if needed_parents(entity) and draw(st.booleans()) else ())),
    )


def carry_out(entity, known, decision, written=frozenset(Side), *, committed=True):
    """The facts after a decision was carried out on both sides and on the link; what waits is still heard.

    Args:
        entity: The record's entity.
        known: The facts as they are by then.
        decision: What was decided, perhaps on older facts.
        written: Sides that took their write.
        committed: Whether the link was kept; otherwise we died before.
    """
    if decision.verdict in {Verdict.WAIT, Verdict.ASK}:
        return known
    held = {Side.SALESFORCE: known.salesforce, Side.BILLING: known.billing}
    for write in (write for write in decision.writes if write.side in written):
        held[write.side] = _written(entity, known, write, held[write.side])
    link = known.link
    if committed:
        link = None if decision.unlink else _linked(known, decision, held, written)
    return replace(known, changes=(), salesforce=held[Side.SALESFORCE], billing=held[Side.BILLING], link=link)


def _written(entity, known, write, seen):
    written = {name: _settled(write.side, cell) for name, cell in write.cells.items()}
    if not write.create:
        key = written.get(EXTERNAL_ID, seen.key)
        return replace(seen, cells={**seen.cells, **written}, key=key, modified=known.now)
    source = known.billing if write.side is Side.SALESFORCE else known.salesforce
    key = source.key or ":".join(written[parent] for parent in needed_parents(entity))
    born = dict.fromkeys(source.cells) | written | {EXTERNAL_ID: key}
    return Seen(born, key, SALESFORCE_ID if write.side is Side.SALESFORCE else "B1", known.now)


def _settled(side, cell):
    return None if side is Side.SALESFORCE and cell == "" else cell


def _linked(known, decision, held, written):
    if known.link is None and not (isinstance(held[Side.SALESFORCE], Seen) and held[Side.BILLING]):
        return None
    old = known.link or Link(held[Side.BILLING].key, held[Side.SALESFORCE].id, {})
    restored = dict(old.restored)
    for name, cell in decision.restored.items():
        restored[name] = _once_more(restored.get(name), cell, known.now)
    return replace(old, agreed={**old.agreed, **decision.agreed(written)}, restored=restored)


def _once_more(tries, cell, now):
    if tries is None or tries.cell != cell:
        return Tries(cell, 1, now)
    return replace(tries, count=tries.count + 1)
