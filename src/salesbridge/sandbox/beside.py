"""A simulated system in a process of its own, beside the one that wants it."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal


class NotStartedError(RuntimeError):
    """A simulated system ended before it was ready.

    Args:
        log: What it wrote while it failed.
    """

    def __init__(self, log: Path) -> None:
        super().__init__(f"A simulated system did not start: {log.read_text(encoding='utf-8')[-2000:]}")
        self.log = log


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
def beside(name: Literal["salesforce", "billing"], folder: Path, options: Mapping[str, object]) -> Iterator[Sandbox]:
    """Run a simulated system on a free port until the block is left.

    Args:
        name: Which one.
        folder: Where its log goes.
        options: Its options by name; None for one that stands alone.

    Raises:
        NotStartedError: It ended before it was ready.
    """
    named = {"--port": free_port(), **options}
    words = [str(word) for option in named.items() for word in option if word is not None]
    log = folder / f"{name}.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(  # noqa: S603 - our own
            [sys.executable, "-m", f"salesbridge.sandbox.{name}", *words],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
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
            return Sandbox(line.split()[-1], said)
        label, _, value = line.partition(":")
        said[label.strip()] = value.strip()
    raise NotStartedError(log)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
