"""What billing itself does with accepted orders and with customers who leave, and the events that tell of it."""

import httpx2
import pytest

from salesbridge.sandbox.billing import RefusedError
from salesbridge.sandbox.billing.events import events_of
from salesbridge.sandbox.billing.provisioning import ORDER_STEPS, SERVICE_POINT_STEPS
from salesbridge.sandbox.billing.store import UnknownRecordError

OBJECTED = "Objected by the losing retailer"


def types_after(shop, do):
    before = shop.billing.last_change
    do()
    told = (event for change in shop.billing.changes(before) for event in events_of(change, shop.billing.accounts_of))
    return [event_type for event_type, _ in told]


def state(shop, identifier):
    point = shop.point(identifier)
    return point["supply_status"], point["switch_status"], point["account_number"]


def agreed(shop, number):
    """Of an order's agreements: whether active, whether cancelled; also as either dialect shows them."""
    kept = {
        one["number"]: (one["order_number"], one["active"], one["cancelled"])
        for one in shop.billing.agreements_of_order(number)
    }
    shown = shop.agreements(shop.account)
    assert {agreement: shown[agreement] for agreement in kept} == kept
    return [rest for _, *rest in kept.values()]


def test_provisioning_makes_an_agreement_of_each_line_and_starts_the_switches(shop):
    number = shop.accepted(shop.line(shop.unknown, to_date="2027-12-31"), shop.line(shop.second), shop.line())
    told = types_after(shop, lambda: shop.steps.provision(number))
    assert told == [
        "contract-created",
        *["agreement-created"] * 3,
        *["service-created", "switch-gain-started"] * 2,
    ]
    assert shop.shown(number) == {"status": "provisioning", "reason": None}
    assert agreed(shop, number) == [[False, False]] * 3
    first, second, _ = shop.billing.agreements_of_order(number)
    assert (first["from_date"], first["to_date"], first["term_months"]) == ("2027-01-01", "2027-12-31", 12)
    assert (second["to_date"], second["term_months"], second["account_number"]) == (None, None, shop.account)
    point = shop.point(shop.unknown)
    assert state(shop, shop.unknown) == ("Pending", "Gain Started", shop.account)
    assert (point["identifier_type"], point["service_type"]) == (shop.scheme, "Electricity")
    assert point["supply_start"] == "2027-01-01"
    assert point["address"] == shop.billing.find("accounts", shop.account)["address"]


def test_a_line_without_a_day_begins_on_the_day_of_its_provisioning(shop):
    number = shop.accepted(shop.line(shop.unknown, from_date=None))
    day = shop.steps.provision(number) and shop.billing.agreements_of_order(number)[0]["from_date"]
    assert day == shop.point(shop.unknown)["supply_start"]
    assert day > "2026-01-01"


def test_a_finished_switch_makes_the_supply_registered_and_the_order_can_be_active(shop):
    number = shop.accepted(shop.line(shop.unknown), shop.line(shop.second))
    shop.steps.provision(number)
    with pytest.raises(RefusedError, match="not finished"):
        shop.steps.activate(number)
    told = types_after(shop, lambda: shop.steps.finish_switches(number))
    assert told == ["service-point-updated", "switch-gain-finished"] * 2
    assert state(shop, shop.unknown) == ("Registered", "None", shop.account)
    assert shop.shown(number)["status"] == "provisioning"
    assert types_after(shop, lambda: shop.steps.activate(number)) == ["contract-active", *["agreement-updated"] * 2]
    assert agreed(shop, number) == [[True, False]] * 2
    assert types_after(shop, lambda: shop.steps.complete(number)) == ["contract-completed"]
    assert shop.shown(number)["status"] == "completed"


def test_an_objection_is_told_with_its_reason_and_resolved(shop):
    number = shop.accepted(shop.line(shop.unknown))
    shop.steps.provision(number)
    assert types_after(shop, lambda: shop.steps.object(number)) == ["switch-gain-objected"]
    assert shop.shown(number) == {"status": "provisioning", "reason": OBJECTED}
    for step in (shop.steps.finish_switches, shop.steps.activate, shop.steps.object):
        with pytest.raises(RefusedError):
            step(number)
    assert types_after(shop, lambda: shop.steps.resolve(number)) == ["switch-gain-started"]
    assert shop.shown(number) == {"status": "provisioning", "reason": None}
    shop.steps.finish_switches(number)
    assert shop.steps.activate(number)["status"] == "active"


