from __future__ import annotations

import json
import ssl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
import trustme

from salesbridge.sandbox.salesforce.demo import CLIENT_ID, CLIENT_SECRET, configure, demo_org, new_org
from salesbridge.sandbox.salesforce.server import start_in_thread


@pytest.fixture
def certificate(tmp_path):
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "cert.pem")
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    return tmp_path / "cert.pem", trust


def test_an_org_is_served_over_tls(certificate):
    path, trust = certificate
    with start_in_thread(demo_org().org, certfile=str(path)) as running:
        assert running.url.startswith("https://")
        with httpx2.Client(verify=trust, trust_env=False) as client:
            assert client.get(f"{running.url}/services/data").status_code == 200


def test_the_public_url_is_what_clients_are_told():
    demo = demo_org()
    with (
        start_in_thread(demo.org, public_url="https://acme.my.example/") as running,
        httpx2.Client(trust_env=False) as client,
    ):
        sent = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        body = client.post(f"{running.url}/services/oauth2/token", data=sent).json()
    assert body["instance_url"] == "https://acme.my.example"


def test_the_launcher_prints_credentials_that_work(tmp_path):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"settings": {"quotes_enabled": False}}))
    command = [sys.executable, "-m", "salesbridge.sandbox.salesforce", "--port", "0", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            lines = []
            while not lines or not lines[-1].startswith("READY "):
                line = process.stdout.readline()
                assert line, "the launcher ended before it was ready"
                lines.append(line)
            told = dict(line.rstrip().split(": ", 1) for line in lines[:-1])
            told = {key: value.strip() for key, value in told.items()}
            url = lines[-1].split()[1]
            sent = {
                "grant_type": "password",
                "client_id": told["Consumer key"],
                "client_secret": told["Consumer secret"],
                "username": told["Username"],
                "password": told["Password"] + told["Security token"],
            }
            with httpx2.Client(trust_env=False) as client:
                body = client.post(f"{url}/services/oauth2/token", data=sent).json()
                headers = {"Authorization": f"Bearer {body['access_token']}"}
                quote = client.get(f"{body['instance_url']}/services/data/v66.0/sobjects/Quote", headers=headers)
            assert quote.status_code == 404
        finally:
            process.terminate()


def test_a_config_names_users_apps_and_settings(tmp_path):
    path = tmp_path / "config.json"
    content = {
        "settings": {"login_host": "login.example", "password_flow_blocked": True},
        "users": [{"username": "i@example.com", "password": "p", "permissions": ["ViewAllData"]}],
        "apps": [{"name": "A", "client_id": "k", "client_secret": "s", "run_as": "i@example.com", "scopes": ["api"]}],
    }
    path.write_text(json.dumps(content))
    org = new_org()
    configure(org, path)
    user = org.directory.user_named("I@example.com")
    assert org.directory.apps["k"].run_as == user.id
    assert org.directory.allows(user.id, "ViewAllData")
    assert org.settings.login_host == "login.example"


@pytest.mark.parametrize("content", [{"settings": {"nonsense": 1}}, {"apps": [{"name": "A", "run_as": "x"}]}])
def test_a_config_that_makes_no_sense_is_refused(tmp_path, content):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"config\.json"):
        configure(new_org(), path)


def test_parallel_upserts_of_one_key_make_one_record(demo, api):
    def upsert(number):
        return api.patch("/sobjects/Account/Ext__c/A1", json={"Name": f"n{number}"}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(upsert, range(24)))
    assert statuses == [200] * 23 + [201]
    assert demo.org.count("Account") == 1
