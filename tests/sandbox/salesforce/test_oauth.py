from __future__ import annotations

import base64
import hashlib
import hmac
import time
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.jwk import RSAKey

from salesbridge.sandbox.salesforce.demo import PASSWORD, SECURITY_TOKEN

TOKEN = "/services/oauth2/token"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture
def ask(anonymous, demo):
    """Ask for a token with the app's credentials and these parameters."""

    def run(grant_type="client_credentials", **params):
        sent = {"client_id": demo.app.client_id, "client_secret": demo.app.client_secret, **params}
        return anonymous.post(TOKEN, data={"grant_type": grant_type, **sent})

    return run


def refused(response, error, description=None):
    assert response.status_code == 400
    body = response.json()
    assert set(body) == {"error", "error_description"}
    assert body["error"] == error
    assert description in {None, body["error_description"]}


def test_client_credentials_give_a_token_of_the_run_as_user(ask, anonymous, demo, served):
    response = ask()
    body = response.json()
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-cache, no-store"
    assert "expires_in" not in body
    assert body["instance_url"] == served.url
    assert body["id"].endswith(f"/id/{demo.org.id}/{demo.integration.id}")
    assert body["token_type"] == "Bearer"
    assert body["access_token"].startswith(demo.org.id[:15] + "!")
    assert body["issued_at"].isdigit()
    assert body["scope"] == "api id"
    limits = anonymous.get("/services/data/v66.0/limits", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert limits.status_code == 200


def test_the_signature_is_made_with_the_consumer_secret(ask, demo):
    body = ask().json()
    signed = (body["id"] + body["issued_at"]).encode()
    expected = hmac.new(demo.app.client_secret.encode(), signed, hashlib.sha256).digest()
    assert base64.b64decode(body["signature"]) == expected


def test_the_credentials_may_come_by_http_basic(anonymous, demo):
    auth = (demo.app.client_id, demo.app.client_secret)
    assert anonymous.post(TOKEN, data={"grant_type": "client_credentials"}, auth=auth).status_code == 200


def test_an_unknown_key_and_a_wrong_secret_are_told_apart(ask):
    refused(ask(client_id="nope"), "invalid_client_id", "client identifier invalid")
    refused(ask(client_secret="nope"), "invalid_client", "invalid client credentials")


def test_an_app_without_a_run_as_user_gets_no_token(ask, demo):
    demo.app.run_as = None
    refused(ask(), "invalid_grant", "no client credentials user enabled")


def test_client_credentials_are_refused_on_the_login_host(ask, demo):
    demo.org.settings.login_host = "127.0.0.1"
    refused(ask(), "invalid_grant", "request not supported on this domain")


def test_the_login_host_still_serves_the_password_flow(ask, demo):
    demo.org.settings.login_host = "127.0.0.1"
    password = PASSWORD + SECURITY_TOKEN
    assert ask("password", username=demo.person.username, password=password).status_code == 200


def test_the_password_needs_its_security_token_and_gives_no_scope(ask, demo):
    refused(
        ask("password", username=demo.person.username, password=PASSWORD), "invalid_grant", "authentication failure"
    )
    body = ask("password", username=demo.person.username.upper(), password=PASSWORD + SECURITY_TOKEN).json()
    assert "scope" not in body
    assert body["id"].endswith(demo.person.id)


def test_a_blocked_password_flow_looks_like_a_wrong_password(ask, demo):
    demo.org.settings.password_flow_blocked = True
    response = ask("password", username=demo.person.username, password=PASSWORD + SECURITY_TOKEN)
    refused(response, "invalid_grant", "authentication failure")


def test_other_grants_are_not_supported(ask):
    refused(ask("authorization_code"), "unsupported_grant_type", "grant type not supported")
    refused(ask(""), "unsupported_grant_type")


def test_an_inactive_user_is_told(ask, demo):
    demo.person.active = False
    response = ask("password", username=demo.person.username, password=PASSWORD + SECURITY_TOKEN)
    refused(response, "inactive_user")


# -- JWT bearer ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def assertion(demo, key, served):
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    demo.app.certificate = public.decode()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def make(signer=pem, **changes):
        claims = {
            "iss": demo.app.client_id,
            "sub": demo.person.username,
            "aud": served.url,
            "exp": int(time.time()) + 120,
        }
        return jwt.encode({"alg": "RS256"}, {**claims, **changes}, RSAKey.import_key(signer))

    return make


def test_a_signed_assertion_gives_a_token_of_its_subject(ask, assertion, demo):
    body = ask(JWT_BEARER, assertion=assertion()).json()
    assert body["id"].endswith(demo.person.id)
    assert ask(JWT_BEARER, assertion=assertion(aud="https://login.salesforce.com")).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"aud": "https://elsewhere.example"}, "invalid_grant"),
        ({"exp": 1}, "invalid_grant"),
        ({"exp": 99_999_999_999}, "invalid_grant"),
        ({"sub": "nobody@sandbox.example"}, "invalid_grant"),
        ({"iss": "nope"}, "invalid_client_id"),
    ],
)
def test_an_assertion_with_a_wrong_claim_is_refused(ask, assertion, changes, error):
    refused(ask(JWT_BEARER, assertion=assertion(**changes)), error)


