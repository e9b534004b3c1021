"""The billing system as a server of its own, with and without TLS."""

import os
import signal
import ssl
import subprocess
import sys
from datetime import date

import httpx2
import pytest
import trustme

from salesbridge.sandbox.billing import Billing, Seed, Settings, start_in_thread
from salesbridge.sandbox.billing.journal import kept_day


def test_it_serves_over_tls(tmp_path):
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.private_key_pem.write_to_path(key)
    for blob in issued.cert_chain_pems:
        blob.write_to_path(certificate, append=True)
    context = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    with start_in_thread(Billing(Seed(10)), certfile=certificate, keyfile=key) as running:
        assert running.url.startswith("https://127.0.0.1:")
        with httpx2.Client(verify=context, trust_env=False) as client:
            assert client.get(f"{running.url}/sandbox/state").json()["counts"]["accounts"] == 10


def test_a_stopped_server_listens_no_more():
    running = start_in_thread(Billing(Seed(1)))
    running.stop()
    with pytest.raises(httpx2.ConnectError), httpx2.Client(trust_env=False) as client:
        client.get(running.url)


def test_the_key_does_not_show_in_the_settings():
    assert "hidden-key" not in repr(Settings(api_key="hidden-key", restricted={"hidden-key": frozenset()}))


@pytest.mark.parametrize("product", ["junifer", "velocity"])
def test_the_command_tells_where_it_listens_and_its_credentials(tmp_path, product):
    command = [sys.executable, "-m", "salesbridge.sandbox.billing", "--product", product]
    options = ["--accounts", "20", "--market", "NZ", "--api-key", "k", "--username", "u", "--version", "9.9"]
    options += ["--file", str(tmp_path / "b.db"), "--zone", "UTC", "--awkward", "0"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            lines = []
            while not (lines and lines[-1].startswith("ready:")):
                lines.append(process.stdout.readline())
                assert lines[-1], "the server ended"
            url = lines[0].split()[1]
            assert any(line == "api key  k\n" for line in lines)
            with httpx2.Client(trust_env=False) as client:
                state = client.get(f"{url}/sandbox/state").json()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)
    assert (state["product"], state["version"], state["timeZone"]) == (product, "9.9", "UTC")
    assert state["counts"]["accounts"] == 20
    assert process.returncode == 0


def test_a_file_knows_the_day_of_its_data(tmp_path):
    file = tmp_path / "b.db"
    assert kept_day(file) is None
    Billing(Seed(10, as_of=date(2026, 3, 4)), file=file).close()
    assert kept_day(file) == date(2026, 3, 4)
