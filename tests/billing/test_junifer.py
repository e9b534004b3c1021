from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.billing import BillingError
from salesbridge.billing.junifer import local_lower_bound

ZONES = ("Europe/London", "Pacific/Auckland", "Australia/Lord_Howe", "UTC", "America/Sao_Paulo")


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001  given its zone
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=5)),
    st.sampled_from(ZONES),
)
def test_no_later_change_has_a_local_time_before_the_bound(since, later, zone):
    bound = local_lower_bound(since, zone)
    changed = (since + later).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]

    assert bound <= changed


def test_the_bound_is_an_hour_earlier_only_while_the_hour_comes_twice():
    assert local_lower_bound(datetime(2026, 7, 1, 10, tzinfo=UTC), "Europe/London") == "2026-07-01T11:00:00.000"
    assert local_lower_bound(datetime(2026, 10, 25, 0, 50, tzinfo=UTC), "Europe/London") == "2026-10-25T00:50:00.000"


@pytest.mark.parametrize("zone", [None, "", "Europe/Atlantis", "../etc/passwd"])
def test_a_zone_that_is_none_is_told(zone):
    with pytest.raises(BillingError, match="IANA"):
        local_lower_bound(datetime(2026, 7, 1, tzinfo=UTC), zone)


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        local_lower_bound(datetime(2026, 7, 1), "UTC")  # noqa: DTZ001  the point
