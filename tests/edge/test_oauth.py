"""The token endpoint as the RFCs have it."""

from __future__ import annotations

import base64
import time

import pytest
from edge_server import credential
from joserfc import jwt
from joserfc.jwk import KeySet

from salesbridge.engine import credentials

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def post(served, body, path="token", **headers):
    return served.http.post(f"/oauth2/{path}", content=body, headers={**FORM, **headers})


def basic(client_id, secret):
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


@pytest.fixture
def pair(issued):
    return issued.client.client_id, issued.secret.get_secret_value()


def test_a_token_is_issued_by_basic_and_by_form(served, issued, pair):
    by_form = post(served, f"grant_type=client_credentials&client_id={pair[0]}&client_secret={pair[1]}")
    by_basic = served.ask(issued)

    for answer in (by_form, by_basic):
        body = answer.json()
        assert (answer.status_code, body["token_type"], body["expires_in"]) == (200, "Bearer", 900)
        assert body["scope"] == "billing.read billing.write"
        assert answer.headers["cache-control"] == "no-store"


def test_the_token_is_an_rfc_9068_token_that_anybody_can_verify_with_the_published_keys(served, tenant, issued):
    keys = KeySet.import_key_set(served.http.get("/oauth2/jwks").json())
    token = jwt.decode(served.token(issued, scope="billing.read"), keys, algorithms=["ES256"])

    assert token.header["typ"] == "at+jwt"
    claims = token.claims
    assert (claims["iss"], claims["aud"]) == (served.url, f"{served.url}/api")
    assert claims["sub"] == claims["client_id"] == issued.client.client_id
    assert (claims["tenant"], claims["instance"]) == (str(tenant.tenant_id), str(issued.client.instance_id))
    assert (claims["exp"] - claims["iat"], claims["scope"]) == (900, "billing.read")
    assert claims["jti"]
    assert all("d" not in key for key in served.http.get("/oauth2/jwks").json()["keys"])


def test_basic_credentials_are_form_decoded(served, pair):
    encoded = pair[1].replace("s", "%73", 1)
    answer = post(served, "grant_type=client_credentials", Authorization=basic(pair[0], encoded))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
        ("grant_type=client_credentials&scope=billing.read&scope=x", "invalid_request"),
        ("grant_type=%ff", "invalid_request"),
        ("grant_type=password&username=a&password=b", "unsupported_grant_type"),
        ("grant_type=client_credentials&scope=admin", "invalid_scope"),
        ("grant_type=client_credentials&scope=billing.read++billing.write", "invalid_scope"),
        ("grant_type=client_credentials&client_secret=x", "invalid_request"),
        ("grant_type=client_credentials&client_id=other", "invalid_request"),
    ],
)
def test_what_is_wrong_with_a_request_is_said_in_the_standards_words(served, pair, body, error):
    answer = post(served, body, Authorization=basic(*pair))

    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !", "Basic YWJj", "Bearer x", "Digest x", basic("sbc_nobody", "x"), basic("", ""), "Basic w6k="],
)
def test_whatever_is_wrong_with_the_credentials_gets_one_and_the_same_answer(served, issued, header):
    answer = post(served, "grant_type=client_credentials", Authorization=header)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic realm=")
    wrong = post(served, f"grant_type=client_credentials&client_id={issued.client.client_id}&client_secret=x")
    assert wrong.content == answer.content


def test_a_body_that_is_no_form_or_too_long_is_refused(served, pair):
    answer = served.http.post("/oauth2/token", json={"grant_type": "client_credentials"}, auth=pair)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert post(served, "x=" + "y" * 20_000).status_code == 413


def test_a_client_gets_no_more_than_its_scopes(served, tenant):
    reader = credential(tenant, scopes=["billing.read"])
    assert served.ask(reader).json()["scope"] == "billing.read"
    assert served.ask(reader, scope="billing.write").json()["error"] == "invalid_scope"


def test_a_revoked_credential_gets_no_token_from_that_moment_on(served, tenant, issued):
    served.token(issued)
    credentials.revoke(tenant, issued.client.pk, by="Ada")
    assert served.ask(issued).json()["error"] == "invalid_client"


@pytest.fixture
def few_requests(monkeypatch):
    monkeypatch.setenv("SALESBRIDGE_TOKEN_REQUESTS_PER_SECOND", "0.5")


def test_too_many_requests_are_told_when_to_come_again(few_requests, served, issued):
    answers = [served.ask(issued) for _ in range(8)]
    refused = [answer for answer in answers if answer.status_code == 429]

    assert refused
    assert {answer.status_code for answer in answers} == {200, 429}
    assert int(refused[0].headers["retry-after"]) >= 1
    assert refused[0].json()["error"] == "temporarily_unavailable"


def test_the_metadata_leads_to_every_endpoint(served, issued):
    told = served.http.get("/.well-known/oauth-authorization-server").json()

    assert told["issuer"] == served.url
    assert told["grant_types_supported"] == ["client_credentials"]
    for name in ("token_endpoint", "revocation_endpoint", "introspection_endpoint"):
        assert served.http.post(told[name], data={"x": "y"}).status_code == 400
    assert served.http.get(told["jwks_uri"]).json()["keys"]
    assert served.http.get("/.well-known/oauth-authorization-server/elsewhere").status_code == 404


def test_introspection_tells_of_the_instances_own_tokens_only(served, tenant, issued):
    token = served.token(issued)
    own = served.ask(issued, "introspect", token=token).json()
    assert (own["active"], own["client_id"], own["token_type"]) == (True, issued.client.client_id, "Bearer")
    assert own["exp"] > time.time()

    stranger = credential(tenant)
    assert served.ask(stranger, "introspect", token=token).json() == {"active": False}
    assert served.ask(issued, "introspect", token="nonsense").json() == {"active": False}
    assert post(served, f"token={token}", "introspect").status_code == 401


def test_a_token_that_was_taken_back_is_refused_at_once_and_everywhere_within_a_second(served, tenant, issued):
    token = served.token(issued)
    assert served.call(token, "/api/junifer/version").status_code == 200
    assert served.ask(credential(tenant), "revoke", token=token).json()["error"] == "unauthorized_client"

    assert served.ask(issued, "revoke", token=token).status_code == 200
    answer = served.call(token, "/api/junifer/version")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert served.ask(issued, "introspect", token=token).json() == {"active": False}
    assert served.ask(issued, "revoke", token=token).status_code == 200
    assert served.ask(issued, "revoke", token="nonsense").status_code == 200
    assert served.call(served.token(issued), "/api/junifer/version").status_code == 200
