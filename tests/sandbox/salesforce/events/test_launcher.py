from __future__ import annotations

import subprocess
import sys
import time

import grpc
import httpx2
from sample_package import event_package, telling_org

from salesbridge.protocols import pubsub_api_pb2 as pb
from salesbridge.protocols import pubsub_api_pb2_grpc as rpc
from salesbridge.sandbox.salesforce.demo import demo_org

from .conftest import DIRECT, PATIENCE, TOPIC


def told(process):
    """The lines printed before the ready line, by what they tell."""
    lines = {}
    for line in process.stdout:
        if line.startswith("READY "):
            return lines
        name, _, value = line.partition(": ")
        lines[name] = value.strip()
    raise AssertionError("the launcher ended before it was ready")


def deploy(url, token):
    """Deploys the event and what tells it."""
    headers = {"Authorization": f"Bearer {token}"}
    options = '{"deployOptions": {"singlePackage": true}}'
    files = {"json": (None, options, "application/json"), "file": ("deploy.zip", event_package(), "application/zip")}
    with httpx2.Client(headers=headers, trust_env=False) as client:
        one = f"{url}/{client.post(url, files=files).raise_for_status().json()['id']}"
        ends = time.monotonic() + PATIENCE
        while not (result := client.get(one).json()["deployResult"])["done"] and time.monotonic() < ends:
            time.sleep(0.02)
    assert result["status"] == "Succeeded"


def test_the_launcher_serves_the_pubsub_api_of_an_org_to_which_an_event_is_deployed():
    command = [sys.executable, "-m", "salesbridge.sandbox.salesforce", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            lines = told(process)
            sent = {"grant_type": "client_credentials"}
            sent |= {"client_id": lines["Consumer key"], "client_secret": lines["Consumer secret"]}
            url = lines["Login URL"]
            token = httpx2.post(f"{url}/services/oauth2/token", data=sent, trust_env=False).json()["access_token"]
            deploy(f"{url}/services/data/v66.0/metadata/deployRequest", token)
            metadata = (("accesstoken", token), ("instanceurl", url), ("tenantid", lines["Organization id"]))
            with grpc.insecure_channel(lines["Pub/Sub API"], options=DIRECT) as channel:
                request = pb.TopicRequest(topic_name=TOPIC)
                topic = rpc.PubSubStub(channel).GetTopic(request, metadata=metadata, timeout=PATIENCE)
            assert topic.can_subscribe
        finally:
            process.terminate()
        assert process.wait(PATIENCE) in {0, -15}


def test_an_org_in_a_file_keeps_its_topics(tmp_path):
    path = tmp_path / "org.db"
    first = telling_org(path)
    first.org.save("insert", "Account", [{"Name": "a"}], user=first.integration.id)
    first.org.close()
    again = demo_org(path)
    assert again.org.bus.topics() == [TOPIC]
    assert again.org.bus.retained(TOPIC) == []
    again.org.close()
