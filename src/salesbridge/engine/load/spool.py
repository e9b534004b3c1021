"""The spool between reading and cutting: each row as its finished CSV text, behind what cutting must know of it.

A spooled row is ``parent, key, number, parents..., activation, text``, separated and ended by control characters, which
no cell holds (the kinds of the data model take them out); within the text a cell may hold line breaks. Sorted as bytes,
rows lie by parent, then by key, and the last mention of a key last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import orjson

_BETWEEN, _END = "\x1f", "\x1e"
_BETWEEN_BYTES, _END_BYTES = _BETWEEN.encode(), _END.encode()


class Spooled(NamedTuple):
    """A row of the spool, as UTF-8.

    Args:
        parent: Key of the parent that the row is sent beside; its own key where it has none.
        key: External id.
        parents: Keys of the parents, empty where there is none.
        activation: Cells of the activation phase as JSON; empty where there are none to send.
        text: The row's line of CSV as a record that is new is sent, with its line break.
    """

    parent: bytes
    key: bytes
    parents: list[bytes]
    activation: bytes
    text: bytes


def spooled(keys: Sequence[str], activation: list[str], text: str) -> str:
    """A row as it stands in the spool.

    Args:
        keys: Parent, key, number (numbers are of one length), and the keys of the parents.
        activation: Cells of the activation phase.
        text: The row's line of CSV.
    """
    later = _as_json(tuple(activation)) if activation else ""
    return _BETWEEN.join((*keys, later, text)) + _END


@lru_cache(256)
def _as_json(activation: tuple[str, ...]) -> str:
    return orjson.dumps(activation).decode() if any(activation) else ""


def sorted_rows(paths: Iterable[Path], parents: int) -> Iterator[Spooled]:
    """The rows of spool files by parent, key and number.

    Args:
        paths: The files.
        parents: Parents that a row has.
    """
    lines: list[bytes] = []
    for path in paths:
        lines += path.read_bytes().split(_END_BYTES)[:-1]
    lines.sort()
    later = 3 + parents
    for line in lines:
        words = line.split(_BETWEEN_BYTES, later + 1)
        yield Spooled(words[0], words[1], words[3:later], words[later], words[later + 1])
