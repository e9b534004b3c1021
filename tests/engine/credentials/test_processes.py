"""The command line in processes of its own, killed where it hurts; an edge and an org beside it."""

from __future__ import annotations

import os
import signal
import time

import httpx2
import psycopg
import pytest
from credential_world import CALLER
from journey import wait_until

from salesbridge.sandbox.beside import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def system(connected, product):
    """Org and billing in this process, the edge in another."""
    product.environment["SALESBRIDGE_EDGE_URL"] = f"http://127.0.0.1:{(port := free_port())}"
    made = connected(deploy=False)
    edge = product.start("edge", "--port", port)
    assert "Ready" in edge.stdout.readline()
    return made


def calls_well(system):
    asked = {"user": CALLER, "namedCredential": "Gentrack", "path": "/version"}
    answer = httpx2.post(f"{system.org.url}/sandbox/callout", json=asked, timeout=30, trust_env=False).json()
    return answer["ok"] and answer["status"] == 200


def step_of(url):
    """The step at which the operation under way is; None when none is."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT step FROM store_credentialoperation WHERE finished_at IS NULL").fetchone()
        return found and found[0]


def killed_at(system, step, *words):
    """Start a command and kill it once its operation is at a step."""
    url = system.product.environment["DATABASE_URL"]
    process = system.product.start("credential", *words)
    wait_until(lambda: step_of(url) == step, 60)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return step_of(url)


def test_a_credential_lives_through_every_command(system):
    run, read = system.product.run, system.product.json
    done = run("credential", "add", "sales", "--user", CALLER, check=0)
    assert "callout:Gentrack" in done.stdout
    assert "push" in done.stderr
    assert calls_well(system)
    assert "already" in run("credential", "add", "sales", check=2).stderr

    rotated = read("credential", "rotate", "sales", "--grace", "0.5", check=0)
    assert (rotated["operation"], rotated["state"]) == ("rotate", "done")
    assert [each["step"] for each in rotated["trail"]][:4] == ["check", "push", "verify", "promote"]
    (listed,) = read("credential", "list", "sales", check=0)
    assert (listed["name"], listed["state"], listed["now"]) == ("Gentrack", "active", "")
    told = read("credential", "status", "sales", check=0)
    assert [each["state"] for each in told["secrets"]] == ["current"]
    assert [each["operation"] for each in told["operations"]] == ["rotate", "add"]

    assert "Give --yes" in run("credential", "revoke", "sales", check=2).stderr
    assert read("credential", "revoke", "sales", "--yes", check=0)["state"] == "done"
    assert calls_well(system)
    assert read("credential", "cut-off", "sales", "--yes", check=0)["state"] == "done"
    wait_until(lambda: not calls_well(system), 2)
    assert read("credential", "revoke", "sales", "--remove", "--yes", check=0)["state"] == "done"
    assert "revoked" in run("credential", "rotate", "sales", check=2).stderr


@pytest.mark.parametrize("step", ["push", "verify", "retire"])
def test_a_rotation_whose_worker_is_killed_is_ended_by_another(system, step):
    system.product.run("credential", "add", "sales", "--user", CALLER, check=0)
    system.org.org.faults.arm("credential_slow", times=None, seconds=0.5)
    assert killed_at(system, step, "rotate", "sales", "--grace", "3") is not None
    assert calls_well(system)
    system.org.org.faults.disarm()
    done = system.product.json("credential", "resume", "sales", check=0)
    assert done["state"] == "done", done
    time.sleep(0.5)
    assert calls_well(system)
    told = system.product.json("credential", "status", "sales", check=0)
    assert [each["state"] for each in told["secrets"]] == ["current"]
