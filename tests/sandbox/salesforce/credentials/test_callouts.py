from __future__ import annotations

import json
import ssl
import threading
import time
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
import trustme

from salesbridge.sandbox.beside import beside

from .conftest import CREDENTIAL, ECS, EXTERNAL, NCS, PRINCIPAL, external, named, permission_set, serving, values, whose

NO_ACCESS = (
    "We couldn't access the credential(s). You might not have the required permissions, "
    'or the external credential "Billing" might not exist.'
)
NO_ENDPOINT = (
    "The callout couldn't access the endpoint. You might not have the required permissions, "
    'or the named credential "None" might not exist.'
)
LATER = "The expired credentials couldn't be refreshed. Try again later."


def echoed(answer):
    assert answer["ok"], answer
    assert answer["status"] == 200, answer
    return json.loads(answer["body"])


def refused(answer):
    assert (answer["ok"], answer["exception"]) == (False, "System.CalloutException")
    return answer["message"]


@pytest.fixture
def options(anonymous):
    def run(**changes):
        answer = anonymous.put("/sandbox/callout/settings", json=changes)
        assert answer.status_code == 200, answer.text

    return run


# -- the way through -------------------------------------------------------------------------------------------


def test_a_callout_carries_a_token_and_what_apex_set(ready, call, remote):
    seen = echoed(call("/echo/1?a=b", method="POST", headers={"X-Mine": "yes"}, body="hello"))
    assert (seen["method"], seen["path"], seen["body"]) == ("POST", "/echo/1?a=b", "hello")
    assert seen["headers"]["authorization"] == "Bearer token-1"
    assert seen["headers"]["x-mine"] == "yes"
    assert seen["headers"]["user-agent"].startswith("SFDC-Callout/")
    (asked,) = remote.token_requests
    assert asked.form == {"grant_type": "client_credentials"}
    assert b64decode(asked.headers["Authorization"].removeprefix("Basic ")) == b"id-1:secret-1"


def test_the_secret_goes_into_the_body_if_the_variant_says_so(add, admit, call, remote):
    scope = {"parameterName": "Scope", "parameterType": "AuthParameter", "parameterValue": "read write"}
    url = {"parameterName": "t", "parameterType": "AuthProviderUrl", "parameterValue": f"{remote.url}/token"}
    add(authenticationProtocolVariant="ClientCredentialsClientSecret", parameters=[url, scope])
    admit()
    echoed(call())
    (asked,) = remote.token_requests
    assert asked.form == {
        "grant_type": "client_credentials",
        "client_id": "id-1",
        "client_secret": "secret-1",
        "scope": "read write",
    }
    assert "Authorization" not in asked.headers


def test_a_get_with_a_body_is_made_as_a_post(ready, call):
    assert echoed(call(method="GET", body="x"))["method"] == "POST"


def test_bytes_come_back_as_base64(ready, call):
    assert b64decode(call("/pdf")["bodyBase64"]) == b"%PDF\xff"


def test_redirects_are_answers(ready, call):
    answer = call("/moved")
    assert (answer["status"], answer["headers"]["location"]) == (302, "http://elsewhere.example/")


# -- tokens ----------------------------------------------------------------------------------------------------


def test_a_token_is_used_until_it_is_refused(ready, call, remote):
    for _ in range(3):
        echoed(call())
    assert len(remote.token_requests) == 1
    remote.live.clear()
    assert echoed(call())["headers"]["authorization"] == "Bearer token-2"
    assert len(remote.token_requests) == 2


def test_a_second_refusal_is_the_answer(ready, call, remote):
    remote.issue = lambda *_: (200, {"access_token": "dead"})
    assert call()["status"] == 401
    assert len(remote.token_requests) == 2


def test_a_status_configured_for_it_refreshes_the_token_too(add, admit, call, remote):
    odd = {"parameterName": "o", "parameterType": "AdditionalRefreshStatusCode", "parameterValue": "403"}
    url = {"parameterName": "t", "parameterType": "AuthProviderUrl", "parameterValue": f"{remote.url}/token"}
    add(parameters=[url, odd])
    admit()
    echoed(call())
    remote.live.clear()
    remote.refusal = 403
    echoed(call())
    assert len(remote.token_requests) == 2


