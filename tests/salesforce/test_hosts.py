from __future__ import annotations

import pytest

from salesbridge.salesforce import SalesforceError
from salesbridge.salesforce.hosts import login_url


@pytest.mark.parametrize(
    ("entered", "origin"),
    [
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        (" https://Acme.my.salesforce.com/ ", "https://acme.my.salesforce.com"),
        ("https://acme--dev.sandbox.my.salesforce.com:443/", "https://acme--dev.sandbox.my.salesforce.com"),
        ("https://acme.my.site.force.com", "https://acme.my.site.force.com"),
    ],
)
def test_addresses_of_salesforce_pass(entered, origin):
    assert login_url(entered) == origin


@pytest.mark.parametrize(
    "entered",
    [
        "",
        "login.salesforce.com",
        "http://login.salesforce.com",
        "https://salesforce.com.evil.example",
        "https://evilsalesforce.com",
        "https://login.salesforce.com:8443",
        "https://user:pw@login.salesforce.com",
        "https://login.salesforce.com@evil.example",
        "https://acme.lightning.force.com",
        "https://169.254.169.254",
        "https://[::1",
        "http://127.0.0.1:8000",
        "https://localhost",
    ],
)
def test_other_addresses_never_see_credentials(entered):
    with pytest.raises(SalesforceError) as caught:
        login_url(entered)

    assert caught.value.code == "INVALID_LOGIN_URL"
    assert "My Domain" in caught.value.mend


@pytest.mark.parametrize("entered", ["http://127.0.0.1:8000", "http://localhost:1/", "https://[::1]:8443"])
def test_this_machine_passes_in_sandbox_mode_only(entered):
    assert login_url(entered, allow_loopback=True) == entered.rstrip("/")


def test_sandbox_mode_opens_nothing_but_this_machine():
    with pytest.raises(SalesforceError):
        login_url("http://10.0.0.1", allow_loopback=True)
