"""Numbers are exact: refused rather than rounded, and never through a binary float with loss."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.model.kinds import BillingForm, Number, RefusedError, money

SHAPES = st.integers(1, 18).flatmap(lambda precision: st.tuples(st.just(precision), st.integers(0, precision - 1)))


@given(SHAPES, st.data())
def test_fifteen_digits_survive_json_both_ways(shape, data):
    precision, scale = shape
    bound = 10 ** min(precision, 15)
    exact = Decimal(data.draw(st.integers(1 - bound, bound - 1))).scaleb(-scale)
    kind = Number(precision, scale)
    value = kind.from_salesforce(str(exact))
    assert value == exact
    assert kind.from_salesforce(json.loads(json.dumps(kind.to_salesforce(value)))) == exact
    assert kind.from_cell(kind.to_cell(value)) == exact


@given(SHAPES, st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20))
def test_a_number_is_carried_exactly_or_refused(shape, exact):
    kind = Number(*shape)
    try:
        value = kind.from_salesforce(str(exact))
    except RefusedError:
        fits = -exact.normalize().as_tuple().exponent <= kind.scale
        assert (
            not fits or abs(exact) >= 10 ** (kind.precision - kind.scale) or len(str(int(abs(exact)))) > 15 - kind.scale
        )
    else:
        assert value == exact
        assert abs(exact) < 10 ** (kind.precision - kind.scale)


@pytest.mark.parametrize(
    "raw",
    [
        "1" * 16,
        "1e15",
        "1E+9999",
        "1" + "0" * 40,
        pytest.param(10**5000, id="endless"),
        -(10**15),
        Decimal("1E+40"),
        1e300,
    ],
)
def test_a_number_that_is_too_large_is_refused(raw):
    with pytest.raises(RefusedError, match="more digits than Salesforce holds") as refusal:
        Number(15, 0).from_salesforce(raw)
    assert refusal.value.code == "NUMBER_OUTSIDE_VALID_RANGE"


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (Number(18, 0), "1234567890123456"),
        (Number(18, 2), "123456789012345.6"),
        (Number(15, 2), "12345678901234"),
        (Number(4, 0), 10_000),
        (Number(12, 2), "10000000000"),
    ],
)
def test_a_number_beyond_fifteen_digits_or_beyond_the_room_before_the_point_is_refused(kind, raw):
    with pytest.raises(RefusedError, match="more digits than Salesforce holds"):
        kind.from_salesforce(raw)


@pytest.mark.parametrize("raw", ["0.001", "1.0000000000000000000000000000001", "1E-9999", 0.005, Decimal("0.001")])
def test_more_decimals_than_the_field_has_are_refused_and_not_rounded(raw):
    with pytest.raises(RefusedError, match="decimals; Salesforce holds 2"):
        Number(15, 2).from_salesforce(raw)


@pytest.mark.parametrize(
    "raw", ["", "1_0", "\uff11", "NaN", "Infinity", float("nan"), "0x1", "1,5", "9" * 65, True, None, []]
)
def test_what_is_no_number_is_refused(raw):
    with pytest.raises(RefusedError, match="not a number"):
        Number(18, 0).from_salesforce(raw)


@pytest.mark.parametrize(("raw", "cell"), [("1e2", "100"), ("-0.00", "0"), (" 12.50 ", "12.5"), (0.1, "0.1"), (7, "7")])
def test_a_cell_holds_plain_digits(raw, cell):
    assert Number(15, 2).to_cell(Number(15, 2).from_salesforce(raw)) == cell


def test_money_is_text_only_where_the_dialect_has_text_and_only_money():
    form = BillingForm(money="text")
    assert money().to_billing(Decimal("12.50"), form) == "12.50"
    assert money().to_billing(Decimal("12.50"), BillingForm()) == 12.5
    assert Number(4, 0).to_billing(Decimal(12), form) == 12
