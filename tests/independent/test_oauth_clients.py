"""Other people's OAuth clients, unmodified, against our token endpoint and gateway."""

from __future__ import annotations

import asyncio

import httpx
import jwt
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuth2Client
from authlib.integrations.requests_client import OAuth2Session
from edge_server import billing_tenant, credential, edge_server
from oauthlib.oauth2 import BackendApplicationClient, InvalidClientError, InvalidScopeError
from requests_oauthlib import OAuth2Session as RequestsOAuth2Session

from salesbridge.sandbox.billing.seed import Seed
from salesbridge.sandbox.billing.server import start_in_thread
from salesbridge.sandbox.billing.store import Billing

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture
def served(transactional_db, monkeypatch):
    with edge_server(monkeypatch) as edge:
        yield edge


@pytest.fixture
def pair(transactional_db, new_door):
    with start_in_thread(Billing(Seed(accounts=3))) as running:
        issued = credential(billing_tenant(new_door, running))
        yield issued.client.client_id, issued.secret.get_secret_value()


@pytest.fixture
def told(served):
    """The server's metadata, as a client discovers it."""
    return served.http.get("/.well-known/oauth-authorization-server").json()


@pytest.fixture(autouse=True)
def _plain_loopback(monkeypatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.mark.parametrize("way", ["client_secret_basic", "client_secret_post"])
@pytest.mark.parametrize("client", [OAuth2Session, OAuth2Client])
def test_authlib_gets_uses_introspects_and_revokes_a_token(served, pair, told, client, way):
    with client(*pair, token_endpoint_auth_method=way, scope="billing.read") as session:
        token = session.fetch_token(told["token_endpoint"], grant_type="client_credentials")
        assert token["scope"] == "billing.read"
        assert session.get(f"{served.url}/api/junifer/version").status_code == 200
        known = session.introspect_token(told["introspection_endpoint"], token=token["access_token"])
        assert known.json()["active"] is True
        assert session.revoke_token(told["revocation_endpoint"], token=token["access_token"]).status_code == 200
        assert session.get(f"{served.url}/api/junifer/version").status_code == 401


def test_authlibs_asynchronous_client_gets_and_uses_a_token(served, pair, told):
    async def call():
        async with AsyncOAuth2Client(*pair) as session:
            await session.fetch_token(told["token_endpoint"], grant_type="client_credentials")
            return await session.get(f"{served.url}/api/junifer/customers?limit=1")

    assert asyncio.run(call()).json()["results"]


def test_pyjwt_verifies_a_token_with_the_published_keys(served, pair, told):
    with OAuth2Client(*pair) as session:
        token = session.fetch_token(told["token_endpoint"], grant_type="client_credentials")["access_token"]
    keys = jwt.PyJWKSet.from_dict(httpx.get(told["jwks_uri"], trust_env=False).json())
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(
        token,
        keys[header["kid"]].key,
        algorithms=["ES256"],
        issuer=told["issuer"],
        audience=f"{served.url}/api",
        options={"require": ["iss", "aud", "exp", "iat", "sub", "jti"]},
    )
    assert (claims["client_id"], header["typ"]) == (pair[0], "at+jwt")


@pytest.mark.parametrize("in_body", [True, False])
def test_requests_oauthlib_gets_and_uses_a_token(served, pair, told, in_body):
    client_id, secret = pair
    with RequestsOAuth2Session(client=BackendApplicationClient(client_id, scope=["billing.read"])) as session:
        session.trust_env = False
        options = {"include_client_id": True} if in_body else {"auth": pair}
        token = session.fetch_token(told["token_endpoint"], client_secret=secret, client_id=client_id, **options)
        assert token["token_type"] == "Bearer"
        assert session.get(f"{served.url}/api/junifer/version").json()["product"] == "Junifer"


def test_oauthlib_understands_our_refusals(served, pair, told):
    client_id, _ = pair
    with RequestsOAuth2Session(client=BackendApplicationClient(client_id)) as session:
        session.trust_env = False
        with pytest.raises(InvalidClientError):
            session.fetch_token(told["token_endpoint"], client_id=client_id, client_secret="wrong")
        with pytest.raises(InvalidScopeError):
            session.fetch_token(told["token_endpoint"], auth=pair, scope=["admin"])