def test_an_objection_that_stands_cancels_the_order_its_agreements_and_its_service_points(shop):
    number = shop.accepted(shop.line(shop.unknown), shop.line(shop.second))
    shop.steps.provision(number)
    shop.steps.object(number)
    told = types_after(shop, lambda: shop.steps.cancel(number))
    assert told == [
        "contract-cancelled",
        *["agreement-updated"] * 2,
        *["service-point-updated", "switch-gain-cancelled"] * 2,
    ]
    assert shop.shown(number) == {"status": "cancelled", "reason": OBJECTED}
    assert agreed(shop, number) == [[False, True]] * 2
    assert state(shop, shop.unknown) == ("Ceased", "None", shop.account)


def test_whoever_sells_may_withdraw_the_switches_by_cancelling(shop):
    number = shop.accepted(shop.line(shop.unknown))
    shop.steps.provision(number)
    told = types_after(shop, lambda: shop.move(number, "cancelled", "Customer changed their mind"))
    assert told == ["contract-cancelled", "agreement-updated", "service-point-updated", "switch-gain-cancelled"]
    assert shop.shown(number)["reason"] == "Customer changed their mind"
    assert agreed(shop, number) == [[False, True]]


def test_cancelling_before_provisioning_touches_nothing_else(shop):
    number = shop.accepted(shop.line(shop.unknown))
    assert types_after(shop, lambda: shop.move(number, "cancelled")) == ["contract-cancelled"]
    assert shop.point(shop.unknown) is None


def test_a_switch_that_was_finished_stays_when_the_order_is_cancelled(shop):
    number = shop.accepted(shop.line(shop.unknown))
    shop.steps.provision(number)
    shop.steps.finish_switches(number)
    shop.steps.cancel(number, "The registry made a mistake")
    assert state(shop, shop.unknown) == ("Registered", "None", shop.account)
    assert shop.shown(number)["reason"] == "The registry made a mistake"


def known(shop, account, supply, switch="None"):
    point = next(one for one in shop.billing.records("service_points") if one["service_type"] == "Electricity")
    values = {"account_number": account, "supply_status": supply, "switch_status": switch}
    shop.billing.update("service_points", point["id"], values)
    return point["identifier"]


@pytest.mark.parametrize(
    ("of_other", "supply"), [(False, "Ceased"), (True, "Ceased"), (True, "Pending"), (False, "Pending")]
)
def test_a_known_service_point_that_is_not_supplied_is_switched(shop, of_other, supply):
    identifier = known(shop, shop.other if of_other else shop.account, supply)
    number = shop.accepted(shop.line(identifier))
    told = types_after(shop, lambda: shop.steps.provision(number))
    assert told[-1] == "switch-gain-started"
    assert state(shop, identifier) == ("Pending", "Gain Started", shop.account)
    assert shop.point(identifier)["supply_end"] is None
    rows = shop.billing.members("service_points", shop.account)
    assert identifier in {row["identifier"] for row in rows}
    assert identifier not in {row["identifier"] for row in shop.billing.members("service_points", shop.other)}


@pytest.mark.parametrize("supply", ["Registered", "De-energised"])
def test_a_service_point_that_the_account_has_already_needs_no_switch(shop, supply):
    identifier = known(shop, shop.account, supply)
    number = shop.accepted(shop.line(identifier))
    assert types_after(shop, lambda: shop.steps.provision(number)) == ["contract-created", "agreement-created"]
    with pytest.raises(RefusedError, match="no switch"):
        shop.steps.finish_switches(number)
    assert shop.steps.activate(number)["status"] == "active"
    assert state(shop, identifier) == (supply, "None", shop.account)


def test_two_orders_of_an_account_share_a_switch_until_the_last_gives_it_up(shop):
    first = shop.accepted(shop.line(shop.unknown, to_date="2027-06-30"))
    second = shop.accepted(shop.line(shop.unknown, from_date="2027-07-01"))
    for number in (first, second):
        shop.steps.provision(number)
    shop.move(first, "cancelled")
    assert state(shop, shop.unknown)[:2] == ("Pending", "Gain Started")
    shop.move(second, "cancelled")
    assert state(shop, shop.unknown)[:2] == ("Ceased", "None")


