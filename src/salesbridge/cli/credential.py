"""``salesbridge credential``: named credentials, by which Salesforce applications call billing."""

from __future__ import annotations

import getpass
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from django.db import connection

from salesbridge import store
from salesbridge.cli import show
from salesbridge.engine import credentials, durable, instances
from salesbridge.engine.credentials import operations
from salesbridge.engine.credentials.book import STEPS, OperationActiveError
from salesbridge.engine.credentials.places import DEFAULT_NAME
from salesbridge.store.door import Door
from salesbridge.store.models import ApiClient, CredentialOperation, Instance

app = typer.Typer(no_args_is_help=True, help="Named credentials: Salesforce applications call billing by them.")

Name = Annotated[str, typer.Argument(help="Instance, or tenant/instance.")]
Which = Annotated[str, typer.Option("--credential", help="The credential's name.")]
Detach = Annotated[bool, typer.Option("--detach", help="Leave the work to a worker process and return.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
_EVERY_S = 0.25
State = CredentialOperation.State


@app.command()
def add(
    name: Name,
    *,
    credential: Which = DEFAULT_NAME,
    read_only: Annotated[bool, typer.Option("--read-only", help="Its calls may read billing, not change it.")] = False,
    user: Annotated[list[str] | None, typer.Option(help="Username in Salesforce that may call; repeat it.")] = None,
    detach: Detach = False,
    as_json: show.Json = False,
) -> None:
    """Add a named credential to the org, give it its secret, and see it work."""
    scopes = (credentials.SCOPES[0],) if read_only else credentials.SCOPES
    with _clear():
        door, instance = _instance(name)
        row = operations.start_add(door, instance, credential, by=getpass.getuser(), scopes=scopes, users=user or [])
        _finish(door, row, name, detach=detach, as_json=as_json)


@app.command()
def rotate(
    name: Name,
    *,
    credential: Which = DEFAULT_NAME,
    grace: Annotated[
        float, typer.Option(help="Seconds for which the old secret works on after the new one is in use.")
    ] = operations.GRACE_S,
    detach: Detach = False,
    as_json: show.Json = False,
) -> None:
    """Exchange the secret without disturbing a callout: the old one works until the new one is in use."""
    with _clear():
        door, instance = _instance(name)
        client = operations.find(door, instance, credential)
        row = operations.start_rotate(door, client.pk, by=getpass.getuser(), grace=grace)
        _finish(door, row, name, detach=detach, as_json=as_json)


@app.command()
def resume(name: Name, *, credential: Which = DEFAULT_NAME, as_json: show.Json = False) -> None:
    """Go on with what is under way for a credential, for example after a crash, and watch it."""
    with _clear():
        door, instance = _instance(name)
        row = operations.latest(door, operations.find(door, instance, credential).pk)
        if row is None or row.finished_at is not None:
            show.stop(f"Nothing is under way for {credential}.", code=show.Exit.USAGE)
        _finish(door, row, name, detach=False, as_json=as_json)


@app.command()
def revoke(
    name: Name,
    *,
    credential: Which = DEFAULT_NAME,
    remove: Annotated[bool, typer.Option("--remove", help="Take it out of Salesforce too.")] = False,
    yes: Yes = False,
    detach: Detach = False,
    as_json: show.Json = False,
) -> None:
    """Issue no more tokens, at once; those issued before live to their expiry, see cut-off."""
    with _clear():
        door, instance = _instance(name)
        client = operations.find(door, instance, credential)
        _confirm(client, "No application that uses it can call billing any more.", yes=yes)
        row = operations.revoke(door, client.pk, by=getpass.getuser(), remove=remove)
        _finish(door, row, name, detach=detach, as_json=as_json)


@app.command("cut-off")
def cut_off(name: Name, *, credential: Which = DEFAULT_NAME, yes: Yes = False, as_json: show.Json = False) -> None:
    """Have every token issued until now refused within a second; a credential that is not revoked may get new ones."""
    with _clear():
        door, instance = _instance(name)
        client = operations.find(door, instance, credential)
        _confirm(client, "Calls under way with an issued token are refused.", yes=yes)
        row = operations.cut_off(door, client.pk, by=getpass.getuser())
        _finish(door, row, name, detach=False, as_json=as_json)


@app.command()
def status(name: Name, *, credential: Which = DEFAULT_NAME, as_json: show.Json = False) -> None:
    """Show a credential: its secrets, what is being done to it, what was done before."""
    with _clear():
        door, instance = _instance(name)
        client = operations.find(door, instance, credential)
        done = operations.history(door, instance, client.pk)
    found = _told(door, instance, client)
    if as_json:
        show.as_json({**found, "operations": [operations.told(row) for row in done]})
        return
    show.out.print(f"{client.name} ({client.client_id}): {client.state}, scopes {', '.join(client.scopes)}")
    for secret in found["secrets"]:
        used = show.moment(secret["last_used_at"])
        show.out.print(f"  secret {secret['state']}, made {show.moment(secret['created_at'])}, last used {used}")
    columns = {
        "Asked for": "name",
        "Operation": "name",
        "State": "name",
        "Step": "name",
        "Message": "left",
        "By": "left",
    }
    rows = [(show.moment(r.created_at), r.kind, r.state, r.step, r.message, r.by) for r in done]
    if rows:
        show.out.print()
        show.table(columns, rows)
    if done and done[0].mend:
        show.out.print(f"\n[bold]What to do:[/] {show.plain(done[0].mend)}", soft_wrap=True)


@app.command("list")
def list_all(name: Name, *, as_json: show.Json = False) -> None:
    """List the credentials of an instance."""
    with _clear():
        door, instance = _instance(name)
        found = [_told(door, instance, each.client) for each in credentials.status(door, instance)]
    if as_json:
        show.as_json(found)
        return
    columns = {"Credential": "name", "Client id": "name", "State": "name", "Scopes": "left", "Rotated": "name",
               "Last used": "name", "Now": "left"}  # fmt: skip
    rows = [
        (each["name"], each["client_id"], each["state"], ", ".join(each["scopes"]), show.moment(each["rotated_at"]),
         show.moment(each["last_used_at"]), each["now"])
        for each in found
    ]  # fmt: skip
    show.table(columns, rows)


def _told(door: Door, instance: Instance, client: ApiClient) -> dict[str, Any]:
    (status,) = [each for each in credentials.status(door, instance) if each.client.pk == client.pk]
    row = operations.latest(door, client.pk)
    active = row if row is not None and row.finished_at is None else None
    return {
        "name": client.name, "client_id": client.client_id, "state": client.state, "scopes": client.scopes,
        "created_at": client.created_at, "rotated_at": client.rotated_at, "revoked_at": client.revoked_at,
        "cut_off_before": client.cut_off_before, "last_used_at": status.last_used_at,
        "secrets": [
            {"id": s.id, "state": s.state, "created_at": s.created_at, "last_used_at": s.last_used_at}
            for s in status.secrets
        ],
        "now": f"{active.kind}: {active.step}" if active else "",
    }  # fmt: skip


@contextmanager
def _clear() -> Iterator[None]:
    """What cannot be done is told with the exit code of wrong usage."""
    with show.clear_errors():
        try:
            yield
        except KeyboardInterrupt:
            mend = "It goes on when a worker is there, or with: salesbridge credential resume"
            show.stop("Interrupted.", mend, show.Exit.CANCELLED)
        except (credentials.CredentialRefusedError, OperationActiveError) as error:
            show.stop(show.plain(str(error)), code=show.Exit.USAGE)


def _instance(name: str) -> tuple[Door, Instance]:
    store.setup()
    return instances.find(name)


def _confirm(client: ApiClient, what: str, *, yes: bool) -> None:
    """A person types the name; a program says --yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        show.stop(f"{what} Confirm it.", "Give --yes.", show.Exit.USAGE)
    if typer.prompt(f"{what} Type the credential's name to go on", default="", show_default=False) != client.name:
        show.stop("That is not its name: nothing was done.", code=show.Exit.CANCELLED)


def _finish(door: Door, row: CredentialOperation, name: str, *, detach: bool, as_json: bool) -> None:
    if row.finished_at is None and not detach:
        with durable.worker():
            row = _follow(door, row, quiet=as_json)
    if as_json:
        show.as_json(operations.told(row))
    elif row.finished_at is None:
        command = f"salesbridge credential status {name} --credential {row.client.name}"
        show.out.print(f"{show.plain(row.message)} Watch it: {command}", soft_wrap=True)
    else:
        _result(row)
    raise typer.Exit(_exit_code(row))


def _follow(door: Door, row: CredentialOperation, *, quiet: bool) -> CredentialOperation:
    """Say each thing as it happens until the operation has ended."""
    told = _Told(quiet=quiet)
    while True:
        row = operations.operation(door, row.pk)
        told(row)
        if row.finished_at is not None:
            return row
        connection.close()
        time.sleep(_EVERY_S)


class _Told:
    """What a person was told of an operation: every step, and whatever it waits for.

    Args:
        quiet: Tell nothing, because a program reads the output.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet, self._steps, self._said = quiet, 0, STEPS["queued"]

    def __call__(self, row: CredentialOperation) -> None:
        """Tell what is new."""
        ended = row.finished_at is not None
        for entry in row.trail[self._steps : len(row.trail) - ended]:
            self._say(entry["step"], entry["message"])
        self._steps = len(row.trail)
        if not ended:
            self._say(row.step, row.message)

    def _say(self, step: str, message: str) -> None:
        if message != self._said and not self._quiet:
            show.err.print(f"{step:<9} {message}", markup=False, soft_wrap=True)
        self._said = message


def _result(row: CredentialOperation) -> None:
    colour = "green" if row.state == State.DONE else "red"
    show.out.print(f"[bold {colour}]{row.client.name}: {show.plain(row.message)}[/]", soft_wrap=True)
    if row.mend:
        show.out.print(f"[bold]What to do:[/] {show.plain(row.mend)}", soft_wrap=True)


def _exit_code(row: CredentialOperation) -> show.Exit:
    if row.finished_at is None or row.state == State.DONE:
        return show.Exit.OK
    return show.Exit.CANCELLED if row.state == State.STOPPED else show.Exit.FAILED
