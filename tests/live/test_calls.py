"""Salesforce's calls are counted by its owner: what billing merely repeats costs none."""

from __future__ import annotations

from journey import wait_until


def asked(world):
    return len(world.org.org.calls)


def test_billing_telling_of_our_own_write_costs_no_call(linked):
    contact = min(linked.rows("Contact"))
    linked.edit_salesforce("Contact", contact, Phone="+44 20 7946 0777")
    linked.hear_salesforce()
    linked.settle()
    linked.hear_billing("customer-updated", customerNumber=contact)
    before = asked(linked)

    (done,) = linked.settle()

    assert (done.taken, dict(done.verdicts)) == (1, {"nothing": 1})
    assert asked(linked) == before
    assert linked.changes(outcome=None) == []


def test_asking_billing_for_everything_again_costs_no_call(linked):
    before = asked(linked)
    linked.hear_billing("account-updated", accountNumber=min(linked.rows("Account")))
    heard = linked.poll()
    linked.settle()

    assert asked(linked) == before
    assert heard == 0 or not linked.changes(outcome=None)


def test_a_difference_that_billing_repeats_is_mended_all_the_same(linked):
    point = min(linked.rows("Asset"))
    linked.edit_billing("service_points", point, supply_status="De-energised")
    linked.hear_billing("service-point-updated", identifier=point)

    linked.settle()

    wait_until(lambda: linked.row("Asset", point)["Gentrack_Supply_Status__c"] == "De-energised", 5)
