"""``salesbridge serve``: worker, edge and portal on one machine, on the product's own PostgreSQL."""

from __future__ import annotations

import ipaddress
import os
import signal
from contextlib import suppress
from typing import Annotated

import typer

from salesbridge import store
from salesbridge.cli import show
from salesbridge.cli.together import Part, PartEndedError, together
from salesbridge.sandbox.beside import free_port
from salesbridge.settings import settings


def serve(
    host: Annotated[str, typer.Option(help="Address that portal and edge listen on.")] = "127.0.0.1",
    portal_port: Annotated[int, typer.Option(help="Port of the portal; 0 for a free one.")] = 8000,
    edge_port: Annotated[int, typer.Option(help="Port of the edge; 0 for a free one.")] = 8100,
) -> None:
    """Run worker, edge and portal on this machine until stopped; when one of them ends, all are stopped."""
    with show.clear_errors():
        store.setup()
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            with suppress(KeyboardInterrupt), together(everything(host, portal_port, edge_port)) as running:
                for part, _, _ in running.parts:
                    show.out.print(f"The {part.name} is ready{f' at {part.url}' if part.url else ''}.")
                show.out.print("Stop all of it with Ctrl-C.")
                running.wait()
        except PartEndedError as error:
            show.stop(show.plain(str(error)), "Mend what it says, then start again: nothing that was written is lost.")


def everything(host: str, portal_port: int, edge_port: int, *, portal: bool = True) -> list[Part]:
    """The parts of an installation on one machine; where nothing else is set, its addresses are those it listens on.

    Args:
        host: Address that portal and edge listen on.
        portal_port: Port of the portal; 0 for a free one.
        edge_port: Port of the edge; 0 for a free one.
        portal: Whether there are to be pages.
    """
    edge_port, portal_port = edge_port or free_port(), portal_port or free_port()
    hears, shows = _url(host, edge_port), _url(host, portal_port)
    if ipaddress.ip_address(host).is_loopback:
        os.environ.setdefault("SALESBRIDGE_EDGE_URL", hears)
        os.environ.setdefault("SALESBRIDGE_PUBLIC_URL", shows)
        settings.cache_clear()
    parts = [Part("worker", ("worker",)), Part("edge", ("edge", "--host", host, "--port", str(edge_port)), hears)]
    if portal:
        parts.append(Part("portal", ("portal", "--host", host, "--port", str(portal_port)), shows))
    return parts


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
