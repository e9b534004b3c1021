"""The CSV files that are uploaded, one to a bulk job."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from salesbridge.engine.load import csv_text, files

#: Bytes of one upload. Salesforce takes 150 MB after base64, which is 100 MB raw (Bulk API 2.0 guide, "Limits").
PART_BYTES = 95_000_000
#: Rows of one part: ten of Salesforce's internal batches, so that progress and cancelling are fine-grained.
PART_ROWS = 100_000


class Parts:
    """CSV files of limited size; siblings of one parent lie in one of them, unless they alone are too many bytes.

    Args:
        folder: Where the files go.
        names: The CSV header.
        most: Rows of one part.
    """

    def __init__(self, folder: Path, names: Sequence[str], most: int = PART_ROWS) -> None:
        self.folder = folder
        self.header = csv_text.line(names).encode()
        self.most = most
        self.written: list[dict[str, Any]] = []
        self._file: BinaryIO | None = None
        self._rows = self._bytes = 0
        self._parent = b""

    def add(self, line: bytes, parent: bytes) -> None:
        """Append a line. A full part ends between two parents; one that is too heavy ends wherever that is."""
        size = len(line)
        full = self._rows >= self.most and parent != self._parent
        if self._file is not None and (full or self._bytes + size > PART_BYTES):
            self._end()
        if self._file is None:
            self._file = self._begun()
        self._file.write(line)
        self._rows += 1
        self._bytes += size
        self._parent = parent

    def close(self) -> list[dict[str, Any]]:
        """End the last part and return all: name, rows, bytes and SHA-256."""
        self._end()
        return self.written

    def _begun(self) -> BinaryIO:
        file = (self.folder / f"part-{len(self.written) + 1:05}.csv").open("wb", files.BUFFER)
        file.write(self.header)
        self._rows, self._bytes = 0, len(self.header)
        return file

    def _end(self) -> None:
        if self._file is None:
            return
        self._file.close()
        path = Path(self._file.name)
        with path.open("rb") as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
        self.written.append({"name": path.name, "rows": self._rows, "bytes": self._bytes, "checksum": checksum})
        self._file = None
