"""Junifer leaves out what is null (docs/billing-dialects.md): what a record does not tell is empty, not unknown."""

from __future__ import annotations


def an_account_that_leaves_null_out(world):
    return next(key for key, r in sorted(world.records("accounts").items()) if r["id"] & 1 and not r["trading_name"])


def test_a_field_that_is_empty_in_billing_is_filled_from_salesforce(linked):
    key = an_account_that_leaves_null_out(linked)
    linked.edit_salesforce("Account", key, Trading_Name__c="Entered")
    linked.hear_salesforce()
    linked.settle()
    assert linked.records("accounts")[key]["trading_name"] == "Entered"


def test_a_field_that_is_emptied_in_billing_is_emptied_in_salesforce(linked):
    number, point = next((k, r) for k, r in sorted(linked.records("service_points").items()) if r["id"] & 1)
    assert point["supply_status"]
    linked.edit_billing("service_points", number, supply_status=None)
    linked.hear_billing("service-point-updated", identifier=number)
    linked.settle()
    assert linked.row("Asset", number).get("Gentrack_Supply_Status__c") is None
