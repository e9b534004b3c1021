"""One kept-alive connection over which events are posted: as little HTTP as that needs, as it runs beside the API."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

_CONTINUES = range(100, 200)
_WITHOUT_BODY = (204, 304)
_CLOSE_SECONDS = 1.0


class BadAnswerError(ValueError):
    """What came back is no HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The receiver's status and its name; no status where no answer came, ``text`` then tells why."""

    status: int | None
    text: str

    @property
    def success(self) -> bool:
        """Whether it is a 2xx."""
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class Connection:
    """Posts to one URL, one post after the other.

    Args:
        url: The endpoint.
        context: Trust for https; None: the machine's own.
    """

    def __init__(self, url: str, context: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        self._context = (context or ssl.create_default_context()) if secure else None
        self._host, self._port = parts.hostname or "", parts.port or (443 if secure else 80)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        name = f"[{self._host}]" if ":" in self._host else self._host
        self._head = (
            f"POST {target} HTTP/1.1\r\nHost: {name}:{self._port}\r\n"
            "Content-Type: application/json\r\nUser-Agent: billing-sandbox\r\n"
        )
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes, headers: dict[str, str], timeout: float) -> Answer:  # noqa: ASYNC109 - an outcome
        """Post a body; never raises for what the network or the receiver does."""
        more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        message = f"{self._head}{more}Content-Length: {len(body)}\r\n\r\n".encode() + body
        try:
            async with asyncio.timeout(timeout):
                return await self._post(message)
        except TimeoutError:
            await self.close()
            return Answer(None, f"no answer within {timeout:g} s")
        except (OSError, EOFError, BadAnswerError, asyncio.LimitOverrunError) as error:
            await self.close()
            return Answer(None, f"{type(error).__name__}: {error}")

    async def close(self) -> None:
        """Close the connection; the next post opens another."""
        streams, self._streams = self._streams, None
        if not streams:
            return
        streams[1].close()
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await streams[1].wait_closed()
        except TimeoutError:
            streams[1].transport.abort()
        except OSError:
            return

    async def _post(self, message: bytes) -> Answer:
        kept = self._streams is not None
        try:
            return await self._exchange(message)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            # A receiver may close a kept connection just when the next event comes; that is no failure of its own.
            if not kept or (isinstance(error, asyncio.IncompleteReadError) and error.partial):
                raise
            await self.close()
            return await self._exchange(message)

    async def _exchange(self, message: bytes) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, ssl=self._context)
        reader, writer = self._streams
        writer.write(message)
        await writer.drain()
        status, text, headers = await _read_head(reader)
        while status in _CONTINUES:
            status, text, headers = await _read_head(reader)
        await self._finish(reader, status, headers)
        return Answer(status, text)

    async def _finish(self, reader: asyncio.StreamReader, status: int, headers: dict[str, str]) -> None:
        """Leave the connection ready for the next post, or close it where that is not plain."""
        length = "0" if status in _WITHOUT_BODY else headers.get("content-length", "")
        if not length.isdigit() or headers.get("connection", "").lower() == "close":
            await self.close()
        else:
            await reader.readexactly(int(length))


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, str, dict[str, str]]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    protocol, _, rest = first.partition(" ")
    status, _, text = rest.partition(" ")
    if not protocol.startswith("HTTP/1.") or not status.isdigit():
        raise BadAnswerError("the receiver does not answer in HTTP/1.1")
    headers = (line.partition(":") for line in lines if line)
    return int(status), text, {name.strip().lower(): value.strip() for name, _, value in headers}
