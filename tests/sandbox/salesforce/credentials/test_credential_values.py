from __future__ import annotations

import httpx2
import pytest

from .conftest import CREDENTIAL, ECS, external, values, whose

SECRET = "the-canary-secret"


@pytest.fixture(autouse=True)
def resting_on(api, remote):
    assert api.post(ECS, json=external(f"{remote.url}/token")).status_code == 201


@pytest.fixture
def pushed(api):
    answer = api.post(CREDENTIAL, json=values(secret=SECRET))
    assert answer.status_code == 201, answer.text
    return answer.json()


def error(answer):
    (found,) = answer.json()
    return answer.status_code, found["errorCode"]


def test_before_a_push_the_names_of_the_values_are_told(api):
    found = api.get(CREDENTIAL, params=whose()).json()
    assert found["authenticationStatus"] == "NotConfigured"
    assert {name: each["encrypted"] for name, each in found["credentials"].items()} == {
        "clientId": False,
        "clientSecret": True,
    }


def test_a_secret_can_be_written_and_never_read(pushed, api, anonymous, org):
    assert pushed["authenticationStatus"] == "Configured"
    assert pushed["credentials"]["clientId"]["value"] == "id-1"
    assert pushed["credentials"]["clientSecret"]["value"] is None
    answers = [
        api.get(CREDENTIAL, params=whose()),
        api.get(ECS),
        api.get(f"{ECS}/Billing"),
        anonymous.get("/sandbox/state"),
        anonymous.get("/sandbox/callout"),
        api.put(CREDENTIAL, json=values(secret=SECRET)),
    ]
    assert all(answer.status_code == 200 for answer in answers)
    assert not any(SECRET in answer.text for answer in answers)
    assert SECRET not in repr(org.calls.recent)


def test_a_second_post_is_a_conflict_that_names_put(pushed, api):
    answer = api.post(CREDENTIAL, json=values())
    assert error(answer) == (409, "CONFLICT")
    assert "Use the PUT method to overwrite them" in answer.json()[0]["message"]


def test_a_put_wants_credentials_to_be_there(api):
    assert error(api.put(CREDENTIAL, json=values())) == (404, "NOT_FOUND")


def test_a_put_deletes_what_it_leaves_out(pushed, api):
    answer = api.put(CREDENTIAL, json=values(secret=None))
    assert answer.status_code == 200
    assert answer.json()["authenticationStatus"] == "NotConfigured"


def test_patch_is_for_custom_credentials_only(pushed, api):
    assert error(api.patch(CREDENTIAL, json=values())) == (400, "INVALID_API_INPUT")


def test_deleted_credentials_leave_the_principal_without(pushed, api):
    assert api.delete(CREDENTIAL, params=whose()).status_code == 204
    assert api.get(CREDENTIAL, params=whose()).json()["authenticationStatus"] == "NotConfigured"
    assert error(api.delete(CREDENTIAL, params=whose())) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"authenticationProtocol": "Oauth"}, 400, "INVALID_API_INPUT"),
        ({"authenticationProtocol": "Custom"}, 400, "INVALID_API_INPUT"),
        ({"authenticationProtocol": None}, 400, "INVALID_API_INPUT"),
        ({"authenticationProtocolVariant": "ClientCredentialsClientSecret"}, 400, "INVALID_API_INPUT"),
        ({"principalName": None}, 400, "INVALID_API_INPUT"),
        ({"principalType": "Named"}, 400, "INVALID_API_INPUT"),
        ({"principalName": "Nobody"}, 404, "NOT_FOUND"),
        ({"externalCredential": "None"}, 404, "NOT_FOUND"),
        ({"credentials": {}}, 400, "INVALID_API_INPUT"),
        ({"credentials": {"clientId": {"value": "x", "encrypted": True}}}, 400, "INVALID_API_INPUT"),
        ({"credentials": {"clientSecret": {"value": "x", "encrypted": False}}}, 400, "INVALID_API_INPUT"),
        ({"credentials": {"clientSecret": {"value": "x"}}}, 400, "INVALID_API_INPUT"),
        ({"credentials": {"apiKey": {"value": "x", "encrypted": True}}}, 400, "INVALID_API_INPUT"),
        ({"credentials": {"clientSecret": "x"}}, 400, "JSON_PARSER_ERROR"),
        ({"password": "x"}, 400, "JSON_PARSER_ERROR"),
    ],
)
def test_an_unfit_body_is_refused_and_nothing_is_kept(api, changes, status, code):
    assert error(api.post(CREDENTIAL, json=values(**changes))) == (status, code)
    assert api.get(CREDENTIAL, params=whose()).json()["authenticationStatus"] == "NotConfigured"


def test_the_request_parameters_of_a_read_are_checked(api):
    assert error(api.get(CREDENTIAL)) == (400, "INVALID_API_INPUT")
    assert error(api.get(CREDENTIAL, params=whose(principalType="x"))) == (400, "INVALID_API_INPUT")
    assert error(api.get(CREDENTIAL, params=whose(principalName=""))) == (400, "INVALID_API_INPUT")
    assert error(api.get(CREDENTIAL, params=whose(externalCredential="None"))) == (404, "NOT_FOUND")


def test_only_who_may_manage_named_credentials_may_push(api, demo):
    demo.integration.permissions -= {"ManageNamedCredentials", "CustomizeApplication"}
    for answer in (
        api.post(CREDENTIAL, json=values()),
        api.put(CREDENTIAL, json=values()),
        api.get(CREDENTIAL, params=whose()),
        api.delete(CREDENTIAL, params=whose()),
    ):
        assert error(answer) == (403, "INSUFFICIENT_ACCESS")


def test_a_refresh_fetches_a_token_and_tells_when_it_cannot(api, remote):
    api.post(CREDENTIAL, json=values())
    asked = api.post(CREDENTIAL, params={"action": "Refresh"}, json=values())
    assert asked.status_code == 201
    assert len(remote.token_requests) == 1
    remote.secrets.clear()
    answer = api.post(CREDENTIAL, params={"action": "Refresh"}, json=values())
    assert error(answer) == (400, "INVALID_API_INPUT")
    assert "invalid_client" in answer.json()[0]["message"]


# -- faults ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "expected", "kept"),
    [
        ("credential_unavailable", (500, "UNKNOWN_EXCEPTION"), "NotConfigured"),
        ("credential_locked", (400, "UNABLE_TO_LOCK_ROW"), "NotConfigured"),
        ("credential_push_fails", (500, "UNKNOWN_EXCEPTION"), "NotConfigured"),
        ("credential_push_unsure", (500, "UNKNOWN_EXCEPTION"), "Configured"),
    ],
)
def test_a_push_fails_on_order_before_or_after_it_is_kept(api, org, fault, expected, kept):
    org.faults.arm(fault)
    assert error(api.post(CREDENTIAL, json=values())) == expected
    assert api.get(CREDENTIAL, params=whose()).json()["authenticationStatus"] == kept


def test_the_answer_of_a_kept_push_is_lost_on_order(api, org):
    org.faults.arm("credential_push_lost")
    with pytest.raises(httpx2.TransportError):
        api.post(CREDENTIAL, json=values())
    assert api.get(CREDENTIAL, params=whose()).json()["authenticationStatus"] == "Configured"


def test_a_fault_hits_only_the_paths_it_names(api, org):
    org.faults.arm("credential_push_fails", path="/external-credentials")
    assert api.post(CREDENTIAL, json=values()).status_code == 201
    assert api.delete(f"{ECS}/Billing").status_code == 500