def test_an_assertion_signed_by_another_key_is_refused(ask, assertion):
    other = rsa.generate_private_key(65537, 2048)
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    refused(ask(JWT_BEARER, assertion=assertion(signer=pem)), "invalid_grant", "invalid assertion")
    refused(ask(JWT_BEARER, assertion="rubbish"), "invalid_grant", "invalid assertion")


def test_the_key_may_come_as_a_certificate(ask, assertion, demo, key):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Connector")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now)
    demo.app.certificate = builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()
    assert ask(JWT_BEARER, assertion=assertion()).status_code == 200


def test_a_user_who_was_not_approved_gets_no_token(ask, assertion, demo):
    demo.app.preauthorized = frozenset({demo.integration.id})
    refused(ask(JWT_BEARER, assertion=assertion()), "invalid_grant", "user hasn't approved this consumer")


# -- sessions --------------------------------------------------------------------------------------------------------


def test_introspection_tells_about_a_token_and_nothing_about_a_dead_one(ask, anonymous, demo):
    token = ask().json()["access_token"]
    client = {"client_id": demo.app.client_id, "client_secret": demo.app.client_secret}
    body = anonymous.post("/services/oauth2/introspect", data={"token": token, **client}).json()
    assert body["active"] is True
    assert body["username"] == demo.integration.username
    assert body["exp"] > time.time()
    dead = anonymous.post("/services/oauth2/introspect", data={"token": "x", **client})
    assert dead.json() == {"active": False}
    assert anonymous.post("/services/oauth2/introspect", data={"token": token}).status_code == 401


def test_a_token_of_the_password_flow_cannot_be_introspected(ask, anonymous, demo):
    password = PASSWORD + SECURITY_TOKEN
    token = ask("password", username=demo.person.username, password=password).json()["access_token"]
    client = {"client_id": demo.app.client_id, "client_secret": demo.app.client_secret}
    response = anonymous.post("/services/oauth2/introspect", data={"token": token, **client})
    assert response.json() == {"active": False}


def test_a_revoked_token_is_dead(api, anonymous, token):
    assert api.get("/limits").status_code == 200
    response = anonymous.post("/services/oauth2/revoke", data={"token": token})
    assert (response.status_code, response.content) == (200, b"")
    assert api.get("/limits").status_code == 401
    assert anonymous.post("/services/oauth2/revoke", data={"token": token}).status_code == 400


def test_a_session_dies_of_inactivity_not_of_age(api, demo):
    now = demo.org.clock()
    demo.org.clock = lambda: now.replace(year=now.year + 1)
    assert api.get("/limits").status_code == 401


def test_userinfo_and_identity_tell_who_is_calling(anonymous, demo, token):
    headers = {"Authorization": f"Bearer {token}"}
    info = anonymous.get("/services/oauth2/userinfo", headers=headers).json()
    assert info["user_id"] == demo.integration.id
    assert info["organization_id"] == demo.org.id
    assert "{version}" in info["urls"]["rest"]
    identity = anonymous.get(f"/id/{demo.org.id}/{demo.integration.id}", headers=headers).json()
    assert identity["username"] == demo.integration.username
    bad = anonymous.get("/services/oauth2/userinfo", headers={"Authorization": "Bearer x"})
    assert (bad.status_code, bad.text) == (403, "Bad_OAuth_Token")


def test_discovery_names_the_endpoints(anonymous, served):
    body = anonymous.get("/.well-known/openid-configuration").json()
    assert body["token_endpoint"] == served.url + TOKEN
    assert "private_key_jwt" in body["token_endpoint_auth_methods_supported"]


def test_a_login_outage_is_a_server_error(ask, demo):
    demo.org.faults.arm("login_unavailable")
    assert ask().status_code == 503
    assert ask().status_code == 200


def test_secrets_stay_out_of_representations(demo):
    shown = repr((demo, demo.app, demo.person, demo.org.directory.open_session(demo.person)))
    assert demo.app.client_secret not in shown
    assert PASSWORD not in shown
    assert SECURITY_TOKEN not in shown
    assert "!AQ" not in shown
