"""Sales in the store: one for each order, woken by what is heard, with a timeline that nobody rewrites."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from salesbridge.store.models import Sale, SaleStep
from salesbridge.store.sales import Entry, awake, named, supplied, timeline, wake, write_steps

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def shop(new_door):
    door = new_door()
    instance = door.instances.create(name="sales", login_url="http://127.0.0.1:9")

    def sale(**values):
        return door.rows(Sale).create(instance=instance, origin="salesforce", state="placed", **values)

    return door, instance, sale


def test_a_sale_sleeps_until_it_is_woken_and_waking_never_makes_it_later(shop):
    door, instance, sale = shop
    sale(order_number="O-1")
    sale(order_number="O-2", wake_at=NOW - timedelta(hours=1))
    assert [one.order_number for one in awake(door, instance.pk, NOW, 9)] == ["O-2"]
    assert wake(door, instance.pk, "order_number", {"O-1", "O-2"}, NOW) == 1
    assert [one.order_number for one in awake(door, instance.pk, NOW, 9)] == ["O-2", "O-1"]
    assert wake(door, instance.pk, "order_number", set(), NOW) == 0


@pytest.mark.parametrize("name", ["order_id", "order_number"])
def test_an_order_has_one_sale(shop, name):
    _, _, sale = shop
    sale(**{name: "X"})
    sale()
    sale()
    with pytest.raises(IntegrityError), transaction.atomic():
        sale(**{name: "X"})


def test_a_sale_is_found_by_any_of_its_names_and_no_other_tenant_s_is(shop, new_door):
    door, instance, sale = shop
    one = sale(order_id="801", order_number="O-1")
    assert named(door, instance.pk, {"order_id": ["801"], "quote_id": []}) == [one]
    assert named(door, instance.pk, {"quote_id": []}) == []
    assert named(new_door(), instance.pk, {"order_id": ["801"]}) == []


def test_open_sales_that_supply_a_point_are_found(shop):
    door, instance, sale = shop
    supply = [{"point": "P-1", "start": None, "end": None}]
    one, other = sale(supplies=supply), sale(supplies=supply)
    sale(supplies=supply, ended_at=NOW)
    assert supplied(door, instance.pk, ["P-1"], but=one.pk) == [other]
    assert supplied(door, instance.pk, [], but=one.pk) == []


def test_steps_are_numbered_and_never_changed(shop):
    door, _, sale = shop
    one = sale()
    for _ in range(2):
        write_steps(door, one, [Entry("placed", "make account", "done", "Made.", "billing")], by="connector", at=NOW)
    write_steps(door, one, [], by="connector", at=NOW)
    assert [step.number for step in timeline(door, one)] == [1, 2]
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
        door.rows(SaleStep).update(message="Never happened.")
