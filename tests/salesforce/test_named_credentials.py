"""The client of named credentials against the simulated org, and against answers that a test writes."""

from __future__ import annotations

import httpx2
import orjson
import pytest
from pydantic import SecretStr

from salesbridge.salesforce import ClientCredentials, Salesforce, SalesforceError
from salesbridge.salesforce.named_credentials import External, Named, NamedCredentials, Pushed
from salesbridge.sandbox.salesforce import demo
from salesbridge.sandbox.salesforce.server import start_in_thread

TOKENS = "https://edge.example/oauth2/token"
EXTERNAL = External("Gentrack", TOKENS, "GentrackPrincipal", "billing.read billing.write", "Gentrack")
NAMED = Named("Gentrack", "https://edge.example/api/junifer", "Gentrack", "Gentrack")
SECRET = SecretStr("sbs_of-a-test-0123456789")


@pytest.fixture
def running():
    with start_in_thread(demo.demo_org().org) as running:
        yield running


@pytest.fixture
def org(running):
    app = ClientCredentials(running.url, demo.CLIENT_ID, SecretStr(demo.CLIENT_SECRET))
    with Salesforce(app, allow_loopback=True) as salesforce:
        yield NamedCredentials(salesforce)


@pytest.fixture
def made(org):
    org.put_external(EXTERNAL)
    org.put_named(NAMED)
    return org


def test_what_is_made_is_read_back(org):
    assert (org.external("Gentrack"), org.named("Gentrack")) == (None, None)
    assert org.put_external(EXTERNAL)
    assert org.put_named(NAMED)
    assert org.external("Gentrack") == EXTERNAL
    assert org.named("Gentrack") == NAMED


def test_what_is_right_already_is_left_alone(made, running):
    before = len(running.org.calls.recent)
    assert not made.put_external(EXTERNAL)
    assert not made.put_named(NAMED)
    assert {call.method for call in list(running.org.calls.recent)[before:]} == {"GET"}


def test_another_address_is_corrected_and_what_others_added_stays(made):
    made.push(EXTERNAL, "id-1", SECRET)
    other = External("Gentrack", "https://new.example/token", "GentrackPrincipal", "billing.read")
    assert not made.put_external(other)
    found = made.external("Gentrack")
    assert (found.token_url, found.scope) == ("https://new.example/token", "billing.read")
    assert made.pushed("Gentrack", "GentrackPrincipal").client_id == "id-1"
    made.put_external(External("Gentrack", "https://new.example/token", "Second", "billing.read"))
    assert [each["principalName"] for each in made.external("Gentrack").told["principals"]] == [
        "GentrackPrincipal",
        "Second",
    ]
    assert not made.put_named(Named("Gentrack", "https://new.example/api", "Gentrack"))
    assert made.named("Gentrack").url == "https://new.example/api"


def test_credentials_are_made_and_then_replaced(made):
    assert made.pushed("Gentrack", "GentrackPrincipal") == Pushed("NotConfigured")
    for number in ("id-1", "id-2"):
        made.push(EXTERNAL, number, SECRET)
        assert made.pushed("Gentrack", "GentrackPrincipal") == Pushed("Configured", number)
    made.take_back("Gentrack", "GentrackPrincipal")
    made.take_back("Gentrack", "GentrackPrincipal")
    assert made.pushed("Gentrack", "GentrackPrincipal").status == "NotConfigured"


def test_deleting_twice_is_deleting_once(made):
    for _ in range(2):
        made.delete_named("Gentrack")
        made.delete_external("Gentrack")
    assert (made.external("Gentrack"), made.named("Gentrack")) == (None, None)


def test_what_is_in_use_is_not_deleted_and_the_mend_says_why(made):
    with pytest.raises(SalesforceError) as refused:
        made.delete_external("Gentrack")
    assert "uses it" in refused.value.mend
    assert made.external("Gentrack") == EXTERNAL


def test_without_the_permission_the_mend_names_it(made, running):
    user = running.org.directory.user_named("integration@sandbox.example")
    user.permissions -= {"ManageNamedCredentials", "CustomizeApplication"}
    for write in (lambda: made.put_external(External("Other", TOKENS, "P")), lambda: made.push(EXTERNAL, "i", SECRET)):
        with pytest.raises(SalesforceError) as refused:
            write()
        assert "Manage Named Credentials" in refused.value.mend


@pytest.mark.parametrize("fault", ["credential_push_fails", "credential_push_unsure", "credential_push_lost"])
def test_a_push_without_a_good_answer_is_of_unknown_outcome(made, running, fault):
    running.org.faults.arm(fault, times=1, path="/named-credentials/credential")
    with pytest.raises(SalesforceError) as lost:
        made.push(EXTERNAL, "id-1", SECRET)
    assert lost.value.unknown_outcome
    assert SECRET.get_secret_value() not in repr(lost.value) + str(lost.value)


def test_a_locked_credential_is_tried_again(made, running):
    running.org.faults.arm("credential_locked", times=2, path="/named-credentials/credential")
    made.push(EXTERNAL, "id-1", SECRET)
    assert made.pushed("Gentrack", "GentrackPrincipal").client_id == "id-1"


def test_a_refresh_that_fetches_no_token_is_an_error(made):
    made.push(EXTERNAL, "id-1", SECRET)
    with pytest.raises(SalesforceError):
        made.refresh(EXTERNAL)


def test_credentials_that_came_meanwhile_are_replaced(wire):
    """Whoever made them between our look and our write."""
    wire.answers = [
        httpx2.Response(200, json={"authenticationStatus": "NotConfigured"}),
        httpx2.Response(409, json=[{"errorCode": "CONFLICT", "message": "already exist"}]),
        httpx2.Response(200, json={}),
    ]
    with wire.open() as salesforce:
        NamedCredentials(salesforce).push(EXTERNAL, "id-1", SECRET)
    assert [request.method for request in wire.requests] == ["GET", "POST", "PUT"]
    body = orjson.loads(wire.requests[-1].content)
    assert body["credentials"]["clientSecret"] == {"value": SECRET.get_secret_value(), "encrypted": True}
    assert body["credentials"]["clientId"] == {"value": "id-1", "encrypted": False}
