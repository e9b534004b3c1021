"""The pages on which people see the org's records."""

from __future__ import annotations

import pytest

BROWSE = "/sandbox/browse"


@pytest.fixture
def see(anonymous):
    def seen(**query):
        answer = anonymous.get(BROWSE, params=query)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        return answer

    return seen


def test_objects_are_listed_with_the_number_of_their_records(see, make):
    for number in range(3):
        make("Account", Name=f"Kowhai {number}")
    text = see().text
    assert '<a href="/sandbox/browse?object=Account">Account</a></td><td class="number">3</td>' in text


def test_a_list_is_filtered_by_any_value(see, make):
    make("Account", Name="Kowhai", Ext__c="A-1")
    make("Account", Name="Rimu", Ext__c="A-2")
    text = see(object="Account", text="a-2").text
    assert "Rimu" in text
    assert "Kowhai" not in text
    assert "No record holds that" in see(object="Account", text="nobody").text


def test_long_lists_come_in_pages(see, make):
    for number in range(53):
        make("Account", Name=f"Kowhai {number:02}")
    first, second = see(object="Account").text, see(object="Account", after="50").text
    assert "Kowhai 49" in first
    assert "Kowhai 50" not in first
    assert "Kowhai 52" in second
    assert ">Previous<" in second
    assert ">Next<" not in second


def test_a_record_shows_its_fields_and_leads_to_its_parents(see, make):
    account = make("Account", Name="Kowhai", Ext__c="A-1")
    contact = make("Contact", LastName="Ngata", AccountId=account)
    text = see(object="Contact", key=contact).text
    assert "Ngata" in text
    assert f"object=Account&amp;key={account}" in text
    assert "Kowhai" in see(object="Account", key="A-1").text


def test_the_address_of_a_record_in_salesforce_leads_to_its_page(anonymous, make):
    account = make("Account", Name="Kowhai")
    answer = anonymous.get(f"/{account[:15]}")
    assert (answer.status_code, answer.headers["location"]) == (302, f"{BROWSE}?object=Account&key={account}")
    assert anonymous.get("/favicon.ico").status_code == 404
    answer = anonymous.get(f"/lightning/r/Account/{account}/view")
    assert (answer.status_code, answer.headers["location"]) == (302, f"{BROWSE}?object=Account&key={account}")


def test_addresses_of_setup_lead_to_the_objects(anonymous):
    answer = anonymous.get("/lightning/setup/AsyncApiJobStatus/page?address=%2F7508e0000000001AAA")
    assert (answer.status_code, answer.headers["location"]) == (302, BROWSE)


def test_values_are_shown_as_text(see, make):
    make("Account", Name="<script>alert(1)</script>", Ext__c='"><b>')
    for text in (see(object="Account").text, see(object="Account", text='"><b>').text):
        assert "<script>" not in text
        assert "<b>" not in text
        assert "&lt;script&gt;" in text


def test_no_secret_is_shown(see, demo):
    everything = "".join(
        see(object=name, text=text).text for name in demo.org.schema.names() for text in ("", demo.person.password)
    )
    shown = everything.replace(f'value="{demo.person.password}"', "")
    for secret in (demo.app.client_secret, demo.person.password, demo.person.security_token):
        assert secret not in shown


@pytest.mark.parametrize("query", [{"object": "Nothing"}, {"object": "User", "key": "A-404"}])
def test_what_is_not_there_is_told_in_words(see, query):
    answer = see(**query)
    assert answer.status_code == 404
    assert "<h1>No " in answer.text
