"""A load of HTTP requests over kept connections, light enough not to be what is measured."""

from __future__ import annotations

import asyncio
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    Attributes:
        per_second: Answers in a second.
        p50_ms: Half of them came within.
        p99_ms: All but one of a hundred came within.
        failed: Answers other than 200.
        cpu_ms: CPU time of the server for one of them; 0 where that cannot be seen.
    """

    per_second: float
    p50_ms: float
    p99_ms: float
    failed: int
    cpu_ms: float


def load(url: str, request: bytes, *, at_once: int, seconds: float, pid: int) -> Figures:
    """Send a request again and again.

    Args:
        url: Address of the server.
        request: The whole request, as sent.
        at_once: Connections, each with one request under way.
        pid: Process of the server.
        seconds: How long; a fifth of it more is spent before, to warm up.
    """
    asyncio.run(_load(url, request, at_once, seconds / 5))
    before = _cpu_s(pid)
    times, failed, passed = asyncio.run(_load(url, request, at_once, seconds))
    times.sort()
    return Figures(
        len(times) / passed, times[len(times) // 2] * 1000, times[min(len(times) - 1, len(times) * 99 // 100)] * 1000,
        failed, (_cpu_s(pid) - before) * 1000 / len(times),
    )  # fmt: skip


def _cpu_s(pid: int) -> float:
    """CPU seconds of a process so far, user and system."""
    note = Path("/proc") / str(pid) / "stat"
    if not note.exists():
        return 0.0
    words = note.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


async def _load(url: str, request: bytes, at_once: int, seconds: float) -> tuple[list[float], int, float]:
    times: list[float] = []
    began = time.perf_counter()
    failed = await asyncio.gather(*(_one(url, request, began + seconds, times) for _ in range(at_once)))
    return times, sum(failed), time.perf_counter() - began


async def _one(url: str, request: bytes, until: float, times: list[float]) -> int:
    parts, failed = urlsplit(url), 0
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    while (sent := time.perf_counter()) < until:
        writer.write(request)
        failed += not await _answered(reader)
        times.append(time.perf_counter() - sent)
    writer.close()
    return failed


async def _answered(reader: asyncio.StreamReader) -> bool:
    head = await reader.readuntil(b"\r\n\r\n")
    if found := _LENGTH.search(head):
        await reader.readexactly(int(found[1]))
    elif _CHUNKED.search(head):
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await reader.readexactly(size + 2)
        await reader.readuntil(b"\r\n")
    return head.startswith(b"HTTP/1.1 200")
