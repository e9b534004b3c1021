"""What a bulk query's CSV says of a record is what its JSON says, in the one spelling that decisions compare."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesbridge.engine.live.seen import cells_of
from salesbridge.engine.live.sides import org_spelling
from salesbridge.model import TABLE, RecordRefusedError, columns, from_json
from salesbridge.model.kinds import Boolean, Date, DateTime, MultiPicklist, Number, RefusedError
from salesbridge.sync.merge import slots

COLUMNS = [(entity, column) for entity in TABLE.entities for column in columns(entity) if column.attributes]


def spellings(kind):
    """JSON values of a kind with the CSV cell that Salesforce writes for each."""
    match kind:
        case Boolean():
            return [(True, "true"), (False, "false")]
        case Date():
            return [("2026-01-31", "2026-01-31"), ("1899-12-31", "1899-12-31")]
        case DateTime():
            return [("2026-01-31T10:11:12.000+0000", "2026-01-31T10:11:12.000Z")]
        case Number():
            return [(12, "12"), (12.5, "12.50"), (0, "0.0"), (-0.25, "-0.25"), (1000000, "1.0E6")]
        case MultiPicklist(values):
            return [(f"{values[-1]};{values[0]}", f"{values[-1]};{values[0]}")]
    texts = [
        "plain",
        " padded ",
        "two\nlines",
        "two\r\nlines",
        "tab\tbed",
        "#N/A",
        "x" * 300,
        "+44 (0)20-7946",
        "é\u00a0ü",
    ]
    return [(text, text) for text in [*texts, *getattr(kind, "values", ())]]


def cell_of_json(entity, column, value):
    return cells_of(entity, from_json(entity, {column.name: value}))[column.name]


def outcome(work, *errors):
    try:
        return work()
    except errors:
        return "refused"


@settings(max_examples=300)
@given(st.sampled_from(COLUMNS), st.data())
def test_a_csv_cell_means_what_the_json_member_means(place, data):
    entity, column = place
    value, cell = data.draw(st.sampled_from([(None, ""), *spellings(column.kind)]))
    spelt = dict(zip((slot.name for slot in slots(entity)), org_spelling(entity), strict=True))[column.name]
    by_json = outcome(lambda: cell_of_json(entity, column, value), RecordRefusedError)
    assert outcome(lambda: spelt(cell), RefusedError) == by_json


@pytest.mark.parametrize("entity", TABLE.entities, ids=lambda entity: entity.name)
def test_every_slot_has_its_spelling(entity):
    assert len(org_spelling(entity)) == len(slots(entity))
