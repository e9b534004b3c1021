"""Whatever is called in whatever order: orders only go the documented ways, and all that hangs on them agrees."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from salesbridge.sandbox.billing import Billing, Clock, Provisioning, RefusedError, Seed
from salesbridge.sandbox.billing.events import EVENT_TYPES, events_of
from salesbridge.sandbox.billing.order_rules import refuse_to_seller
from salesbridge.sandbox.billing.provisioning import ORDER_STEPS, SERVICE_POINT_STEPS
from salesbridge.sandbox.billing.store import UnknownRecordError

DOCUMENTED = {
    ("draft", "ready"),
    ("draft", "cancelled"),
    ("ready", "draft"),
    ("ready", "accepted"),
    ("ready", "cancelled"),
    ("accepted", "provisioning"),
    ("accepted", "cancelled"),
    ("provisioning", "active"),
    ("provisioning", "cancelled"),
    ("active", "completed"),
}
STATUSES = sorted({status for pair in DOCUMENTED for status in pair})
POINTS = ("1000000000778", "1000000000787", "1000000000796")
NOON = 1_780_000_000_000
ORDER = st.integers(0, 3)
PERIODS = ((None, None), ("2026-06-01", "2027-06-30"), ("2027-07-01", None), ("2027-07-01", "2028-01-01"))
LINE = st.tuples(st.sampled_from((*POINTS, None)), st.sampled_from((*PERIODS, ("2027-07-01", "2026-01-01")))).map(
    lambda drawn: {"service_point": drawn[0], "from_date": drawn[1][0], "to_date": drawn[1][1]}
)
LINES = st.lists(LINE, min_size=1, max_size=2)
WAY = ("ready", "accepted", "provision", "finish_switches", "activate", "complete")


class Orders(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.billing = Billing(Seed(20, awkward=0), clock=Clock(fixed=NOON))
        self.steps = Provisioning(self.billing)
        self.accounts = [one["number"] for one in self.billing.page("accounts", limit=2)]
        sold = (one for one in self.billing.records("products") if one["active"])
        self.product = next(one for one in sold if one["service_type"] == "Electricity")
        self.numbers = []

    def trying(self, call):
        """A refused call changes nothing."""
        before = self.billing.last_change
        try:
            return call()
        except (RefusedError, UnknownRecordError):
            assert self.billing.last_change == before
            return None

    def chosen(self, at):
        return self.billing.find("orders", self.numbers[at % len(self.numbers)]) if self.numbers else None

    def whole(self, lines):
        return [{"product_code": self.product["code"], **line} for line in lines]

    @rule(account=st.integers(0, 1), lines=LINES)
    def place(self, account, lines):
        values = {"account_number": self.accounts[account], "lines": self.whole(lines)}
        if made := self.trying(lambda: self.billing.create("orders", values)):
            self.numbers.append(made["number"])

    @rule(at=ORDER, lines=LINES)
    def change(self, at, lines):
        if order := self.chosen(at):
            self.trying(lambda: self.billing.update("orders", order["id"], {"lines": self.whole(lines)}))

    @rule(at=ORDER, status=st.sampled_from(STATUSES))
    def move(self, at, status):
        if order := self.chosen(at):
            self.trying(lambda: self.sell(order, status))

    @rule(at=ORDER, account=st.integers(0, 1), lines=LINES, steps=st.integers(2, len(WAY)))
    def place_and_go_on(self, at, account, lines, steps):
        self.place(account, lines)
        self.go_on(-1, steps)
        self.go_on(at, steps)

    def go_on(self, at, steps):
        for step in WAY[:steps]:
            if step in STATUSES:
                self.move(at, step)
            else:
                self.step(at, step)

    @rule(at=ORDER, step=st.sampled_from(sorted(ORDER_STEPS)))
    def step(self, at, step):
        if order := self.chosen(at):
            self.trying(lambda: ORDER_STEPS[step](self.steps, order["number"]))

    @rule(point=st.sampled_from(POINTS), step=st.sampled_from(sorted(SERVICE_POINT_STEPS)))
    def lose(self, point, step):
        self.trying(lambda: SERVICE_POINT_STEPS[step](self.steps, point))

    @rule(days=st.integers(1, 300))
    def wait(self, days):
        self.billing.clock.advance(days * 86400)

    @rule(account=st.integers(0, 1), hold=st.booleans())
    def hold(self, account, hold):
        record = self.billing.find("accounts", self.accounts[account])
        self.billing.update("accounts", record["id"], {"credit_hold": hold})

    def sell(self, order, status):
        refuse_to_seller(order, status)
        self.billing.update("orders", order["id"], {"status": status})

    @invariant()
    def orders_go_documented_ways_only(self):
        for change in self.changes("orders"):
            if change.before and change.before["status"] != change.after["status"]:
                assert (change.before["status"], change.after["status"]) in DOCUMENTED

    @invariant()
    def a_cancelled_or_completed_order_never_changes_but_for_its_stamp(self):
        for change in self.changes("orders"):
            if change.before and change.before["status"] in {"cancelled", "completed"}:
                assert {**change.before, "modified": 0} == {**change.after, "modified": 0}

    @invariant()
    def agreements_agree_with_their_orders(self):
        for order in self.orders():
            agreements = self.billing.agreements_of_order(order["number"])
            if order["status"] in {"provisioning", "active", "completed"}:
                assert len(agreements) == len(order["lines"])
                begun = order["status"] != "provisioning"
                assert all(one["active"] is (begun and not one["cancelled"]) or one["cancelled"] for one in agreements)
            elif order["status"] == "cancelled":
                assert all(one["cancelled"] and not one["active"] for one in agreements)
            else:
                assert agreements == []

    @invariant()
    def no_two_orders_have_a_service_point_on_one_day(self):
        for point in POINTS:
            live = [one for one in self.known_agreements(point) if not one["cancelled"]]
            for at, one in enumerate(live):
                for other in live[at + 1 :]:
                    if one["order_number"] != other["order_number"]:
                        assert not overlap(one, other), (one, other)

    @invariant()
    def a_gain_belongs_to_an_order_that_is_being_provisioned(self):
        for point in self.points():
            gaining = point["switch_status"].startswith("Gain")
            assert gaining == (point["supply_status"] == "Pending")
            if gaining:
                holders = [one for one in self.orders() if one["status"] == "provisioning"]
                assert any(
                    one["account_number"] == point["account_number"]
                    and any(line["service_point"] == point["identifier"] for line in one["lines"])
                    for one in holders
                )

    @invariant()
    def a_loss_is_of_a_supply_only(self):
        for point in self.points():
            assert point["switch_status"] != "Loss Started" or point["supply_status"] == "Registered"

    @invariant()
    def only_documented_events_are_raised(self):
        for change in self.billing.changes() if hasattr(self, "billing") else ():
            assert {told for told, _ in events_of(change, self.billing.accounts_of)} <= EVENT_TYPES

    def changes(self, kind):
        if not hasattr(self, "billing"):
            return []
        return [one for one in self.billing.changes() if one.kind == kind]

    def orders(self):
        return [self.billing.find("orders", number) for number in getattr(self, "numbers", ())]

    def points(self):
        found = [self.billing.find("service_points", point) for point in POINTS] if self.orders() else []
        return [point for point in found if point]

    def known_agreements(self, point):
        return self.billing.agreements_at(point) if hasattr(self, "billing") else []


def overlap(one, other):
    last = "9999-12-31"
    return one["from_date"] <= (other["to_date"] or last) and other["from_date"] <= (one["to_date"] or last)


Orders.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestOrders = Orders.TestCase


@pytest.mark.parametrize("market", ["GB", "AU", "NZ"])
def test_every_seeded_order_can_go_to_its_end(market):
    billing = Billing(Seed(300, market, awkward=0))
    steps = Provisioning(billing)
    ways = {"accepted": "provision", "provisioning": "activate", "active": "complete"}
    for order in list(billing.records("orders")):
        for status in {"draft": ("ready", "accepted"), "ready": ("accepted",)}.get(order["status"], ()):
            billing.update("orders", order["id"], {"status": status})
        while step := ways.get((now := billing.get("orders", order["id"]))["status"]):
            if step == "activate" and any(p["switch_status"].startswith("Gain") for p in points(billing, now)):
                if any(point["switch_status"] == "Gain Objected" for point in points(billing, now)):
                    steps.resolve(order["number"])
                steps.finish_switches(order["number"])
            getattr(steps, step)(order["number"])
        assert billing.get("orders", order["id"])["status"] in {"completed", "cancelled"}


def points(billing, order):
    return [billing.find("service_points", line["service_point"]) for line in order["lines"]]
