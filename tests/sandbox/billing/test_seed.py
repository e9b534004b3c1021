"""The seeded data: the same for the same seed, whole, valid, and awkward only where it says so."""

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesbridge.sandbox.billing import Seed, identifiers
from salesbridge.sandbox.billing.awkward import AWKWARD_KINDS
from salesbridge.sandbox.billing.history import History
from salesbridge.sandbox.billing.records import KINDS, key_of

seeds = st.builds(
    Seed,
    accounts=st.integers(0, 137),
    market=st.sampled_from(["GB", "AU", "NZ"]),
    awkward=st.sampled_from([0, 0.01, 0.1]),
    seed=st.integers(0, 10_000),
)


def everything(seed):
    return {kind: list(seed.records(kind)) for kind in KINDS}


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_the_same_seed_always_holds_the_same_records(seed):
    again = Seed(seed.accounts, seed.market, seed.awkward, seed.seed)
    assert everything(seed) == everything(again)


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_every_key_is_unique_and_leads_back_to_its_record(seed):
    for kind, records in everything(seed).items():
        keys = [key_of(kind, record) for record in records]
        assert len(set(keys)) == len(keys) == seed.expectations().counts[kind]
        assert [seed.index_of(kind, key) for key in keys] == list(range(len(keys)))


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_every_reference_leads_to_a_record_but_for_the_awkward_ones(seed):
    awkward = {row.key for row in seed.expectations().awkward if row.kind == "unknown_primary_customer"}
    for account in seed.records("accounts"):
        known = seed.find("customers", account["primary_customer_number"]) is not None
        assert known is (account["number"] not in awkward)
    for kind in ("account_customers", "agreements", "service_points", "orders"):
        assert all(seed.find("accounts", record["account_number"]) for record in seed.records(kind))
    for customer in seed.records("customers"):
        assert seed.find("accounts", customer["primary_account_number"])
    for link in seed.records("account_customers"):
        assert seed.find("customers", link["customer_number"])


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_check_digits_are_valid_except_where_the_seed_says_so(seed):
    expected = {row.key for row in seed.expectations().awkward if row.kind == "bad_check_digit"}
    bad = {
        point["identifier"]
        for point in seed.records("service_points")
        if not identifiers.is_valid(point["identifier_type"], point["identifier"])
    }
    assert bad == expected


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_relations_read_from_either_side_agree(seed):
    arrangement = seed.arrangement
    links = [arrangement.link(index) for index in range(seed.counts["account_customers"])]
    for account in range(seed.accounts):
        places = arrangement.links_of_account(account)
        assert places == [at for at, link in enumerate(links) if link.account == account]
        primary = [links[at].customer for at in places if links[at].primary]
        assert primary == [arrangement.primary_customer(account)]
        points = range(seed.counts["service_points"])
        assert arrangement.points_of(account) == [at for at in points if arrangement.point(at)[0] == account]
    for customer in range(seed.counts["customers"]):
        places = arrangement.links_of_customer(customer)
        assert places == [at for at, link in enumerate(links) if link.customer == customer]
        assert arrangement.home_account(customer) in {links[at].account for at in places}


def test_another_seed_gives_other_people():
    names = [[(c["forename"], c["surname"]) for c in Seed(50, seed=n).records("customers")] for n in (1, 2)]
    assert names[0] != names[1]


def test_a_stated_share_of_rows_is_awkward_and_the_kinds_take_turns():
    expected = Seed(accounts=4400, awkward=0.01).expectations()
    assert len(expected.awkward) == 44
    assert expected.by_kind() == dict.fromkeys(AWKWARD_KINDS, 2)
    assert not Seed(accounts=4400, awkward=0).expectations().awkward


@pytest.fixture(scope="module")
def awkward_rows():
    seed = Seed(accounts=220, awkward=0.1, market="NZ")
    rows = {row.kind: (seed, seed.find(row.record, row.key)) for row in seed.expectations().awkward}
    assert set(rows) == set(AWKWARD_KINDS)
    return rows


