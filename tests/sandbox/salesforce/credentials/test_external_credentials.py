from __future__ import annotations

import httpx2
import pytest

from .conftest import CREDENTIAL, ECS, EXTERNAL, NCS, external, named, values

URL = "https://billing.example/token"


@pytest.fixture
def made(api):
    answer = api.post(ECS, json=external(URL))
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def weak(served, org, sales):
    token = org.directory.open_session(sales).token
    with httpx2.Client(
        base_url=f"{served.url}/services/data/v66.0",
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
        verify=False,
    ) as client:
        yield client


def error(answer):
    (found,) = answer.json()
    return answer.status_code, found["errorCode"]


def test_a_new_external_credential_is_shown_with_its_parts_and_is_not_configured(made, api):
    assert made["id"].startswith("0pt")
    assert made["authenticationStatus"] == "NotConfigured"
    assert made["authenticationProtocolVariant"] == "ClientCredentialsClientSecretBasic"
    assert made["url"] == f"/services/data/v66.0{ECS}/{EXTERNAL}"
    (parameter,) = made["parameters"]
    assert parameter["id"].startswith("0pu")
    assert (parameter["parameterType"], parameter["parameterValue"]) == ("AuthProviderUrl", URL)
    (principal,) = made["principals"]
    assert principal["principalAccess"] == []
    assert principal["authenticationStatus"] == "NotConfigured"
    assert api.get(f"{ECS}/{EXTERNAL}").json() == made
    assert api.get(ECS).json() == {"externalCredentials": [made]}


def test_it_is_configured_once_a_principal_has_id_and_secret(made, api):
    api.post(CREDENTIAL, json=values())
    found = api.get(f"{ECS}/{EXTERNAL}").json()
    assert found["authenticationStatus"] == "Configured"
    assert found["principals"][0]["authenticationStatus"] == "Configured"


def test_named_credentials_that_rest_on_it_are_listed(made, api):
    api.post(NCS, json=named("https://billing.example"))
    (related,) = api.get(f"{ECS}/{EXTERNAL}").json()["relatedNamedCredentials"]
    assert related["developerName"] == "Billing"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"masterLabel": None}, "INVALID_API_INPUT"),
        ({"developerName": None}, "INVALID_API_INPUT"),
        ({"developerName": "2nd"}, "INVALID_API_INPUT"),
        ({"developerName": "Two__Scores"}, "INVALID_API_INPUT"),
        ({"authenticationProtocol": "Oauth"}, "INVALID_API_INPUT"),
        ({"authenticationProtocol": "Custom", "authenticationProtocolVariant": None}, "INVALID_API_INPUT"),
        ({"authenticationProtocolVariant": "JwtBearer"}, "INVALID_API_INPUT"),
        ({"parameters": []}, "INVALID_API_INPUT"),
        ({"parameters": [{"parameterName": "a", "parameterType": "Url", "parameterValue": "b"}]}, "INVALID_API_INPUT"),
        ({"masterLabel": 1}, "JSON_PARSER_ERROR"),
        ({"label": "x"}, "JSON_PARSER_ERROR"),
    ],
)
def test_an_unfit_body_is_refused(api, changes, code):
    assert error(api.post(ECS, json=external(URL, **changes))) == (400, code)
    assert api.get(ECS).json() == {"externalCredentials": []}


@pytest.mark.parametrize(
    "url", ["http://billing.example/token", "ftp://billing.example", "billing.example", "https://"]
)
def test_a_token_endpoint_must_be_https_or_on_this_machine(api, url):
    assert error(api.post(ECS, json=external(url))) == (400, "INVALID_API_INPUT")


@pytest.mark.parametrize("status", ["200", "500", "abc"])
def test_only_some_statuses_can_make_the_org_refresh_a_token(api, status):
    body = external(URL)
    more = {"parameterName": "a", "parameterType": "AdditionalRefreshStatusCode", "parameterValue": status}
    body["parameters"].append(more)
    assert error(api.post(ECS, json=body)) == (400, "INVALID_API_INPUT")


def test_principals_need_a_sequence_number_of_their_own(api):
    two = [{"principalName": name, "principalType": "NamedPrincipal", "sequenceNumber": 1} for name in "AB"]
    assert error(api.post(ECS, json=external(URL, principals=two))) == (400, "INVALID_API_INPUT")
    del two[0]["sequenceNumber"]
    assert error(api.post(ECS, json=external(URL, principals=two))) == (400, "INVALID_API_INPUT")


def test_a_per_user_principal_does_not_fit_the_client_credentials_flow(api):
    one = [{"principalName": "A", "principalType": "PerUserPrincipal", "sequenceNumber": 1}]
    assert error(api.post(ECS, json=external(URL, principals=one))) == (400, "INVALID_API_INPUT")


