"""Every kind: what one side spells, the other reads, and nothing is lost on the way back."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from salesbridge.model.kinds import (
    CLEAR,
    BillingForm,
    Boolean,
    Date,
    DateTime,
    MultiPicklist,
    Number,
    Phone,
    Picklist,
    RefusedError,
    Side,
    Text,
    cell_of,
    email,
    money,
    settle,
    url,
    value_of,
)
from salesbridge.model.kinds.text import Street

ZONES = ("UTC", "Europe/London", "Pacific/Auckland", "Australia/Lord_Howe", "America/St_Johns")
FORMS = st.builds(
    BillingForm,
    st.sampled_from(ZONES).map(ZoneInfo),
    st.sampled_from(("local", "offset")),
    st.sampled_from(("json", "yn")),
    st.sampled_from(("number", "text")),
    st.sampled_from(("json", "text")),
)
CHOICES = ("Account Holder", "Billing Contact", "Été", "a, b", '"quoted"')
CODES = (("H", "Account Holder"), ("B", "Billing Contact"))


def canonical(kind, raws):
    """Canonical values of a kind: what it makes of raw ones, without those that it refuses."""

    def accepted(raw):
        try:
            return [kind.from_salesforce(raw)]
        except RefusedError:
            return []

    return raws.map(accepted).filter(bool).map(lambda found: found[0])


def decimals(precision, scale):
    bound = 10 ** min(precision, 15)
    return st.integers(-bound + 1, bound - 1).map(lambda digits: str(Decimal(digits).scaleb(-scale)))


TEXTS = st.text(max_size=60)
DAYS = st.dates(date(1700, 1, 1), date(4000, 12, 31))
MOMENTS = st.datetimes(datetime(1700, 1, 2), datetime(4000, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
KINDS = {
    "text": (Text(40), TEXTS),
    "long text": (Text(5000, lines=True), TEXTS),
    "street": (Street(), TEXTS),
    "phone": (Phone(), TEXTS),
    "email": (email(), st.emails()),
    "url": (url(), TEXTS),
    "open picklist": (Picklist(values=CHOICES), TEXTS),
    "restricted picklist": (Picklist(values=CHOICES, restricted=True, codes=CODES), st.sampled_from((*CHOICES, ""))),
    "multi-picklist": (MultiPicklist(CHOICES), st.lists(st.sampled_from(CHOICES)).map(";".join)),
    "flag": (Boolean(), st.booleans()),
    "date": (Date(), DAYS.map(date.isoformat)),
    "time": (DateTime(), MOMENTS.map(datetime.isoformat)),
    "number": (Number(15, 4), decimals(15, 4)),
    "whole number": (Number(4, 0), decimals(4, 0)),
    "money": (money(15, 2), decimals(15, 2)),
}
EVERY = pytest.mark.parametrize("name", KINDS)


@EVERY
@given(data=st.data(), form=FORMS)
def test_what_is_spelt_for_billing_reads_back_the_same(name, data, form):
    kind, raws = KINDS[name]
    value = data.draw(canonical(kind, raws))
    if isinstance(value, datetime) and form.datetimes == "local":
        assume(value.astimezone(form.zone).fold == 0)
    assert kind.from_billing(kind.to_billing(value, form), form) == value


@EVERY
@given(data=st.data())
def test_what_is_spelt_for_salesforce_reads_back_the_same(name, data):
    kind, raws = KINDS[name]
    value = data.draw(canonical(kind, raws))
    spelt = kind.to_salesforce(value)
    assert (kind.cleared if spelt is None else kind.from_salesforce(spelt)) == settle_none(value, spelt)


def settle_none(value, spelt):
    return None if spelt is None and value == () else value


@EVERY
@given(data=st.data())
def test_a_cell_reads_back_as_what_salesforce_will_hold(name, data):
    kind, raws = KINDS[name]
    value = data.draw(canonical(kind, raws))
    assume(value != CLEAR)
    assert value_of(kind, cell_of(kind, value)) == settle(value, Side.SALESFORCE)


@EVERY
@given(data=st.data())
def test_reading_twice_changes_nothing(name, data):
    kind, raws = KINDS[name]
    value = data.draw(canonical(kind, raws))
    spelt = kind.to_salesforce(value)
    assert spelt is None or kind.from_salesforce(spelt) == value
    assert kind.agree(value, settle(value, Side.SALESFORCE))


@EVERY
def test_null_and_absent_never_look_alike_in_a_cell(name):
    kind, _ = KINDS[name]
    assert cell_of(kind, None) != ""
    assert value_of(kind, cell_of(kind, None)) == kind.cleared


@pytest.mark.parametrize("name", ["text", "phone", "open picklist", "restricted picklist"])
def test_empty_text_and_null_are_told_apart_towards_billing(name):
    kind, _ = KINDS[name]
    assert kind.from_billing("", BillingForm()) == ""
    assert kind.to_billing("", BillingForm()) == ""
    assert kind.cleared is None


def test_a_checkbox_has_no_null_so_null_means_no():
    assert Boolean().cleared is False
    assert cell_of(Boolean(), None) == "false"
    assert value_of(Boolean(), CLEAR) is False


def test_no_choice_clears_a_multi_picklist_instead_of_leaving_it_alone():
    assert cell_of(MultiPicklist(CHOICES), ()) == CLEAR
    assert settle((), Side.SALESFORCE) is None
    assert settle((), Side.BILLING) == ()


@pytest.mark.parametrize("kind", [Text(40), Phone(), Picklist(), Street(), MultiPicklist((CLEAR,))])
def test_the_sign_for_clearing_is_refused_as_a_text(kind):
    with pytest.raises(RefusedError, match="reads as 'clear this field'") as refusal:
        cell_of(kind, kind.from_salesforce(CLEAR))
    assert refusal.value.code == "UNREPRESENTABLE_VALUE"


@pytest.mark.parametrize("raw", ["Y", "y", "true", "1", True])
def test_every_spelling_of_yes_is_taken(raw):
    assert Boolean().from_billing(raw, BillingForm()) is True


@pytest.mark.parametrize("raw", ["maybe", "", 1, 0, 2.0, [], pytest.param(10**5000, id="endless")])
def test_what_is_neither_yes_nor_no_is_refused(raw):
    with pytest.raises(RefusedError, match="not yes or no"):
        Boolean().from_salesforce(raw)


@pytest.mark.parametrize(
    "raw", ["", "2026-02-30", "2026-W05-1", "20260105", "2026-01-05T00:00:00", "\uff12026-01-05", 20260105, None, []]
)
def test_what_is_no_day_is_refused(raw):
    with pytest.raises(RefusedError, match="not a date") as refusal:
        Date().from_salesforce(raw)
    assert refusal.value.code == "INVALID_DATE"


@pytest.mark.parametrize("kind", [Date(), DateTime()])
@pytest.mark.parametrize("day", ["1699-12-30", "4001-01-02", "0001-01-01", "9999-12-31"])
def test_a_day_that_salesforce_cannot_hold_is_refused(kind, day):
    raw = day if isinstance(kind, Date) else day + "T12:00:00"
    with pytest.raises(RefusedError, match="Salesforce holds 1700 to 4000"):
        kind.from_billing(raw, BillingForm(zone=ZoneInfo("Pacific/Auckland")))


def test_a_time_at_the_edge_of_the_calendar_is_refused_and_not_a_crash():
    with pytest.raises(RefusedError, match="outside of the calendar"):
        DateTime().from_salesforce("9999-12-31T23:59:59-05:00")


def test_a_salesforce_time_without_a_zone_is_refused():
    with pytest.raises(RefusedError, match="without a zone"):
        DateTime().from_salesforce("2026-01-31T10:11:12")


def test_a_local_time_takes_the_zone_of_the_tenant():
    form = BillingForm(zone=ZoneInfo("Pacific/Auckland"), datetimes="local")
    moment = DateTime().from_billing("2026-01-31T10:00:00.000", form)
    assert DateTime().to_salesforce(moment) == "2026-01-30T21:00:00.000Z"
    assert DateTime().from_salesforce("2026-01-30T21:00:00.000+0000") == moment


def test_a_code_of_billing_stands_for_its_value():
    kind = Picklist(values=CHOICES, restricted=True, codes=CODES)
    assert kind.from_billing(" H ", BillingForm()) == "Account Holder"
    assert kind.to_billing("Account Holder", BillingForm()) == "H"


def test_a_restricted_picklist_takes_its_values_and_nothing_else():
    kind = Picklist(values=CHOICES, restricted=True)
    assert kind.from_salesforce("") == ""
    with pytest.raises(RefusedError) as refusal:
        kind.from_salesforce("Neighbour")
    assert refusal.value.code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


@given(st.permutations(CHOICES))
def test_the_order_of_chosen_values_means_nothing(order):
    kind = MultiPicklist(CHOICES)
    assert kind.from_billing(order, BillingForm()) == kind.from_salesforce(";".join(CHOICES))


@pytest.mark.parametrize(("one", "other"), [("+44 (0)20 7946-0000", "+440 20 79460000"), ("", None), ("01 x5", "01X5")])
def test_telephone_numbers_agree_when_the_same_keys_are_dialled(one, other):
    assert Phone().agree(one, other)
    assert not Phone().agree(one, "999")
