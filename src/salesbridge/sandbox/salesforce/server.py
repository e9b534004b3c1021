"""Serving an org over HTTP: until told to stop, or in a thread of a test."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from .app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

    from .org import Org
    from .pubsub import PubSubServer

_PATIENCE = 15.0


class _Server(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def _server(
    org: Org,
    public_url: str | None,
    *,
    certfile: str | None,
    keyfile: str | None,
    ready: Callable[[], None],
) -> _Server:
    config = uvicorn.Config(
        create_app(org, public_url=public_url),
        ssl_certfile=certfile,
        ssl_keyfile=keyfile,
        log_level="error",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=65_536,
    )
    return _Server(config, ready)


def serve(
    org: Org,
    host: str = "127.0.0.1",
    port: int = 8443,
    *,
    certfile: str | None = None,
    keyfile: str | None = None,
    public_url: str | None = None,
    pubsub_port: int | None = None,
    ready: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serve an org until the process is told to stop.

    Args:
        org: The org.
        host: Address to listen on.
        port: Port to listen on; 0 for a free one.
        certfile: PEM certificate chain; with it the org is served over TLS.
        keyfile: PEM private key.
        public_url: The URL clients see the org at; by default that of each request.
        pubsub_port: Port of the Pub/Sub API, 0 for a free one; without one it isn't served.
        ready: Called with the URL once the org listens.
    """
    listener, url = _listen(host, port, tls=certfile is not None)
    known = public_url or url
    server = _server(org, public_url, certfile=certfile, keyfile=keyfile, ready=lambda: ready(known))
    with _pubsub(org, host, pubsub_port, certfile, keyfile):
        server.run(sockets=[listener])


@contextmanager
def _pubsub(
    org: Org, host: str, port: int | None, certfile: str | None, keyfile: str | None
) -> Iterator[PubSubServer | None]:
    """The Pub/Sub API of an org while the block runs, if a port is given."""
    pubsub = _start_pubsub(org, host, port, certfile, keyfile)
    try:
        yield pubsub
    finally:
        if pubsub is not None:
            pubsub.stop()


def _start_pubsub(
    org: Org, host: str, port: int | None, certfile: str | None, keyfile: str | None
) -> PubSubServer | None:
    if port is None:
        return None
    from .pubsub import PubSubServer  # noqa: PLC0415 - orgs without the Pub/Sub API start faster without gRPC

    pubsub = PubSubServer(org, host, port, certfile=certfile, keyfile=keyfile)
    pubsub.start()
    return pubsub


def _listen(host: str, port: int, *, tls: bool) -> tuple[socket.socket, str]:
    """A bound socket and the URL it is reached at."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener, f"{'https' if tls else 'http'}://{host}:{listener.getsockname()[1]}"


@dataclass(slots=True)
class RunningOrg:
    """An org served by a thread of this process; a context manager that stops it.

    ``pubsub_address`` is ``host:port`` of the Pub/Sub API, None when it isn't served.
    """

    org: Org
    url: str
    _server: _Server
    _thread: threading.Thread
    _pubsub: PubSubServer | None = None

    @property
    def pubsub_address(self) -> str | None:
        """Where the Pub/Sub API listens."""
        return None if self._pubsub is None else self._pubsub.address

    def stop(self) -> None:
        """Stop serving and wait for the threads to end."""
        if self._pubsub is not None:
            self._pubsub.stop()
        self._server.should_exit = True
        self._thread.join(_PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_in_thread(
    org: Org,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    certfile: str | None = None,
    keyfile: str | None = None,
    public_url: str | None = None,
    pubsub_port: int | None = None,
) -> RunningOrg:
    """Serve an org from a daemon thread, on a free port unless one is named.

    Args:
        org: The org.
        host: Address to listen on.
        port: Port to listen on; 0 for a free one.
        certfile: PEM certificate chain; with it both APIs are served over TLS.
        keyfile: PEM private key.
        public_url: The URL clients see the org at; by default the one it listens on.
        pubsub_port: Port of the Pub/Sub API, 0 for a free one; without one it isn't served.

    Raises:
        TimeoutError: It does not listen in time.
    """
    listener, url = _listen(host, port, tls=certfile is not None)
    listening = threading.Event()
    server = _server(org, public_url or url, certfile=certfile, keyfile=keyfile, ready=listening.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    if not listening.wait(_PATIENCE):
        raise TimeoutError("The sandbox org did not start to listen")
    pubsub = _start_pubsub(org, host, pubsub_port, certfile, keyfile)
    return RunningOrg(org, url, server, thread, pubsub)