def test_callouts_that_are_refused_together_fetch_one_token(ready, call, remote):
    echoed(call())
    remote.live.clear()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: call(), range(16)))
    assert {answer["status"] for answer in answers} == {200}
    assert len(remote.token_requests) == 2


def test_they_may_be_told_to_fetch_one_each(ready, call, remote, options):
    options(single_refresh=False)
    echoed(call())
    remote.refused_from = threading.Barrier(4, timeout=10)
    remote.live.clear()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: call(), range(4)))
    assert {answer["status"] for answer in answers} == {200}
    assert len(remote.token_requests) == 5


def test_replaced_credentials_are_used_by_the_next_callout(ready, call, api, remote):
    echoed(call())
    remote.secrets["id-1"] = {"secret-1", "secret-2"}
    assert api.put(CREDENTIAL, json=values(secret="secret-2")).status_code == 200
    remote.secrets["id-1"] = {"secret-2"}
    echoed(call())
    assert len(remote.token_requests) == 2


def test_a_token_may_be_told_to_outlive_its_credentials(ready, call, api, remote, options):
    options(keep_token_on_replace=True)
    echoed(call())
    api.put(CREDENTIAL, json=values(secret="wrong"))
    echoed(call())
    remote.live.clear()
    message = "Unable to fetch the OAuth token. Error: invalid_client. Error description: unknown client."
    assert refused(call()) == message


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            (401, {"error": "invalid_client", "error_description": "no"}),
            "Error: invalid_client. Error description: no.",
        ),
        ((400, {"message": "no"}), "Error: . Error description: ."),
        ((200, {"token": "x"}), "Error: . Error description: ."),
    ],
)
def test_what_the_token_endpoint_says_is_told(ready, call, remote, answer, message):
    remote.token_answer = answer
    assert refused(call()) == f"Unable to fetch the OAuth token. {message}"


@pytest.mark.parametrize("answer", [(404, b"<html>"), (503, {"error": "temporarily_unavailable"})])
def test_a_token_endpoint_that_is_none_is_told_as_such(ready, call, remote, answer):
    remote.token_answer = answer
    assert refused(call()) == LATER


def test_a_token_endpoint_can_be_slow_on_order(ready, call, org, remote):
    org.faults.arm("token_slow", seconds=0.3, path="/token")
    begun = time.monotonic()
    echoed(call())
    assert time.monotonic() - begun >= 0.3


# -- access ----------------------------------------------------------------------------------------------------


def test_an_unknown_named_credential_is_told_as_one_without_access(ready, call):
    assert refused(call(namedCredential="None")) == NO_ENDPOINT


def test_a_user_without_access_to_the_principal_cannot_call(add, call, remote):
    add()
    assert refused(call()) == NO_ACCESS
    assert remote.token_requests == []


def test_access_ends_with_the_permission_set(ready, call, deploy):
    echoed(call())
    deploy(*permission_set())
    assert refused(call()) == NO_ACCESS


def test_even_an_administrator_needs_access(ready, call, demo):
    assert refused(call(user=demo.integration.id)) == NO_ACCESS


def test_a_principal_without_credentials_is_told(ready, call, api):
    echoed(call())
    assert api.delete(CREDENTIAL, params=whose()).status_code == 204
    assert refused(call()) == "The external credential isn't fully configured."


def test_of_several_principals_that_of_the_lowest_number_is_used(api, admit, call, remote):
    two = [
        {"principalName": "Late", "principalType": "NamedPrincipal", "sequenceNumber": 2},
        {"principalName": PRINCIPAL, "principalType": "NamedPrincipal", "sequenceNumber": 1},
    ]
    api.post(ECS, json=external(f"{remote.url}/token", principals=two))
    api.post(NCS, json=named(remote.url))
    remote.secrets["id-2"] = {"secret-2"}
    api.post(CREDENTIAL, json=values())
    api.post(CREDENTIAL, json=values("id-2", "secret-2", principalName="Late"))
    admit(f"{EXTERNAL}-Late", f"{EXTERNAL}-{PRINCIPAL}")
    echoed(call())
    assert list(remote.live.values()) == ["id-1"]
    admit(f"{EXTERNAL}-Late")
    echoed(call())
    assert list(remote.live.values()) == ["id-1", "id-2"]


