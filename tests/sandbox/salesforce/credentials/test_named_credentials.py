from __future__ import annotations

import pytest

from .conftest import ECS, NAMED, NCS, external, named

URL = "https://billing.example/api"


@pytest.fixture(autouse=True)
def resting_on(api):
    assert api.post(ECS, json=external("https://billing.example/token")).status_code == 201


@pytest.fixture
def made(api):
    answer = api.post(NCS, json=named(URL, description="Calls billing"))
    assert answer.status_code == 201, answer.text
    return answer.json()


def error(answer):
    (found,) = answer.json()
    return answer.status_code, found["errorCode"]


def test_a_new_named_credential_is_enabled_for_callouts(made, api):
    assert made["id"].startswith("0XA")
    assert (made["calloutStatus"], made["calloutUrl"], made["type"]) == ("Enabled", URL, "SecuredEndpoint")
    assert made["description"] == "Calls billing"
    assert made["externalCredentials"][0]["developerName"] == "Billing"
    assert made["calloutOptions"]["generateAuthorizationHeader"] is True
    assert api.get(f"{NCS}/{NAMED}").json() == made
    assert api.get(NCS).json() == {"namedCredentials": [made]}


def test_it_can_be_queried_as_a_record_and_by_the_tooling_api(made, api):
    soql = "SELECT Id, DeveloperName, Endpoint FROM NamedCredential WHERE DeveloperName = 'Billing'"
    for path in ("/query", "/tooling/query"):
        (row,) = api.get(path, params={"q": soql}).json()["records"]
        assert (row["Id"], row["Endpoint"]) == (made["id"], URL)
    soql = "SELECT DeveloperName, AuthenticationProtocol FROM ExternalCredential"
    (row,) = api.get("/tooling/query", params={"q": soql}).json()["records"]
    assert (row["DeveloperName"], row["AuthenticationProtocol"]) == ("Billing", "Oauth")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"calloutOptions": None}, "INVALID_API_INPUT"),
        ({"calloutOptions": {"generateAuthorizationHeader": True}}, "INVALID_API_INPUT"),
        ({"calloutUrl": None}, "INVALID_API_INPUT"),
        ({"calloutUrl": "http://billing.example"}, "INVALID_API_INPUT"),
        ({"externalCredentials": []}, "INVALID_API_INPUT"),
        ({"externalCredentials": [{"developerName": "A"}, {"developerName": "B"}]}, "INVALID_API_INPUT"),
        ({"type": "PrivateEndpoint"}, "INVALID_API_INPUT"),
        ({"type": "Legacy"}, "INVALID_API_INPUT"),
        ({"calloutStatus": "Enabled"}, "JSON_PARSER_ERROR"),
    ],
)
def test_an_unfit_body_is_refused(api, changes, code):
    assert error(api.post(NCS, json=named(URL, **changes))) == (400, code)


def test_an_external_credential_that_is_not_there_is_not_found(api):
    body = named(URL, externalCredentials=[{"developerName": "None"}])
    assert error(api.post(NCS, json=body)) == (404, "NOT_FOUND")


def test_its_name_can_be_taken_only_once(made, api):
    assert error(api.post(NCS, json=named(URL))) == (400, "DUPLICATE_DEVELOPER_NAME")


def test_a_put_replaces_it_under_its_id(made, api):
    found = api.put(f"{NCS}/{NAMED}", json=named("https://other.example")).json()
    assert (found["id"], found["calloutUrl"], found["description"]) == (made["id"], "https://other.example", None)
    soql = "SELECT Endpoint FROM NamedCredential"
    assert api.get("/query", params={"q": soql}).json()["records"][0]["Endpoint"] == "https://other.example"


def test_a_deleted_one_is_gone_everywhere(made, api):
    assert api.delete(f"{NCS}/{NAMED}").status_code == 204
    assert error(api.get(f"{NCS}/{NAMED}")) == (404, "NOT_FOUND")
    assert api.get("/query", params={"q": "SELECT Id FROM NamedCredential"}).json()["records"] == []
    assert error(api.delete(f"{NCS}/{NAMED}")) == (404, "NOT_FOUND")
