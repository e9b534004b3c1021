"""The pages on which people see the billing system's records."""

from __future__ import annotations

import httpx2
import pytest

BROWSE = "/sandbox/browse"


@pytest.fixture(params=["junifer", "velocity"])
def system(request):
    """Both products, without credentials: the client's own, and what it serves."""
    client = request.getfixturevalue(request.param)
    with httpx2.Client(base_url=client.running.url, trust_env=False) as anonymous:
        anonymous.billing = client.billing
        yield anonymous


def test_kinds_are_listed_with_the_number_of_their_records(system):
    text = system.get(BROWSE).text
    assert '<a href="/sandbox/browse?object=accounts">accounts</a></td><td class="number">40</td>' in text


def test_a_list_is_filtered_and_leads_to_the_record_and_on(system):
    account = next(system.billing.records("accounts"))
    number, customer = account["number"], account["primary_customer_number"]
    listed = system.get(BROWSE, params={"object": "accounts", "text": number}).text
    assert f"object=accounts&amp;key={number}" in listed
    page = system.get(BROWSE, params={"object": "accounts", "key": number}).text
    assert f"object=customers&amp;key={customer}" in page
    assert system.get(BROWSE, params={"object": "customers", "key": customer}).status_code == 200


def test_edits_are_shown_as_text(system):
    customer = next(system.billing.records("customers"))
    system.billing.update("customers", customer["id"], {"surname": "<b>Ngata"})
    text = system.get(BROWSE, params={"object": "customers", "key": customer["number"]}).text
    assert "&lt;b&gt;Ngata" in text
    assert "<b>" not in text


def test_no_key_of_the_system_is_shown(system):
    assert "sandbox-key" not in "".join(
        system.get(BROWSE, params={"object": name}).text for name in ("", "accounts", "orders")
    )


def test_what_is_not_there_is_told_in_words(system):
    assert system.get(BROWSE, params={"object": "accounts", "key": "nobody"}).status_code == 404
    assert "No object nothing" in system.get(BROWSE, params={"object": "nothing"}).text
