"""``salesbridge event-mapping``: which events of billing appear in Salesforce, and how."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from salesbridge import store
from salesbridge.cli import show
from salesbridge.engine import instances
from salesbridge.engine.live.site import Site
from salesbridge.engine.surface import outbox, subscribing
from salesbridge.engine.surface.preview import Preview, preview
from salesbridge.sync.event_mapping import EventMapping, read
from salesbridge.sync.subscriptions import Subscriptions

app = typer.Typer(no_args_is_help=True, help="Events of billing that appear in Salesforce, and how each is mapped.")

Of = Annotated[str, typer.Argument(help="Instance, or tenant/instance.")]
Type = Annotated[str, typer.Argument(help="Event type as billing writes it, such as switch-loss-started.")]
Types = Annotated[list[str], typer.Argument(help="Event types as billing writes them.")]


@app.command("list")
def list_events(
    instance: Of,
    *,
    every: Annotated[bool, typer.Option("--all", help="Also events that are not subscribed.")] = False,
    as_json: show.Json = False,
) -> None:
    """List the subscribed events, and whether each has a mapping."""
    with show.clear_errors():
        store.setup()
        door, found = instances.find(instance)
        kept = outbox.subscriptions(found)
        counts = outbox.counts(door, found.pk)
    types = kept.known if every else sorted(kept.types)
    rows = [(name, "yes" if name in kept.types else "no", origin(kept, name)) for name in types]
    if as_json:
        facts = [{"type": name, "subscribed": name in kept.types, "mapping": origin(kept, name)} for name in types]
        show.as_json({"events": facts, "waiting": counts.get("waiting", 0), "held": counts.get("held", 0)})
        return
    show.table({"Event": "name", "Subscribed": "left", "Mapping": "left"}, rows)
    if counts:
        told = ", ".join(f"{count:,} {state}" for state, count in counts.items())
        show.out.print(f"Not published yet: {told}. What is held: salesbridge problems list")


@app.command("show")
def show_mapping(instance: Of, event: Type, *, as_json: show.Json = False) -> None:
    """Show the event mapping of an event in its JSON form, which ``set`` takes."""
    with show.clear_errors():
        store.setup()
        _, found = instances.find(instance)
        kept = outbox.subscriptions(found)
    mapping = kept.mapping(event)
    if mapping is None:
        show.stop(
            show.plain(f"{event} has no event mapping."),
            show.plain(f"Give it one: salesbridge event-mapping set {instance} {event} FILE"),
            show.Exit.USAGE,
        )
    if not as_json:
        show.err.print(f"{show.plain(event)}: {_words(kept, event)}", soft_wrap=True)
    show.as_json(mapping.form())


@app.command("set")
def set_mapping(
    instance: Of,
    event: Type,
    file: Annotated[
        typer.FileText | None, typer.Argument(help="JSON file with the event mapping, or - for standard input.")
    ] = None,
    *,
    default: Annotated[bool, typer.Option("--default", help="Go back to the default mapping.")] = False,
    as_json: show.Json = False,
) -> None:
    """Give an event a mapping; what is held for it is published at once."""
    if (file is None) != default:
        show.stop("Give a file, or --default.", code=show.Exit.USAGE)
    with show.clear_errors():
        store.setup()
        door, found = instances.find(instance)
        mapping = read(file.read()) if file is not None else None
        kept = subscribing.give(door, found, event, mapping, getpass.getuser())
    _tell(kept, [event], as_json=as_json)


@app.command("subscribe")
def subscribe(instance: Of, events: Types, *, as_json: show.Json = False) -> None:
    """Let events appear in Salesforce from now on."""
    with show.clear_errors():
        store.setup()
        door, found = instances.find(instance)
        kept = outbox.subscriptions(found)
        for event in events:
            kept = subscribing.subscribe(door, found, event, getpass.getuser())
    _tell(kept, events, as_json=as_json)


@app.command("unsubscribe")
def unsubscribe(instance: Of, events: Types, *, as_json: show.Json = False) -> None:
    """Let events appear in Salesforce no more; those that are not published yet are let go."""
    with show.clear_errors():
        store.setup()
        door, found = instances.find(instance)
        kept = outbox.subscriptions(found)
        for event in events:
            kept = subscribing.unsubscribe(door, found, event, getpass.getuser())
    _tell(kept, events, as_json=as_json)


@app.command("preview")
def show_preview(
    instance: Of,
    event: Type,
    *,
    mapping: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Try this mapping; nothing is kept.")
    ] = None,
    as_json: show.Json = False,
) -> None:
    """Show what the event of this type that was heard last becomes in Salesforce; a made-up one if there was none."""
    with show.clear_errors():
        store.setup()
        door, found = instances.find(instance)
        tried = read(mapping.read_text(encoding="utf-8")) if mapping else outbox.subscriptions(found).mapping(event)
        made = preview(Site(door, found, door.tenant), event, tried)
    if as_json:
        show.as_json(_as_dict(made))
    else:
        _tell_preview(made)
    if made.problem:
        raise typer.Exit(show.Exit.FAILED)


def origin(kept: Subscriptions, event: str) -> str:
    """Where the mapping of an event comes from."""
    if event in kept.own:
        return "own"
    return "default" if kept.mapping(event) is not None else "missing"


def _words(kept: Subscriptions, event: str) -> str:
    subscribed = "subscribed" if event in kept.types else "not subscribed"
    return f"{subscribed}, {origin(kept, event)} mapping"


def _tell(kept: Subscriptions, events: list[str], *, as_json: bool) -> None:
    if as_json:
        show.as_json({name: _facts(kept, name) for name in (event.strip() for event in events)})
        return
    for event in (event.strip() for event in events):
        show.out.print(f"{show.plain(event)}: {_words(kept, event)}.", soft_wrap=True)
        if event in kept.types and kept.mapping(event) is None:
            show.out.print("Until it has a mapping, its events are held and a problem tells it.")


def _facts(kept: Subscriptions, event: str) -> dict[str, Any]:
    mapping: EventMapping | None = kept.mapping(event)
    return {
        "subscribed": event in kept.types,
        "mapping": origin(kept, event),
        "form": mapping.form() if mapping else None,
    }


def _as_dict(made: Preview) -> dict[str, Any]:
    return {
        "event": {"id": made.event.event_id, "type": made.event.type, "data": made.event.data},
        "heard_at": made.heard_at, "fields": dict(made.fields), "problem": made.problem or None,
        "mend": made.mend or None,
    }  # fmt: skip


def _tell_preview(made: Preview) -> None:
    heard = f"heard {show.ago(made.heard_at, datetime.now(UTC))}" if made.heard_at else "made up: none was heard yet"
    show.out.print(show.plain(f"{made.event.type}, {heard}: {json.dumps(made.event.data)}"), soft_wrap=True)
    if made.problem:
        show.err.print(f"[bold red]Not published:[/] {show.plain(made.problem)}", soft_wrap=True)
        show.err.print(f"[bold]What to do:[/] {show.plain(made.mend)}", soft_wrap=True)
        return
    show.table({"Gentrack_Event__e": "name", "Value": "left"}, list(made.fields.items()))
