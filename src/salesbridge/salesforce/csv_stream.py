"""CSV rows of an HTTP answer while it still streams in."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from salesbridge.salesforce.errors import SalesforceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2


class _Body(io.RawIOBase):
    """An answer's body as a file, so that the standard library's C decoders read it."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def csv_rows(response: httpx2.Response) -> Iterator[list[str]]:
    """Yields the rows of a CSV answer, header first, in constant memory.

    Raises:
        SalesforceError: The text is not UTF-8 or not CSV, or ends inside a quoted cell.
    """
    text = io.TextIOWrapper(io.BufferedReader(_Body(response.iter_bytes()), 1 << 16), encoding="utf-8", newline="")
    try:
        yield from csv.reader(text, strict=True)
    except (csv.Error, UnicodeDecodeError) as exc:
        raise SalesforceError(
            f"A result file of Salesforce is damaged: {exc}.",
            kind="transient",
            code="BAD_RESULT",
            mend="It is fetched again by itself; check proxies if it lasts.",
            status=response.status_code,
        ) from exc