def test_a_developer_name_is_taken_whatever_its_case(made, api):
    answer = api.post(ECS, json=external(URL, developerName="BILLING"))
    assert error(answer) == (400, "DUPLICATE_DEVELOPER_NAME")


def test_a_put_replaces_everything_and_keeps_the_ids_of_what_stays(made, api):
    api.post(CREDENTIAL, json=values())
    body = external("https://other.example/token", masterLabel="Other")
    body["principals"].append({"principalName": "Second", "principalType": "NamedPrincipal", "sequenceNumber": 2})
    answer = api.put(f"{ECS}/{EXTERNAL}", json=body)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["id"], found["masterLabel"]) == (made["id"], "Other")
    assert found["parameters"][0]["id"] == made["parameters"][0]["id"]
    assert found["principals"][0]["id"] == made["principals"][0]["id"]
    assert [each["authenticationStatus"] for each in found["principals"]] == ["Configured", "NotConfigured"]


def test_a_principal_left_out_of_a_put_loses_its_credentials(made, api):
    api.post(CREDENTIAL, json=values())
    api.put(f"{ECS}/{EXTERNAL}", json=external(URL, principals=[]))
    found = api.put(f"{ECS}/{EXTERNAL}", json=external(URL)).json()
    assert found["authenticationStatus"] == "NotConfigured"


def test_the_variant_stays_as_it_was_made(made, api):
    body = external(URL, authenticationProtocolVariant="ClientCredentialsClientSecret")
    assert error(api.put(f"{ECS}/{EXTERNAL}", json=body)) == (400, "INVALID_API_INPUT")


def test_an_external_credential_in_use_cannot_be_deleted(made, api):
    api.post(NCS, json=named("https://billing.example"))
    assert error(api.delete(f"{ECS}/{EXTERNAL}")) == (400, "DEPENDENCY_EXISTS")
    assert api.delete(f"{NCS}/Billing").status_code == 204
    assert api.delete(f"{ECS}/{EXTERNAL}").status_code == 204
    assert error(api.get(f"{ECS}/{EXTERNAL}")) == (404, "NOT_FOUND")


def test_what_is_not_there_is_not_found(api):
    for answer in (api.get(f"{ECS}/None"), api.put(f"{ECS}/None", json=external(URL)), api.delete(f"{ECS}/None")):
        assert error(answer) == (404, "NOT_FOUND")


def test_a_user_without_the_permission_cannot_write_and_sees_nothing_of_others(made, weak):
    for answer in (
        weak.post(ECS, json=external(URL, developerName="Mine")),
        weak.put(f"{ECS}/{EXTERNAL}", json=external(URL)),
        weak.delete(f"{ECS}/{EXTERNAL}"),
    ):
        assert error(answer) == (403, "INSUFFICIENT_ACCESS")
    assert weak.get(ECS).json() == {"externalCredentials": []}
    assert error(weak.get(f"{ECS}/{EXTERNAL}")) == (404, "NOT_FOUND")


def test_a_user_with_access_to_a_principal_sees_it_without_what_setup_shows(made, admit, weak):
    admit()
    (found,) = weak.get(ECS).json()["externalCredentials"]
    assert found["developerName"] == EXTERNAL
    assert found["parameters"] == []
    assert found["principals"][0]["principalAccess"] == []


def test_a_user_who_may_manage_named_credentials_needs_nothing_else(made, weak, sales):
    sales.permissions.add("ManageNamedCredentials")
    assert weak.put(f"{ECS}/{EXTERNAL}", json=external(URL)).status_code == 200


@pytest.fixture
def version(served, token):
    """A client of another version."""
    clients = []

    def run(number):
        client = httpx2.Client(
            base_url=f"{served.url}/services/data/v{number}",
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            verify=False,
        )
        clients.append(client)
        return client

    yield run
    for client in clients:
        client.close()


def test_versions_before_56_have_no_such_resource(version):
    assert error(version("55.0").get(ECS)) == (404, "NOT_FOUND")


def test_versions_before_58_only_read(made, version):
    old = version("57.0")
    (found,) = old.get(ECS).json()["externalCredentials"]
    assert "id" not in found
    assert "url" not in found
    assert found["authenticationProtocolVariant"]
    assert error(old.post(ECS, json=external(URL))) == (405, "METHOD_NOT_ALLOWED")
    assert error(old.get(NCS)) == (404, "NOT_FOUND")
    assert "authenticationProtocolVariant" not in version("56.0").get(f"{ECS}/{EXTERNAL}").json()
