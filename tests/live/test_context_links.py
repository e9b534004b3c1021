"""Gentrack Link fields: filled where a template says how, refreshed by a comparison, left alone otherwise."""

from __future__ import annotations

import pytest

from salesbridge.engine import connections, context
from salesbridge.engine.live import reconcile_steps as steps
from salesbridge.model import OverrideError

LINK = "Gentrack_Link__c"
TEMPLATE = "https://billing.example/accounts/{key}"


def links(world, sobject="Account"):
    return {key: row.get(LINK) for key, row in world.rows(sobject).items()}


def compare_everything(world):
    row = steps.register(world.door, world.instance.pk, "on demand", "Ada", repair=True)
    for name in steps.begin(world.site, row.pk):
        steps.compare(world.site, row.pk, name, 0.0)
    steps.finish(world.site, row.pk)
    world.settle()


def test_without_a_template_the_field_is_never_filled(linked):
    assert set(links(linked).values()) == {None}
    connections.salesforce(linked.door, linked.instance).update(
        "Account", linked.row("Account", min(links(linked)))["Id"], {LINK: "https://own.example/"}
    )
    compare_everything(linked)
    assert "https://own.example/" in links(linked).values()


def test_a_template_fills_what_arrives_and_a_comparison_fills_the_rest(world):
    context.set_template(world.door, "Account", TEMPLATE, "ada")
    world.poll_everything()
    world.settle()
    assert links(world) == {key: TEMPLATE.format(key=key) for key in links(world)}
    assert set(links(world, "Contact").values()) == {None}
    other = "https://new.example/a/{number}"
    context.set_template(world.door, "Account", other, "ada")
    compare_everything(world)
    assert links(world) == {key: other.format(number=key) for key in links(world)}
    context.set_template(world.door, "Account", None, "ada")
    compare_everything(world)
    assert links(world) == {key: other.format(number=key) for key in links(world)}


def test_a_link_that_somebody_edits_is_put_back(linked):
    context.set_template(linked.door, "Account", TEMPLATE, "ada")
    compare_everything(linked)
    linked.bus_events()
    key = min(links(linked))
    linked.edit_salesforce("Account", key, **{LINK: "https://elsewhere.example/"})
    linked.hear_salesforce()
    linked.settle()
    assert links(linked)[key] == TEMPLATE.format(key=key)


def test_the_target_of_the_portals_redirect(door):
    with pytest.raises(context.NoTargetError, match="link-template"):
        context.target(door, "Account", "A1")
    context.set_template(door, "*", "{base}/{record}/{key}", "ada")
    assert context.target(door, "account", "A 1") == "http://127.0.0.1:9/account/A%201"
    assert context.target(door, "AccountContactRelation", "A1:C2").endswith("/account_customer/A1%3AC2")
    for entity, key, why in (
        ("Lead", "1", "no object"),
        ("Account", "", "no address"),
        ("Account", "ü" * 99, "no address"),
    ):
        with pytest.raises(context.NoTargetError, match=why):
            context.target(door, entity, key)


def test_templates_are_checked_when_they_are_set_and_assumed_ones_spare_ours(door):
    with pytest.raises(OverrideError):
        context.set_template(door, "Account", "{base}/accounts", "ada")
    context.set_template(door, "Account", TEMPLATE, "ada")
    kept = context.assume(door, "ada")
    assert kept["Account"] == TEMPLATE
    assert set(kept) == {"Account", "Contact", "Asset"}
    assert door.activities.filter(tag="tenant:links").count() == 2
