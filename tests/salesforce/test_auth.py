from __future__ import annotations

import time
from urllib.parse import parse_qs

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from salesbridge.salesforce import JwtBearer, SalesforceError


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def signed_in(wire, credentials) -> dict[str, list[str]]:
    assert wire.open(credentials).token.instance_url == wire.INSTANCE
    return parse_qs(wire.login_requests[0].content.decode())


def test_client_credentials_post_key_and_secret(wire):
    assert signed_in(wire, None) == {
        "grant_type": ["client_credentials"],
        "client_id": ["key"],
        "client_secret": ["hush"],
    }


def test_the_jwt_bearer_signs_an_assertion_that_lives_three_minutes_at_most(wire, key):
    form = signed_in(wire, JwtBearer(wire.LOGIN, "u@x.example", "consumer", SecretStr(pem(key))))
    claims = jwt.decode(form["assertion"][0], RSAKey.import_key(pem(key)), algorithms=["RS256"]).claims

    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert (claims["iss"], claims["sub"]) == ("consumer", "u@x.example")
    assert claims["aud"] == "https://login.salesforce.com"
    assert time.time() < claims["exp"] <= time.time() + 180


@pytest.mark.parametrize(
    ("login_url", "audience"),
    [
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://acme--dev.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
    ],
)
def test_the_audience_fits_the_login_url(key, login_url, audience):
    form = JwtBearer(login_url, "u", "c", SecretStr(pem(key))).form(login_url)
    claims = jwt.decode(form["assertion"], RSAKey.import_key(pem(key)), algorithms=["RS256"]).claims

    assert claims["aud"] == audience


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----"])
def test_a_private_key_that_is_none_is_told_without_quoting_it(wire, text):
    with pytest.raises(SalesforceError) as caught:
        _ = wire.open(JwtBearer(wire.LOGIN, "u", "c", SecretStr(text))).token

    assert caught.value.code == "INVALID_PRIVATE_KEY"
    assert "PEM" in caught.value.mend
    assert "c2VjcmV0" not in repr(caught.value)
    assert wire.login_requests == []


@pytest.mark.parametrize("body", [[], {}, {"access_token": 5, "instance_url": "x", "id": "y"}, "text"])
def test_a_sign_in_answer_without_a_token_is_told(wire, body):
    wire.logins = [httpx2.Response(200, json=body)]
    with pytest.raises(SalesforceError) as caught:
        _ = wire.open().token

    assert caught.value.code in {"BAD_ANSWER", "INVALID_LOGIN_URL"}
