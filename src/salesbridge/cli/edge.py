"""``salesbridge edge`` and ``salesbridge tenant hook``: hearing what a billing system publishes."""

from __future__ import annotations

import getpass
import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from salesbridge import store
from salesbridge.cli import show
from salesbridge.cli.instance import door_of
from salesbridge.edge.app import serve
from salesbridge.engine.live import hooks
from salesbridge.store.models import Tenant


def edge(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 for a free one.")] = 8100,
) -> None:
    """Hear what billing systems publish, until stopped; any number may run behind a load balancer that ends TLS."""
    with show.clear_errors():
        store.setup()
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            with suppress(KeyboardInterrupt):  # uvicorn has finished what was in hand, then raises the signal again
                serve(host, port, ready=lambda url: show.out.print(f"Ready at {url}. Stop it with Ctrl-C."))
        except OSError as error:
            show.stop(show.plain(f"{host}:{port} cannot be listened on: {error}"), "Choose another --port.")


def hook(
    tenant: Annotated[str, typer.Argument(help="Name of the tenant.")],
    *,
    add_key: Annotated[Path | None, typer.Option(help="PEM file of a public key to accept.", dir_okay=False)] = None,
    drop_key: Annotated[int | None, typer.Option(help="Number of the key to accept no longer.")] = None,
    as_json: show.Json = False,
) -> None:
    """Tell where the billing system is to send its events and which keys check them, or exchange these keys."""
    with show.clear_errors():
        store.setup()
        door = door_of(tenant)
        if add_key is not None:
            hooks.add_key(door, _text(add_key), by=getpass.getuser())
        if drop_key is not None:
            hooks.drop_key(door, drop_key, by=getpass.getuser())
        _tell(door.tenant, as_json=as_json)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        show.stop(show.plain(f"{path} cannot be read: {error}"), code=show.Exit.USAGE)


def _tell(tenant: Tenant, *, as_json: bool) -> None:
    prints = hooks.fingerprints(tenant.hook_keys)
    if as_json:
        keys = [{"number": number, "sha256": each} for number, each in enumerate(prints, 1)]
        show.as_json({"tenant": tenant.name, "address": hooks.address(tenant), "keys": keys})
        return
    show.out.print(f"Address: {hooks.address(tenant)}", soft_wrap=True)
    if prints:
        show.table({"Key": "right", "SHA-256 of the public key": "name"}, list(enumerate(prints, 1)))
    else:
        show.out.print("No key is set up: every event is refused until there is one (--add-key).")
