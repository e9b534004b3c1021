"""A dialect's own record becomes the row that its neutral attributes become, or is refused for the same reason."""

from __future__ import annotations

import copy
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salesbridge.billing import DIALECTS, KEYS
from salesbridge.billing.shape import MisshapenError, attribute_paths, reader
from salesbridge.model import TABLE, BillingForm, RecordRefusedError, Transform, columns, load_order
from salesbridge.model.kinds import CLEAR, Boolean, Date, MultiPicklist, Number
from salesbridge.model.swift import NativeForm
from salesbridge.sync.load import kept_columns, row_to_send, shape

TODAY = date(2026, 6, 15)
FORM = BillingForm()
ENTITIES = load_order(TABLE, initial=True)
MPRN = "3938424403"
EVERY_ENTITY = pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
EVERY_DIALECT = pytest.mark.parametrize("dialect", DIALECTS)
SLOW_DATA = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], max_examples=30)
ODD_TEXTS = ("", " ", "#N/A", "2026-02-30", "a,b", 'a"b', "a\nb", "\ud800", "x" * 300)
ODD = st.sampled_from((None, 0, 1, 1.0, True, 1.5, [], {}, ["a"], [1], *ODD_TEXTS))


def usual(kind):
    match kind:
        case Boolean():
            return st.booleans()
        case Date():
            return st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(date.isoformat)
        case Number():
            return st.integers(-999, 999)
        case MultiPicklist(values):
            return st.lists(st.sampled_from(values))
    values = getattr(kind, "values", ())
    return st.sampled_from(values) if values else st.text(st.characters(codec="utf-8"), max_size=12)


def put(native, path, value):
    *objects, name = path.split(".")
    for each in objects:
        native = native.setdefault(each, {})
        if not isinstance(native, dict):
            return
    native[name] = value


@st.composite
def natives(draw, entity, members):
    """Native records: mostly good values, some odd, some objects null, absent or no object at all."""
    kinds = {name: column.kind for column in columns(entity) for name in column.attributes}
    native = {}
    for attribute, path in members.items():
        value = usual(kinds[attribute]) if attribute in kinds else st.text("ABC12 :", min_size=1, max_size=5)
        if draw(st.integers(0, 9)) != 0:
            put(native, path, draw(value if draw(st.integers(0, 14)) else ODD))
    if entity.identifier and draw(st.booleans()):
        for attribute, value in zip(entity.identifier, ("MPRN", MPRN), strict=True):
            put(native, members[attribute], value)
    objects = sorted({path.partition(".")[0] for path in members.values() if "." in path})
    if objects and draw(st.integers(0, 3)) == 0:
        put(native, draw(st.sampled_from(objects)), draw(st.sampled_from((None, {}, [], "text"))))
    return native if draw(st.integers(0, 30)) else draw(ODD)


def outcome(call):
    try:
        return call()
    except RecordRefusedError as refusal:
        return refusal.code, refusal.message, refusal.fields
    except MisshapenError as reason:
        return str(reason)


@EVERY_DIALECT
@EVERY_ENTITY
@SLOW_DATA
@given(data=st.data())
def test_a_native_record_says_what_its_attributes_say(dialect, entity, data):
    paths = DIALECTS[dialect].paths
    members, read = attribute_paths(entity.record, paths), reader(entity.record, paths)
    swift = Transform(entity, FORM, native=NativeForm(members, KEYS[entity.record], read))
    general = Transform(entity, FORM)
    native = data.draw(natives(entity, members))
    before = copy.deepcopy(native)

    def explained():
        return general._explained(read(native), TODAY)

    assert outcome(lambda: swift.csv_row(native, TODAY)) == outcome(explained)
    assert native == before


@EVERY_ENTITY
@SLOW_DATA
@given(data=st.data())
def test_a_new_record_is_sent_as_sync_says_and_a_known_one_is_decided_alike(entity, data):
    paths = DIALECTS["junifer"].paths
    members, read = attribute_paths(entity.record, paths), reader(entity.record, paths)
    form, forms = NativeForm(members, KEYS[entity.record], read), shape(entity)
    native = data.draw(natives(entity, members))
    agreed = data.draw(st.dictionaries(st.sampled_from(forms.names[1:]), st.sampled_from((None, "", "x", "true"))))

    def sent(transform, known):
        key, parents, cells, _ = transform.csv_row(native, TODAY)
        row = [key, *(parent or "" for parent in parents), *("F" for _ in entity.facts), *cells]
        return row if known is ... else row_to_send(forms, row, known)

    everything = Transform(entity, FORM, native=form)
    left_alone = Transform(entity, FORM, native=form, left_alone=kept_columns(entity))

    assert outcome(lambda: sent(left_alone, ...)) == outcome(lambda: sent(everything, None))
    assert outcome(lambda: sent(left_alone, agreed)) == outcome(lambda: sent(everything, agreed))


@EVERY_ENTITY
@SLOW_DATA
@given(data=st.data())
def test_no_cell_holds_a_control_character_but_line_breaks(entity, data):
    paths = DIALECTS["velocity"].paths
    members = attribute_paths(entity.record, paths)
    form = NativeForm(members, KEYS[entity.record], reader(entity.record, paths))
    row = outcome(lambda: Transform(entity, FORM, native=form).csv_row(data.draw(natives(entity, members)), TODAY))

    if isinstance(row, tuple) and len(row) == 4:
        key, parents, cells, activation = row
        for cell in (key, *(parent or "" for parent in parents), *cells, *activation):
            assert not any(sign < " " and sign != "\n" for sign in cell)
            assert cell == CLEAR or cell == cell.strip()


def test_an_attribute_that_the_dialect_lacks_is_left_alone():
    entity = TABLE["Account"]
    members = {"account_number": "number", "primary_customer_name": "customer.name"}
    form = NativeForm(members, ["account_number"], lambda native: pytest.fail(f"{native} is not unusual"))
    _, _, cells, _ = Transform(entity, FORM, native=form).csv_row({"number": "A1", "customer": {"name": "Ada"}}, TODAY)

    assert [cell for cell in cells if cell] == ["Ada"]


def test_a_member_name_is_never_taken_for_code():
    name = '"]; raise SystemExit #'
    members = {"account_number": name, "primary_customer_name": f"{name}2.'"}
    form = NativeForm(members, ["account_number"], lambda native: pytest.fail(f"{native} is not unusual"))

    assert Transform(TABLE["Account"], FORM, native=form).csv_row({name: "x", f"{name}2": {"'": "y"}}, TODAY)[0] == "x"