def test_without_a_profile_s_grant_reading_and_refreshing_tokens_need_object_rights(add, admit, call, remote, options):
    options(profiles_grant_user_external_credentials=False)
    add()
    admit()
    assert refused(call()) == NO_ACCESS
    admit(rights=("allowRead",))
    echoed(call())
    remote.live.clear()
    assert refused(call()) == NO_ACCESS
    every = ("allowCreate", "allowDelete", "allowEdit", "allowRead", "modifyAllRecords", "viewAllRecords")
    admit(rights=every)
    echoed(call())


# -- headers and merge fields ----------------------------------------------------------------------------------


def test_custom_headers_go_with_callouts_and_not_with_token_requests(add, admit, call, api, remote):
    one = [{"headerName": "X-Tenant", "headerValue": "acme", "sequenceNumber": 1}]
    add(customHeaders=one)
    admit()
    assert echoed(call())["headers"]["x-tenant"] == "acme"
    assert "X-Tenant" not in remote.token_requests[0].headers


def test_merge_fields_are_put_in_where_they_are_allowed(ready, call, api, remote):
    merged = {"X-Token": "{!$Credential.OAuthToken}"}
    assert echoed(call(headers=merged))["headers"]["x-token"] == "{!$Credential.OAuthToken}"
    flags = {"allowMergeFieldsInBody": True, "allowMergeFieldsInHeader": True, "generateAuthorizationHeader": False}
    assert api.put(f"{NCS}/Billing", json=named(remote.url, calloutOptions=flags)).status_code == 200
    seen = echoed(call("/open", method="POST", headers=merged, body="{!$Credential.OAuthConsumerKey}"))
    assert (seen["headers"]["x-token"], seen["body"]) == ("token-1", "id-1")
    assert "authorization" not in seen["headers"]


def test_without_a_generated_header_apex_sends_its_own(ready, call, api, remote):
    flags = {"allowMergeFieldsInBody": False, "allowMergeFieldsInHeader": False, "generateAuthorizationHeader": False}
    api.put(f"{NCS}/Billing", json=named(remote.url, calloutOptions=flags))
    assert echoed(call("/open", headers={"Authorization": "mine"}))["headers"]["authorization"] == "mine"
    assert remote.token_requests == []


# -- limits ----------------------------------------------------------------------------------------------------


def test_a_slow_answer_times_out(ready, call):
    echoed(call())
    assert refused(call("/slow", timeout=100)) == "Read timed out"


@pytest.mark.parametrize("milliseconds", [0, 120_001])
def test_a_timeout_lies_within_two_minutes(ready, call, milliseconds):
    assert "120000" in refused(call(timeout=milliseconds))


def test_too_large_an_answer_is_refused_but_to_asynchronous_apex(ready, call):
    assert refused(call("/big")) == "Exceeded max size limit of 6000000 with response size 6000001"
    assert len(call("/big", asynchronous=True)["body"]) == 6_000_001


def test_too_large_a_request_is_refused(ready, call):
    assert refused(call(method="POST", body="x" * 6_000_001)).startswith("Exceeded max size limit of 6000000")


def test_nobody_at_the_endpoint_is_told(ready, call, api):
    api.put(f"{NCS}/Billing", json=named("http://127.0.0.1:9"))
    assert refused(call()).startswith("Unable to tunnel through proxy")