def test_an_order_is_not_provisioned_while_another_account_has_or_gets_the_service_point(shop):
    first = shop.accepted(shop.line(shop.unknown, to_date="2027-06-30"))
    second = shop.accepted(shop.line(shop.unknown, from_date="2027-07-01"), account=shop.other)
    shop.steps.provision(first)
    with pytest.raises(RefusedError, match=first):
        shop.steps.provision(second)
    shop.steps.finish_switches(first)
    with pytest.raises(RefusedError, match="another account"):
        shop.steps.provision(second)
    assert shop.shown(second)["status"] == "accepted"
    assert shop.billing.agreements_of_order(second) == []


def test_an_agreement_holds_its_service_point_after_the_order_is_done(shop):
    number = shop.accepted(shop.line(shop.unknown, to_date="2027-12-31"))
    for step in ("provision", "finish_switches", "activate", "complete"):
        getattr(shop.steps, step)(number)
    answer = shop.place(shop.line(shop.unknown, from_date="2027-12-31"))
    assert shop.codes(answer) in (["SupplyOverlap"], ["SUPPLY_OVERLAP"])
    shop.placed(shop.line(shop.unknown, from_date="2028-01-01"))


def supplied(shop):
    number = shop.accepted(shop.line(shop.unknown, from_date="2026-01-01"))
    for step in ("provision", "finish_switches", "activate"):
        getattr(shop.steps, step)(number)
    return number


def test_a_customer_leaves(shop):
    number = supplied(shop)
    assert types_after(shop, lambda: shop.steps.start_loss(shop.unknown)) == ["switch-loss-started"]
    assert state(shop, shop.unknown)[:2] == ("Registered", "Loss Started")
    told = types_after(shop, lambda: shop.steps.finish_loss(shop.unknown))
    assert told == ["service-point-updated", "switch-loss-finished", "agreement-updated"]
    point = shop.point(shop.unknown)
    assert (point["supply_status"], point["switch_status"]) == ("Ceased", "None")
    [agreement] = shop.billing.agreements_of_order(number)
    assert agreement["to_date"] == point["supply_end"] > "2026-01-01"
    assert not agreement["cancelled"]


def test_a_customer_who_leaves_before_the_supply_begins_has_the_agreement_end_on_its_first_day(shop):
    number = shop.accepted(shop.line(shop.unknown, from_date="2199-01-01"))
    for step in ("provision", "finish_switches", "activate"):
        getattr(shop.steps, step)(number)
    shop.steps.start_loss(shop.unknown)
    assert shop.steps.finish_loss(shop.unknown)["supply_end"] == "2199-01-01"
    assert shop.billing.agreements_of_order(number)[0]["to_date"] == "2199-01-01"


def test_a_later_agreement_of_a_lost_service_point_is_cancelled(shop):
    supplied_first = shop.accepted(shop.line(shop.unknown, from_date="2026-01-01", to_date="2199-12-31"))
    later = shop.accepted(shop.line(shop.unknown, from_date="2200-01-01"))
    for number in (supplied_first, later):
        shop.steps.provision(number)
    shop.steps.finish_switches(later)
    shop.steps.start_loss(shop.unknown)
    shop.steps.finish_loss(shop.unknown)
    [agreement] = shop.billing.agreements_of_order(later)
    assert (agreement["cancelled"], agreement["active"]) == (True, False)


def test_a_customer_is_retained(shop):
    number = supplied(shop)
    shop.steps.start_loss(shop.unknown)
    assert types_after(shop, lambda: shop.steps.cancel_loss(shop.unknown)) == ["switch-loss-cancelled"]
    assert state(shop, shop.unknown) == ("Registered", "None", shop.account)
    assert shop.billing.agreements_of_order(number)[0]["to_date"] is None


def test_a_customer_who_left_can_be_won_back(shop):
    supplied(shop)
    shop.steps.start_loss(shop.unknown)
    shop.steps.finish_loss(shop.unknown)
    number = shop.accepted(shop.line(shop.unknown, from_date="2199-01-01"))
    assert types_after(shop, lambda: shop.steps.provision(number))[-1] == "switch-gain-started"


