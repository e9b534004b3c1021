"""``salesbridge tenant link-template``: where a record's page is in the billing system."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from salesbridge import store
from salesbridge.cli import show
from salesbridge.cli.instance import door_of
from salesbridge.engine import context
from salesbridge.model.context import PLACEHOLDERS

_HELP = "The address, with placeholders: " + ", ".join(f"{{{name}}}" for name in PLACEHOLDERS) + "."


def link_template(
    tenant: Annotated[str, typer.Argument(help="Name of the tenant.")],
    entity: Annotated[str | None, typer.Argument(help="Object such as Account, or * for every one.")] = None,
    template: Annotated[str | None, typer.Argument(help=_HELP)] = None,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Take the template of the object away.")] = False,
    assumed: Annotated[
        bool, typer.Option("--assumed", help="Set what is likely for the product, where nothing is set.")
    ] = False,
    as_json: show.Json = False,
) -> None:
    """Show or set the addresses that Gentrack Link fields are filled with, by Salesforce object."""
    if (entity is None) != (template is None and not remove):
        show.stop("Give an object and its template, or an object and --remove.", code=show.Exit.USAGE)
    store.setup()
    with show.clear_errors():
        door = door_of(tenant)
        kept = dict(door.tenant.link_templates)
        if assumed:
            kept = dict(context.assume(door, getpass.getuser()))
        if entity is not None:
            kept = dict(context.set_template(door, entity, template, getpass.getuser()))
    if as_json:
        show.as_json(kept)
        return
    if kept:
        show.table({"Object": "name", "Template": "left"}, sorted(kept.items()))
    else:
        show.out.print("No template is set: Gentrack Link fields are left as they are.")
    if entity is not None or assumed:
        show.out.print("Links are filled with each change, and for all records by: salesbridge reconcile start")
    if assumed:
        show.out.print("The billing product documents no addresses: open one link before you rely on them.")
