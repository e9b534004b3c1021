"""Orders that are sold in Salesforce."""

from __future__ import annotations

import pytest
from sales_world import START, mpan

from salesbridge.engine.live.points import watched

EXT, STATUS, REASON = "Gentrack_External_Id__c", "Gentrack_Order_Status__c", "Gentrack_Order_Reason__c"
BOTH = pytest.mark.parametrize("running_billing", ["junifer", "velocity"], indirect=True)


class Killed(BaseException):
    """The process dies here."""


def lines_of(world, order):
    return [row for row in world.org.org.rows("OrderItem") if row["OrderId"] == order and not row["IsDeleted"]]


@BOTH
def test_a_placed_order_of_a_prospect_goes_all_the_way_to_an_activated_order(world):
    account = world.prospect()
    order = world.order(account, start := mpan(1))
    world.place(order)
    world.run()
    (made,) = world.billing_orders()
    assert (made["status"], made["external_reference"]) == ("accepted", order)
    row = world.org_row("Order", order)
    assert (row[EXT], row[STATUS]) == (made["number"], "accepted")
    assert world.org_row("Account", account)[EXT] == made["account_number"]
    assert [line[EXT] for line in lines_of(world, order)] == [f"{made['number']}:1"]
    sale = world.sale()
    assert (sale.state, sale.owner, sale.order_number) == ("accepted", "billing", made["number"])
    assert len([one for one in world.org.org.rows("Account") if one["Name"] == "Northwind"]) == 1

    world.billing.provisioning.provision(made["number"])
    world.run()
    row = world.org_row("Order", order)
    assert row[STATUS] == "provisioning"
    assert world.org_row("Contract", row["ContractId"])["StatusCode"] == "Draft"
    assert world.row("Asset", start)["Gentrack_Switch_Status__c"] == "Gain Started"
    world.billing.provisioning.finish_switches(made["number"])
    world.billing.provisioning.activate(made["number"])
    world.run()
    row = world.org_row("Order", order)
    assert row[STATUS] == "active"
    assert world.org_row("Contract", row["ContractId"])["StatusCode"] == "Activated"
    assert row["StatusCode"] == "Activated"
    assert world.sale().ended_at is not None
    assert world.problems() == []


@BOTH
def test_a_worker_that_dies_at_any_point_leaves_nothing_doubled(world):
    """It dies once at each point of the way; its successor goes on where it was."""
    account = world.prospect()
    world.place(world.order(account))
    world.hear_salesforce()
    died = set()

    def die_once(name):
        if name not in died:
            died.add(name)
            raise Killed

    for _ in range(80):
        try:
            with watched(die_once):
                world.later(seconds=5)
                world.settle()
                break
        except Killed:
            continue
    assert {"after: make customer", "after: make account", "after: make billing order"} <= died
    world.run()
    (made,) = world.billing_orders()
    assert made["status"] == "accepted"
    referring = [r for r in world.billing.billing.records("accounts") if r.get("external_reference")]
    customers = [r for r in world.billing.billing.records("customers") if r.get("external_reference")]
    assert (len(referring), len(customers)) == (1, 1)
    assert len([one for one in world.org.org.rows("Account") if one["Name"] == "Northwind"]) == 1
    assert len([one for one in world.org.org.rows("Contact") if one["LastName"] == "Archer"]) == 1
    assert world.problems() == []


def test_an_account_that_was_made_but_not_numbered_is_adopted_by_billing_s_own_news(world):
    account = world.prospect()
    made = world.billing.billing.create(
        "accounts",
        {
            "account_class": "Commercial",
            "primary_customer_number": min(world.rows("Contact")),
            "external_reference": account,
        },
    )
    world.run()
    assert world.org_row("Account", account)[EXT] == made["number"]
    assert len([one for one in world.org.org.rows("Account") if one.get(EXT) == made["number"]]) == 1


def test_what_is_wrong_is_told_on_the_order_and_as_a_problem_until_it_is_mended(world):
    account = world.prospect(contact=False)
    order = world.order(account, "1234567890128")
    world.place(order)
    world.run()
    row = world.org_row("Order", order)
    assert row[STATUS] == "refused"
    assert "1234567890128" in row[REASON]
    (problem,) = world.problems()
    assert (problem.kind, problem.cause) == ("sale refused", "INVALID_SERVICE_POINT")
    assert world.billing_orders() == []

    (line,) = lines_of(world, order)
    world.person.update("OrderItem", line["Id"], {"Gentrack_Service_Point__c": mpan(5)})
    world.run()
    assert "contact" in world.org_row("Order", order)[REASON]
    world.person.create("Contact", {"AccountId": account, "LastName": "Archer"})
    world.later(minutes=6)
    world.run()
    assert world.org_row("Order", order)[STATUS] == "accepted"
    assert world.org_row("Order", order).get(REASON) is None
    assert world.problems() == []


