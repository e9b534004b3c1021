"""The simulated systems of the demo, each in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx2

from salesbridge.cli import show

_READY_S = 120.0


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A simulated system that runs beside us.

    Args:
        url: Its address.
        said: What it printed before it was ready, by label.
    """

    url: str
    said: dict[str, str]


@contextmanager
def salesforce(folder: Path) -> Iterator[Sandbox]:
    """A simulated Salesforce org that publishes events; the customer's triggers are installed and active."""
    with _process(folder, "salesforce", ["--port", str(free_port()), "--events", "--pubsub-port", "0"]) as sandbox:
        yield sandbox


@contextmanager
def billing(folder: Path, accounts: int, market: str, product: str, key: str) -> Iterator[Sandbox]:
    """A simulated billing system."""
    options = {"--port": free_port(), "--accounts": accounts, "--market": market, "--product": product}
    options |= {"--api-key": key, "--username": "salesbridge"}
    with _process(folder, "billing", [str(word) for pair in options.items() for word in pair]) as sandbox:
        yield sandbox


@contextmanager
def _process(folder: Path, name: str, options: list[str]) -> Iterator[Sandbox]:
    command = [sys.executable, "-m", f"salesbridge.sandbox.{name}", *options]
    log = folder / f"{name}.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,  # noqa: S603 - our own
    ):
        try:
            yield _ready(process, log)
        finally:
            process.terminate()


def _ready(process: subprocess.Popen[str], log: Path) -> Sandbox:
    said: dict[str, str] = {}
    stream: IO[str] = process.stdout  # type: ignore[assignment]
    for line in stream:
        if line.lower().startswith("ready"):
            threading.Thread(target=stream.read, daemon=True).start()
            url = line.split()[-1]
            httpx2.get(url, timeout=_READY_S)
            return Sandbox(url, said)
        label, _, value = line.partition(":")
        said[label.strip()] = value.strip()
    return show.stop(f"A simulated system did not start; see {log}.")


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
