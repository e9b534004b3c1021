"""Setting up what billing publishes to, and serving it as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import httpx2
import pytest

from salesbridge.sandbox.billing.signing import HEADER, SigningKey
from salesbridge.store.models import HeardEvent


@pytest.fixture
def key_file(tmp_path):
    file = tmp_path / "public.pem"
    file.write_text(SigningKey().public_pem)
    return file


def test_the_address_of_a_tenant_is_told(run, run_json, new_door):
    door = new_door(name="Retailer")
    address = f"https://hear.example/hooks/{door.tenant.hook}"

    assert run_json("tenant", "hook", "Retailer") == {"tenant": "Retailer", "address": address, "keys": []}
    assert address in run("tenant", "hook", "Retailer")


def test_a_key_is_added_and_dropped_and_both_are_written_down(run_json, new_door, key_file):
    door = new_door(name="Retailer")

    (key,) = run_json("tenant", "hook", "Retailer", "--add-key", key_file)["keys"]
    assert (key["number"], len(key["sha256"])) == (1, 64)
    assert run_json("tenant", "hook", "Retailer", "--drop-key", 1)["keys"] == []
    assert list(door.activities.order_by("at").values_list("tag", flat=True)) == ["hook:key_added", "hook:key_dropped"]
    assert set(door.activities.values_list("subject", flat=True)) == {key["sha256"]}


def test_a_key_is_known_again_however_its_lines_are_broken(run, new_door, key_file):
    new_door(name="Retailer")
    run("tenant", "hook", "Retailer", "--add-key", key_file)
    key_file.write_text("\n" + key_file.read_text().replace("\n", "\r\n") + "\n")

    assert "accepted already" in run("tenant", "hook", "Retailer", "--add-key", key_file, code=2)


@pytest.mark.parametrize("text", ["no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_public_key_is_refused(run, new_door, tmp_path, text):
    door = new_door(name="Retailer")
    (tmp_path / "broken.pem").write_text(text)

    assert "no public RSA key" in run("tenant", "hook", "Retailer", "--add-key", tmp_path / "broken.pem", code=2)
    assert door.tenant.hook_keys == []


def test_a_key_that_is_not_there_cannot_be_dropped(run, new_door):
    new_door(name="Retailer")
    assert "no key 1" in run("tenant", "hook", "Retailer", "--drop-key", 1, code=2)


def test_a_missing_file_is_told_as_one(run, new_door, tmp_path):
    new_door(name="Retailer")
    assert "cannot be read" in run("tenant", "hook", "Retailer", "--add-key", tmp_path / "none.pem", code=2)


def test_the_served_edge_hears_an_event_and_ends_in_good_order_when_told_to(environment, new_door):
    key = SigningKey()
    door = new_door(hook_keys=[key.public_pem])
    raw = b'{"eventId": "e1", "eventType": "integration:ping", "data": {"message": "hello"}}'
    signed = {HEADER: key.header(raw, int(datetime.now(UTC).timestamp()))}
    words = [sys.executable, "-m", "salesbridge", "edge", "--port", "0"]
    with subprocess.Popen(words, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().split()[2].rstrip(".")
        with httpx2.Client(base_url=url, trust_env=False, timeout=20) as client:
            assert client.get("/health/ready").status_code == 200
            assert client.post(f"/hooks/{door.tenant.hook}", content=raw, headers=signed).json() == {"result": "heard"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert door.rows(HeardEvent).get().event_id == "e1"


def test_an_address_that_is_taken_is_told_as_such(run):
    import socket  # noqa: PLC0415 - this test only

    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "cannot be listened on" in run("edge", "--port", taken.getsockname()[1], code=1)
