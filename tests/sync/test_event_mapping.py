"""Event mappings: the defaults are usable, what is read is written alike, and nothing odd in data goes unnoticed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.billing.events import EVENTS, BillingEvent
from salesbridge.sync.event_defaults import DEFAULTS, SUBSCRIBED, sample
from salesbridge.sync.event_mapping import (
    ATTRIBUTES_LENGTH,
    ID_LENGTH,
    MOST_VALUES,
    Attribute,
    EventMapping,
    MappingError,
    UnsurfacedError,
    parse,
    read,
    surface,
)
from salesbridge.sync.subscriptions import Subscriptions

AT = datetime(2026, 6, 15, 12, 30, tzinfo=UTC)
LITERALS = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=20)
STEP = st.sampled_from([".a", ".b", "[0]", "[-1]", "['c d']"])
SINGLE = st.lists(STEP, min_size=1, max_size=4).map(lambda steps: "$" + "".join(steps))
MANY = st.sampled_from(["$..a", "$[*]", "$.a[*].b", "$.a[0:2]", "$['a','b']", "$[?@.a == 1]"])
NAMES = st.sampled_from(["a", "b", "c d", "e"])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)
DATA = st.dictionaries(NAMES, JSON, max_size=4)
MAPPINGS = st.builds(
    EventMapping,
    LITERALS,
    SINGLE,
    st.just("") | LITERALS,
    st.just("") | LITERALS,
    st.just("") | SINGLE,
    st.lists(st.builds(Attribute, LITERALS, SINGLE | MANY), max_size=4, unique_by=lambda each: each.name).map(tuple),
)


def event(data):
    return BillingEvent("e1", "bill-ready", "", "", AT, data)


def mapped(data, **form):
    return surface(parse({"eventType": "Bill", "externalContextId": "$.id", **form}), event({"id": "1", **data}))


def attributes(data, path):
    return json.loads(mapped(data, attributes=[{"name": "x", "value": path}])["Attributes__c"])["x"]


@given(MAPPINGS)
def test_what_is_read_is_what_was_written(mapping):
    assert parse(mapping.form()) == read(json.dumps(mapping.form())) == mapping


@given(MAPPINGS, DATA)
def test_an_event_becomes_texts_that_fit_or_is_refused_with_what_to_do(mapping, data):
    try:
        fields = surface(mapping, event(data), "001")
    except UnsurfacedError as refusal:
        told = (refusal.code, refusal.message, refusal.mend)
    else:
        told = ()
    if told:
        assert all(told)
        return
    assert all(value is None or isinstance(value, str) for value in fields.values())
    assert 0 < len(fields["External_Context_Id__c"]) <= ID_LENGTH
    assert len(fields["External_Reference__c"] or "") <= ID_LENGTH
    assert len(fields["Attributes__c"] or "") <= ATTRIBUTES_LENGTH
    assert set(json.loads(fields["Attributes__c"] or "{}")) == {each.name for each in mapping.attributes}
    assert (fields["Event_Id__c"], fields["Record_Id__c"]) == ("e1", "001")
    assert fields["Occurred_At__c"] == "2026-06-15T12:30:00.000Z"


@given(
    st.recursive(st.none() | st.integers() | st.text(max_size=9), lambda x: st.lists(x) | st.dictionaries(LITERALS, x))
)
def test_whatever_is_no_mapping_is_refused_in_words(form):
    with pytest.raises(MappingError, match=r"\w"):
        parse(form)


def test_every_event_of_the_reference_has_a_default_that_finds_its_documented_members():
    assert DEFAULTS.keys() == EVENTS.keys()
    assert {name for name in DEFAULTS if name.startswith("switch-loss")} == set(SUBSCRIBED)
    for name, mapping in DEFAULTS.items():
        fields = surface(mapping, event(sample(name)))
        members = {member for rule in EVENTS[name] for member in rule.members}
        assert members <= sample(name).keys()
        assert fields["External_Context_Id__c"] == sample(name)[EVENTS[name][0].members[0]]
        assert None not in json.loads(fields["Attributes__c"] or "{}").values()


def test_a_path_that_can_find_one_value_gives_that_value_and_others_a_list_however_many_there_are():
    assert attributes({"a": [1, 2]}, "$.a[0]") == 1
    assert attributes({"a": [1]}, "$.a[*]") == [1]
    assert attributes({"a": [{"b": 1}, {"b": 2}]}, "$.a[*].b") == [1, 2]
    assert attributes({}, "$.a") is None
    assert attributes({}, "$.a[*]") == []
    assert attributes({"a": {"b": [True]}}, "$.a") == {"b": [True]}


@pytest.mark.parametrize(
    ("value", "told"), [("A1", "A1"), (17, "17"), (1.5, "1.5"), (True, "true"), (2**70, str(2**70))]
)
def test_texts_numbers_and_booleans_are_ids_as_json_spells_them(value, told):
    assert mapped({"id": value})["External_Context_Id__c"] == told


@pytest.mark.parametrize("value", [None, ""])
def test_a_reference_may_find_nothing_but_the_context_id_may_not(value):
    assert mapped({"ref": value}, externalReference="$.ref")["External_Reference__c"] is None
    assert mapped({}, externalReference="$.ref")["External_Reference__c"] is None
    with pytest.raises(UnsurfacedError, match=r"\$\.id finds nothing") as refused:
        mapped({"id": value})
    assert refused.value.code == "NO_CONTEXT_ID"


@pytest.mark.parametrize(("value", "words"), [({"no": 1}, "an object"), ([1], "a list")])
def test_an_object_or_a_list_is_no_id(value, words):
    for member, data in (("id", {"id": value}), ("ref", {"ref": value})):
        with pytest.raises(UnsurfacedError, match=words):
            mapped(data, externalReference="$.ref")
        assert member in data


def test_what_is_too_long_is_refused_and_not_cut():
    with pytest.raises(UnsurfacedError, match="256 characters are more than the 255"):
        mapped({"id": "x" * (ID_LENGTH + 1)})
    with pytest.raises(UnsurfacedError, match="Attributes"):
        attributes({"a": "x" * ATTRIBUTES_LENGTH}, "$.a")
    with pytest.raises(UnsurfacedError, match="values are more"):
        attributes({"a": list(range(MOST_VALUES + 1))}, "$.a[*]")


def test_data_that_is_nested_too_deeply_is_refused_in_words():
    deep = {}
    for _ in range(500):
        deep = {"a": deep}
    with pytest.raises(UnsurfacedError, match="cannot be followed"):
        attributes(deep, "$..b")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"externalContextId": "$.a[*]"}, "may find several values"),
        ({"externalContextId": "identifier"}, "is not a JSON path"),
        ({"externalContextId": "$[?match(@.a, '(a+)+')]"}, "function 'match' is not defined"),
        ({"externalContextId": "$." + "a" * 600}, "at most 500 characters"),
        ({"externalContextId": 5}, "it is a text"),
        ({"eventType": " "}, "Event Type: enter a word"),
        ({"eventType": "two\nlines"}, "in one line"),
        ({"eventTyp": "x"}, "There is no 'eventTyp'"),
        ({"attributes": {"name": "x"}}, "it is a list"),
        ({"attributes": ["x"]}, "number 1 is not of the form"),
        ({"attributes": [{"name": "x", "value": "$.x", "more": 1}]}, "nothing else"),
        ({"attributes": [{"name": "", "value": "$.x"}]}, "its name needs"),
        ({"attributes": [{"name": "x", "value": ""}]}, "its value needs a path"),
        ({"attributes": [{"name": "x", "value": "$.x"}] * 2}, "'x' is there twice"),
        ({"attributes": [{"name": f"x{n}", "value": "$.x"} for n in range(51)]}, "51 are more than the 50"),
    ],
)
def test_each_fault_of_a_mapping_is_named(form, words):
    with pytest.raises(MappingError) as refused:
        parse({"eventType": "Bill", "externalContextId": "$.id", **form})
    assert words in str(refused.value)
    assert len(refused.value.faults) == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["subscribe", "unsubscribe", "map", "reset"]), st.sampled_from(["a", "b", SUBSCRIBED[0]])
        )
    )
)
def test_subscriptions_are_kept_as_they_were_chosen(steps):
    kept, types, own = Subscriptions(), set(SUBSCRIBED), set()
    mapping = parse({"eventType": "Bill", "externalContextId": "$.id"})
    for step, name in steps:
        if step == "subscribe":
            kept, types = kept.subscribed(name), types | {name}
        elif step == "unsubscribe":
            kept, types = kept.unsubscribed(name), types - {name}
        else:
            kept, own = (
                kept.mapped(name, mapping if step == "map" else None),
                (own - {name}) | ({name} if step == "map" else set()),
            )
        kept = Subscriptions.parse(json.loads(json.dumps(kept.form())))
        assert (kept.types, set(kept.own)) == (types, own)
        assert {name for name in ("a", "b") if kept.mapping(name)} == own - {SUBSCRIBED[0]}


def test_a_default_given_again_is_no_own_mapping_and_the_connectivity_test_is_no_event():
    assert Subscriptions().mapped(SUBSCRIBED[0], DEFAULTS[SUBSCRIBED[0]]).own == {}
    for name in ("integration:ping", "", "two words", "a/b", "x" * 101):
        with pytest.raises(MappingError):
            Subscriptions().subscribed(name)
    assert "junifer::Bill" in Subscriptions().subscribed("junifer::Bill").types
