from __future__ import annotations

import pytest

from salesbridge.sandbox.salesforce.app import create_app
from salesbridge.sandbox.salesforce.credentials_store import PRINCIPAL_ACCESS
from salesbridge.sandbox.salesforce.demo import new_org

from .conftest import CREDENTIAL, ECS, EXTERNAL, NCS, PRINCIPAL, XMLNS, external, permission_set, values

TOKEN = "https://billing.example/token"
BASIC = "ClientCredentialsClientSecretBasic"


def parameter(element="externalCredentialParameters", **parts):
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in parts.items())
    return f"<{element}>{inner}</{element}>"


def ec_file(*more, variant=BASIC, url=TOKEN, principals=(PRINCIPAL,), protocol="Oauth"):
    parts = [
        parameter(parameterName="Oauth", parameterType="AuthProtocolVariant", parameterValue=variant),
        parameter(parameterName="TokenEndpoint", parameterType="AuthProviderUrl", parameterValue=url),
        *(
            parameter(parameterName=name, parameterType="NamedPrincipal", sequenceNumber=number)
            for number, name in enumerate(principals, start=1)
        ),
        *more,
    ]
    body = f"<authenticationProtocol>{protocol}</authenticationProtocol>{''.join(parts)}<label>Billing</label>"
    return {
        f"externalCredentials/{EXTERNAL}.externalCredential": f"<ExternalCredential {XMLNS}>{body}</ExternalCredential>"
    }


def nc_file(url="https://billing.example/api", status="Enabled", by=EXTERNAL):
    element = "namedCredentialParameters"
    parts = parameter(element, externalCredential=by, parameterName="By", parameterType="Authentication")
    parts += parameter(element, parameterName="Url", parameterType="Url", parameterValue=url)
    body = f"<calloutStatus>{status}</calloutStatus><label>Billing</label>{parts}"
    body += "<namedCredentialType>SecuredEndpoint</namedCredentialType>"
    return {"namedCredentials/Billing.namedCredential": f"<NamedCredential {XMLNS}>{body}</NamedCredential>"}


BOTH = [("ExternalCredential", EXTERNAL), ("NamedCredential", "Billing")]


def problems(result):
    found = result["details"]["componentFailures"]
    return [each["problem"] for each in ([found] if isinstance(found, dict) else found)]


def test_credentials_and_access_to_them_are_deployed_in_one_package(deploy, api):
    files, members = permission_set(f"{EXTERNAL}-{PRINCIPAL}")
    result = deploy({**files, **nc_file(), **ec_file()}, [*members, *BOTH])
    assert result["status"] == "Succeeded", result
    found = api.get(f"{ECS}/{EXTERNAL}").json()
    assert found["authenticationProtocolVariant"] == BASIC
    (principal,) = found["principals"]
    assert [each["developerName"] for each in principal["principalAccess"]] == ["Callers"]
    shown = api.get(f"{NCS}/Billing").json()
    assert shown["calloutOptions"]["generateAuthorizationHeader"] is True
    assert shown["calloutUrl"] == "https://billing.example/api"


def test_a_deployment_leaves_pushed_credentials_in_place(deploy, api):
    deploy({**ec_file(), **nc_file()}, BOTH)
    before = api.get(f"{ECS}/{EXTERNAL}").json()
    api.post(CREDENTIAL, json=values())
    result = deploy({**ec_file(url="https://new.example/token"), **nc_file()}, BOTH)
    assert result["status"] == "Succeeded", result
    found = api.get(f"{ECS}/{EXTERNAL}").json()
    assert (found["id"], found["authenticationStatus"]) == (before["id"], "Configured")
    assert found["parameters"][0]["parameterValue"] == "https://new.example/token"


def test_a_component_as_it_was_is_not_changed(deploy):
    deploy({**ec_file(), **nc_file()}, BOTH)
    again = deploy({**ec_file(), **nc_file()}, BOTH)
    found = {each["componentType"]: each["changed"] for each in again["details"]["componentSuccesses"]}
    assert (found["ExternalCredential"], found["NamedCredential"]) == (False, False)


def test_parameters_of_a_group_belong_to_the_principal_of_that_name(deploy, api):
    scope = {"parameterName": "Scope", "parameterType": "AuthParameter"}
    result = deploy(
        ec_file(
            parameter(**scope, parameterValue="all"),
            parameter(parameterGroup=PRINCIPAL, **scope, parameterValue="own"),
            parameter(parameterName="Odd", parameterType="AdditionalRefreshStatusCode", parameterValue="601"),
            parameter(parameterName="X-One", parameterType="AuthHeader", parameterValue="1", sequenceNumber=1),
        ),
        BOTH[:1],
    )
    assert result["status"] == "Succeeded", result
    found = api.get(f"{ECS}/{EXTERNAL}").json()
    assert [each["parameterValue"] for each in found["principals"][0]["parameters"]] == ["own"]
    assert {each["parameterName"] for each in found["parameters"]} == {"TokenEndpoint", "Scope", "Odd"}
    assert found["customHeaders"][0]["headerName"] == "X-One"


