"""``salesbridge activity`` and ``salesbridge conflicts``: what happened to records, and whose value did not prevail."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from salesbridge import store
from salesbridge.cli import show
from salesbridge.engine import instances
from salesbridge.engine.live.names import known
from salesbridge.engine.live.site import Site
from salesbridge.engine.live.story import Entry, Story, conflict_facts, story
from salesbridge.engine.live.words import spelt
from salesbridge.store.door import Door
from salesbridge.store.models import Conflict, Instance

conflicts = typer.Typer(no_args_is_help=True, help="Values that somebody entered and that did not prevail.")

Of = Annotated[str | None, typer.Option("--instance", help="Instance, or tenant/instance; all when not given.")]


def activity(
    record: Annotated[str, typer.Argument(help="External id, Salesforce id, or Object:key such as Account:1001.")],
    *,
    instance: Of = None,
    as_json: show.Json = False,
) -> None:
    """Tell the whole story of one record: who changed what, which rule decided, what was written where."""
    with show.clear_errors():
        store.setup()
        told = [(found, story(site, record)) for found, site in _sites(instance)]
    told = [(found, each) for found, each in told if each.entries or each.links]
    if not told:
        show.stop(
            show.plain(f"Nothing is known of {record!r}."), "Give its external id or Salesforce id.", show.Exit.USAGE
        )
    if as_json:
        show.as_json([_as_dict(found, each) for found, each in told])
        return
    for found, each in told:
        _tell(found, each)


def _sites(instance: str | None) -> list[tuple[Instance, Site]]:
    if instance is not None:
        doors = [instances.find(instance)]
    else:
        rows = Door.operator(reason="find a record for the operator at the command line").instances.order_by("name")
        doors = [(Door(row.tenant_id), row) for row in rows]
    return [(found, Site(door, found, door.tenant)) for door, found in doors]


def _as_dict(instance: Instance, each: Story) -> dict[str, Any]:
    links = [
        {"entity": link.entity, "billing_key": link.billing_key, "salesforce_id": link.salesforce_id,
         "agreed": link.agreed}
        for link in each.links
    ]  # fmt: skip
    entries = [
        {"at": e.at, "what": e.what, "entity": e.record[0], "record": e.record[1], "number": e.number or None,
         "text": list(e.lines), **e.facts}
        for e in each.entries
    ]  # fmt: skip
    return {"instance": instance.name, "names": each.names, "links": links, "entries": entries}


def _tell(instance: Instance, each: Story) -> None:
    for link in each.links:
        tie = f"{link.entity} {link.billing_key} = {link.salesforce_id} at {instance.name}"
        show.out.print(f"[bold]{show.plain(tie)}[/]", soft_wrap=True)
    if not each.links:
        show.out.print(f"[bold]Not linked at {show.plain(instance.name)}[/]")
    for entry in each.entries:
        _tell_entry(entry)


def _tell_entry(entry: Entry) -> None:
    first, *rest = entry.lines
    number = f"change {entry.number}" if entry.number else ""
    show.out.print(
        f"{show.moment(entry.at)}  {entry.what:<8}  {number:<12} [bold]{entry.record[0]}[/]  {show.plain(first)}",
        soft_wrap=True,
    )
    for line in rest:
        show.out.print(f"{'':33}{show.plain(line)}", soft_wrap=True)


@conflicts.command("list")
def list_conflicts(
    *,
    instance: Of = None,
    record: Annotated[str | None, typer.Option(help="External id, Salesforce id, or Object:key.")] = None,
    limit: Annotated[int, typer.Option(help="Most conflicts to list, the latest first.", min=1)] = 100,
    as_json: show.Json = False,
) -> None:
    """List values that did not prevail: who entered them where, and what both sides have instead."""
    with show.clear_errors():
        store.setup()
        found = [(of, row) for of, site in _sites(instance) for row in _conflicts(site, record, limit)]
    found = sorted(found, key=lambda pair: pair[1].at, reverse=True)[:limit]
    if as_json:
        show.as_json([{"instance": of.name, **conflict_facts(row)} for of, row in found])
        return
    if not found:
        show.out.print("No conflicts.")
        return
    columns = {
        "When": "name", "Instance": "left", "Record": "left", "Field": "left", "Entered in": "left", "By": "left",
        "Lost": "left", "Won": "left", "Before": "left", "Why": "left",
    }  # fmt: skip
    show.table(columns, [(show.moment(row.at), of.name, *_cells(row)) for of, row in found])


def _cells(row: Conflict) -> tuple[str, ...]:
    why = "both sides changed it" if row.both else f"{row.side} is not master"
    name = f"{row.entity} {row.record}"
    return (name, row.field, row.side, row.by, spelt(row.lost), spelt(row.won), spelt(row.base), why)


def _conflicts(site: Site, record: str | None, limit: int) -> list[Conflict]:
    rows = site.door.rows(Conflict).filter(instance=site.instance)
    if record is not None:
        names = known(site, record)
        rows = rows.filter(entity__in=names.entities, record__in=names.names)
    return list(rows.order_by("-at")[:limit])
