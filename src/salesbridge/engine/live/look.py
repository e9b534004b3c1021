"""Reading both sides of the records that changes speak of: what is decided on is read after it was heard.

Salesforce is read by a few queries for all records together; billing, whose reads cost no allowance, record by record
on several threads. Both are read before anything is written, so a write whose outcome was unknown is read back here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from salesbridge.engine.live.billing_rows import read_billing
from salesbridge.engine.live.org_rows import OrgRows, Read
from salesbridge.engine.live.seen import billing_seen
from salesbridge.engine.live.site import Site
from salesbridge.model import RecordRefusedError, Side
from salesbridge.store.changes import Heard, behind
from salesbridge.store.links import salesforce_ids
from salesbridge.store.live_links import Linked, links_by_id, links_by_key
from salesbridge.sync.change import Change, Gone, Link, Op, Origin, Seen, Tries
from salesbridge.sync.decide import Facts
from salesbridge.sync.fold import Folded, fold

#: A record: its entity, and its external id or, before it has one, its Salesforce id.
Record = tuple[str, str]
#: Changes that billing told by itself; whoever compares both sides wants both to be read.
_HEARD = frozenset({Origin.EVENT, Origin.POLL})
#: How the ids of records begin that billing's are made for (Salesforce, "Standard Field Record ID Prefix Decoder").
_PREFIXES: Mapping[str, str] = {"Account": "001", "Contact": "003"}
_ID_LENGTH = 18


@dataclass(slots=True)
class View:
    """What is known of a record.

    Args:
        record: The record.
        folded: What was said about it.
        heard: The same as it stands in the journal.
        link: What ties the two sides.
        salesforce: The record in Salesforce.
        billing: The record in billing.
        raw: Billing's record as it was read.
        refused: Why a side's values cannot be carried over.
    """

    record: Record
    folded: Folded
    heard: tuple[Heard, ...] = ()
    link: Linked | None = None
    salesforce: Seen | Gone | None = None
    billing: Seen | None = None
    raw: Mapping[str, Any] | None = None
    refused: RecordRefusedError | None = None
    parents: tuple[Record, ...] = field(default=())


def look(site: Site, heard: Sequence[Heard], now: datetime) -> list[View]:
    """Read both sides of every record that the changes speak of.

    Args:
        site: The instance.
        heard: Changes, and whatever waits behind the same records.
        now: The moment.

    Raises:
        SalesforceError: Salesforce refuses or does not answer.
        BillingError: The billing system refuses or does not answer.
    """
    door, instance_id = site.door, site.instance.pk
    by_id = links_by_id(door, instance_id, _keys(heard, Side.SALESFORCE))
    by_key = links_by_key(door, instance_id, _keys(heard, Side.BILLING))
    rows = OrgRows(site)
    rows.read(_keys(heard, Side.SALESFORCE))
    names = {change.number: _name(rows, by_id, change) for change in heard}
    views = _views(site, heard, names)
    known = {(x.entity, x.billing_key): x for x in (*by_key.values(), *by_id.values())}
    known |= links_by_key(door, instance_id, [record for record in views if record not in known])
    for record, view in views.items():
        view.link = known.get(record)
    _read_billing(site, list(views.values()), now)
    _read_salesforce(rows, list(views.values()))
    return list(views.values())


def _read_salesforce(rows: OrgRows, views: Iterable[View]) -> None:
    """Read Salesforce's side of all records of which billing said anything new."""
    asked = []
    for view in views:
        if view.link is not None and _nothing_new(view, view.link):
            view.salesforce = Seen(view.link.agreed, view.link.billing_key, view.link.salesforce_id)
        else:
            asked.append(view)
    rows.read({(view.record[0], view.link.salesforce_id) for view in asked if view.link is not None})
    rows.read({name for view in asked if (name := _referenced(view)) is not None})
    rows.find([v.record for v in asked if v.link is None and any(c.side is Side.BILLING for c in v.folded.changes)])
    for view in asked:
        _put_salesforce(rows, view)


def _nothing_new(view: View, link: Linked) -> bool:
    """Whether billing, which alone was heard of, holds what both sides agreed on: as when our own write is heard.

    Salesforce is not asked then, because its calls are counted; what changes there makes itself heard.
    """
    if view.billing is None or link.restored or any(change.record for change in view.heard):
        return False
    heard = all(c.side is Side.BILLING and c.op is Op.SAVE and c.origin in _HEARD for c in view.folded.changes)
    return heard and all(name in link.agreed and link.agreed[name] == x for name, x in view.billing.cells.items())


def _keys(heard: Iterable[Heard], side: Side) -> list[Record]:
    return list(dict.fromkeys((change.entity, change.key) for change in heard if change.side == side))


def _name(rows: OrgRows, by_id: Mapping[Record, Linked], change: Heard) -> Record:
    """The record a change is about."""
    if change.side == Side.BILLING:
        return change.entity, change.key
    link = by_id.get((change.entity, change.key))
    if link is not None:
        return change.entity, link.billing_key
    return change.entity, rows.key_of((change.entity, change.key)) or change.key


