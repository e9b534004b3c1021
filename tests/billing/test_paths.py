from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.billing import DIALECTS, KINDS, BillingError, Native, merged
from salesbridge.billing.shape import _filler, read_all, reader
from salesbridge.billing.straight import straight

PATHS = DIALECTS["junifer"].paths
NAMES = st.sampled_from(sorted(name for name in PATHS if ".attr." in name))
MEMBERS = st.from_regex(r"[A-Za-z]{1,8}(\.[A-Za-z]{1,8}){0,2}", fullmatch=True)
OVERRIDES = st.dictionaries(NAMES, MEMBERS, max_size=8)
EXTRACT_COLUMNS = {
    "customer": """
        customer_number title forename surname preferred_name job_title phone work_phone mobile email birth_date
        address_line1 address_line2 address_locality address_city address_region address_postcode address_country
        primary_account_number
    """,
    "account": """
        account_number primary_customer_number primary_customer_name primary_customer_phone primary_customer_fax
        trading_name company_number account_class address_line1 address_country
    """,
    "account_customer": "account_number customer_number roles active start_date end_date",
    "product": "product_code name service_type active unit_price",
    "agreement": "agreement_number account_number agreement_type start_date end_date term_months cancelled",
    "service_point": """
        identifier identifier_type account_number service_type supply_status switch_status supply_start supply_end
        address_line1 address_country
    """,
    "order": "order_number status account_number customer_number lines valid_until",
}


@pytest.mark.parametrize("product", DIALECTS)
@pytest.mark.parametrize("kind", KINDS)
def test_each_dialect_names_every_attribute_of_the_neutral_vocabulary(product, kind):
    paths = DIALECTS[product].paths
    needed = {*EXTRACT_COLUMNS[kind].split(), "last_modified"}

    assert {name.partition(".attr.")[2] for name in paths if name.startswith(f"{kind}.attr.")} >= needed
    assert {f"{kind}.list", f"{kind}.item", f"{kind}.count"} <= paths.keys()


def test_only_junifer_has_documented_paths():
    assert {native.mark for native in DIALECTS["velocity"].paths.values()} == {"assumed"}
    assert PATHS["account.item"].mark == "documented"
    assert PATHS["customer.list"].mark == "assumed"


def test_merging_nothing_changes_nothing():
    assert merged(PATHS, None) == merged(PATHS, {}) == PATHS


@given(OVERRIDES)
def test_merging_twice_is_merging_once_and_leaves_the_dialect_alone(overrides):
    before = dict(PATHS)
    once = merged(PATHS, overrides)

    assert merged(once, overrides) == once
    assert before == PATHS


@given(OVERRIDES, OVERRIDES)
def test_the_later_override_wins_and_nothing_else_moves(first, second):
    together = merged(merged(PATHS, first), second)

    assert together == merged(PATHS, {**first, **second})
    assert {name for name in PATHS if together[name] != PATHS[name]} <= {*first, *second}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("customer.lst", "/customers"),
        ("robot.list", "/robots"),
        ("robot.attr.name", "name"),
        ("customer.list", "https://evil.example/customers"),
        ("customer.list", "//evil.example/customers"),
        ("customer.list", "/a/../../admin"),
        ("customer.list", "/customers?limit=1"),
        ("customer.list", ""),
        ("customer.attr.customer_number", ""),
        ("customer.attr.forename", "a..b"),
        ("customer.attr.forename", "a b"),
        ("customer.attr.forename", None),
    ],
)
def test_an_override_that_cannot_be_is_refused_with_a_hint(name, path):
    with pytest.raises(BillingError) as caught:
        merged(PATHS, {name: path})

    assert caught.value.code == "BAD_OVERRIDE"
    assert name in caught.value.message


def test_a_misspelt_name_is_answered_with_the_close_one():
    with pytest.raises(BillingError, match=r"Did you mean customer\.list\?"):
        merged(PATHS, {"customer.lst": "/customers"})


def test_an_attribute_can_be_added_or_left_out():
    paths = merged(PATHS, {"customer.attr.loyalty_tier": "loyalty.tier", "customer.attr.fax": "", "customer.count": ""})

    assert paths["customer.attr.loyalty_tier"] == Native("loyalty.tier", "tenant")
    assert not {"customer.attr.fax", "customer.count"} & paths.keys()


NATIVE = {
    "id": 7,
    "number": "C1",
    "forename": "",
    "surname": None,
    "primaryContact": {"email": "a@b.example", "address": {"address1": "1 High St", "postcode": None}},
}


def test_absent_null_and_empty_stay_three_different_things():
    row = reader("customer", PATHS)(NATIVE)

    assert row == {
        "internal_id": 7,
        "customer_number": "C1",
        "forename": "",
        "surname": None,
        "email": "a@b.example",
        "address_line1": "1 High St",
        "address_postcode": None,
    }


def test_a_null_object_makes_all_that_it_holds_null():
    row = reader("customer", PATHS)({"number": "C1", "primaryContact": None})

    assert row["email"] is None
    assert row["address_line1"] is None
    assert "forename" not in row


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["number", "primaryContact", "address", "email", "orderLines"]), inner)
        ),
    ),
    st.sampled_from(KINDS),
)
def test_any_json_is_read_or_refused_with_a_reason(native, kind):
    rows, malformed = read_all(reader(kind, PATHS), [native], str)

    assert len(rows) + len(malformed) == 1
    assert all(found.reason.endswith(".") for found in malformed)


OBJECTS = st.recursive(
    st.none() | st.text(max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abcdé'\"\\"), inner, min_size=1),
    max_leaves=12,
).filter(lambda native: isinstance(native, dict))


def paths_of(native: dict[str, object], before: str = "") -> list[str]:
    inner = [
        path
        for name, value in native.items()
        if isinstance(value, dict)
        for path in paths_of(value, f"{before}{name}.")
    ]
    return [f"{before}{name}" for name in native] + inner


@given(OBJECTS)
def test_the_fast_way_reads_what_the_general_way_reads(native):
    members = {f"attribute {number}": path for number, path in enumerate(paths_of(native))}
    row: dict[str, object] = {}
    _filler([(path.split("."), name) for name, path in members.items()])(native, row)

    assert straight(members)(native) == row
    with pytest.raises((KeyError, TypeError)):
        straight({**members, "one more": "nowhere"})(native)


def test_a_member_name_is_never_taken_for_code():
    member = '"]; raise SystemExit #'.replace(" ", "_")

    assert straight({"a'b\"c": member})({member: 1}) == {"a'b\"c": 1}


def test_an_orders_lines_get_neutral_names():
    native = {
        "OrderNumber": "O1",
        "Lines": [{"ProductCode": "P", "Quantity": 2, "UnitPrice": {"Amount": "1.5", "Currency": "NZD"}}],
    }

    assert reader("order", DIALECTS["velocity"].paths)(native) == {
        "order_number": "O1",
        "lines": [{"product_code": "P", "quantity": 2, "unit_price": "1.5", "currency": "NZD"}],
    }
