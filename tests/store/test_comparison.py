"""Two listings are matched by link, then by external id; every record is in exactly one place."""

from __future__ import annotations

import pytest
from django.db import connection

from salesbridge.store.comparison import Comparison, ToldByBilling, ToldBySalesforce
from salesbridge.store.links import write_links

PHONE, OTHER = '{"Phone":"1"}', '{"Phone":"2"}'


def in_salesforce(key, number=1, *, id=None, cells=PHONE, code=None):  # noqa: A002 - Salesforce's word
    return ToldBySalesforce(id or f"003{key or 'none'}", key, None if code else number, cells, code)


def in_billing(key, number=1, *, cells=PHONE, code=None):
    return ToldByBilling(key, None if code else number, cells, code)


@pytest.fixture
def compare(door, instance):
    """Match listings, and return what was counted and the suspects."""

    def run(salesforce, billing, links=()):
        write_links(door, instance.pk, "Contact", ((key, to, "{}") for key, to in links))
        with Comparison(door, instance.pk, "Contact") as comparison:
            comparison.take_billing(billing)
            comparison.take_salesforce(salesforce)
            matched = comparison.match()
            return matched, [suspect for batch in comparison.suspects(2) for suspect in batch]

    return run


def test_records_with_one_hash_are_equal_once_they_are_linked(compare):
    matched, suspects = compare([in_salesforce("A")], [in_billing("A")], [("A", "003A")])
    assert (matched.total, matched.equal, suspects) == (1, 1, [])


def test_records_with_one_hash_that_are_not_linked_are_suspect(compare):
    _, (suspect,) = compare([in_salesforce("A")], [in_billing("A")])
    assert (suspect.key, suspect.id, suspect.in_billing, suspect.rival) == ("A", "003A", True, False)


def test_columns_of_which_billing_says_nothing_are_left_alone(compare):
    more = in_salesforce("A", 1, cells='{"Phone":"1","Fax":"2"}')
    matched, suspects = compare([more], [in_billing("A", 2)], [("A", "003A")])
    assert (matched.equal, suspects) == (1, [])


def test_records_that_differ_are_suspect_with_the_cells_of_both(compare):
    matched, (suspect,) = compare([in_salesforce("A")], [in_billing("A", 2, cells=OTHER)], [("A", "003A")])
    assert matched.equal == 0
    assert (suspect.salesforce, suspect.billing) == (PHONE, OTHER)


def test_a_record_is_known_by_its_link_whatever_external_id_it_carries(compare):
    _, suspects = compare([in_salesforce(None, 2, id="003A")], [in_billing("A", cells=OTHER)], [("A", "003A")])
    assert [(suspect.key, suspect.id, suspect.in_billing) for suspect in suspects] == [("A", "003A", True)]


def test_a_second_record_that_claims_a_linked_number_is_a_rival(compare):
    listed = [in_salesforce("A"), in_salesforce("A", id="003other")]
    matched, suspects = compare(listed, [in_billing("A")], [("A", "003A")])
    assert (matched.total, matched.equal) == (2, 1)
    assert [(suspect.id, suspect.rival) for suspect in suspects] == [("003other", True)]


def test_what_is_on_one_side_only_is_suspect(compare):
    _, suspects = compare([in_salesforce("A")], [in_billing("B")])
    assert sorted((suspect.key, suspect.id, suspect.in_billing) for suspect in suspects) == [
        ("A", "003A", False), ("B", None, True),
    ]  # fmt: skip


def test_a_link_without_either_record_is_suspect(compare):
    matched, (suspect,) = compare([], [], [("A", "003A")])
    assert matched.total == 1
    assert (suspect.key, suspect.id, suspect.in_billing) == ("A", None, False)


def test_prospects_and_refused_records_are_counted_and_not_suspect(compare):
    listed = [in_salesforce(None), in_salesforce("A"), in_salesforce("B", code="BAD")]
    matched, suspects = compare(listed, [in_billing("A", code="TOO_LONG"), in_billing("B")])
    assert (matched.total, matched.prospects, dict(matched.refused)) == (3, 1, {"TOO_LONG": 1, "BAD": 1})
    assert suspects == []


def test_the_last_mention_of_a_record_that_billing_lists_twice_counts(compare):
    matched, suspects = compare([in_salesforce("A")], [in_billing("A", 2), in_billing("A", 1)], [("A", "003A")])
    assert (matched.total, matched.equal, suspects) == (1, 1, [])


def test_links_of_another_instance_are_not_looked_at(compare, door):
    other = door.instances.create(name="another", login_url="http://127.0.0.1:9")
    write_links(door, other.pk, "Contact", [("A", "003A", "{}")])
    matched, _ = compare([], [])
    assert matched.total == 0


def test_any_text_survives_the_way_into_the_database(compare):
    odd = '{"Street":"a\\\\b\\tc\\nd \\u00e9 \\\\N"}'
    _, (suspect,) = compare([in_salesforce("A\\N", cells=odd)], [in_billing("B")][:0])
    assert (suspect.key, suspect.salesforce) == ("A\\N", odd)


def test_what_is_handed_over_is_named_by_the_side_that_knows_it(door, instance):
    with Comparison(door, instance.pk, "Contact") as comparison:
        comparison.take_billing([in_billing("A")])
        comparison.take_salesforce([in_salesforce("B")])
        comparison.match()
        (batch,) = comparison.suspects(10)
        comparison.hand_over({s.number: "billing" if s.in_billing else "salesforce" for s in batch})
        assert sorted(pair for handed in comparison.handed() for pair in handed) == [
            ("billing", "A"), ("salesforce", "003B"),
        ]  # fmt: skip


def test_its_tables_are_gone_afterwards(door, instance):
    with Comparison(door, instance.pk, "Contact") as comparison:
        comparison.match()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'told\\_%'")
        assert cursor.fetchone() == (0,)
