"""The CSV dialect of Bulk API 2.0: records, rows, index of an upload, result files."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from functools import cached_property
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
HEADER_LIMIT = 32_000
"""Characters a header row may hold (Prepare CSV Files)."""

UNESCAPED_QUOTE = "Failed to parse CSV. Found unescaped quote. A value with quote should be within a quote"


class JobFailure(Exception):  # noqa: N818 - a job fails; it is not an error of the program
    """The job as a whole fails; its text becomes the job's ``errorMessage``."""


class RowFault(ValueError):  # noqa: N818 - the row is at fault, not the program
    """One row cannot be read; the rest of the file can (Valid CSV Record Rows)."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A slice of an uploaded file: where its first record begins and how many records it has."""

    position: int
    records: int


@dataclass(frozen=True)
class Dialect:
    """How one job's CSV is written: its column delimiter and its line ending, by their API names."""

    column_delimiter: str = "COMMA"
    line_ending: str = "LF"

    @cached_property
    def delimiter(self) -> str:
        """The character between two fields."""
        return DELIMITERS[self.column_delimiter]

    @cached_property
    def newline(self) -> str:
        """The characters after a record."""
        return LINE_ENDINGS[self.line_ending]

    @cached_property
    def _field(self) -> re.Pattern[str]:
        delimiter = re.escape(self.delimiter)
        return re.compile(f'(?:"((?:[^"]|"")*)"|([^"{delimiter}]*))({delimiter}|\\Z)', re.DOTALL)

    def records(self, file: IO[bytes]) -> Iterator[tuple[int, str]]:
        """Yield (position of the record's first byte, record without its line ending) from here on.

        A record spans lines while a quote is open. Empty lines are no records.

        Raises:
            JobFailure: A record ends with the other line ending, or the bytes are not UTF-8.
        """
        position, pending = file.tell(), b""
        start = position
        for line in file:
            position += len(line)
            pending = pending + line if pending else line
            if pending.count(b'"') % 2:
                continue
            record = self._record(pending, last=not line.endswith(b"\n"))
            if record:
                yield start, record
            start, pending = position, b""
        if pending:
            yield start, self._decode(pending).rstrip("\r\n")

    def _record(self, data: bytes, *, last: bool) -> str:
        carriage_return = data.endswith(b"\r\n") or (last and data.endswith(b"\r"))
        if data.strip(b"\r\n") and not last and carriage_return != (self.line_ending == "CRLF"):
            raise JobFailure(
                "ClientInputError : LineEnding is invalid on user data. "
                f"Current LineEnding setting is {self.line_ending}"
            )
        return self._decode(data).rstrip("\r\n")

    @staticmethod
    def _decode(data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise JobFailure("ClientInputError : The data is not encoded in UTF-8") from None

    def parse(self, record: str) -> list[str]:
        """Split one record into its values, which are not trimmed.

        Raises:
            RowFault: A quote stands outside a quoted value, or a space beside one.
        """
        if '"' not in record:
            return record.split(self.delimiter)
        quoted_only = record[1:-1].split(f'"{self.delimiter}"')
        if record.count('"') == 2 * len(quoted_only) and record[0] == record[-1] == '"' != record:
            return quoted_only
        return self._parse_mixed(record)

    def _parse_mixed(self, record: str) -> list[str]:
        values: list[str] = []
        position = 0
        match = self._field.match
        while found := match(record, position):
            quoted, plain, delimiter = found.groups()
            values.append(plain if quoted is None else quoted.replace('""', '"'))
            if not delimiter:
                return values
            position = found.end()
        raise RowFault(UNESCAPED_QUOTE)

    def render(self, values: Sequence[str]) -> str:
        """Write one record with every value quoted, as result files have them."""
        quoted = self.delimiter.join([f'"{v}"' if '"' not in v else '"' + v.replace('"', '""') + '"' for v in values])
        return quoted + self.newline

    def index(self, path: Path, batch_records: int) -> tuple[str, list[Batch]]:
        """Read a whole upload once and give its header record and its batches.

        Raises:
            JobFailure: The file is empty, has no UTF-8, or has the wrong line ending, or a header too long.
        """
        with path.open("rb") as file:
            records = self.records(file)
            _, header = next(records, (0, ""))
            if not header:
                raise JobFailure("ClientInputError : The uploaded data has no header row")
            if len(header) > HEADER_LIMIT:
                raise JobFailure(f"ClientInputError : The header row exceeds {HEADER_LIMIT} characters")
            return header, list(_batches(records, batch_records))

    def slice(self, file: IO[bytes], position: int, count: int) -> Iterator[str]:
        """Yield up to ``count`` records beginning at ``position``."""
        file.seek(position)
        for _, (_, record) in zip(range(count), self.records(file), strict=False):
            yield record


def _batches(records: Iterator[tuple[int, str]], size: int) -> Iterator[Batch]:
    first, count = 0, 0
    for position, _ in records:
        if count == 0:
            first = position
        count += 1
        if count == size:
            yield Batch(first, count)
            count = 0
    if count:
        yield Batch(first, count)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a result file: its bytes, how many records they are, and where the next part begins."""

    data: bytes
    records: int
    locator: str


def page(path: Path, dialect: Dialect, at: str | None, max_records: int) -> Page:
    """Cut a page out of a finished result file; the header row is repeated on every page.

    Raises:
        ValueError: The locator is not one this file gave out.
    """
    with path.open("rb") as file:
        positions = dialect.records(file)
        _, header = next(positions, (0, ""))
        start, done = _unpack(at) if at else (None, 0)
        if start is not None:
            file.seek(start)
            positions = dialect.records(file)
        lines = [header]
        for position, record in positions:
            if len(lines) > max_records:
                following = locator(position, done + max_records)
                break
            lines.append(record)
        else:
            following = "null"
    body = "".join(line + dialect.newline for line in lines)
    return Page(body.encode(), len(lines) - 1, following)


def locator(position: int, done: int) -> str:
    """The opaque name of the place in a result file that so many bytes and records come before."""
    return base64.urlsafe_b64encode(f"{done}.{position}".encode()).decode().rstrip("=")


def _unpack(name: str) -> tuple[int, int]:
    try:
        text = base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
        done, position = text.split(".")
        return int(position), int(done)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise ValueError(f"The locator {name!r} is not one of this job's results") from None