def _views(site: Site, heard: Sequence[Heard], names: Mapping[int, Record]) -> dict[Record, View]:
    """One view a record, with what has been waiting behind it."""
    waiting = [c for c in behind(site.door, site.instance.pk, list({*names.values()})) if c.number not in names]
    named = {**names, **{change.number: (change.entity, change.record) for change in waiting}}
    everything = sorted([*heard, *waiting], key=lambda change: change.number)
    folded = fold((named[change.number], change.number, said(change)) for change in everything)
    views = {record: View(record, found) for record, found in folded.items()}
    for change in everything:
        view = views[named[change.number]]
        view.heard = (*view.heard, change)
    return views


def said(change: Heard) -> Change:
    """A change of the journal as decisions know it."""
    return Change(
        Side(change.side), change.entity, change.key, Op(change.op), change.at, change.before, change.after, change.by,
        change.ours, Origin(change.origin),
    )  # fmt: skip


def _put_salesforce(rows: OrgRows, view: View) -> None:
    """Salesforce's record: the one it is linked to, else the one it was heard of or found by."""
    heard = [(c.entity, c.key) for c in view.folded.changes if c.side is Side.SALESFORCE]
    linked = [(view.record[0], view.link.salesforce_id)] if view.link is not None else []
    rows.read({*linked, *heard})
    candidates = [rows.get(name) for name in (*linked, *heard)] + [rows.found(view.record), _adopted(rows, view)]
    there = [read for read in candidates if isinstance(read, Seen | RecordRefusedError)]
    claimant = next((r for r in there if view.link and isinstance(r, Seen) and r.id != view.link.salesforce_id), None)
    read: Read = claimant if claimant is not None and not _gone(rows, view) else next(iter(there), None)
    read = read or next((gone for gone in candidates if isinstance(gone, Gone)), None)
    if isinstance(read, RecordRefusedError):
        view.refused = read
    else:
        view.salesforce = read


def _referenced(view: View) -> Record | None:
    """The Salesforce record that billing's unlinked record was made for: whoever made it gave its id as reference."""
    prefix = _PREFIXES.get(view.record[0])
    reference = str((view.raw or {}).get("external_reference") or "")
    made_for_it = view.link is None and prefix is not None and reference.startswith(prefix)
    return (view.record[0], reference) if made_for_it and len(reference) == _ID_LENGTH else None


def _adopted(rows: OrgRows, view: View) -> Read:
    """That record, as long as it carries no number yet: the worker that made billing's did not come to write it."""
    name = _referenced(view)
    read = rows.get(name) if name is not None else None
    return read if isinstance(read, Seen) and read.key is None else None


def _gone(rows: OrgRows, view: View) -> bool:
    return view.link is not None and not isinstance(rows.get((view.record[0], view.link.salesforce_id)), Seen)


def _read_billing(site: Site, views: Sequence[View], now: datetime) -> None:
    asked = [view for view in views if view.link is not None or _may_be_in_billing(view)]
    wanted: dict[tuple[str, str], datetime | None] = {}
    for view in asked:
        name = site.entities[view.record[0]].record, view.record[1]
        wanted[name] = wanted.get(name) or _told_by_billing(view)
    found = read_billing(site, wanted)
    for view in asked:
        entity = site.entities[view.record[0]]
        view.raw = found[entity.record, view.record[1]]
        if view.raw is not None:
            try:
                view.billing = billing_seen(
                    site.transforms[entity.name], view.raw, site.today(now), site.scales[entity.name]
                )
            except RecordRefusedError as refusal:
                view.refused = refusal


def _told_by_billing(view: View) -> datetime | None:
    """When billing said that the record changed, if it did."""
    told = [c.at for c in view.folded.changes if c.side is Side.BILLING and c.at and c.op is Op.SAVE]
    return max(told, default=None)


def _may_be_in_billing(view: View) -> bool:
    """Whether the record has a name by which billing could know it."""
    return view.record[1] not in {change.key for change in view.folded.changes if change.side is Side.SALESFORCE}


def facts_of(site: Site, views: Sequence[View], now: datetime) -> list[Facts]:
    """What decisions need, with the parents that are linked looked up for all records together."""
    wanted: dict[str, set[str]] = {}
    for view in views:
        for parent_entity, key in _parents(site, view):
            wanted.setdefault(parent_entity, set()).add(key)
    linked = {
        (entity, key)
        for entity, keys in wanted.items()
        for key in salesforce_ids(site.door, site.instance.pk, entity, list(keys))
    }
    return [_facts(site, view, frozenset(_parents(site, view) & linked), now) for view in views]


def _parents(site: Site, view: View) -> set[Record]:
    sides = [seen.cells for seen in (view.salesforce, view.billing) if isinstance(seen, Seen)]
    parents = site.entities[view.record[0]].parents
    named = ((parent.entity, cells.get(parent.column)) for parent in parents for cells in sides)
    return {(entity, key) for entity, key in named if key is not None}


def _facts(site: Site, view: View, linked: frozenset[Record], now: datetime) -> Facts:
    return Facts(
        view.folded.changes, view.salesforce, view.billing, _link(view.link), linked, now,
        site.unwritable[view.record[0]], site.policy,
    )  # fmt: skip


def _link(kept: Linked | None) -> Link | None:
    if kept is None:
        return None
    restored = {n: Tries(cell, count, datetime.fromisoformat(at)) for n, (cell, count, at) in kept.restored.items()}
    return Link(kept.billing_key, kept.salesforce_id, kept.agreed, restored)