@pytest.mark.parametrize(
    ("kind", "shows"),
    [
        ("quotes_and_commas", lambda r: '"' in r["trading_name"] and "," in r["trading_name"]),
        ("embedded_newline", lambda r: "\n" in r["address"]["line1"]),
        ("macron_name", lambda r: "ē" in r["forename"]),
        ("chinese_name", lambda r: r["surname"] == "王"),
        ("arabic_name", lambda r: r["forename"] == "محمد"),
        ("emoji_name", lambda r: "🌻" in r["preferred_name"]),
        ("overlong_surname", lambda r: len(r["surname"]) > 80),
        ("overlong_trading_name", lambda r: len(r["trading_name"]) > 255),
        ("missing_surname", lambda r: r["surname"] is None),
        ("number_case_twin", lambda r: r["number"].startswith("c")),
        ("surrounding_spaces", lambda r: r["surname"].strip() != r["surname"]),
        ("impossible_date", lambda r: r["birth_date"] == "1987-02-30"),
        ("phone_with_extension", lambda r: "ext." in r["phone"]),
        ("phone_with_letters", lambda r: r["phone"].endswith("FLOWERS")),
        ("email_without_at", lambda r: "@" not in r["email"]),
        ("literal_na", lambda r: r["trading_name"] == "#N/A"),
        ("empty_string", lambda r: not r["preferred_name"] and r["preferred_name"] is not None),
        ("null_value", lambda r: r["preferred_name"] is None),
        ("absent_member", lambda r: "preferred_name" not in r),
    ],
)
def test_an_awkward_row_is_what_its_kind_says(awkward_rows, kind, shows):
    _, record = awkward_rows[kind]
    assert shows(record)


def test_a_case_twin_repeats_the_number_of_a_customer_in_other_letters(awkward_rows):
    seed, record = awkward_rows["number_case_twin"]
    other = seed.find("customers", record["number"].upper())
    assert other is not None
    assert other["id"] != record["id"]


def test_a_duplicate_customer_has_the_name_and_mail_of_another(awkward_rows):
    seed, record = awkward_rows["duplicate_customer"]
    same = [
        other
        for other in seed.records("customers")
        if (other["forename"], other["surname"], other["email"])
        == (record["forename"], record["surname"], record["email"])
    ]
    assert len(same) == 2


@pytest.mark.parametrize(
    ("market", "phone", "postcode", "country"),
    [
        ("GB", r"(\+44 |0)[0-9 ]{9,13}", r"[A-Z]{1,2}[0-9]{1,2} [0-9][A-Z]{2}", "GB"),
        ("AU", r"(\+61 |\(?0)[0-9) ]{9,13}", r"[0-9]{4}", "AU"),
        ("NZ", r"(\+64 |0)[0-9 ]{8,12}", r"[0-9]{4}", "NZ"),
    ],
)
def test_phones_and_postcodes_have_the_form_of_the_market(market, phone, postcode, country):
    for customer in Seed(200, market, awkward=0).records("customers"):
        assert re.fullmatch(phone, customer["phone"])
        assert re.fullmatch(postcode, customer["address"]["postcode"])
        assert customer["address"]["country"] == country


def test_agreements_are_current_future_expired_and_cancelled():
    seed = Seed(500, awkward=0)
    today = seed.as_of.isoformat()
    agreements = list(seed.records("agreements"))
    assert any(a["cancelled"] for a in agreements)
    assert any(a["from_date"] > today for a in agreements)
    assert any(a["to_date"] and a["to_date"] < today for a in agreements)
    assert any(a["to_date"] is None for a in agreements)


def test_a_catalogue_has_between_twenty_and_sixty_products_with_four_decimals():
    for market in ("GB", "AU", "NZ"):
        products = list(Seed(10, market).records("products"))
        assert 20 <= len(products) <= 60
        assert all(re.fullmatch(r"\d+\.\d{4}", product["unit_price"]) for product in products)


def test_some_customers_hold_several_accounts_and_some_accounts_several_customers():
    seed = Seed(2000, awkward=0)
    held = [len(seed.arrangement.links_of_customer(at)) for at in range(seed.counts["customers"])]
    assert seed.counts["customers"] == 1.3 * seed.accounts
    assert max(held) >= 6
    assert sum(held) == seed.counts["account_customers"] == 1.8 * seed.accounts


def test_nothing_was_modified_after_the_day_of_the_data():
    seed = Seed(100, as_of=date(2026, 5, 1))
    assert all(c["modified"] < 1_777_593_600_000 for c in seed.records("customers"))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400), st.data())
def test_modified_since_is_answered_as_if_every_record_had_been_read(count, data):
    history = History(count, end=10**12)
    stamps = [history.modified(index) for index in range(count)]
    since = data.draw(st.one_of(st.sampled_from(stamps), st.integers(10**12 - 7 * 10**10, 10**12 + 5)))
    start = data.draw(st.integers(0, count))
    assert history.count_since(since) == sum(stamp >= since for stamp in stamps)
    expected = [at for at in range(start, count) if stamps[at] >= since]
    assert list(history.indexes_since(since, start)) == expected


@pytest.mark.parametrize(
    "wrong",
    [{"accounts": -1}, {"market": "US"}, {"awkward": 0.5}, {"kinds": ("no_such_kind",)}],
)
def test_a_seed_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=r"accounts|market|awkward"):
        Seed(**{"accounts": 10, **wrong})
