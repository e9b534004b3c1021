"""``salesbridge sync``: begin to keep both sides in step, pause, go on."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer

from salesbridge import store
from salesbridge.cli import show
from salesbridge.cli.load import show_checks
from salesbridge.engine import instances
from salesbridge.engine.live import control
from salesbridge.engine.live.states import live_of
from salesbridge.store.door import Door
from salesbridge.store.models import Instance
from salesbridge.sync.life import TransitionError

sync = typer.Typer(no_args_is_help=True, help="Ongoing synchronisation: begin, pause, go on.")

Name = Annotated[str, typer.Argument(help="Instance, or tenant/instance.")]
_QUESTION = "Are the Salesforce triggers and billing's event publishing switched on again?"


@contextmanager
def _acting(door: Door, instance: Instance) -> Iterator[None]:
    """What the life cycle does not know is told as what it is: a wrong moment."""
    try:
        yield
    except TransitionError:
        state = live_of(door, instance.pk).state
        show.stop(f"{instance.name} is {state}: this cannot be done now.", code=show.Exit.USAGE)


@sync.command()
def start(
    name: Name,
    *,
    switched_on: Annotated[bool, typer.Option(help="Triggers and event publishing are on again.")] = False,
    as_json: show.Json = False,
) -> None:
    """Begin to keep both sides in step after a successful load, once everything it needs is found to be there."""
    with show.clear_errors():
        store.setup()
        door, instance = instances.find(name)
        confirmed = switched_on or (sys.stdin.isatty() and typer.confirm(_QUESTION))
        with _acting(door, instance):
            try:
                checks, ready = control.go_live(door, instance, getpass.getuser(), confirmed=confirmed), True
            except control.NotReadyError as error:
                checks, ready = error.checks, False
    told = [asdict(check) for check in checks]
    if as_json:
        show.as_json({"state": live_of(door, instance.pk).state, "started": ready, "checks": told})
    else:
        show_checks(told)
        show.out.print(f"{name} is live." if ready else f"{name} cannot go live yet.")
    raise typer.Exit(show.Exit.OK if ready else show.Exit.FAILED)


@sync.command()
def pause(name: Name, *, as_json: show.Json = False) -> None:
    """Stop delivering until it is resumed; what happens meanwhile is not lost."""
    _moved(name, control.pause, as_json=as_json)


@sync.command()
def resume(name: Name, *, as_json: show.Json = False) -> None:
    """Go on delivering where it was paused."""
    _moved(name, control.resume, as_json=as_json)


def _moved(name: str, move: Callable[[Door, Instance, str], None], *, as_json: bool) -> None:
    with show.clear_errors():
        store.setup()
        door, instance = instances.find(name)
        with _acting(door, instance):
            move(door, instance, getpass.getuser())
    state = live_of(door, instance.pk).state
    if as_json:
        show.as_json({"state": state})
    else:
        show.out.print(f"{name} is {state}.")
