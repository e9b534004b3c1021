from __future__ import annotations

import grpc
import pytest
import trustme
from scripted_bus import TOPIC

from salesbridge.salesforce import SalesforceError
from salesbridge.salesforce.event_channel import checked_target
from salesbridge.salesforce.events import Events


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("api.pubsub.salesforce.com:7443", "api.pubsub.salesforce.com:7443"),
        ("API.pubsub.salesforce.com", "api.pubsub.salesforce.com:7443"),
        ("api.deu.pubsub.salesforce.com:443", "api.deu.pubsub.salesforce.com:443"),
    ],
)
def test_salesforces_addresses_are_allowed(address, target):
    assert checked_target(address, plaintext=False, allow_loopback=False) == target


@pytest.mark.parametrize(
    "address",
    [
        "pubsub.example.com:7443",
        "salesforce.com.evil.example:443",
        "evilsalesforce.com:443",
        "api.pubsub.salesforce.com:80",
        "api.pubsub.salesforce.com:x",
        "https://api.pubsub.salesforce.com",
        "user@api.pubsub.salesforce.com:443",
        "evil.example:443/.salesforce.com",
        "unix:/run/x.salesforce.com",
        "127.0.0.1:7443",
        "",
    ],
)
def test_a_token_goes_nowhere_else(address):
    with pytest.raises(SalesforceError) as caught:
        checked_target(address, plaintext=False, allow_loopback=False)

    assert caught.value.code == "INVALID_EVENTS_ADDRESS"


def test_only_this_machine_is_spoken_to_without_tls():
    assert checked_target("127.0.0.1:5", plaintext=True, allow_loopback=True) == "127.0.0.1:5"
    assert checked_target("[::1]:5", plaintext=True, allow_loopback=True) == "[::1]:5"
    with pytest.raises(SalesforceError, match="TLS"):
        checked_target("api.pubsub.salesforce.com:7443", plaintext=True, allow_loopback=True)
    with pytest.raises(SalesforceError, match="TLS"):
        checked_target("127.0.0.1:5", plaintext=True, allow_loopback=False)


def test_the_connection_says_whether_this_machine_is_allowed(salesforce):
    with pytest.raises(SalesforceError, match="sandbox mode"):
        Events(salesforce, address="127.0.0.1:5", plaintext=True)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_bus(bus, authority):
    cert = authority.issue_cert("127.0.0.1")
    chain = b"".join(part.bytes() for part in cert.cert_chain_pems)
    bus.start(grpc.ssl_server_credentials([(cert.private_key_pem.bytes(), chain)]))
    return bus


def test_an_authority_of_ones_own_is_trusted_when_named(tls_bus, sandboxed, authority, tmp_path):
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with Events(sandboxed, address=f"127.0.0.1:{tls_bus.port}", ca_file=tmp_path / "ca.pem") as events:
        assert events.topic(TOPIC).can_subscribe


def test_an_unknown_authority_is_not_trusted(tls_bus, sandboxed):
    with (
        Events(sandboxed, address=f"127.0.0.1:{tls_bus.port}") as events,
        pytest.raises(SalesforceError, match="CERTIFICATE_VERIFY_FAILED") as caught,
    ):
        events.topic(TOPIC)

    assert (caught.value.code, caught.value.kind) == ("TLS", "permanent")
    assert tls_bus.unary == []


def test_proxies_of_the_environment_are_not_used(bus, sandboxed, monkeypatch):
    for name in ("http_proxy", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("no_grpc_proxy", raising=False)
    bus.start()
    with Events(sandboxed, address=f"127.0.0.1:{bus.port}", plaintext=True) as events:
        assert events.topic(TOPIC).name == TOPIC


def test_nobody_there_is_a_passing_trouble(sandboxed):
    with (
        Events(sandboxed, address="127.0.0.1:9", plaintext=True) as events,
        pytest.raises(SalesforceError) as caught,
    ):
        events.topic(TOPIC)

    assert (caught.value.code, caught.value.kind) == ("CONNECT", "transient")
