"""What an order would supply is checked before billing is asked, and told in words of those who sell."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.model.kinds.market import icp_checksum, mpan_check_digit, mprn_check_digits, nmi_check_digit
from salesbridge.model.supply import Fault, Point, Supply, check_supplies, schemes_of

MPAN = "123456789012" + mpan_check_digit("123456789012")
POINTS = [
    MPAN,
    "12345678" + mprn_check_digits("12345678"),
    "QAAAVZZZZZ" + nmi_check_digit("QAAAVZZZZZ"),
    "0000123456UN" + icp_checksum("0000123456UN"),
]
ZONES = ["Europe/London", "Europe/London", "Australia/Sydney", "Pacific/Auckland"]
DAYS = st.none() | st.dates(date(2026, 1, 1), date(2026, 2, 1))


def codes(*wanted, points=(), others=(), account="A-1"):
    return [fault.code for fault in check_supplies(wanted, points, others, account)]


@pytest.mark.parametrize("identifier", POINTS)
def test_a_valid_identifier_of_any_market_is_taken_also_with_spaces_and_in_lower_case(identifier):
    assert codes(Supply(identifier)) == []
    assert codes(Supply(f" {identifier[:4]} {identifier[4:].lower()}")) == []


@pytest.mark.parametrize(("identifier", "zone"), list(zip(POINTS, ZONES, strict=True)))
def test_a_mistyped_digit_is_refused_with_the_line_that_has_it(identifier, zone):
    mistyped = identifier[:2] + str((int(identifier[2]) + 1) % 10 if identifier[2].isdigit() else 1) + identifier[3:]
    (fault,) = check_supplies([Supply(mistyped, by="product 1")], (), (), "A-1", schemes_of(zone))
    assert fault.code == "INVALID_SERVICE_POINT"
    assert mistyped in fault.reason
    assert "product 1" in fault.reason
    assert fault.mend


def test_an_identifier_is_held_against_the_scheme_that_billing_knows():
    assert codes(Supply(MPAN), points=[Point(MPAN, "NMI")]) == ["INVALID_SERVICE_POINT"]


def test_an_identifier_of_another_market_is_refused_and_where_the_market_is_unknown_any_is_taken():
    (fault,) = check_supplies([Supply(MPAN, by="product 1")], (), (), None, schemes_of("Pacific/Auckland"))
    assert "no valid ICP." in fault.reason
    assert check_supplies([Supply(MPAN)], (), (), None, schemes_of("UTC")) == ()


def test_what_needs_no_service_point_is_not_checked():
    assert codes(Supply(None), Supply(None)) == []


def test_an_end_before_the_start_is_refused():
    assert codes(Supply(None, date(2026, 2, 1), date(2026, 1, 1), "product 1")) == ["INVALID_PERIOD"]


@pytest.mark.parametrize("status", ["Registered", "Pending", "De-energised"])
def test_a_service_point_of_another_account_is_refused(status):
    assert codes(Supply(MPAN), points=[Point(MPAN, "MPAN", "A-2", status)]) == ["SERVICE_POINT_SUPPLIED"]


@pytest.mark.parametrize(
    "point",
    [
        Point(MPAN, "MPAN", "A-1", "Registered"),
        Point(MPAN, "MPAN", "A-2", "Ceased"),
        Point(MPAN, "MPAN", None, "Registered"),
        Point(MPAN, "MPAN", "A-2", "Registered", date(2025, 12, 31)),
    ],
)
def test_one_of_our_own_account_a_ceased_one_and_one_that_ends_before_are_free(point):
    assert codes(Supply(MPAN, date(2026, 1, 1)), points=[point]) == []


def test_a_prospect_takes_over_no_supply_of_another_account():
    taken = Point(MPAN, "MPAN", "A-2", "Registered")
    assert codes(Supply(MPAN), points=[taken], account=None) == ["SERVICE_POINT_SUPPLIED"]


@given(DAYS, DAYS, DAYS, DAYS)
def test_two_supplies_of_a_point_overlap_exactly_when_they_share_a_day(start, end, other_start, other_end):
    if (start and end and end < start) or (other_start and other_end and other_end < other_start):
        return
    first, last = date(2025, 12, 31), date(2026, 2, 2)
    days = {first + timedelta(days=n) for n in range((last - first).days + 1)}
    ours = {day for day in days if (start or first) <= day <= (end or last)}
    theirs = {day for day in days if (other_start or first) <= day <= (other_end or last)}
    found = codes(Supply(MPAN, start, end, "product 1"), others=[Supply(MPAN, other_start, other_end, "order O-2")])
    assert found == (["SUPPLY_OVERLAP"] if ours & theirs else [])


def test_two_lines_of_one_order_clash_and_the_fault_names_both():
    (fault,) = check_supplies([Supply(MPAN, by="product 1"), Supply(MPAN, by="product 2")], (), (), None)
    reason = f"Product 1 and product 2 would supply {MPAN} on the same days."
    assert fault == Fault("SUPPLY_OVERLAP", reason, "Take one of them away, or change the dates.")
