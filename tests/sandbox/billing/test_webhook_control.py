"""Subscriptions and deliveries over the sandbox's own routes, and from the command line."""

import os
import signal
import ssl
import stat
import subprocess
import sys
import uuid

import httpx2
import pytest
import trustme

from salesbridge.sandbox.billing import Billing, Retries, Service
from salesbridge.sandbox.billing.webhook_options import subscribed_by


@pytest.fixture
def control(junifer):
    """The sandbox's own routes of a running Junifer."""
    with httpx2.Client(base_url=junifer.running.url + "/sandbox", trust_env=False) as client:
        client.running = junifer.running
        client.api = junifer
        yield client


def test_an_app_is_subscribed_tested_and_told_over_http(control, receiver, verify):
    wanted = {"endpoint": receiver.url, "eventTypes": ["customer-updated"], "tenantId": "7", "concurrency": 1}
    answer = control.post("/subscriptions", json=wanted)
    assert answer.status_code == 201
    made = answer.json()
    assert uuid.UUID(made["appId"])
    event_id = control.post(f"/subscriptions/{made['appId']}/ping").json()["eventId"]
    control.api.put("/customers/100000001", json={"primaryContact": {"phoneNumber1": "1"}})
    assert control.running.publisher.wait_until_idle()
    assert [body["eventType"] for body in receiver.bodies()] == ["integration:ping", "customer-updated"]
    headers, body = receiver.got[0]
    verify(headers["X-Payload-Signature"], body, made["publicKey"])
    told = control.get("/deliveries").json()
    first, second = told["deliveries"]
    assert first["eventId"] == event_id
    assert first["latency"] > 0
    assert {name: first[name] for name in ("appId", "deliveryAttempt", "response", "success", "sequence")} == {
        "appId": made["appId"],
        "deliveryAttempt": 1,
        "response": {"status": 200, "statusText": "OK"},
        "success": True,
        "sequence": 1,
    }
    assert (told["failed"], told["waiting"]) == ([], 0)
    assert control.get("/deliveries?after=1").json()["deliveries"] == [second]
    assert control.get("/subscriptions").json()["subscriptions"] == [made]


def test_an_app_is_unsubscribed_over_http(control, receiver):
    app = control.post("/subscriptions", json={"endpoint": receiver.url}).json()["appId"]
    assert control.delete(f"/subscriptions/{app}").status_code == 204
    assert control.delete(f"/subscriptions/{app}").status_code == 404
    assert control.post(f"/subscriptions/{app}/ping").status_code == 404
    control.api.put("/customers/100000001", json={"jobTitle": "Pilot"})
    assert control.get("/subscriptions").json() == {"subscriptions": []}
    assert control.get("/deliveries").json()["deliveries"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"endpoint": "http://example.com/"},
        {"endpoint": "http://127.0.0.1:9", "concurrency": 0},
        {"endpoint": "http://127.0.0.1:9", "eventTypes": "all"},
        {"endpoint": "http://127.0.0.1:9", "secret": "x"},
    ],
)
def test_a_bad_subscription_is_refused(control, body):
    assert control.post("/subscriptions", json=body).status_code == 400
    assert control.get("/subscriptions").json() == {"subscriptions": []}


def test_events_given_up_are_listed(control, receiver, signing_key):
    control.running.publisher.subscribe(receiver.url, key=signing_key, retries=Retries(pauses=()))
    receiver.answers = [503]
    control.api.put("/customers/100000001", json={"jobTitle": "Pilot"})
    assert control.running.publisher.wait_until_idle()
    [failed] = control.get("/deliveries").json()["failed"]
    assert (failed["eventType"], failed["attempts"], failed["reason"]) == ("customer-updated", 1, "Service Unavailable")


def test_the_state_tells_how_many_events_wait(control, receiver, signing_key):
    control.running.publisher.subscribe(receiver.url, key=signing_key)
    control.post("/faults", json={"name": "webhook_down"})
    control.api.put("/customers/100000001", json={"jobTitle": "Pilot"})
    assert control.get("/state").json()["eventsWaiting"] == 1


def test_an_https_webhook_is_trusted_by_its_own_authority(tmp_path):
    authority = trustme.CA()
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca)
    issued = authority.issue_cert("127.0.0.1")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.private_key_pem.write_to_path(key)
    for blob in issued.cert_chain_pems:
        blob.write_to_path(certificate, append=True)
    target = Service(Billing())
    service = Service(Billing())
    from salesbridge.sandbox.billing import start_in_thread  # noqa: PLC0415 - any https server does

    with start_in_thread(target.billing, certfile=certificate, keyfile=key) as running:
        context = ssl.create_default_context(cafile=ca)
        service.publisher.subscribe(running.url + "/nowhere", retries=Retries(pauses=()), context=context)
        service.billing.create("customers", {"surname": "New"})
        assert service.publisher.wait_until_idle()
        service.publisher.stop()
    assert [one.status for one in service.publisher.deliveries()] == [404]


def test_the_command_subscribes_a_webhook_and_writes_its_public_key(tmp_path, receiver, verify):
    command = [sys.executable, "-m", "salesbridge.sandbox.billing", "--accounts", "1", "--api-key", "k"]
    public, private = tmp_path / "public.pem", tmp_path / "private.pem"
    app = str(uuid.uuid4())
    options = ["--webhook", receiver.url, "--webhook-app-id", app, "--webhook-tenant", "7"]
    options += ["--webhook-public-key", str(public), "--webhook-private-key", str(private)]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            lines = []
            while not (lines and lines[-1].startswith("ready:")):
                lines.append(process.stdout.readline())
                assert lines[-1], "the server ended"
            url = lines[0].split()[1]
            with httpx2.Client(trust_env=False) as client:
                client.post(f"{url}/sandbox/subscriptions/{app}/ping")
                while not client.get(f"{url}/sandbox/deliveries").json()["deliveries"]:
                    pass
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)
    assert process.returncode == 0
    assert {f"app id   {app}\n", "tenant   7\n", f"public key in {public}\n"} <= set(lines)
    headers, body = receiver.got[0]
    verify(headers["X-Payload-Signature"], body, public.read_text())
    assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_a_kept_private_key_signs_again_and_the_public_key_is_shown(tmp_path, receiver):
    from salesbridge.sandbox.billing.__main__ import _parser  # noqa: PLC0415 - the options are its own

    arguments = ["--webhook", receiver.url, "--webhook-private-key", str(tmp_path / "key.pem")]
    shown = []
    for _ in range(2):
        service = Service(Billing())
        shown.append(subscribed_by(_parser().parse_args(arguments), service.publisher))
        service.publisher.stop()
    first, second = (lines[lines.index("public key") :] for lines in shown)
    assert first == second
    assert first[1] == "-----BEGIN PUBLIC KEY-----"
