"""One process of the scene: started, killed, frozen, thawed, asked."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time


class Child:
    """A process of ours.

    Args:
        name: Its name, and that of its log.
        words: Arguments of the Python interpreter.
        scene: Folder and environment.
        talks: Whether it answers lines with lines.
    """

    def __init__(self, name, words, *, folder, environment, talks=False):
        self.name, self.words, self.environment = name, words, environment
        self.log = folder / f"{name}.log"
        self.talks, self.process, self.starts = talks, None, 0
        self._asking, self.hands_off = threading.Lock(), threading.Lock()

    def start(self):
        self.starts += 1
        pipe = subprocess.PIPE if self.talks else None
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *map(str, self.words)], env=self.environment, start_new_session=True,
                stdin=pipe or subprocess.DEVNULL, stdout=pipe or log, stderr=log, text=True,
            )  # fmt: skip
        return self

    @property
    def pid(self):
        return self.process.pid

    @property
    def lives(self):
        return self.process is not None and self.process.poll() is None

    def said(self):
        """The next line that it says."""
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended: {self.log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
        return json.loads(line)

    def ask(self, **asked):
        with self._asking:
            self.process.stdin.write(json.dumps(asked) + "\n")
            self.process.stdin.flush()
            return self.said()

    def kill(self):
        """End it as the kernel does: no goodbye, nothing flushed."""
        if self.lives:
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait(timeout=20)

    def freeze(self, seconds):
        """Let it stand still: it holds what it held and knows nothing of what happens meanwhile."""
        os.killpg(self.pid, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            os.killpg(self.pid, signal.SIGCONT)

    def stop(self):
        if self.process is None:
            return
        if self.lives:
            os.killpg(self.pid, signal.SIGTERM)
            try:
                self.process.wait(timeout=25)
            except subprocess.TimeoutExpired:
                self.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
