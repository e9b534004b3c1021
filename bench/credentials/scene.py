"""Everything that a callout passes through, each a process of its own: org, edge, billing; and the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from bench.sandboxes import Facts, running
from salesbridge.sandbox.beside import free_port

CALLER = "admin@sandbox.example"
NAMED = "Gentrack"
_PATIENCE_S = 300.0
#: A call that billing answers at once, so that the way to it is measured.
_PATH = "/version"
#: Callouts that are under way at the same time; those that are due later wait in the org.
_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Scene:
    """A tenant, an instance and what they need, ready for a credential.

    Args:
        control: A client of the org's control routes.
        environment: Settings of the product.
    """

    control: httpx2.Client
    environment: Mapping[str, str]

    def run(self, *words: str) -> str:
        """Run a command to its end; gives what it printed.

        Raises:
            RuntimeError: It failed.
        """
        done = subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, "-m", "salesbridge", *words],
            env=dict(self.environment), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=_PATIENCE_S,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
        return done.stdout

    def credential(self, *words: str) -> dict[str, Any]:
        """Run a command on the credential; gives the operation that it ended with."""
        told: dict[str, Any] = json.loads(self.run("credential", words[0], "sales", *words[1:], "--json"))
        return told

    def settings(self, **changes: bool) -> None:
        """Change how the org makes callouts."""
        self.control.put("/sandbox/callout/settings", json=changes).raise_for_status()

    def callouts(self, rate: int, seconds: float) -> str:
        """Start callouts at a steady rate; gives the address of their report."""
        asked = {
            "user": CALLER, "namedCredential": NAMED, "path": _PATH, "rate": rate, "seconds": seconds,
            "threads": _AT_ONCE, "timeout": 60_000,
        }  # fmt: skip
        made = self.control.post("/sandbox/callout/load", json=asked).raise_for_status().json()
        return f"/sandbox/callout/load/{made['id']}"

    def report(self, address: str, wait: float = 0.0) -> dict[str, Any]:
        """How the callouts go, once they have ended or the wait is over."""
        told: dict[str, Any] = self.control.get(address, params={"wait": wait}).raise_for_status().json()
        return told

    def tokens(self) -> int:
        """Tokens that the org has fetched so far."""
        told = self.control.get("/sandbox/callout").raise_for_status().json()
        return sum(int(each["fetched"]) for each in told["principals"])


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    """Start everything, until the block is left."""
    with running(20, folder) as facts:
        environment = _environment(facts)
        with _edge(environment), httpx2.Client(base_url=facts.org, timeout=90.0, trust_env=False) as control:
            made = Scene(control, environment)
            _connect(made, facts)
            yield made


def _connect(made: Scene, facts: Facts) -> None:
    billing = ("--product", "junifer", "--url", facts.billing, "--username", facts.username, "--zone", "Europe/London")
    made.run("tenant", "add", "Retailer", *billing)
    org = ("--tenant", "Retailer", "--login-url", facts.org, "--consumer-key", facts.consumer_key)
    made.run("instance", "add", "sales", *org)


def _environment(facts: Facts) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SALESBRIDGE_", "DATABASE_URL"))}
    return {
        **kept,
        "SALESBRIDGE_DATA_DIR": f"{facts.folder}/data",
        "SALESBRIDGE_SANDBOX": "true",
        "SALESBRIDGE_API_KEY": facts.api_key,
        "SALESBRIDGE_CONSUMER_SECRET": facts.consumer_secret,
        "SALESBRIDGE_EDGE_URL": f"http://127.0.0.1:{free_port()}",
        "SALESBRIDGE_LOG_LEVEL": "WARNING",
        # an org that has each refused callout fetch a token of its own asks for as many as are under way
        "SALESBRIDGE_TOKEN_REQUESTS_PER_SECOND": "100",
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def _edge(environment: Mapping[str, str]) -> Iterator[None]:
    port = environment["SALESBRIDGE_EDGE_URL"].rpartition(":")[2]
    command = [sys.executable, "-m", "salesbridge", "edge", "--port", port]
    with subprocess.Popen(  # noqa: S603 - our own command line
        command, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            if "Ready" not in said:
                raise RuntimeError(f"The edge did not start: {said}")
            yield
        finally:
            process.send_signal(signal.SIGINT)
