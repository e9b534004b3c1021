from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.salesforce.soql import in_queries, quote

_UNESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def unquoted(literal: str) -> str:
    assert literal[0] == literal[-1] == "'"
    return re.sub(r"\\(.)", lambda m: _UNESCAPED.get(m[1], m[1]), literal[1:-1])


@given(st.text())
def test_any_text_comes_back_from_its_literal(text):
    assert unquoted(quote(text)) == text


@given(st.text())
def test_no_text_ends_its_literal_early(text):
    assert re.fullmatch(r"'(?:[^'\\]|\\.)*'", quote(text), re.DOTALL)


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        (None, "null"),
        (True, "true"),
        (5, "5"),
        (Decimal("1.50"), "1.50"),
        (date(2026, 3, 29), "2026-03-29"),
        (datetime(2026, 3, 29, 10, 15, 0, 123456, UTC), "2026-03-29T10:15:00.123Z"),
        (datetime(2026, 3, 29, 10, 15, tzinfo=timezone(timedelta(hours=13))), "2026-03-28T21:15:00.000Z"),
        ("O'Neil \\ Co", "'O\\'Neil \\\\ Co'"),
    ],
)
def test_values_become_soql_literals(value, literal):
    assert quote(value) == literal


def test_a_date_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        quote(datetime(2026, 3, 29))  # noqa: DTZ001  the point


@given(st.lists(st.text(max_size=40), max_size=60), st.integers(300, 2000))
def test_long_lists_are_split_into_queries_that_fit_and_lose_nothing(values, limit):
    queries = list(in_queries("SELECT Id FROM A WHERE K__c", values, "ORDER BY Id", limit=limit))
    literals = [quote(value) for value in values]

    assert "".join(re.fullmatch(r".*? IN \((.*)\) ORDER BY Id", q, re.DOTALL)[1] + "," for q in queries) == "".join(
        literal + "," for literal in literals
    )
    assert all(len(quote_plus(query)) <= limit for query in queries if query.count("','"))


def test_no_values_make_no_query():
    assert list(in_queries("SELECT Id FROM A WHERE B", [])) == []
