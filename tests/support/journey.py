"""Real processes against the simulated systems: the command line as a person would call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from salesbridge.sandbox.salesforce.demo import CLIENT_ID, CLIENT_SECRET

API_KEY = "billing-key-for-tests"
OBJECTS = ("Account", "Product2", "Contact", "PricebookEntry", "Contract", "Asset", "AccountContactRelation")
EXT = "Gentrack_External_Id__c"


@dataclass
class Product:
    """The installed product: one database, one data folder, one command line."""

    folder: Path
    environment: dict[str, str]
    processes: list[subprocess.Popen] = field(default_factory=list)

    def command(self, *words, **environment):
        full = {**os.environ, **self.environment, **environment}
        return {
            "args": [sys.executable, "-m", "salesbridge", *map(str, words)],
            "env": full, "text": True, "stdin": subprocess.DEVNULL,
        }  # fmt: skip

    def run(self, *words, check=None, preexec=None, **environment):
        done = subprocess.run(
            **self.command(*words, **environment), capture_output=True, timeout=240, check=False, preexec_fn=preexec
        )
        if check is not None:
            assert done.returncode == check, done.stdout[-3000:] + done.stderr[-3000:]
        return done

    def json(self, *words, check=None, **environment):
        return json.loads(self.run(*words, "--json", check=check, **environment).stdout)

    def start(self, *words, **environment):
        process = subprocess.Popen(
            **self.command(*words, **environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def load(self, *options, check=None, **environment):
        return self.json("load", "start", "sales", "--outage-acknowledged", *options, check=check, **environment)


@dataclass
class Connected:
    """Everything that a load needs, ready to start."""

    product: Product
    org: object
    billing: object
    dialect: str = "junifer"

    @property
    def rows(self):
        """Rows of the org by object, those of ours only."""
        found = self.org.org
        return {name: {row[EXT]: row for row in found.rows(name) if row.get(EXT)} for name in OBJECTS}

    def calls(self, method, part):
        return [call for call in self.org.org.calls.recent if call.method == method and part in call.path]


def connect(product, org, billing, dialect="junifer", *, deploy=True):
    """Set both systems up, as docs/getting-started.md tells, and switch billing's events off."""
    facts = {
        "dialect": dialect, "billing": billing.url, "api_key": API_KEY, "org": org.url, "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET, "deploy": deploy,
    }  # fmt: skip
    words = [sys.executable, str(Path(__file__).with_name("set_up.py"))]
    environment = {**os.environ, **product.environment}
    done = subprocess.run(
        words, input=json.dumps(facts), env=environment, text=True, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    billing.billing.publishing = False
    return Connected(product, org, billing, dialect)


def connect_by_hand(product, org, billing):
    """The same by the commands that a person types."""
    words = ("--product", "junifer", "--url", billing.url, "--username", "salesbridge", "--zone", "Europe/London")
    product.run("tenant", "add", "Retailer", *words, check=0)
    words = ("--tenant", "Retailer", "--login-url", org.url, "--consumer-key", CLIENT_ID)
    product.run("instance", "add", "sales", *words, check=0)
    product.run("salesforce", "deploy", "sales", "--initial", check=0)
    product.run("tenant", "publishing", "Retailer", "off", check=0)
    return Connected(product, org, billing)


def outcome(run):
    """The outcomes of a run by object."""
    return {stage["object"]: stage for stage in run["stages"]}


def totals(run):
    """The outcomes of a run in all."""
    counted = Counter()
    for stage in run["stages"]:
        counted.update({name: value for name, value in stage.items() if isinstance(value, int) and name != "total"})
    return counted


def wait_until(true, seconds=60.0):
    """Wait for something to become true."""
    ends = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.05)
    return found
