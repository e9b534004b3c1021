"""TCP proxies that make trouble: delay, jitter, little bandwidth, cuts after some bytes, resets, silence, slow ends."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from dataclasses import dataclass, field, replace

_CHUNK = 16_384
#: How long the other side of a connection that is broken on one side only goes on believing in it.
_FORGOTTEN_S = 45.0
_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Toxics:
    """What happens to the bytes of a proxy.

    Args:
        latency_s: Delay of every piece.
        jitter_s: What is added to it at most.
        rate: Bytes a second; 0: as fast as they come.
        cut_after: Bytes after which a connection is reset, from the moment at which this is set; None: never.
        slow_close_s: How long the end of a connection is kept secret.
    """

    latency_s: float = 0.0
    jitter_s: float = 0.0
    rate: int = 0
    cut_after: int | None = None
    slow_close_s: float = 0.0


@dataclass(eq=False)
class _Connection:
    writers: tuple[asyncio.StreamWriter, ...]
    left: int | None = None
    forgotten: bool = False


@dataclass(eq=False)
class Proxy:
    """One listening port and where it leads.

    Args:
        name: What it stands before.
        target: A TCP port of this machine, or the path of a Unix socket.
    """

    name: str
    target: int | str = 0
    port: int = 0
    toxics: Toxics = Toxics()
    refusing: bool = False
    passed: int = 0
    broken: int = 0
    _open: set = field(default_factory=set)
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None

    async def listen(self):
        self._flowing.set()
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self):
        self._server.close()
        self.reset()

    def reset(self):
        """Break every open connection, as a router that forgets them does."""
        for connection in list(self._open):
            self._break(connection)

    def forget(self):
        """Break every open connection on our side only: the other side is not told, as when a machine loses power."""
        for connection in self._open:
            connection.forgotten = True
            connection.writers[0].transport.abort()

    def poison(self, toxics):
        self.toxics = toxics
        for connection in self._open:
            connection.left = toxics.cut_after

    def silence(self, *, silent):
        """Let nothing through, in either direction, and tell nobody; or let it flow again."""
        (self._flowing.clear if silent else self._flowing.set)()

    def refuse(self, *, refusing):
        """Be unreachable: break what is open and let nobody in; or be reachable again."""
        self.refusing = refusing
        if refusing:
            self.reset()

    async def _accepted(self, reader, writer):
        task = asyncio.current_task()
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        await self._flowing.wait()
        if self.refusing:
            writer.transport.abort()
            return
        try:
            onward, back = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        connection = _Connection((writer, back), self.toxics.cut_after)
        self._open.add(connection)
        try:
            await asyncio.gather(self._pump(reader, back, connection), self._pump(onward, writer, connection))
        except asyncio.CancelledError:
            return  # the network is being taken down
        finally:
            self._open.discard(connection)
            for each in connection.writers:
                each.close()

    async def _connect(self):
        if isinstance(self.target, str):
            return await asyncio.open_unix_connection(self.target)
        return await asyncio.open_connection("127.0.0.1", self.target)

    async def _pump(self, reader, writer, connection):
        try:
            while data := await reader.read(_CHUNK):
                await self._delay(len(data))
                if connection.left is not None:
                    data, connection.left = data[: connection.left], connection.left - len(data)
                writer.write(data)
                self.passed += len(data)
                if connection.left is not None and connection.left <= 0:
                    self._break(connection)
                    return
                await writer.drain()
            await asyncio.sleep(_FORGOTTEN_S if connection.forgotten else self.toxics.slow_close_s)
            if writer.can_write_eof():
                writer.write_eof()
        except OSError:
            await asyncio.sleep(_FORGOTTEN_S if connection.forgotten else 0)
            self._break(connection)

    async def _delay(self, size):
        toxics = self.toxics
        wait = toxics.latency_s + random.random() * toxics.jitter_s  # noqa: S311 - no secret
        if toxics.rate:
            wait += size / toxics.rate
        if wait:
            await asyncio.sleep(wait)
        await self._flowing.wait()

    def _break(self, connection):
        self.broken += 1
        for writer in connection.writers:
            with contextlib.suppress(OSError):
                raw = writer.get_extra_info("socket")
                if raw.family == socket.AF_INET:
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()


class Network:
    """Proxies in a thread of their own; a context manager.

    Args:
        names: What each stands before.
    """

    def __init__(self, *names):
        self.proxies = {name: Proxy(name) for name in names}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)

    def __enter__(self):
        self._thread.start()
        for proxy in self.proxies.values():
            self._run(proxy.listen())
        return self

    def __exit__(self, *_):
        for proxy in self.proxies.values():
            self._run(proxy.close())
        self._run(self._rest())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    def __getitem__(self, name):
        return self.proxies[name]

    def poison(self, name, **toxics):
        self._do(lambda: self[name].poison(replace(Toxics(), **toxics)))

    def reset(self, name):
        self._do(self[name].reset)

    def forget(self, name):
        self._do(self[name].forget)

    def silence(self, name, *, silent):
        self._do(lambda: self[name].silence(silent=silent))

    def refuse(self, name, *, refusing):
        self._do(lambda: self[name].refuse(refusing=refusing))

    def heal(self):
        """No more trouble, on any of them."""
        for name in self.proxies:
            self.poison(name)
            self.silence(name, silent=False)
            self.refuse(name, refusing=False)

    @property
    def broken(self):
        return sum(proxy.broken for proxy in self.proxies.values())

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    def _do(self, work):
        async def once():
            work()

        self._run(once())

    async def _rest(self):
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
