"""Folders for data too large for memory, gone with their owner."""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from pathlib import Path


class Scratch:
    """A temporary folder that is made when it is first needed and removed with this object.

    Args:
        purpose: A word for the folder's name.
    """

    def __init__(self, purpose: str) -> None:
        self._purpose = purpose
        self._guard = threading.Lock()
        self._path: Path | None = None

    @property
    def path(self) -> Path:
        """The folder."""
        with self._guard:
            if self._path is None:
                self._path = Path(tempfile.mkdtemp(prefix=f"salesforce-{self._purpose}-"))
                weakref.finalize(self, shutil.rmtree, self._path, ignore_errors=True)
            return self._path
