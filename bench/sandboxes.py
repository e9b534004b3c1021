"""The two simulated systems of one measurement, each a process of its own."""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

#: Share of accounts near which billing holds a row as old systems hold them, for example a surname that is too long.
AWKWARD = 0.01
USERNAME = "salesbridge"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a side must know to reach both systems.

    Args:
        org: Address of the org.
        consumer_key: Client id of the app in the org.
        consumer_secret: Its secret; it opens nothing but the simulator.
        billing: Address of the billing system.
        username: Its API user.
        api_key: Its API key.
        folder: Where the side keeps its files.
    """

    org: str
    consumer_key: str
    consumer_secret: str
    billing: str
    username: str
    api_key: str
    folder: str

    def as_json(self) -> str:
        """The facts as a side reads them from its standard input."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, stream: IO[str]) -> Facts:
        """The facts that the parent process wrote."""
        return cls(**json.load(stream))


@contextmanager
def running(accounts: int, folder: Path) -> Iterator[Facts]:
    """An empty org and a billing system with so many accounts, until the block is left."""
    key = secrets.token_hex(16)
    billing_options = {"--accounts": accounts, "--awkward": AWKWARD, "--api-key": key, "--username": USERNAME}
    with ExitStack() as stack:
        org = stack.enter_context(_process("salesforce", {"--pubsub-port": 0}, folder))
        billing = stack.enter_context(_process("billing", billing_options, folder))
        yield Facts(
            org=org["Login URL"],
            consumer_key=org["Consumer key"],
            consumer_secret=org["Consumer secret"],
            billing=billing["url"],
            username=USERNAME,
            api_key=key,
            folder=str(folder),
        )


@contextmanager
def _process(name: str, options: dict[str, object], folder: Path) -> Iterator[dict[str, str]]:
    words = [str(word) for pair in {"--port": _free_port(), **options}.items() for word in pair]
    command = [sys.executable, "-m", f"salesbridge.sandbox.{name}", *words]
    log = folder / f"{name}.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,  # noqa: S603 - our own
    ):
        try:
            yield _said(process, log)
        finally:
            process.terminate()


def _said(process: subprocess.Popen[str], log: Path) -> dict[str, str]:
    """What a simulated system prints before it is ready, by label, and its address as ``url``."""
    said: dict[str, str] = {}
    stream: IO[str] = process.stdout  # type: ignore[assignment]
    for line in stream:
        if line.lower().startswith("ready"):
            threading.Thread(target=stream.read, daemon=True).start()
            return {**said, "url": line.split()[-1]}
        label, _, value = line.partition(":")
        said[label.strip()] = value.strip()
    raise SystemExit(f"A simulated system did not start: {log.read_text(encoding='utf-8')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
