"""Orders that go their way by themselves, at the pace of the sandbox's clock."""

import time

import httpx2
import pytest

from salesbridge.sandbox.billing import Billing, Clock, Pace, Seed, Settings, start_in_thread
from salesbridge.sandbox.billing.pace import Provisioner

NOON = 1_780_000_000_000
POINT = "1000000000778"
OBJECTED = "Objected by the losing retailer"


class Going:
    """A billing system whose orders go on when the clock does."""

    def __init__(self, pace):
        self.billing = Billing(Seed(20, awkward=0), clock=Clock(fixed=NOON))
        self.provisioner = Provisioner(self.billing, pace)

    def accepted(self, **line):
        billing = self.billing
        account = billing.page("accounts", limit=1)[0]["number"]
        sold = (one for one in billing.records("products") if one["active"])
        product = next(one for one in sold if one["service_type"] == "Electricity")["code"]
        order = billing.create("orders", {"account_number": account, "lines": [{"product_code": product, **line}]})
        for status in ("ready", "accepted"):
            billing.update("orders", order["id"], {"status": status})
        return order["number"]

    def way(self, number, steps=12):
        """The states of the order and of its switch, each once, while step after step is taken."""
        seen = []
        for _ in range(steps):
            order, point = self.billing.find("orders", number), self.billing.find("service_points", POINT)
            now = (order["status"], point and point["switch_status"])
            seen += [] if seen[-1:] == [now] else [now]
            self.billing.clock.advance(61)
            self.provisioner.take_due_steps()
        return seen


@pytest.fixture
def going():
    """Starts a system with a pace of a minute a step; the test takes the steps."""

    def start(**pace):
        made = Going(Pace(seconds=60, **pace))
        made.provisioner.watch()
        return made

    return start


def test_an_order_goes_from_accepted_to_completed(going):
    system = going()
    assert system.way(system.accepted(service_point=POINT)) == [
        ("accepted", None),
        ("provisioning", "Gain Started"),
        ("provisioning", "None"),
        ("active", "None"),
        ("completed", "None"),
    ]


def test_an_order_without_a_switch_becomes_active_at_once(going):
    system = going()
    assert [status for status, _ in system.way(system.accepted())] == [
        "accepted",
        "provisioning",
        "active",
        "completed",
    ]


def test_an_objection_is_made_once_and_resolved(going):
    system = going(objections=1)
    way = system.way(system.accepted(service_point=POINT))
    assert way == [
        ("accepted", None),
        ("provisioning", "Gain Started"),
        ("provisioning", "Gain Objected"),
        ("provisioning", "Gain Started"),
        ("provisioning", "None"),
        ("active", "None"),
        ("completed", "None"),
    ]


def test_an_objection_that_stands_cancels_the_order(going):
    system = going(objections=1, cancellations=1)
    number = system.accepted(service_point=POINT)
    assert system.way(number)[-1] == ("cancelled", "None")
    assert system.billing.find("orders", number)["status_reason"] == OBJECTED


def test_no_step_is_taken_before_its_time(going):
    system = going()
    number = system.accepted(service_point=POINT)
    system.billing.clock.advance(50)
    assert system.provisioner.take_due_steps() == 0
    assert system.billing.find("orders", number)["status"] == "accepted"


def test_an_order_that_cannot_be_provisioned_is_cancelled_with_the_reason(going):
    system = going()
    number = system.accepted(service_point=POINT)
    other = system.billing.page("accounts", limit=2)[1]["number"]
    kind = {"identifier": POINT, "identifier_type": "MPAN", "service_type": "Electricity"}
    system.billing.create("service_points", {**kind, "account_number": other, "supply_status": "Registered"})
    assert system.way(number)[-1][0] == "cancelled"
    assert system.billing.find("orders", number)["status_reason"] == f"{POINT} is supplied by us for another account"


def test_seeded_orders_that_nobody_touched_stay(going):
    system = going()
    before = system.billing.last_change
    system.billing.clock.advance(600)
    assert system.provisioner.take_due_steps() == 0
    assert system.billing.last_change == before


def test_a_restarted_system_goes_on_with_the_orders_it_had(tmp_path):
    first = Billing(Seed(20, awkward=0), file=tmp_path / "b.db")
    system = Going(Pace(seconds=60))
    system.billing = first
    number = system.accepted(service_point=POINT)
    first.close()
    again = Billing(Seed(20, awkward=0), file=tmp_path / "b.db")
    provisioner = Provisioner(again, Pace(seconds=0.01))
    provisioner.start()
    wait_until(lambda: again.find("orders", number)["status"] == "completed")
    provisioner.stop()
    again.close()


def wait_until(true):
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_running_system_provisions_by_itself_and_follows_the_clock():
    settings = Settings(provisioning=Pace(seconds=3600))
    with start_in_thread(Billing(Seed(20, awkward=0)), settings) as running:
        system = Going(Pace())
        system.billing = running.billing
        number = system.accepted(service_point=POINT)
        for status in ("provisioning", "provisioning", "active", "completed"):
            seen = running.billing.last_change
            httpx2.post(f"{running.url}/sandbox/clock", json={"seconds": 3601}, trust_env=False)
            wait_until(lambda seen=seen: running.billing.last_change > seen)
            wait_until(lambda status=status: running.billing.find("orders", number)["status"] == status)


def test_without_a_pace_nothing_happens_by_itself():
    with start_in_thread(Billing(Seed(20, awkward=0))) as running:
        system = Going(Pace())
        system.billing = running.billing
        number = system.accepted()
        httpx2.post(f"{running.url}/sandbox/clock", json={"seconds": 10**6}, trust_env=False)
        assert running.service.provisioner._thread is None
        assert running.billing.find("orders", number)["status"] == "accepted"


@pytest.mark.parametrize("pace", [{"seconds": -1}, {"objections": 1.5}, {"cancellations": -0.1}])
def test_a_pace_that_makes_no_sense_is_refused(pace):
    with pytest.raises(ValueError, match=next(iter(pace))):
        Pace(**pace)
