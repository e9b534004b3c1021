"""The records of an extract's file: header, cells, members; what cannot be read is told, not raised."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any, NamedTuple

import orjson

from salesbridge.billing.extract_csv import split_record
from salesbridge.billing.extract_files import ExtractFile, damaged
from salesbridge.billing.extract_lines import MAX_RECORD_BYTES, RawRecord, raw_records
from salesbridge.billing.port import KEYS
from salesbridge.billing.shape import MisshapenError, require_key

Decode = Callable[[bytes], dict[str, Any]]


class Read(NamedTuple):
    """One record read, or the reason why not.

    Attributes:
        line: Line it begins in, from 1.
        row: Attribute to raw value; None if it cannot be read.
        reason: Why not.
        next_offset: Where the next record begins in the unpacked file.
        next_line: Its line.
    """

    line: int
    row: dict[str, Any] | None
    reason: str
    next_offset: int
    next_line: int


def header(file: ExtractFile, stream: IO[bytes]) -> tuple[list[str], int, int]:
    """Reads a CSV's header; gives its columns, and offset and line of what follows.

    Raises:
        BillingError: There is no header, or it cannot be read.
    """
    for raw in raw_records(stream, csv=True):
        try:
            cells = split_record((raw.data or b"").decode())
        except ValueError as exc:
            raise damaged(file, f"its header is not CSV in UTF-8 ({exc})") from None
        return [cell or "" for cell in cells], raw.next_offset, raw.next_line
    raise damaged(file, "it is empty and has no header")


def rows(file: ExtractFile, stream: IO[bytes], *, offset: int = 0, line: int = 1) -> Iterator[Read]:
    """Yields the records of a file, from a position on.

    Raises:
        BillingError: A CSV has no header.
    """
    decode: Decode = _from_json
    if file.csv:
        columns, begin, begin_line = header(file, stream)
        decode = _csv_decoder(columns)
        if offset == 0:
            offset, line = begin, begin_line
    key = KEYS[file.kind]
    for raw in raw_records(stream, csv=file.csv, offset=offset, line=line):
        row, reason = _decoded(raw, decode, key)
        yield Read(raw.line, row, reason, raw.next_offset, raw.next_line)


def _decoded(raw: RawRecord, decode: Decode, key: tuple[str, ...]) -> tuple[dict[str, Any] | None, str]:
    if raw.data is None:
        return None, f"The record is longer than {MAX_RECORD_BYTES} bytes, or its quote is not closed."
    try:
        row = decode(raw.data)
        require_key(row, key)
    except UnicodeDecodeError as exc:
        return None, f"The text is not UTF-8 (byte {exc.start + 1} of the record)."
    except MisshapenError as exc:
        return None, str(exc)
    return row, ""


def _from_json(data: bytes) -> dict[str, Any]:
    try:
        row = orjson.loads(data)
    except orjson.JSONDecodeError as exc:
        data.decode()  # bad UTF-8 gets its own reason
        raise MisshapenError(f"The line is not JSON: {exc}.") from None
    if type(row) is not dict:
        raise MisshapenError("The line is JSON, but not an object.")
    return row


def _csv_decoder(columns: list[str]) -> Decode:
    width = len(columns)

    def decode(data: bytes) -> dict[str, Any]:
        text = data.decode()
        try:
            cells = split_record(text)
        except ValueError as exc:
            raise MisshapenError(f"The line is not CSV: {exc}.") from None
        if len(cells) != width:
            raise MisshapenError(f"The line has {len(cells)} cells where the header has {width}.")
        return dict(zip(columns, cells, strict=True))

    return decode
