"""A billing system that listens, in a thread of the caller's process."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from salesbridge.sandbox.billing.app import build_app
from salesbridge.sandbox.billing.gate import CUT
from salesbridge.sandbox.billing.service import Service, Settings
from salesbridge.sandbox.billing.store import Billing

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from starlette.types import ASGIApp, Receive, Scope, Send

    from salesbridge.sandbox.billing.provisioning import Provisioning
    from salesbridge.sandbox.billing.publisher import Publisher

_START_SECONDS = 30
_HOST = "127.0.0.1"


class CuttableProtocol(H11Protocol):
    """HTTP that lets the application close its connection without an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Show the connection to the application."""
        super().connection_made(transport)
        self.app = _with_cut(self.app, transport)


@dataclass(slots=True)
class RunningBilling:
    """A listening billing system: its ``url``, what runs in it, and how to stop it.

    ``url`` ends before the base path of the API (``/rest/v1`` or ``/velocity/api/v1``).
    """

    url: str
    service: Service
    _server: uvicorn.Server
    _thread: threading.Thread

    @property
    def billing(self) -> Billing:
        """The records."""
        return self.service.billing

    @property
    def publisher(self) -> Publisher:
        """What publishes events to subscribed webhooks."""
        return self.service.publisher

    @property
    def provisioning(self) -> Provisioning:
        """What the billing system itself does with orders and service points."""
        return self.service.provisioning

    def stop(self, *, wait: bool = True) -> None:
        """Stop listening and publishing and wait for it, unless told not to; the records stay readable."""
        self._server.should_exit = True
        self.service.provisioner.stop()
        self.publisher.stop(wait=wait)
        if wait:
            self._thread.join(_START_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def configuration(
    service: Service, *, port: int = 0, certfile: Path | None = None, keyfile: Path | None = None
) -> uvicorn.Config:
    """How uvicorn serves a billing system on the loopback address."""
    return uvicorn.Config(
        build_app(service),
        host=_HOST,
        port=port,
        http=CuttableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        ssl_certfile=certfile,
        ssl_keyfile=str(keyfile) if keyfile else None,
        timeout_graceful_shutdown=2,
    )


def start_in_thread(
    billing: Billing | None = None,
    settings: Settings | None = None,
    *,
    port: int = 0,
    certfile: Path | None = None,
    keyfile: Path | None = None,
) -> RunningBilling:
    """Start a billing system on 127.0.0.1; leave with ``stop`` or use it in a ``with`` statement.

    Args:
        billing: Its records; default an empty system.
        settings: How it is set up.
        port: 0 takes a free one.
        certfile: A certificate (PEM) makes it HTTPS.
        keyfile: The key of the certificate.

    Raises:
        RuntimeError: It did not start, as when the port is taken.
    """
    service = Service(billing, settings)
    server = uvicorn.Server(configuration(service, port=port, certfile=certfile, keyfile=keyfile))
    thread = threading.Thread(target=server.run, name="billing-sandbox", daemon=True)
    thread.start()
    _wait_until_started(server, thread)
    service.provisioner.start()
    scheme = "https" if certfile else "http"
    return RunningBilling(f"{scheme}://{_HOST}:{bound_port(server)}", service, server, thread)


def bound_port(server: uvicorn.Server) -> int:
    """The port on which a started server listens."""
    return int(server.servers[0].sockets[0].getsockname()[1])


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    waited = 0.0
    while not server.started:
        if not thread.is_alive() or waited > _START_SECONDS:
            raise RuntimeError("The billing sandbox did not start; is the port taken?")
        pause.wait(0.01)
        waited += 0.01


def _with_cut(app: ASGIApp | Any, transport: asyncio.Transport) -> ASGIApp:
    async def cuttable(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("extensions", {})[CUT] = transport.abort
        await app(scope, receive, send)
        if transport.is_closing():
            await asyncio.sleep(0)

    return cuttable