@pytest.mark.parametrize(
    "files",
    [
        ec_file(variant="JwtBearer"),
        ec_file(protocol="Custom"),
        ec_file(url="http://billing.example/token"),
        ec_file(principals=("A", "A")),
        ec_file(parameter(parameterName="Aud", parameterType="AuthParameter", parameterValue="x")),
        ec_file(parameter(parameterName="Me", parameterType="PerUserPrincipal")),
        ec_file(parameter(parameterName="Me", parameterType="NamedPrincipal")),
    ],
)
def test_an_external_credential_that_cannot_work_is_refused(deploy, api, files):
    result = deploy(files, BOTH[:1])
    assert result["status"] == "Failed"
    assert len(problems(result)) == 1
    assert api.get(ECS).json() == {"externalCredentials": []}


def test_a_named_credential_needs_its_external_credential(deploy):
    (problem,) = problems(deploy(nc_file(by="None"), BOTH[1:]))
    assert problem == "In field: externalCredential - no ExternalCredential named None found"


def test_one_made_over_rest_can_be_leaned_on(deploy, api):
    api.post(ECS, json=external(TOKEN))
    assert deploy(nc_file(), BOTH[1:])["status"] == "Succeeded"


def test_access_to_a_principal_that_is_not_there_is_refused(deploy, api):
    api.post(ECS, json=external(TOKEN))
    (problem,) = problems(deploy(*permission_set(f"{EXTERNAL}-Nobody")))
    assert problem == (
        f"In field: externalCredentialPrincipal - no ExternalCredentialParameter named {EXTERNAL}-Nobody found"
    )


def test_a_permission_set_deployed_without_access_takes_it_away(deploy, api):
    api.post(ECS, json=external(TOKEN))
    deploy(*permission_set(f"{EXTERNAL}-{PRINCIPAL}"))
    deploy(*permission_set())
    assert api.get(f"{ECS}/{EXTERNAL}").json()["principals"][0]["principalAccess"] == []


def test_access_can_be_given_by_inserting_and_taken_by_deleting_a_row(deploy, api):
    principal = api.post(ECS, json=external(TOKEN)).json()["principals"][0]["id"]
    deploy(*permission_set())
    parent = api.get("/query", params={"q": "SELECT Id FROM PermissionSet"}).json()["records"][0]["Id"]
    row = {"ParentId": parent, "SetupEntityId": principal}
    made = api.post("/sobjects/SetupEntityAccess", json=row)
    assert made.status_code == 201, made.text
    again = api.post("/sobjects/SetupEntityAccess", json=row)
    assert again.json()[0]["errorCode"] == "DUPLICATE_VALUE"
    (access,) = api.get(f"{ECS}/{EXTERNAL}").json()["principals"][0]["principalAccess"]
    assert access == {"developerName": "Callers", "id": parent, "type": "PermissionSet"}
    soql = "SELECT SetupEntityType, Parent.Name FROM SetupEntityAccess"
    (found,) = api.get("/query", params={"q": soql}).json()["records"]
    assert (found["SetupEntityType"], found["Parent"]["Name"]) == ("ExternalCredentialParameter", "Callers")
    assert api.delete(f"/sobjects/SetupEntityAccess/{made.json()['id']}").status_code == 204
    assert api.get(f"{ECS}/{EXTERNAL}").json()["principals"][0]["principalAccess"] == []


def test_a_row_must_name_a_principal(deploy, api):
    deploy(*permission_set())
    parent = api.get("/query", params={"q": "SELECT Id FROM PermissionSet"}).json()["records"][0]["Id"]
    row = {"ParentId": parent, "SetupEntityId": "0pu000000000001AAA"}
    answer = api.post("/sobjects/SetupEntityAccess", json=row)
    assert answer.json()[0]["errorCode"] == "INVALID_CROSS_REFERENCE_KEY"


def test_access_to_credentials_that_did_not_outlive_the_process_is_forgotten(tmp_path):
    org = new_org(tmp_path / "org.db")
    org.seed("SetupEntityAccess", {"SetupEntityId": "0pu000000000001AAA", "SetupEntityType": PRINCIPAL_ACCESS})
    org.close()
    again = new_org(tmp_path / "org.db")
    assert again.count("SetupEntityAccess") == 1
    create_app(again)
    assert again.count("SetupEntityAccess") == 0
    again.close()


def test_components_are_deleted_by_destructive_changes_the_user_first(deploy, api):
    deploy({**ec_file(), **nc_file()}, BOTH)
    (problem,) = problems(deploy({}, [], destructive=BOTH[:1]))
    assert problem == "This external credential is referenced elsewhere: NamedCredential Billing"
    assert deploy({}, [], destructive=BOTH[1:])["status"] == "Succeeded"
    assert deploy({}, [], destructive=BOTH[:1])["status"] == "Succeeded"
    assert api.get(ECS).json() == {"externalCredentials": []}
