"""Parts of the product as processes beside this one: all are up, or none is.

Processes and not threads: what takes one part down (memory, a fault of a library written in C) leaves the word of it
to us, and each part is the very command that an installation of several machines runs.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

_PATIENCE_S = 60.0
#: Longer than a worker gives to what is nearly done.
_GOODBYE_S = 20.0
_LOOK_S = 0.2
_CHILD = "from salesbridge.cli.together import child; child()"


@dataclass(frozen=True, slots=True)
class Part:
    """A command that runs until it is stopped, and prints a line with ``ready`` once it is.

    Args:
        name: What people call it.
        words: The command, without ``salesbridge``.
        url: Where it listens; empty for one that does not.
    """

    name: str
    words: tuple[str, ...]
    url: str = ""


class PartEndedError(RuntimeError):
    """A part ended by itself; the others were stopped.

    Args:
        part: Which one.
        code: Its exit code.
        log: Where it wrote why; None for this terminal.
    """

    def __init__(self, part: Part, code: int, log: Path | None) -> None:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        where = f"see {log}" if log else "it said why above"
        super().__init__(f"The {part.name} {how}; {where}. The other parts were stopped.")


@dataclass
class Running:
    """Parts that are up.

    Args:
        parts: Each with its process and log.
    """

    parts: list[tuple[Part, subprocess.Popen[bytes], Path | None]] = field(default_factory=list)
    ended: PartEndedError | None = None

    def find_ended(self) -> PartEndedError | None:
        """The first part that ended, if one did."""
        for part, process, log in self.parts:
            if (code := process.poll()) is not None:
                return PartEndedError(part, code, log)
        return None

    def wait(self) -> None:
        """Wait until a part ends or this process is interrupted.

        Raises:
            PartEndedError: A part ended.
        """
        while self.ended is None:
            time.sleep(_LOOK_S)
        raise self.ended


@contextmanager
def together(parts: Sequence[Part], logs: Path | None = None) -> Iterator[Running]:
    """Run parts until the block is left; it is interrupted when one of them ends by itself.

    Args:
        parts: In the order of starting; they are stopped in the opposite one.
        logs: Folder of a log for each; None lets them write to this process's standard error.

    Raises:
        PartEndedError: A part ended by itself.
    """
    running, stop = Running(), threading.Event()
    watching = threading.Thread(target=_watch, args=(running, stop), name="parts", daemon=True)
    with ExitStack() as stack:
        stack.callback(_stop, running)
        for part in parts:
            log = logs / f"{part.name}.log" if logs else None
            running.parts.append((part, _started(part, log), log))
        for part, process, log in running.parts:
            _until_ready(part, process, log)
        watching.start()
        stack.callback(watching.join)
        stack.callback(stop.set)
        try:
            yield running
        except KeyboardInterrupt:
            if running.ended is None:
                raise
            raise running.ended from None


def _started(part: Part, log: Path | None) -> subprocess.Popen[bytes]:
    with ExitStack() as stack:
        errors: IO[bytes] | None = stack.enter_context(log.open("ab")) if log else None
        return subprocess.Popen(  # noqa: S603 - our own
            [sys.executable, "-c", _CHILD, *part.words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=_environment(os.environ),
            start_new_session=True,  # Ctrl-C is ours to pass on: a terminal would send it to every part at once
        )  # fmt: skip


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """What a part is to see: which of Django's settings it wants it knows itself."""
    return {name: value for name, value in ours.items() if name != "DJANGO_SETTINGS_MODULE"} | {"PYTHONUNBUFFERED": "1"}


def _until_ready(part: Part, process: subprocess.Popen[bytes], log: Path | None) -> None:
    late = threading.Timer(_PATIENCE_S, process.kill)
    late.start()
    try:
        stream: IO[bytes] = process.stdout  # type: ignore[assignment]
        for line in stream:
            if b"ready" in line.lower():
                threading.Thread(target=_drain, args=(stream,), daemon=True).start()
                return
    finally:
        late.cancel()
    raise PartEndedError(part, process.wait(), log)


def _drain(stream: IO[bytes]) -> None:
    while stream.read(4096):
        pass


def _watch(running: Running, stop: threading.Event) -> None:
    while not stop.wait(_LOOK_S):
        running.ended = running.find_ended()
        if running.ended is not None:
            os.kill(os.getpid(), signal.SIGINT)  # as Ctrl-C: it wakes the main thread whatever it waits for
            return


def _stop(running: Running) -> None:
    """Ask every part to end, the last first; what does not is killed."""
    for _, process, _ in reversed(running.parts):
        if process.poll() is None:
            process.terminate()
    ends = time.monotonic() + _GOODBYE_S
    for _, process, _ in reversed(running.parts):
        try:
            process.wait(max(0.0, ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def child() -> None:
    """Be a part: the command of the arguments, ended in good order when the one who started it is no more."""
    threading.Thread(target=_follow, name="starter", daemon=True).start()
    from salesbridge.cli import main  # noqa: PLC0415 - the package of this module: not while it is imported

    main()


def _follow() -> None:
    while os.read(0, 1):  # the starter holds the other end and writes nothing; the kernel closes it with the starter
        pass
    os.kill(os.getpid(), signal.SIGTERM)