@pytest.mark.parametrize("step", sorted(SERVICE_POINT_STEPS))
def test_a_loss_out_of_turn_is_refused(shop, step):
    number = shop.accepted(shop.line(shop.unknown))
    shop.steps.provision(number)
    before = shop.billing.last_change
    with pytest.raises(RefusedError):
        getattr(shop.steps, step)(shop.unknown)
    assert shop.billing.last_change == before


@pytest.mark.parametrize("step", sorted(ORDER_STEPS))
def test_a_step_for_an_order_that_is_not_there_is_refused(shop, step):
    with pytest.raises(UnknownRecordError):
        getattr(shop.steps, step)("Q1")


@pytest.mark.parametrize("step", sorted(set(ORDER_STEPS) - {"cancel"}))
def test_a_draft_takes_no_step_of_billing(shop, step):
    number = shop.placed(shop.line(shop.unknown))
    with pytest.raises(RefusedError):
        getattr(shop.steps, step)(number)
    assert shop.shown(number)["status"] == "draft"


def test_the_steps_are_taken_over_http_too(shop):
    number = shop.accepted(shop.line(shop.unknown))
    url = shop.client.running.url

    def post(path, **body):
        return httpx2.post(f"{url}/sandbox/{path}", json=body, trust_env=False)

    for step in ("provision", "object", "resolve", "finish_switches", "activate", "complete"):
        answer = post(f"orders/{number}", do=step)
        assert (answer.status_code, answer.json()["number"]) == (200, number)
    assert post(f"orders/{number}", do="cancel").status_code == 409
    assert post(f"orders/{number}", do="fly").status_code == 400
    assert post(f"orders/{number}").status_code == 400
    assert post("orders/Q1", do="provision").status_code == 404
    for step, supply in (("start_loss", "Registered"), ("cancel_loss", "Registered"), ("start_loss", "Registered")):
        assert post(f"service-points/{shop.unknown}", do=step).json()["supply_status"] == supply
    assert post(f"service-points/{shop.unknown}", do="finish_loss").json()["supply_status"] == "Ceased"
    other = shop.placed(shop.line(shop.second))
    answer = post(f"orders/{other}", do="cancel", reason="Sold to somebody else")
    assert (answer.json()["status"], answer.json()["status_reason"]) == ("cancelled", "Sold to somebody else")


def test_a_seeded_order_gets_the_agreements_that_it_has_not(shop):
    billing = shop.billing
    order = billing.page("orders", limit=1)[0]
    moved = {"draft": ["ready", "accepted"], "ready": ["accepted"]}.get(order["status"], [])
    for status in moved:
        billing.update("orders", order["id"], {"status": status})
    order = billing.get("orders", order["id"])
    assert order["status"] in {"accepted", "provisioning", "active", "completed", "cancelled"}
    if order["status"] == "accepted":
        shop.steps.provision(order["number"])
        assert len(billing.agreements_of_order(order["number"])) == 1


def test_what_an_order_brought_about_is_kept_in_the_file(tmp_path):
    from salesbridge.sandbox.billing import Billing, Provisioning, Seed  # noqa: PLC0415

    billing = Billing(Seed(20, awkward=0), file=tmp_path / "b.db")
    account, product = billing.page("accounts", limit=1)[0], billing.page("products", limit=1)[0]
    line = {"product_code": product["code"], "service_point": "1000000000778", "from_date": "2027-01-01"}
    values = {"account_number": account["number"], "lines": [line], "external_reference": "801"}
    number = billing.create("orders", values)["number"]
    for status in ("ready", "accepted"):
        billing.update("orders", billing.find("orders", number)["id"], {"status": status})
    Provisioning(billing).provision(number)
    billing.close()
    again = Billing(Seed(20, awkward=0), file=tmp_path / "b.db")
    assert [order["number"] for order in again.referenced("orders", "801")] == [number]
    assert [order["number"] for order in again.edited("orders")] == [number]
    assert again.agreements_of_order(number) == billing.agreements_of_order(number)
    assert again.find("service_points", "1000000000778") == billing.find("service_points", "1000000000778")
    Provisioning(again).finish_switches(number)
    assert Provisioning(again).activate(number)["status"] == "active"
    again.close()