def test_a_credit_hold_refuses_acceptance_and_changed_lines_follow_once_it_is_lifted(world):
    number = min(world.rows("Account"))
    held = world.billing.billing.find("accounts", number)
    world.billing.billing.update("accounts", held["id"], {"credit_hold": True}, source="person")
    order = world.order(world.row("Account", number)["Id"])
    world.place(order)
    world.run()
    row = world.org_row("Order", order)
    assert row[STATUS] == "refused"
    assert "credit hold" in row[REASON]
    (made,) = world.billing_orders()
    assert made["status"] == "ready"
    world.line(order, mpan(7))
    world.billing.billing.update("accounts", held["id"], {"credit_hold": False}, source="person")
    world.run()
    (made,) = world.billing_orders()
    assert (made["status"], len(made["lines"])) == ("accepted", 2)
    assert sorted(line[EXT] for line in lines_of(world, order)) == [f"{made['number']}:{n}" for n in (1, 2)]
    assert world.problems() == []


def test_calling_off_cancels_before_and_after_acceptance(world):
    first = world.order(world.prospect())
    world.place(first)
    world.place(first, placed=False)
    world.run()
    assert world.billing_orders() == []
    world.place(first)
    world.run()
    (made,) = world.billing_orders()
    world.billing.provisioning.provision(made["number"])
    world.run()
    world.place(first, placed=False)
    world.run()
    (made,) = world.billing_orders()
    assert (made["status"], made["status_reason"]) == ("cancelled", "Cancelled in Salesforce")
    row = world.org_row("Order", first)
    assert (row[STATUS], row[REASON]) == ("cancelled", "Cancelled in Salesforce")
    assert world.sale().ended_at is not None
    assert world.org_row("Contract", row["ContractId"])["Gentrack_Cancelled__c"] is True

    second = world.order(world.prospect("Southwind"), mpan(9))
    world.place(second)
    world.run()
    world.person.delete("Order", second)
    world.run()
    assert [one["status"] for one in world.billing_orders()] == ["cancelled", "cancelled"]


def test_an_accepted_quote_becomes_an_order_that_waits_to_be_placed(world):
    account = world.prospect()
    quote = world.quote(account)
    world.person.update("Quote", quote, {"Status": "Accepted"})
    world.run()
    (row,) = [one for one in world.org.org.rows("Order") if one.get("QuoteId") == quote]
    (line,) = lines_of(world, row["Id"])
    assert (line["ServiceDate"], line["Gentrack_Service_Point__c"]) == (START, mpan(1))
    sale = world.sale()
    assert (sale.state, sale.owner) == ("offered", "salesforce")
    world.run()
    assert len([one for one in world.org.org.rows("Order") if one.get("QuoteId") == quote]) == 1
    world.place(row["Id"])
    world.run()
    (made,) = world.billing_orders()
    seen = world.org_row("Quote", quote)
    assert (seen[EXT], seen[STATUS], seen["Status"]) == (made["number"], "accepted", "Accepted")
    assert [sale.state for sale in world.sales()] == ["accepted"]


def test_with_the_setting_off_or_a_status_of_one_s_own_salesforce_s_steps_count(world):
    world.instance.settings = {"orders_from_quotes": "no", "placed_status": "Draft"}
    world.instance.save()
    account = world.prospect()
    quote = world.quote(account, mpan(3))
    world.person.update("Quote", quote, {"Status": "Accepted"})
    world.run()
    assert world.sales() == []
    world.order(account, mpan(4))
    world.run()
    assert [one["status"] for one in world.billing_orders()] == ["accepted"]


@BOTH
def test_replies_that_are_lost_on_either_side_double_nothing(world):
    """Billing and Salesforce carry each creation out, and the answer never arrives."""
    for kind in ("ustomers", "ccounts", "rders"):
        world.billing.service.faults.arm("cut", times=1, method="POST", path=kind, when="after")
    quote = world.quote(world.prospect(), mpan(6))
    world.org.org.faults.arm("cut_after_commit", times=1, path="sobjects/Order")
    world.person.update("Quote", quote, {"Status": "Accepted"})
    for _ in range(12):
        world.later(minutes=2)
        world.quiesce()
    (row,) = [one for one in world.org.org.rows("Order") if one.get("QuoteId") == quote]
    assert len(lines_of(world, row["Id"])) == 1
    world.place(row["Id"])
    for _ in range(12):
        world.later(minutes=2)
        world.quiesce()
    (made,) = world.billing_orders()
    assert made["status"] == "accepted"
    for kind in ("accounts", "customers"):
        assert len([one for one in world.billing.billing.records(kind) if one.get("external_reference")]) == 1
    assert world.problems() == []
