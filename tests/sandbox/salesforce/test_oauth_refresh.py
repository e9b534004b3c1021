from __future__ import annotations

import pytest

from salesbridge.sandbox.salesforce.access import ConnectedApp
from salesbridge.sandbox.salesforce.oauth_flows import OAuthError, TokenRequest, grant
from salesbridge.sandbox.salesforce.org import Org


@pytest.fixture
def org():
    org = Org()
    user = org.directory.add_user("ada@acme.example")
    org.directory.add_app(ConnectedApp("Tap", "key", "secret", refresh_tokens={"5Aep-one": user.id}))
    return org


def asked(org, **changes):
    sent = {"grant_type": "refresh_token", "client_id": "key", "client_secret": "secret"}
    return grant(org, TokenRequest({**sent, **changes}, "acme.my.salesforce.com", "https://acme"))


def test_a_refresh_token_opens_a_session_of_the_user_who_approved_the_app(org):
    session = asked(org, refresh_token="5Aep-one")
    assert org.directory.users[session.user_id].username == "ada@acme.example"


@pytest.mark.parametrize("token", ["5Aep-two", ""])
def test_an_unknown_refresh_token_is_an_invalid_grant(org, token):
    with pytest.raises(OAuthError, match="expired access/refresh token") as refused:
        asked(org, refresh_token=token)
    assert refused.value.error == "invalid_grant"


def test_a_refresh_token_needs_its_apps_secret(org):
    with pytest.raises(OAuthError) as refused:
        asked(org, refresh_token="5Aep-one", client_secret="wrong")
    assert refused.value.error == "invalid_client"
