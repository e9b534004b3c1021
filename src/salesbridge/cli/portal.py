"""``salesbridge portal``: serve people's pages."""

from __future__ import annotations

import signal
from contextlib import suppress
from typing import Annotated

import typer

from salesbridge import store
from salesbridge.cli import show


def portal(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 for a free one.")] = 8000,
) -> None:
    """Serve the portal until stopped; any number may run behind a load balancer that ends TLS."""
    from salesbridge.portal.server import serve  # noqa: PLC0415 - other commands do without the portal

    with show.clear_errors():
        store.setup()
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            with suppress(KeyboardInterrupt):
                serve(host, port, ready=lambda url: show.out.print(f"Ready at {url}. Stop it with Ctrl-C."))
        except OSError as error:
            show.stop(show.plain(f"{host}:{port} cannot be listened on: {error}"), "Choose another --port.")
