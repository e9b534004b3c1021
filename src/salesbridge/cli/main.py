"""``salesbridge``: every command."""

from __future__ import annotations

import signal
import threading
from typing import Annotated

import typer

from salesbridge import store
from salesbridge.cli import (
    activity,
    credential,
    demo,
    edge,
    event_mapping,
    instance,
    links,
    live,
    load,
    order,
    person,
    portal,
    problems,
    reconcile,
    salesforce,
    sandbox,
    serve,
    show,
    status,
)
from salesbridge.engine import durable
from salesbridge.settings import settings
from salesbridge.store.door import Door
from salesbridge.store.secrets import rewrap_all
from salesbridge.telemetry import configure

app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False, add_completion=False)
app.add_typer(instance.tenants, name="tenant")
app.add_typer(instance.app, name="instance")
app.add_typer(load.app, name="load")
app.add_typer(live.sync, name="sync")
app.command("status")(status.status)
app.command("activity")(activity.activity)
app.add_typer(order.app, name="order")
app.add_typer(problems.app, name="problems")
app.add_typer(activity.conflicts, name="conflicts")
app.add_typer(reconcile.app, name="reconcile")
app.add_typer(event_mapping.app, name="event-mapping")
app.add_typer(salesforce.app, name="salesforce")
app.add_typer(credential.app, name="credential")
app.add_typer(sandbox.app, name="sandbox")
app.command("demo")(demo.demo)
app.command("edge")(edge.edge)
app.command("portal")(portal.portal)
app.command("serve")(serve.serve)
app.add_typer(person.app, name="person")
instance.tenants.command("hook")(edge.hook)
instance.tenants.command("link-template")(links.link_template)

vault = typer.Typer(no_args_is_help=True, help="The keys that seal secrets.")
app.add_typer(vault, name="vault")


@app.callback()
def start() -> None:
    """Salesbridge keeps a Gentrack billing system and Salesforce Sales Cloud in step."""
    configure(json=settings().log_json, level=settings().log_level)


@app.command()
def worker() -> None:
    """Execute durable work until stopped; any number of workers may run on any number of machines."""
    from salesbridge.engine.live.supervise import supervised  # noqa: PLC0415 - gRPC is slow to import, and only we need it

    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with show.clear_errors(), durable.worker() as executor, supervised(executor):
        show.out.print(f"Worker {executor} is ready. Stop it with Ctrl-C.")
        stopped.wait()


@vault.command()
def rewrap(to: Annotated[str | None, typer.Option(help="Key id; the first key when not given.")] = None) -> None:
    """Wrap all secrets with another key, without opening them to anybody."""
    store.setup()
    with show.clear_errors():
        count = rewrap_all(Door.operator(reason="rewrap all secrets"), to=to)
    show.out.print(f"{count} secrets are wrapped with the key now in use.")
