"""A folder of exported files, read as if it were a billing system."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

from salesbridge.billing.extract_check import Finding, check
from salesbridge.billing.extract_files import STEMS, ExtractFile, candidates, the_file
from salesbridge.billing.extract_rows import Read, rows
from salesbridge.billing.keys import parts_of
from salesbridge.billing.port import BillingError, Malformed, Page, System
from salesbridge.billing.readonly import ReadOnly

EXTRACT_KINDS: Final = tuple(STEMS)
_PAGE_ROWS: Final = 1000


class Extract(ReadOnly):
    """An extract in a folder: one file per record kind, NDJSON or CSV, UTF-8, ``.gz`` allowed.

    Values are as written: texts in CSV, any JSON value in NDJSON. In CSV an unquoted empty cell is null and ``""``
    is empty. Orders are not in an extract.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise _refused(
                f"{folder} is not a folder.", "NO_FOLDER", "Enter the folder that holds the extract's files."
            )
        self._folder = folder
        self._counts: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"Extract({self._folder})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is held open between pages."""

    def system(self) -> System:
        """Tells that it is an extract."""
        return System("Extract", "")

    def publishing(self) -> bool | None:
        """Tells nothing: files publish no events."""
        return None

    def set_publishing(self, on: bool) -> None:  # noqa: FBT001  the port's signature
        """Refuses: the system that was exported is not connected."""
        switch = "on" if on else "off"
        raise _refused("An extract publishes no events.", "NO_PUBLISHING", f"Switch it {switch} in the billing system.")

    def check(self, kinds: Iterable[str] = EXTRACT_KINDS) -> list[Finding]:
        """Reads the files of some kinds from beginning to end and tells everything that is wrong with them."""
        findings, counts = check(self._folder, kinds)
        self._counts |= counts
        return findings

    def count(self, kind: str) -> int | None:
        """Counts the records of a kind that can be read; the first time this reads the whole file.

        Raises:
            BillingError: There is more than one file of the kind, or it cannot be read.
        """
        if kind not in STEMS or not candidates(self._folder, kind):
            return None
        if kind not in self._counts:
            file = the_file(self._folder, kind)
            with file.open() as stream:
                self._counts[kind] = sum(read.row is not None for read in rows(file, stream))
        return self._counts[kind]

    def pages(self, kind: str, *, after: str | None = None, since: datetime | None = None) -> Iterator[Page]:  # noqa: ARG002
        """Yields the records of a kind in pages of a thousand.

        Args:
            kind: One of ``EXTRACT_KINDS``; another gives no page.
            after: Position in the file, as an earlier page told it.
            since: Without effect: an extract holds everything.

        Raises:
            BillingError: The file is missing, doubled or damaged, or has changed since the cursor was given.
        """
        if kind not in STEMS:
            return
        file = the_file(self._folder, kind)
        offset, line = _position(file, after)
        with file.open() as stream:
            yield from _paged(file, rows(file, stream, offset=offset, line=line))

    def read(self, kind: str, key: str) -> dict[str, Any] | None:
        """Reads one record by its business key; this reads the file from its beginning.

        Raises:
            BillingError: The file is missing, doubled or damaged.
        """
        wanted = parts_of(kind, key).items()
        if kind not in STEMS:
            return None
        file = the_file(self._folder, kind)
        with file.open() as stream:
            return next((read.row for read in rows(file, stream) if read.row and wanted <= read.row.items()), None)


def _paged(file: ExtractFile, reads: Iterator[Read]) -> Iterator[Page]:
    """Groups records; only a page that is not the last one has a cursor, so one record is read ahead."""
    fingerprint = file.fingerprint()
    held: list[Read] = []
    for read in reads:
        if len(held) == _PAGE_ROWS:
            yield _page(file, held, f"{held[-1].next_offset}:{held[-1].next_line}:{fingerprint}")
            held = []
        held.append(read)
    yield _page(file, held, None)


def _page(file: ExtractFile, reads: list[Read], after: str | None) -> Page:
    malformed = [Malformed(f"{file.path.name} line {read.line}", read.reason) for read in reads if read.row is None]
    return Page([read.row for read in reads if read.row is not None], malformed, after)


def _position(file: ExtractFile, after: str | None) -> tuple[int, int]:
    if after is None:
        return 0, 1
    offset, line, fingerprint = (*after.split(":"), "", "")[:3]
    if not (offset.isdigit() and line.isdigit()):
        raise _refused(f"{after!r} is not a position in an extract.", "BAD_CURSOR", "Start the run again.")
    if fingerprint != file.fingerprint():
        raise _refused(f"{file.path.name} has changed since the run began.", "EXTRACT_CHANGED", "Start a new run.")
    return int(offset), int(line)


def _refused(message: str, code: str, mend: str) -> BillingError:
    return BillingError(message, kind="permanent", code=code, mend=mend)
