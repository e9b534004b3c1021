"""Orders in the portal: where each stands, how it came there, and having one looked at again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from portal_world import make_world

from salesbridge.portal import orders
from salesbridge.portal.life_picture import life_cycle
from salesbridge.portal.standing import SALE_STATES
from salesbridge.store import audit
from salesbridge.store.models import Sale, SaleStep
from salesbridge.store.sales import Entry, write_steps
from salesbridge.sync.sale_life import ENDS, SETTLED, TURNS, SaleState

NOW = datetime.now(UTC)


@pytest.fixture
def world(db):
    return make_world("Kowhai")


@pytest.fixture
def at(world):
    return f"/tenants/{world.door.tenant_id}/instances/{world.instance.pk}/orders/"


@pytest.fixture
def fresh_at(world):
    """The orders of an instance that has none."""
    return f"/tenants/{world.door.tenant_id}/instances/{world.fresh.pk}/orders/"


@pytest.fixture
def viewer(sign_in, world):
    return sign_in(world.person("viewer"))


def labels(page):
    return [line["sale"].label for line in page.context["lines"]]


def _sale(world, label):
    return world.door.rows(Sale).get(label=label)


def test_open_orders_are_listed_with_the_late_one_first(viewer, at):
    page = viewer.get(at)
    assert labels(page) == ["Order 00000090", "Order 00000001", "Order 00000002", "Order 00000100"]
    assert [line["late"] for line in page.context["lines"]] == [True, False, False, False]
    assert "the product GREEN is not sold in billing" in page.text
    assert "A person" in page.text


def test_the_open_orders_are_counted_by_state_in_the_order_of_the_life_cycle(viewer, at):
    standings = viewer.get(at).context["standings"]
    assert [(each.name, each.count, each.late) for each in standings] == [
        ("offered", 1, 0), ("refused", 1, 1), ("ready", 1, 0), ("provisioning", 1, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=ready", {"Order 00000002"}),
        ("state=cancelled", {"Order 00000004"}),
        ("which=late", {"Order 00000090"}),
        ("which=closed", {"Order 00000003", "Order 00000004"}),
        ("which=all&text=Bakery", {f"Order 0000000{number}" for number in (1, 2, 3, 4)}),
        ("text=O-100", {"Order 00000100"}),
        ("text=8015g00000AbC90", {"Order 00000090"}),
        ("text=A-1003", {"Order 00000100"}),
        ("state=ready&which=late", set()),
    ],
)
def test_orders_are_found_by_state_lateness_names_and_numbers(viewer, at, query, found):
    assert set(labels(viewer.get(f"{at}?{query}"))) == found


def test_a_filter_that_nobody_offers_changes_nothing(viewer, at):
    assert len(labels(viewer.get(f"{at}?state=lost&which=x"))) == 4


def test_an_order_leads_to_its_records_on_both_sides_where_they_can_be_reached(viewer, at, world):
    sale = _sale(world, "Order 00000100")
    text = viewer.get(at).text
    assert f'href="https://kowhai.my.salesforce.com/{sale.order_id}"' in text
    assert f'href="/go/{world.door.tenant_id}/Order/O-100"' in text

    tenant = world.door.tenant
    tenant.link_templates = {"Account": "https://billing.example/#/accounts/{key}"}
    tenant.save()
    assert "/Order/O-100" not in viewer.get(at).text
    page = viewer.get(f"{at}{sale.pk}/").text
    assert f'href="/go/{world.door.tenant_id}/Account/A-1003"' in page
    assert "/Order/O-100" not in page


def test_without_orders_the_page_says_how_one_comes_to_be(viewer, fresh_at):
    text = viewer.get(fresh_at).text
    assert "No orders yet" in text
    assert "ticks Placed in Gentrack" in text


def test_where_every_order_is_settled_the_page_says_so_and_leads_to_them(viewer, at, world):
    world.door.rows(Sale).filter(ended_at=None).update(ended_at=NOW)
    page = viewer.get(at)
    assert "No open orders" in page.text
    assert f'href="{at}?which=all"' in page.text


def test_an_order_tells_where_it_stands_and_every_step(viewer, at, world):
    page = viewer.get(f"{at}{_sale(world, 'Order 00000100').pk}/")
    assert "Kowhai: billing waits for the switch of 0000000102NZFD3." in page.text
    assert TURNS[SaleState.PROVISIONING].action in page.text
    happenings = page.context["happenings"]
    assert [each.tone for each in happenings] == [
        "decided", "decided", "problem", "decided", "waits", "decided", "waits",
    ]  # fmt: skip
    assert (happenings[2].mend, happenings[2].awaited) == ("End the other order first.", "a person")
    assert "Waits for billing" in page.text
    assert "Billing made the order O-100." in page.text


def test_a_refused_order_tells_why_and_what_to_do_and_leads_to_its_problem(viewer, at, world):
    sale = _sale(world, "Order 00000090")
    problem = world.door.problems.get(key=str(sale.pk))
    text = viewer.get(f"{at}{sale.pk}/").text
    assert "Choose another product." in text
    assert f"problems/{problem.pk}/" in text
    back = viewer.get(f"{at.removesuffix('orders/')}problems/{problem.pk}/").text
    assert f'href="{at}{sale.pk}/"' in back
    assert "Late" in text


def test_a_long_story_is_cut_to_its_end_until_somebody_wants_all(viewer, at, world):
    sale = _sale(world, "Order 00000090")
    entries = [Entry("refused", "refuse", "refused", f"No {number}.") for number in range(205)]
    write_steps(world.door, sale, entries, by="connector", at=NOW)
    page = viewer.get(f"{at}{sale.pk}/")
    assert (len(page.context["happenings"]), page.context["hidden"]) == (200, 5)
    assert "The last 200 of 205 steps." in page.text
    assert len(viewer.get(f"{at}{sale.pk}/?all=1").context["happenings"]) == 205


def test_the_picture_marks_the_present_state_and_those_before_it(viewer, at, world):
    sale = _sale(world, "Order 00000100")
    entered = orders.entered(sale, world.door.rows(SaleStep).filter(sale=sale).order_by("number"))
    assert list(entered) == ["placed", "refused", "draft", "ready", "accepted", "provisioning"]
    assert entered[SaleState.PROVISIONING] == sale.since
    page = viewer.get(f"{at}{sale.pk}/").text
    assert "it is Provisioning now, after Placed, Refused, Draft, Ready, Accepted." in page
    assert page.count('<g class="been">') == 5


@pytest.mark.parametrize("state", list(SaleState))
def test_every_state_has_its_place_in_the_picture_and_its_words(state):
    drawn = life_cycle(state, {state: NOW})
    assert drawn.count("<g class=") == len(SaleState)
    assert drawn.count(f'<g class="now tone-{SALE_STATES[state].tone}">') == 1
    assert all(f">{each.label}</text>" in drawn for each in SALE_STATES.values())
    assert " style=" not in drawn


def test_an_operator_has_an_order_looked_at_again_and_that_is_audited(sign_in, world, at):
    client, sale = sign_in(world.person("operator")), _sale(world, "Order 00000090")
    assert "Look again" in client.get(f"{at}{sale.pk}/").text
    answer = client.post(f"{at}{sale.pk}/look/", follow=True)
    assert "The order is looked at again" in answer.text

    sale.refresh_from_db()
    assert NOW <= sale.wake_at <= datetime.now(UTC)
    assert world.door.activities.get(tag="sale:retried").actor == client.person.email
    entry = audit.entries(world.organisation).get(action="sale:retried")
    assert entry.detail == {"sale": str(sale.pk), "order": sale.order_id}


def test_a_viewer_cannot_have_an_order_looked_at_again(viewer, world, at):
    sale = _sale(world, "Order 00000090")
    assert "Look again" not in viewer.get(f"{at}{sale.pk}/").text
    assert viewer.post(f"{at}{sale.pk}/look/").status_code == 403
    sale.refresh_from_db()
    assert sale.wake_at is None


def test_looking_again_is_never_done_by_a_link(sign_in, world, at):
    client = sign_in(world.person("operator"))
    assert client.get(f"{at}{_sale(world, 'Order 00000090').pk}/look/").status_code == 405


def test_an_order_of_another_instance_is_not_found(viewer, world, fresh_at):
    assert viewer.get(f"{fresh_at}{_sale(world, 'Order 00000100').pk}/").status_code == 404


def test_the_open_and_the_late_are_counted_as_the_list_counts_them(world, at, django_assert_num_queries):
    with django_assert_num_queries(1):
        counts = orders.open_and_late(world.door, world.instance, NOW)
    assert counts == (4, 1)
    assert orders.open_and_late(world.door, world.instance, NOW + timedelta(days=15)) == (4, 2)


def test_the_overview_tells_how_many_orders_are_open_and_late(viewer, at):
    page = viewer.get(at.removesuffix("orders/"))
    assert page.context["orders"] == (4, 1)
    assert f'href="{at}?which=late"' in page.text


def test_states_of_which_nothing_is_awaited_are_not_shown_in_alarming_colours():
    assert {SALE_STATES[state].tone for state in SETTLED | ENDS} <= {"ok", "idle"}
