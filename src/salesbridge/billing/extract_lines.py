"""The raw records of an extract's file, one after the other, in constant memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import IO, Final, NamedTuple

MAX_RECORD_BYTES: Final = 1 << 20
_BOM: Final = b"\xef\xbb\xbf"


class RawRecord(NamedTuple):
    """A record's bytes, the line it begins in, and where the next record begins.

    Attributes:
        line: Line number, from 1.
        data: Without its line ending; None if it is longer than a record may be.
        next_offset: Position of the next record in the unpacked file.
        next_line: Line number of the next record.
    """

    line: int
    data: bytes | None
    next_offset: int
    next_line: int


def raw_records(file: IO[bytes], *, csv: bool, offset: int = 0, line: int = 1) -> Iterator[RawRecord]:
    """Yields the records of a file from a position on; empty lines are passed over.

    A CSV record goes on over a line's end while a quote is open. A record of more than a megabyte, such as one
    whose quote is never closed, is given as too long, and reading goes on behind its first line.

    Args:
        file: Seekable, binary.
        csv: Lines within quotes belong together.
        offset: Where to begin: 0, or the ``next_offset`` of a record.
        line: The line number there.
    """
    file.seek(offset)
    lines = _Lines(file)
    while first := lines.next():
        record, size, count = _record(lines, first, csv=csv)
        if offset == 0 and record is not None:
            record = record.removeprefix(_BOM)
        offset, begin, line = offset + size, line, line + count
        if record is None or (record := record.rstrip(b"\r\n")).strip():
            yield RawRecord(begin, record, offset, line)


class _Lines:
    """The lines of a file, of which some can be given back: seeking back in a packed file would be slow."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._returned: deque[bytes] = deque()

    def next(self) -> bytes:
        """Gives a line, or the first megabyte of a longer one; nothing at the end."""
        return self._returned.popleft() if self._returned else self._file.readline(MAX_RECORD_BYTES)

    def give_back(self, lines: list[bytes]) -> None:
        """Takes lines back, to be given again."""
        self._returned.extendleft(reversed(lines))


def _record(lines: _Lines, first: bytes, *, csv: bool) -> tuple[bytes | None, int, int]:
    """Gives a record, its bytes in the file and its lines."""
    if len(first) == MAX_RECORD_BYTES and not first.endswith(b"\n"):
        return None, len(first) + _skipped(lines), 1
    if csv and first.count(b'"') % 2:
        return _quoted(lines, first)
    return first, len(first), 1


def _skipped(lines: _Lines) -> int:
    size = 0
    while part := lines.next():
        size += len(part)
        if part.endswith(b"\n"):
            break
    return size


def _quoted(lines: _Lines, first: bytes) -> tuple[bytes | None, int, int]:
    """Reads on until the quote is closed."""
    parts, size, odd = [first], len(first), True
    while odd:
        more = lines.next()
        parts.append(more)
        size += len(more)
        if not more or size > MAX_RECORD_BYTES:
            lines.give_back([part for part in parts[1:] if part])
            return None, len(first), 1
        odd ^= more.count(b'"') % 2 == 1
    return b"".join(parts), size, len(parts)
