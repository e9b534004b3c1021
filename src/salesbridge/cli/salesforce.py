"""``salesbridge salesforce``: prepare an org from the data model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from salesbridge import store
from salesbridge.cli import show
from salesbridge.engine import connections, instances, prepare
from salesbridge.model import TABLE, merge
from salesbridge.package import archive, render

app = typer.Typer(no_args_is_help=True, help="Prepare a Salesforce org.")


@app.command()
def package(
    out: Annotated[Path, typer.Option(help="Folder for the metadata.")],
    *,
    initial: Annotated[bool, typer.Option(help="Only what the initial data synchronisation needs.")] = False,
    instance: Annotated[str | None, typer.Option(help="With the own fields of this instance's tenant.")] = None,
) -> None:
    """Write the Salesforce metadata of the data model, for Salesforce's own tools."""
    table = TABLE
    if instance:
        store.setup()
        with show.clear_errors():
            door, _ = instances.find(instance)
            table = merge(TABLE, door.tenant.model_overrides)
    files = render(table, initial_only=initial)
    for name, text in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (out / "salesbridge.zip").write_bytes(archive(files))
    show.out.print(f"{len(files)} files and salesbridge.zip written to {out}.")


@app.command()
def deploy(
    name: Annotated[str, typer.Argument(help="Instance, or tenant/instance.")],
    *,
    check_only: Annotated[bool, typer.Option(help="Let Salesforce validate without changing anything.")] = False,
    initial: Annotated[bool, typer.Option(help="Only what the initial data synchronisation needs.")] = False,
) -> None:
    """Deploy the custom fields and the permission set, and give the set to the connector's user."""
    store.setup()
    with show.clear_errors():
        door, instance = instances.find(name)
        result = prepare.deploy_package(
            connections.salesforce(door, instance), door.tenant, check_only=check_only, initial_only=initial
        )
    for finding in result.findings:
        show.err.print(f"{finding.component}: {finding.problem}", markup=False)
    show.out.print(f"Deployment {result.id}: {'succeeded' if result.success else 'failed'}.")
    raise typer.Exit(show.Exit.OK if result.success else show.Exit.FAILED)
