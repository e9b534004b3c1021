"""The seed's pages, told as a person meets them: from the invitation to a live instance, and what may go wrong."""

from __future__ import annotations

import re

from journey import wait_until
from seed_steps import (
    add_credential,
    callout,
    confirm,
    end_credential,
    go_live,
    hear_events,
    in_state,
    link,
    press,
    set_up,
    start_again,
    start_migration,
    tab,
    told,
    told_anew,
    told_at,
    validate_and_fix,
)  # fmt: skip

from salesbridge.sandbox.salesforce.demo import CLIENT_ID, CLIENT_SECRET

COMPLETED = "Initial data synchronisation has successfully completed."
WITH_ERRORS = "Initial data synchronisation has completed with errors."
FAILED = "Initial data synchronisation has failed."


def edited(org, name, **values):
    """Somebody edits a record at Salesforce's own screen; its external id."""
    row = next(row for row in org.org.rows(name) if row.get("Gentrack_External_Id__c"))
    person = org.org.directory.user_named("admin@sandbox.example")
    (done,) = org.org.save("update", name, [{"Id": row["Id"], **values}], user=person.id)
    assert done.success, done.errors
    return row["Gentrack_External_Id__c"]


def phone_of(billing, customer):
    return re.sub(r"\D", "", billing.billing.find("customers", customer)["phone"] or "")[-10:]


def test_from_the_invitation_to_a_live_instance_its_first_problem_and_a_replaced_secret(window, org, billing_of):
    page, billing = window.page, billing_of(6)
    set_up(page, org, billing, tenant="Kowhai Junifer", instance="Retail sales", secret="wrong")
    told(page, "Copy the Consumer Secret again")
    page.locator("[name=consumer_secret]:visible").fill(CLIENT_SECRET)
    press(page, "Save")
    told(page, "Salesforce has accepted the credentials")

    hear_events(page, org)
    validate_and_fix(page)
    start_migration(page)
    told(page, COMPLETED)
    go_live(page)

    customer = edited(org, "Contact", Phone="+44 20 7946 0123")
    wait_until(lambda: phone_of(billing, customer) == "2079460123")
    told_at(page, "Activity", customer)
    in_state(page, "Live")

    edited(org, "Contact", Birthdate="2099-01-01")
    told_at(page, "Problems", "in the future")
    page.locator("main table a").first.click()
    press(page, "Retry all 1")
    told_at(page, "Problems", "in the future")
    edited(org, "Contact", Birthdate="1980-04-01")
    told_at(page, "Problems", "Nothing needs anybody")
    assert billing.billing.find("customers", customer)["birth_date"] == "1980-04-01"

    directory = org.org.directory
    directory.apps[CLIENT_ID].client_secret = "the-secret-that-replaced-it"
    directory.sessions.clear()
    billing.billing.update("accounts", next(billing.billing.records("accounts"))["id"], {"fax": "+44 20 7946 0777"})
    told_at(page, "Problems", "Consumer Secret")
    tab(page, "Salesforce Basic Information")
    link(page, "Change credentials").click()
    confirm(page)
    page.locator("[name=consumer_secret]:visible").fill("the-secret-that-replaced-it")
    press(page, "Save")
    told(page, "accepted the credentials")
    edited(org, "Contact", Phone="+44 20 7946 0555")
    wait_until(lambda: phone_of(billing, customer) == "2079460555")
    assert [error for error in window.errors if "ERR_" not in error] == []


def test_a_run_with_errors_and_a_failed_run(window, org, billing_of):
    page, billing = window.page, billing_of(20, awkward=0.1, kinds=("email_without_at", "missing_surname"))
    set_up(page, org, billing, tenant="Rimu Junifer", instance="Rimu sales")
    told(page, "Salesforce has accepted the credentials")
    validate_and_fix(page)

    fault = org.org.faults.arm("session_expires", times=None, path="/jobs/ingest")
    start_migration(page)
    told(page, FAILED)
    assert fault.fired
    assert page.get_by_text(re.compile("It failed at the stage (Account|Contact|Product2)")).count()
    org.org.faults.disarm()

    tab(page, "Initial Data Synchronisation")
    start_again(page)
    told(page, WITH_ERRORS)
    assert link(page, "Full report in Salesforce").get_attribute("href").startswith(org.url)
    assert page.get_by_text("What to do:").count()
    with page.expect_download() as file:
        link(page, "Report as CSV").click()
    assert file.value.suggested_filename.endswith(".csv")
    link(page, "full report in Salesforce").click()
    page.get_by_role("heading", name="ContentDocument").wait_for()
    page.go_back()

    tab(page, "Initial Data Synchronisation")
    results = [row.locator("td").first.inner_text().strip() for row in page.locator("#history tbody tr").all()]
    assert results == ["Completed with errors", "Failed"]
    assert [error for error in window.errors if "ERR_" not in error] == []


def test_a_named_credential_serves_callouts_until_it_is_revoked_and_cut_off(window, org, billing_of):
    page, billing = window.page, billing_of(6)
    set_up(page, org, billing, tenant="Rata Junifer", instance="Rata sales")
    told(page, "Salesforce has accepted the credentials")

    tab(page, "Salesforce Basic Information")
    told(page, "API calls to Gentrack are not enabled")
    add_credential(page, "admin@sandbox.example")
    told(page, "Salesforce applications call billing through callout:Gentrack")
    assert callout(org)["status"] == 200
    told_anew(page, re.compile("GET .*version"))

    end_credential(page, "Revoke")
    told(page, "is revoked: no new access token is issued")
    assert callout(org)["status"] == 200
    end_credential(page, "Cut off now")
    told(page, "is refused within a second")
    wait_until(lambda: callout(org).get("status") != 200)
    tab(page, "Salesforce Basic Information")
    told(page, "API calls to Gentrack are not enabled")
    page.get_by_text("Revoked").first.click()
    told(page, "Gentrack")
    assert window.errors == []


def test_without_javascript_an_instance_is_set_up_validated_and_loaded(plain_window, org, billing_of):
    page, billing = plain_window.page, billing_of(6)
    set_up(page, org, billing, tenant="Totara Junifer", instance="Totara sales")
    told(page, "Salesforce has accepted the credentials")
    validate_and_fix(page)
    start_migration(page)
    told(page, COMPLETED)