def test_a_certificate_is_trusted_only_if_its_authority_is(ready, call, api, options, tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serving(context) as secure:
        secure.live["token-1"] = "id-1"
        api.put(f"{NCS}/Billing", json=named(secure.url))
        assert refused(call()).startswith("sun.security.validator.ValidatorException: PKIX path building failed")
        options(ca_file=str(tmp_path / "ca.pem"))
        echoed(call())


def test_a_request_that_makes_no_sense_is_told_from_a_failed_callout(anonymous, sales):
    good = {"user": sales.username, "namedCredential": "Billing"}
    for bad in (
        {},
        good | {"user": "nobody"},
        good | {"speed": 1},
        good | {"timeout": "1"},
        good | {"bodyBase64": "%"},
    ):
        answer = anonymous.post("/sandbox/callout", json=bad)
        assert answer.status_code == 400
        assert answer.json()["error"]
    assert anonymous.put("/sandbox/callout/settings", json={"speed": 1}).status_code == 400


def test_what_no_header_can_hold_is_told(ready, call):
    assert refused(call(headers={"X-Name": "\u4e2d"})).startswith("Illegal character")


def test_the_trusted_authorities_are_an_option_of_the_process(tmp_path):
    (tmp_path / "ca.pem").write_bytes(trustme.CA().cert_pem.bytes())
    with beside("salesforce", tmp_path, {"--callout-ca": tmp_path / "ca.pem"}) as process:
        found = httpx2.get(f"{process.url}/sandbox/callout/settings", trust_env=False).json()
    assert found["ca_file"] == str(tmp_path / "ca.pem")


# -- load ------------------------------------------------------------------------------------------------------


@pytest.fixture
def load(anonymous, sales):
    def run(**changes):
        body = {"user": sales.username, "namedCredential": "Billing", "path": "/echo", "rate": 100, "seconds": 1}
        answer = anonymous.post("/sandbox/callout/load", json={**body, **changes})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    return run


def report(anonymous, load_id, wait=20):
    return anonymous.get(f"/sandbox/callout/load/{load_id}", params={"wait": wait}, timeout=wait + 5).json()


def test_callouts_go_out_at_the_rate_asked_for_through_a_rotation(ready, load, anonymous, api, remote):
    running = load(rate=100, seconds=1.5)
    time.sleep(0.4)
    remote.secrets["id-1"].add("secret-2")
    assert api.put(CREDENTIAL, json=values(secret="secret-2")).status_code == 200
    remote.secrets["id-1"] = {"secret-2"}
    threading.Timer(0.2, remote.live.clear).start()
    found = report(anonymous, running)
    assert found["running"] is False
    assert (found["started"], found["answered"], found["failed"]) == (150, 150, 0), found
    assert found["byStatus"] == {"200": 150}
    assert found["rate"] > 60
    assert set(found["latency"]) == {"p50", "p95", "p99", "max"}


def test_failures_are_counted_by_kind(ready, load, anonymous, remote):
    remote.token_answer = (401, {"error": "invalid_client"})
    found = report(anonymous, load(seconds=0.2))
    assert (found["answered"], found["failed"], found["succeeded"]) == (20, 20, 0)
    message = "Unable to fetch the OAuth token. Error: invalid_client. Error description: ."
    assert found["byException"] == {message: 20}
    assert found["failures"][0]["exception"] == message


def test_a_load_can_be_stopped(ready, load, anonymous):
    running = load(rate=50, seconds=60)
    found = anonymous.delete(f"/sandbox/callout/load/{running}", params={"wait": 10}).json()
    assert found["running"] is False
    assert found["started"] < 3000


def test_a_load_has_limits(anonymous, sales):
    body = {"user": sales.username, "namedCredential": "Billing", "rate": 0, "seconds": 1}
    assert anonymous.post("/sandbox/callout/load", json=body).status_code == 400
    assert anonymous.get("/sandbox/callout/load/none").status_code == 404


def test_what_was_done_can_be_looked_at(ready, call, anonymous):
    echoed(call())
    found = anonymous.get("/sandbox/callout").json()
    (principal,) = found["principals"]
    assert (found["answers"], principal["fetched"], principal["token"], principal["refused"]) == (1, 1, 1, 0)
