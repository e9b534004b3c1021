"""Files of a run: written beside, then renamed, so that a file that is there is whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Self

import orjson

MANIFEST = "manifest.json"
#: Bytes that are read or written at once: rows are many, and a call to the system costs as much as a row.
BUFFER = 1 << 17


@contextmanager
def folder_at_once(folder: Path) -> Iterator[Path]:
    """A folder that appears whole or not at all; what an earlier, interrupted attempt left is removed."""
    draft = folder.with_name(folder.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    yield draft
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(draft, folder)  # noqa: PTH105 - replaces atomically on every platform


def manifest(folder: Path) -> dict[str, Any] | None:
    """What a finished step noted in its folder; None where it has not finished."""
    try:
        found: dict[str, Any] = orjson.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        return None
    return found


def note(folder: Path, facts: dict[str, Any]) -> dict[str, Any]:
    """Write a step's manifest, as its last act."""
    (folder / MANIFEST).write_bytes(orjson.dumps(facts))
    return facts


def line(row: Any) -> bytes:
    """A row as a line of JSON."""
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def append(path: Path, rows: Iterable[Any]) -> None:
    """Append rows as lines of JSON."""
    with path.open("ab", BUFFER) as file:
        file.writelines(map(line, rows))


class Spool:
    """Files that are written side by side, each opened once, until the block is left.

    Args:
        folder: Where the files go.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[str, BinaryIO] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.close()

    def append(self, name: str, written: bytes) -> None:
        """Append what is written already."""
        file = self._open.get(name)
        if file is None:
            file = self._open[name] = self._stack.enter_context((self.folder / name).open("ab", BUFFER))
        file.write(written)


def lines(*paths: Path) -> Iterator[Any]:
    """The rows of files of JSON lines; a file that is not there has none."""
    for path in paths:
        if path.exists():
            with path.open("rb", BUFFER) as file:
                yield from map(orjson.loads, file)
