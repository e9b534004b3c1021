"""Orders at the command line: where each stands, how it came there, and looking again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from salesbridge.engine.live.names import long_id
from salesbridge.store.models import Live, Sale
from salesbridge.store.sales import Entry, write_steps

ORDER_ID = long_id("8015g00000AbC01")


@pytest.fixture
def sales(new_door):
    door = new_door(name="Retailer")
    instance = door.instances.create(name="sales", login_url="http://127.0.0.1:9")
    door.rows(Live).create(instance=instance, state="live")
    return door, instance


@pytest.fixture
def sell(sales):
    """Make an order as the engine writes it down."""
    door, instance = sales

    def make(state="provisioning", owner="billing", **more):
        now = datetime.now(UTC)
        given = {"origin": "salesforce", "since": now - timedelta(hours=3), "due_at": now + timedelta(days=2), **more}
        return door.rows(Sale).create(instance=instance, state=state, owner=owner, **given)

    return make


@pytest.fixture
def refused(sales, sell):
    """An order that billing refused, late, with the steps that led there."""
    door, _ = sales
    sale = sell(
        "refused", "person", label="Order 00000101", account_name="Kowhai Bakery", order_id=ORDER_ID,
        quote_id="0Q05g000001AbCdEAA", order_number="O-7", account_number="A-9", step="refuse",
        due_at=datetime.now(UTC) - timedelta(hours=5),
        reason="The product [GREEN] is not sold in billing.", mend="Choose another product.",
    )  # fmt: skip
    at = datetime.now(UTC) - timedelta(days=1)
    made = Entry("placed", "make account", "done", "Billing made the account A-9.", "billing", {"account": "A-9"})
    waits = Entry("draft", "wait", "waits", "The order is a draft.", "billing", {"owner": "billing"})
    no = Entry("refused", "refuse", "refused", "The order was refused.", detail={"owner": "person"})
    write_steps(door, sale, [made, waits, no], by="connector", at=at)
    return sale


def test_open_orders_are_listed_the_late_ones_first(run, run_json, sell, refused):
    sell(order_number="O-8", label="Order 00000102")
    sell("completed", "", order_number="O-9", due_at=None, ended_at=datetime.now(UTC))

    told = run_json("order", "list", "sales")
    assert [(each["order_number"], each["late"]) for each in told] == [("O-7", True), ("O-8", False)]
    shown = run("order", "list", "sales")
    assert "late by 5 h" in shown
    assert "a person" in shown
    assert "The product [GREEN] is not sold in billing." in shown
    assert "O-9" not in shown


def test_all_orders_are_listed_on_request(run_json, sell, refused):
    sell("completed", "", order_number="O-9", due_at=None, ended_at=datetime.now(UTC))
    assert {each["order_number"] for each in run_json("order", "list", "sales", "--all")} == {"O-7", "O-9"}
    assert [each["order_number"] for each in run_json("order", "list", "sales", "--open")] == ["O-7"]


def test_orders_of_one_state_are_listed_whether_open_or_not(run, run_json, sell, refused):
    sell("completed", "", order_number="O-9", due_at=None, ended_at=datetime.now(UTC))
    assert [each["order_number"] for each in run_json("order", "list", "sales", "--state", "completed")] == ["O-9"]
    assert "is not one of" in run("order", "list", "sales", "--state", "lost", code=2)


def test_without_orders_the_list_says_so(run, sales):
    assert run("order", "list", "sales").strip() == "No open orders. All of them: --all"
    assert run("order", "list", "sales", "--all").strip() == "No orders."


def test_orders_of_another_instance_are_not_listed(run_json, sales, refused):
    door, _ = sales
    door.instances.create(name="elsewhere", login_url="http://127.0.0.1:9")
    assert run_json("order", "list", "elsewhere", "--all") == []


@pytest.mark.parametrize("name", ["O-7", ORDER_ID, ORDER_ID[:15], "0Q05g000001AbCdEAA"])
def test_an_order_is_found_by_any_of_its_names(run_json, refused, name):
    assert run_json("order", "show", "sales", name)["id"] == str(refused.pk)


def test_an_order_tells_its_story_step_by_step(run, run_json, refused):
    told = run_json("order", "show", "sales", "O-7")
    assert [(step["number"], step["state"], step["outcome"]) for step in told["steps"]] == [
        (1, "placed", "done"), (2, "draft", "waits"), (3, "refused", "refused"),
    ]  # fmt: skip
    assert (told["late"], told["action"]) == (True, "Choose another product.")

    lines = run("order", "show", "sales", "O-7").splitlines()
    assert lines[0].startswith("Order 00000101 of Kowhai Bakery: refused since ")
    assert "Why: The product [GREEN] is not sold in billing." in lines
    assert "What to do: Choose another product." in lines
    (waits,) = [line for line in lines if "The order is a draft." in line]
    assert "waits for billing" in waits
    (made,) = [line for line in lines if "Billing made the account A-9." in line]
    assert "Salesbridge" in made


def test_what_to_do_is_told_by_the_state_where_the_order_itself_says_nothing(run, sell):
    sell(order_number="O-8", label="Order 00000102")
    assert "What to do: Find out in billing which switch is not finished." in run("order", "show", "sales", "O-8")


def test_an_order_that_nobody_knows_is_refused_with_what_to_do(run, sales):
    shown = run("order", "show", "sales", "O-404", code=2)
    assert "sales knows no order 'O-404'" in shown
    assert "salesbridge order list sales --all" in shown


def test_a_name_that_several_orders_share_is_refused_with_their_numbers(run, sell):
    for number in ("O-1", "O-2"):
        sell(order_number=number, opportunity_id="0065g000001AbCdEAA")
    shown = run("order", "show", "sales", "0065g000001AbCdEAA", code=2)
    assert "say which, O-1, O-2." in shown


def test_an_order_that_is_tried_again_is_looked_at_at_once_and_that_is_written_down(run_json, sales, refused):
    door, _ = sales
    before = datetime.now(UTC)
    assert run_json("order", "retry", "sales", "O-7")["order_id"] == ORDER_ID

    refused.refresh_from_db()
    assert before <= refused.wake_at <= datetime.now(UTC)
    assert door.activities.get(tag="sale:retried").subject == "Order 00000101"
