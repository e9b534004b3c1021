"""What a process has used, as the kernel counts it."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass, field
from pathlib import Path

_KB = 1024
_PROC = Path("/proc")
#: Fields of ``/proc/<pid>/stat`` after the program's name: parent, user and system time, own and of reaped children.
_PARENT, _TIMES = 1, slice(11, 15)


@dataclass(slots=True)
class Meter:
    """CPU and wall time since it was made, in seconds; user and system time of this process with all its threads."""

    _began: os.times_result = field(default_factory=os.times)
    _wall: float = field(default_factory=time.monotonic)

    def read(self) -> dict[str, float]:
        """``cpu_s``, ``system_s`` (the kernel's share of it), ``wall_s`` and ``peak_mb`` as of now."""
        now = os.times()
        system = now.system - self._began.system
        return {
            "cpu_s": now.user - self._began.user + system,
            "system_s": system,
            "wall_s": time.monotonic() - self._wall,
            "peak_mb": peak_mb(),
        }


def peak_mb() -> float:
    """The most memory that this process ever held, in MB.

    ``getrusage`` would count the parent's memory at the moment of the fork, hence the kernel's own mark where there
    is one.
    """
    status = _PROC / "self" / "status"
    if status.exists():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / _KB
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / _KB if os.uname().sysname == "Linux" else most / _KB**2


def postgres_cpu_s(cluster: Path) -> float | None:
    """CPU seconds of a PostgreSQL server with every process it ever had; None where that cannot be seen.

    Args:
        cluster: The server's data folder.
    """
    note = cluster / "postmaster.pid"
    if not note.exists() or not _PROC.is_dir():
        return None
    server = int(note.read_text(encoding="ascii").split()[0])
    ticks = 0
    for path in _PROC.glob("[0-9]*/stat"):
        try:
            words = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(path.parent.name) == server or int(words[_PARENT]) == server:
            ticks += sum(map(int, words[_TIMES]))
    return ticks / os.sysconf("SC_CLK_TCK")
