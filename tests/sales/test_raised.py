"""Orders that are raised in billing."""

from __future__ import annotations

import pytest
from sales_world import mpan

EXT, STATUS, REASON = "Gentrack_External_Id__c", "Gentrack_Order_Status__c", "Gentrack_Order_Reason__c"


def test_it_appears_as_an_opportunity_with_a_quote_and_once_won_as_an_order_that_is_activated(world):
    number = world.raise_order()
    world.run()
    quote, opportunity = world.row("Quote", number), world.row("Opportunity", number)
    assert (quote["Status"], quote[STATUS]) == ("Draft", "draft")
    assert quote["OpportunityId"] == opportunity["Id"]
    (line,) = [row for row in world.org.org.rows("QuoteLineItem") if row["QuoteId"] == quote["Id"]]
    assert (line[EXT], line["Gentrack_Service_Point__c"]) == (f"{number}:1", mpan(2))
    world.move(number, "ready")
    world.run()
    assert world.row("Quote", number)["Status"] == "Presented"
    world.move(number, "accepted")
    world.run()
    assert world.row("Quote", number)["Status"] == "Accepted"
    assert world.row("Opportunity", number)["StageName"] == "Closed Won"
    order = world.row("Order", number)
    assert (order["Gentrack_Placed__c"], order[STATUS]) == (True, "accepted")
    world.billing.provisioning.provision(number)
    world.billing.provisioning.finish_switches(number)
    world.billing.provisioning.activate(number)
    world.run()
    assert world.row("Order", number)[STATUS] == "active"
    assert world.row("Order", number)["ContractId"]
    assert len(world.sales()) == 1
    assert world.problems() == []


def test_changed_lines_follow_and_an_offer_that_is_cancelled_is_lost(world):
    number = world.raise_order()
    world.run()
    record = world.billing.billing.find("orders", number)
    more = [*record["lines"], {**record["lines"][0], "service_point": mpan(8), "quantity": 2}]
    world.billing.billing.update("orders", record["id"], {"lines": more}, source="person")
    world.run()
    quote = world.row("Quote", number)
    lines = [row for row in world.org.org.rows("QuoteLineItem") if row["QuoteId"] == quote["Id"]]
    assert sorted((row[EXT], row["Quantity"]) for row in lines) == [(f"{number}:1", 1.0), (f"{number}:2", 2.0)]
    world.billing.billing.update("orders", record["id"], {"lines": more[1:]}, source="person")
    world.run()
    lines = [row for row in world.org.org.rows("QuoteLineItem") if row["QuoteId"] == quote["Id"]]
    assert [(row[EXT], row["Quantity"]) for row in lines if not row["IsDeleted"]] == [(f"{number}:1", 2.0)]
    world.move(number, "cancelled")
    world.run()
    assert world.row("Quote", number)["Status"] == "Denied"
    assert world.row("Opportunity", number)["StageName"] == "Closed Lost"
    assert world.sale().ended_at is not None


def test_events_that_were_lost_are_made_up_for_by_reading_again(world):
    number = world.raise_order()
    world.move(number, "ready", "accepted")
    world.billing.provisioning.provision(number)
    world.hear_billing("contract-created", orderNumber=number)
    world.hear_billing("quote-created", orderNumber=number)
    world.run()
    assert world.row("Order", number)[STATUS] == "provisioning"
    assert world.row("Opportunity", number)["StageName"] == "Closed Won"


def test_an_objection_that_cancels_the_order_says_so_on_the_record(world):
    number = world.raise_order()
    world.move(number, "ready", "accepted")
    world.billing.provisioning.provision(number)
    world.run()
    world.billing.provisioning.object(number)
    world.run()
    assert world.row("Order", number)[STATUS] == "provisioning"
    world.billing.provisioning.cancel(number, "Objected by the losing retailer")
    world.run()
    order = world.row("Order", number)
    assert (order[STATUS], order[REASON]) == ("cancelled", "Objected by the losing retailer")
    assert world.row("Opportunity", number)["StageName"] == "Closed Won"


def test_a_sale_that_waits_too_long_is_a_problem_that_names_who_is_to_act(world):
    number = world.raise_order()
    world.move(number, "ready", "accepted")
    world.run()
    world.later(days=2)
    world.settle()
    (problem,) = world.problems()
    assert problem.kind == "sale waits too long"
    assert "billing is to act" in problem.title
    world.billing.provisioning.provision(number)
    world.hear_billing("contract-created", orderNumber=number)
    world.run()
    assert world.problems() == []


@pytest.mark.parametrize("status", ["cancelled"])
def test_an_order_that_was_over_before_anybody_saw_it_does_not_appear(world, status):
    number = world.raise_order()
    world.move(number, status)
    world.run()
    assert world.sales() == []
    assert number not in world.rows("Opportunity")
