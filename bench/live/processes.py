"""The processes of a measurement, and what each has used."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_KB = 1024
_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
#: User and system time, in ``/proc/<pid>/stat`` after the program's name.
_TIMES = slice(11, 13)
_GOODBYE_S = 60.0


@dataclass(frozen=True, slots=True)
class Running:
    """A process that is ready.

    Args:
        process: The process.
        said: What it printed before it was ready, by label, with its address as ``url``.
    """

    process: subprocess.Popen[str]
    said: Mapping[str, str]

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all its threads so far; none of a process that has ended."""
        if self.process.poll() is not None:
            return 0.0
        words = (_PROC / str(self.process.pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return sum(map(int, words[_TIMES])) / _TICKS

    @property
    def peak_mb(self) -> float:
        """The most memory it ever held."""
        for line in (_PROC / str(self.process.pid) / "status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / _KB
        return 0.0

    def ask(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Have a process that takes orders do something; returns its answer."""
        order, answer = self.process.stdin, self.process.stdout
        if order is None or answer is None:
            raise RuntimeError("This process takes no orders.")
        order.write(json.dumps(dict(asked)) + "\n")
        order.flush()
        told: dict[str, Any] = json.loads(answer.readline())
        return told

    def stop(self) -> None:
        """Ask it to end, and wait for it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_GOODBYE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def started(folder: Path, name: str, *words: object, orders: bool = False) -> Iterator[Running]:
    """A Python module run as a process, until the block is left.

    Args:
        folder: Where its log goes.
        name: The module.
        words: Its arguments.
        orders: Whether it takes orders on its standard input.
    """
    running = start(folder, name, *words, orders=orders)
    try:
        yield running
    finally:
        running.stop()


def start(folder: Path, name: str, *words: object, orders: bool = False) -> Running:
    """Start a Python module as a process, and wait until it says that it is ready."""
    log = folder / f"{name}.{time.monotonic_ns()}.log"
    command = [sys.executable, "-m", name, *map(str, words)]
    with log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own modules
            command, stdin=subprocess.PIPE if orders else None, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    said = _said(process, log)
    if not orders and process.stdout is not None:
        threading.Thread(target=process.stdout.read, daemon=True).start()
    return Running(process, said)


def _said(process: subprocess.Popen[str], log: Path) -> dict[str, str]:
    said: dict[str, str] = {}
    stream: IO[str] = process.stdout  # type: ignore[assignment]
    for line in stream:
        label, _, value = line.partition(":")
        said[label.strip()] = value.strip()
        if "ready" in line.lower():
            found = [word.rstrip(".") for word in line.split() if word.startswith("http")]
            return {**said, "url": found[0] if found else ""}
    raise SystemExit(f"{process.args} did not start: {log.read_text(encoding='utf-8')[-2000:]}")
