"""What the initial load sends of a row: billing's own columns as they are, Salesforce's at first contact only."""

import pytest
import worlds
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.model import EXTERNAL_ID, TABLE, Phase, Side, columns, header
from salesbridge.sync.load import CALLS_PER_JOB, CLEAR, DEFAULT_RATE, agreed_of, kept_columns, row_to_send, shape, size

EVERY_ENTITY = pytest.mark.parametrize("entity", TABLE.entities, ids=lambda entity: entity.name)
CELLS = st.sampled_from(("", CLEAR, "one", "two"))


@st.composite
def rows(draw, entity):
    """A row of an entity, and what was agreed on before."""
    names = shape(entity).names
    cells = ["K1", *(draw(CELLS) for _ in names[1:])]
    known = draw(st.lists(st.sampled_from(names[1:]), unique=True))
    return names, cells, {name: draw(st.sampled_from((None, "one", "two"))) for name in known}


@EVERY_ENTITY
@given(data=st.data())
def test_a_linked_record_is_sent_with_the_cells_that_changed_and_nothing_that_salesforce_owns(entity, data):
    form = shape(entity)
    names, cells, agreed = data.draw(rows(entity))
    sent = row_to_send(form, cells, agreed)
    masters = {column.name: column.master for column in columns(entity)}
    fixed = {names[at] for at in form.create_only}
    wanted = {}
    for name, cell in zip(names[1:], cells[1:], strict=True):
        ours = masters.get(name) is Side.SALESFORCE
        changed = name not in agreed or (CLEAR if agreed[name] is None else agreed[name]) != cell
        if cell and changed and name not in fixed and not (ours and (name in agreed or cell == CLEAR)):
            wanted[name] = cell
    assert sent == (["K1", *(wanted.get(name, "") for name in names[1:])] if wanted else None)


@EVERY_ENTITY
@given(data=st.data())
def test_a_new_record_is_sent_whole_but_nothing_clears_what_salesforce_owns(entity, data):
    names, cells, _ = data.draw(rows(entity))
    before = list(cells)
    sent = row_to_send(shape(entity), cells, None)
    kept = kept_columns(entity)
    assert sent == ["" if cell == CLEAR and name in kept else cell for name, cell in zip(names, cells, strict=True)]
    assert cells == before


@EVERY_ENTITY
@given(data=st.data())
def test_what_was_sent_and_accepted_is_not_sent_again(entity, data):
    names, cells, agreed = data.draw(rows(entity))
    sent = row_to_send(shape(entity), cells, agreed)
    after = agreed | agreed_of(names, sent or cells[:1] + [""] * (len(cells) - 1))
    assert row_to_send(shape(entity), cells, after) is None


@EVERY_ENTITY
def test_the_shape_of_a_row_follows_from_the_table(entity):
    form = shape(entity)
    assert form.names == header(entity, Phase.SAVE)
    owned = {column.name for column in columns(entity) if column.master is Side.SALESFORCE}
    assert kept_columns(entity) == {name for name in form.names if name in owned}
    once = {parent.column for parent in entity.parents if parent.create_only} | {name for name, _ in entity.facts}
    once |= {column.name for column in columns(entity) if column.field.create_only}
    assert {form.names[at] for at in form.create_only} == once


@given(worlds.made_up())
def test_the_shape_of_a_made_up_entity_follows_from_it_too(entity):
    form = shape(entity)
    fixed = {parent.column for parent in entity.parents if parent.create_only}
    fixed |= {field.name for field in entity.fields if field.create_only}
    assert {form.names[at] for at in form.create_only} == fixed
    assert {form.names[at] for at in form.kept} == {
        field.name for field in entity.fields if field.master is Side.SALESFORCE and field.phase is Phase.SAVE
    }


def test_what_both_sides_agree_on_is_what_was_accepted_and_what_is_empty_on_a_new_record():
    names, row = [EXTERNAL_ID, "A", "B", "C", "D"], ["K1", "one", CLEAR, "", ""]
    assert agreed_of(names, row) == {"A": "one", "B": None}
    assert agreed_of(names, row, born=frozenset({"A", "C"})) == {"A": "one", "B": None, "C": None}
    with pytest.raises(ValueError, match="zip"):
        agreed_of(names, row[:-1])


def test_how_big_a_share_will_be():
    assert (CALLS_PER_JOB, DEFAULT_RATE) == (9, 300.0)
    account = size(TABLE["Account"], 250_001, rows_per_part=100_000)
    assert (account.entity, account.records, account.jobs, account.calls, account.seconds) == (
        "Account", 250_001, 3, 27, 833.3,
    )  # fmt: skip
    contract = size(TABLE["Contract"], 100_000, rows_per_part=100_000, rate=1000.0)
    assert (contract.jobs, contract.calls, contract.seconds) == (2, 18, 200.0), "activation is a phase of its own"
    relation = size(TABLE["AccountContactRelation"], 1, rows_per_part=100_000)
    assert (relation.jobs, relation.calls, relation.seconds) == (1, 13, 0.0), "adoption looks first"


def test_what_billing_cannot_count_has_no_size():
    unknown = size(TABLE["Account"], None, rows_per_part=10)
    assert (unknown.records, unknown.jobs, unknown.calls, unknown.seconds) == (None, 0, 0, 0.0)
