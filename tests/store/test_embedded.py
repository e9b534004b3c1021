from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from salesbridge.store.embedded import Embedded
from salesbridge.store.unavailable import DatabaseUnavailable, diagnosed

FAST = {"fsync": "off"}
STARTED = "SELECT pg_postmaster_start_time()::text"
USER = """
import os, signal, sys
from pathlib import Path
import psycopg
from salesbridge.store.embedded import Embedded
server = Embedded(Path(sys.argv[1]), {"fsync": "off"})
print(psycopg.connect(server.acquire()).execute("SELECT pg_postmaster_start_time()::text").fetchone()[0], flush=True)
"""
USED = []
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")


@pytest.fixture(scope="module")
def shared_home():
    """A folder with a cluster that tests start and stop."""
    folder = Path(os.environ["SALESBRIDGE_DATA_DIR"]) / f"embedded-{os.getpid()}"
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def home(shared_home):
    """The folder; whatever a test leaves running in it is stopped."""
    yield shared_home
    for server in USED:
        server.release()
    USED.clear()


def server_in(home):
    server = Embedded(home, FAST)
    USED.append(server)
    return server


def is_running(home):
    return Embedded(home, FAST)._state() == 0


def asked(url, question=STARTED):
    with psycopg.connect(url) as connection:
        return connection.execute(question).fetchone()[0]


def user(home, then=""):
    """Start another process that uses the server, and return it once it does."""
    command = [sys.executable, "-c", USER + then, str(home)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths()})


def paths():
    return os.pathsep.join(path for path in sys.path if path)


def test_our_own_server_is_postgresql_18_and_sorts_alike_everywhere(home):
    server = server_in(home)
    url = server.acquire()
    assert asked(url, "SHOW server_version").startswith("18.")
    assert asked(url, "SELECT current_database()") == "salesbridge"
    assert (
        asked(url, "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'salesbridge'")
        == "bC.UTF-8"
    )
    assert server.release() is True
    assert not is_running(home)


def test_it_listens_on_no_port_and_its_socket_is_ours_alone(home):
    server = server_in(home)
    url = server.acquire()
    assert asked(url, "SHOW listen_addresses") == ""
    assert (server.cluster / ".s.PGSQL.5432").stat().st_mode & 0o077 == 0
    server.release()


def test_what_was_stored_is_there_after_a_stop(home):
    server = server_in(home)
    with psycopg.connect(server.acquire()) as connection:
        connection.execute("DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer")
    server.release()
    assert asked(server.acquire(), "SELECT answer FROM kept") == 42
    server.release()


def test_a_second_user_joins_and_the_last_one_stops_it(home):
    first, second = server_in(home), server_in(home)
    assert asked(first.acquire()) == asked(second.acquire())
    assert first.release() is False
    assert is_running(home)
    assert second.release() is True


@pytest.mark.slow
def test_processes_that_start_at_once_share_one_server(home):
    shutil.rmtree(home, ignore_errors=True)
    users = [user(home, "\nserver.release()") for _ in range(4)]
    holder = server_in(home)
    mine = asked(holder.acquire())
    assert {process.communicate(timeout=120)[0].strip() for process in users} == {mine}
    assert [process.returncode for process in users] == [0] * 4
    assert holder.release() is True


@pytest.mark.slow
def test_after_a_user_was_killed_the_next_one_finds_the_server_and_stops_it(home):
    with user(home, "\nos.kill(os.getpid(), signal.SIGKILL)") as killed:
        started = killed.stdout.read().strip()
    assert killed.returncode == -signal.SIGKILL
    server = server_in(home)
    assert asked(server.acquire()) == started
    assert server.release() is True


@pytest.mark.slow
def test_after_a_kill_in_the_middle_of_its_making_the_cluster_is_made_anew(home):
    shutil.rmtree(home, ignore_errors=True)
    with user(home) as killed:
        while not list(home.glob("postgres.*.new/base/1/*")):
            time.sleep(0.005)
        killed.kill()
    assert not (home / "postgres").exists()
    server = server_in(home)
    assert asked(server.acquire(), "SELECT 1") == 1
    assert list(home.glob("postgres.*.new")) == []
    assert server.release() is True


@pytest.mark.slow
def test_after_the_server_was_killed_it_is_started_anew(home):
    server = server_in(home)
    before = asked(server.acquire())
    kill_server(server)
    assert asked(server.acquire()) > before
    assert server.release() is True


def kill_server(server):
    pid = int((server.cluster / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)


@pytest.mark.slow
def test_a_dead_servers_number_that_another_process_has_got_does_no_harm(home):
    server = server_in(home)
    server.acquire()
    pid_file = server.cluster / "postmaster.pid"
    stale = pid_file.read_text().splitlines()
    kill_server(server)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        pid_file.write_text("\n".join([str(stranger.pid), *stale[1:]]))
        assert asked(server.acquire(), "SELECT 1") == 1
        stranger.kill()
    assert server.release() is True


@pytest.mark.slow
def test_files_that_others_may_read_are_refused_with_the_mend(home):
    server = server_in(home)
    server.acquire()
    server.release()
    server.cluster.chmod(0o755)
    with pytest.raises(DatabaseUnavailable, match=f"Run: chmod 700 {home}/postgres"):
        server.acquire()
    server.cluster.chmod(0o700)
    assert asked(server.acquire(), "SELECT 1") == 1
    server.release()


def test_a_folder_that_cannot_be_made_is_refused_clearly(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseUnavailable, match="Not a directory"):
        Embedded(tmp_path / "file" / "data").acquire()


@as_root
def test_a_folder_closed_to_the_servers_account_is_left_closed_and_named(tmp_path):
    tmp_path.chmod(0o700)
    with pytest.raises(DatabaseUnavailable, match="cannot pass through") as refused:
        Embedded(tmp_path / "data").acquire()
    assert "SALESBRIDGE_DATA_DIR" in refused.value.mend
    assert tmp_path.stat().st_mode & 0o077 == 0


def test_a_relative_folder_is_meant_from_here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert Embedded(Path("data")).cluster == tmp_path / "data" / "postgres"


def test_a_path_too_long_for_a_socket_gets_a_short_one(home):
    long = Embedded(home / ("x" * 90))
    assert "x" * 90 not in long.url()
    assert len(long.url()) < 120


@pytest.mark.parametrize(
    ("log", "message", "mend"),
    [
        ('could not write to file "pg_wal/x": No space left on device', "The disk is full", "Free some space"),
        ("FATAL: could not open file: Permission denied", "may not read or write", "/data"),
        ("data directory has wrong ownership", "another account", "account that made /data"),
        ("could not bind: Address already in use", "taken by another server", "Stop that server"),
        ("database files are incompatible with server", "another major version", "Dump them"),
        ("FATAL: something new", "something new", "/data/postgres.log"),
    ],
)
def test_what_the_log_complains_of_is_told_with_the_mend(log, message, mend):
    error = diagnosed(log, "/data")
    assert message in error.message
    assert mend in error.mend
    assert error.message in str(error)
    assert error.mend in str(error)
