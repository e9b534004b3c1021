"""Everything on one machine: all parts are up or none is, whoever ends them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import httpx2
import pytest

from salesbridge.cli.together import Part, PartEndedError, together
from salesbridge.sandbox.beside import free_port


def lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(true):
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        if true():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def edge():
    """A part of ours that needs little."""
    port = free_port()
    return Part("edge", ("edge", "--port", str(port)), f"http://127.0.0.1:{port}")


def test_parts_are_up_inside_the_block_and_down_after_it(environment, edge):
    with together([edge]) as running:
        assert httpx2.get(f"{edge.url}/health/live").status_code == 200
        ((_, process, _),) = running.parts
    assert process.returncode is not None


def test_a_part_that_ends_by_itself_stops_the_others_and_is_named(environment, edge, tmp_path):
    processes = []

    def one_is_killed():
        with together([edge, Part("worker", ("worker",))], tmp_path) as running:
            processes.extend(process for _, process, _ in running.parts)
            processes[1].kill()
            time.sleep(30)

    with pytest.raises(PartEndedError, match="The worker was killed by signal 9") as told:
        one_is_killed()
    assert str(tmp_path / "worker.log") in str(told.value)
    assert all(process.returncode is not None for process in processes)


def test_a_part_that_cannot_start_is_told_with_its_reason(environment, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        broken = Part("edge", ("edge", "--port", str(taken.getsockname()[1])))
        with pytest.raises(PartEndedError, match="The edge ended with code 1"), together([broken], tmp_path):
            pass
    assert "cannot be listened on" in (tmp_path / "edge.log").read_text()


def test_serve_prints_its_addresses_and_stops_all_on_request(environment):
    portal, edge = free_port(), free_port()
    words = ["serve", "--portal-port", str(portal), "--edge-port", str(edge)]
    given = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    given |= {"SALESBRIDGE_EDGE_URL": f"http://127.0.0.1:{edge}", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "salesbridge", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=given) as process:
        said = [process.stdout.readline() for _ in range(4)]
        assert f"The portal is ready at http://127.0.0.1:{portal}." in "".join(said)
        answer = httpx2.get(f"http://127.0.0.1:{portal}/accounts/login/")
        assert (answer.status_code, "Sign in" in answer.text) == (200, True)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=40)
    assert process.returncode == 0
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"http://127.0.0.1:{portal}/")


def test_no_part_outlives_the_one_who_started_it(environment, edge):
    script = (
        "import os, sys, time\nfrom salesbridge.cli.together import Part, together\n"
        f"with together([Part('edge', {edge.words!r})]) as running:\n"
        "    print(running.parts[0][1].pid, flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as starter:
        pid = int(starter.stdout.readline())
        assert lives(pid)
        starter.kill()
    assert until(lambda: not lives(pid))
