"""A whole look at an extract before anything is loaded from it: streaming, in little memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from salesbridge.billing.extract_files import COLUMNS, STEMS, ExtractFile, candidates
from salesbridge.billing.extract_rows import header, rows
from salesbridge.billing.port import KEYS, BillingError

MAX_FINDINGS: Final = 100
_BUCKETS: Final = 256


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong in an extract.

    Attributes:
        file: File name within the folder.
        line: Line number from 1; None if it concerns the whole file.
        message: A sentence.
    """

    file: str
    line: int | None
    message: str


@dataclass(slots=True)
class Checked:
    """What a file's check found."""

    findings: list[Finding] = field(default_factory=list)
    records: int = 0


def check(folder: Path, kinds: Iterable[str]) -> tuple[list[Finding], dict[str, int]]:
    """Reads the files of some kinds from beginning to end.

    Returns:
        What is wrong (at most about a hundred findings a file), and how many good records each kind has.
    """
    findings: list[Finding] = []
    counts: dict[str, int] = {}
    for kind in kinds:
        found = candidates(folder, kind)
        if len(found) == 1:
            checked = check_file(found[0])
            findings += checked.findings
            counts[kind] = checked.records
        else:
            findings.append(_not_one(kind, found))
    return findings, counts


def check_file(file: ExtractFile) -> Checked:
    """Reads one file from beginning to end, twice if business keys seem to repeat."""
    checked, name = Checked(), file.path.name
    notes = _Notes(name, checked.findings)
    keys = _Keys()
    try:
        with file.open() as stream:
            if not _header_is_good(file, notes):
                return checked
            _check_rows(file, rows(file, stream), notes, keys, checked)
        for line, first, text in _repeated(file, keys.suspects()):
            notes.add(line, f"The business key {text} is already in line {first}.")
    except BillingError as exc:
        notes.add(None, f"{exc.message} {exc.mend}")
    notes.finish()
    return checked


def _check_rows(file: ExtractFile, reads: Iterable[Any], notes: _Notes, keys: _Keys, checked: Checked) -> None:
    allowed, told = COLUMNS[file.kind], set[str]()
    key = KEYS[file.kind]
    for read in reads:
        if read.row is None:
            notes.add(read.line, read.reason)
            continue
        checked.records += 1
        keys.add(_digest(read.row, key))
        if not file.csv and not allowed.issuperset(read.row):
            for unknown in sorted(read.row.keys() - allowed - told):
                told.add(unknown)
                notes.add(read.line, f"The member {unknown} is not known.")


def _header_is_good(file: ExtractFile, notes: _Notes) -> bool:
    """Checks a CSV's columns; without the business key there is no sense in reading on."""
    if not file.csv:
        return True
    with file.open() as stream:
        columns, _, _ = header(file, stream)
    for column in sorted({column for column in columns if columns.count(column) > 1}):
        notes.add(1, f"The column {column} is there more than once.")
    for column in columns:
        if column not in COLUMNS[file.kind]:
            notes.add(1, f"The column {column or '(without a name)'} is not known.")
    missing = [column for column in KEYS[file.kind] if column not in columns]
    for column in missing:
        notes.add(1, f"The key column {column} is missing.")
    return not missing


def _not_one(kind: str, found: list[ExtractFile]) -> Finding:
    if found:
        names = " and ".join(file.path.name for file in found)
        return Finding(found[0].path.name, None, f"{names} both hold {STEMS[kind]}: leave one of them.")
    stem = STEMS[kind]
    return Finding(stem, None, f"The file is missing: put {stem}.ndjson or {stem}.csv (or .gz) into the folder.")


class _Notes:
    """The findings of one file, cut off at a number that a person can read."""

    def __init__(self, file: str, findings: list[Finding]) -> None:
        self._file = file
        self._findings = findings
        self._more = 0

    def add(self, line: int | None, message: str) -> None:
        if len(self._findings) < MAX_FINDINGS:
            self._findings.append(Finding(self._file, line, message))
        else:
            self._more += 1

    def finish(self) -> None:
        if self._more:
            self._findings.append(Finding(self._file, None, f"There are {self._more} more findings in this file."))


def _digest(row: dict[str, Any], key: tuple[str, ...]) -> int:
    text = "\0".join(row[name] for name in key)
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


class _Keys:
    """Eight bytes per business key, in buckets, so that ten million fit in 80 MB and none is compared with all."""

    def __init__(self) -> None:
        self._buckets = [array("Q") for _ in range(_BUCKETS)]

    def add(self, digest: int) -> None:
        self._buckets[digest % _BUCKETS].append(digest)

    def suspects(self) -> set[int]:
        """Gives the digests that occur more than once."""
        found: set[int] = set()
        for bucket in self._buckets:
            seen: set[int] = set()
            for digest in bucket:
                if digest in seen:
                    found.add(digest)
                seen.add(digest)
        return found


def _repeated(file: ExtractFile, suspects: set[int]) -> Iterator[tuple[int, int, str]]:
    """Reads the file again for the lines of keys that repeat: two keys may share a digest, so the keys are compared."""
    if not suspects:
        return
    key, first = KEYS[file.kind], dict[tuple[str, ...], int]()
    with file.open() as stream:
        for read in rows(file, stream):
            if read.row is None or _digest(read.row, key) not in suspects:
                continue
            values = tuple(read.row[name] for name in key)
            if values in first:
                yield read.line, first[values], ":".join(values)
            else:
                first[values] = read.line
