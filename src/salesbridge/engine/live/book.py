"""Writing down what became of a batch: links, outcomes, parked records and problems in one transaction.

Values that are going to be replaced are written down before they are: after that, nobody could tell them any more.

The lease is checked in the same transaction, so a worker that lost it while it was away changes nothing. Other systems
may have been written to by then; the next worker reads both sides and finds that done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from salesbridge.engine.live.act import Deed, refusal_of
from salesbridge.engine.live.points import point
from salesbridge.engine.live.site import Site
from salesbridge.model import Side
from salesbridge.store.changes import Outcome, write_outcomes
from salesbridge.store.journal import LIVE, raise_problem
from salesbridge.store.leases import Fence
from salesbridge.store.live_links import Linked, keep_links, unlink
from salesbridge.store.models import Change, Conflict, Parked, Problem
from salesbridge.sync.decide import FIGHT_WINDOW
from salesbridge.sync.decision import SENTENCES, Reason, Verdict
from salesbridge.sync.parking import Hold, hold_of, pause, tell

_HOLDS: Mapping[Reason, Hold] = {Reason.UNCOMMITTED: Hold.UNCOMMITTED, Reason.PARENT: Hold.PARENT}
#: Problem kinds of records, as problems list them.
REFUSED, ASKED = "record refused", "record needs a decision"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a record waits.

    Args:
        hold: How.
        code: Error code or reason.
        message: What was said.
        mend: What to do.
        asked_for: What the other side asked us to wait.
    """

    hold: Hold
    code: str
    message: str
    mend: str
    asked_for: timedelta | None = None


def write_down(site: Site, fence: Fence, deeds: Sequence[Deed], now: datetime) -> None:
    """Write down what became of a batch.

    Raises:
        FencedError: Another worker holds the lease; nothing was written.
    """
    waiting = {deed.view.record: _waiting(deed) for deed in deeds}
    point("before the commit")
    with transaction.atomic():
        fence.hold()
        settled = [deed for deed in deeds if waiting[deed.view.record] is None]
        _keep(site, deeds, now)
        _outcomes(site, deeds, waiting)
        _release(site, settled)
        for deed in deeds:
            why = waiting[deed.view.record]
            if why is not None:
                _park(site, deed, why, now)
        _wake_children(site, deeds, now)
    point("after the commit")


def tell_lost(site: Site, fence: Fence, deeds: Sequence[Deed]) -> None:
    """Write down what people entered and is about to be replaced.

    A worker that dies after the write, or never hears its answer, leaves both sides equal: its successor finds no
    trace of what was replaced.

    Raises:
        FencedError: Another worker holds the lease; nothing was written.
    """
    if not any(deed.decision.lost for deed in deeds):
        return
    point("before telling what is lost")
    with transaction.atomic():
        fence.hold()
        _conflicts(site, deeds)
    point("after telling what is lost")


def _waiting(deed: Deed) -> Waiting | None:
    unreadable, decision = deed.view.refused, deed.decision
    refusal = deed.refusal or (refusal_of(unreadable) if unreadable is not None else None)
    if refusal is not None:
        asked = timedelta(seconds=refusal.retry_after) if refusal.retry_after else None
        return Waiting(hold_of(refusal.kind), refusal.code, refusal.message, refusal.mend, asked)
    if decision.verdict in {Verdict.WAIT, Verdict.ASK} or decision.fighting:
        reason = Reason.FIGHTING if decision.fighting else decision.reason
        hold = _HOLDS.get(reason, Hold.PERSON)
        return Waiting(hold, reason.name, _told(deed, reason), SENTENCES[reason])
    return None


def _told(deed: Deed, reason: Reason) -> str:
    if deed.decision.waits_for is not None:
        entity, key = deed.decision.waits_for
        return f"{entity} {key} is not linked yet"
    if reason is Reason.FIGHTING:
        return f"{', '.join(deed.decision.fighting)}: {reason.value}"
    return reason.value


def _keep(site: Site, deeds: Iterable[Deed], now: datetime) -> None:
    keep, gone = [], []
    for deed in deeds:
        entity, key = deed.view.record
        if deed.decision.unlink and deed.view.link is not None:
            gone.append((entity, deed.view.link.billing_key))
        elif _both_there(deed):
            agreed = deed.decision.agreed(frozenset(deed.written))
            sfid = deed.salesforce_id or getattr(deed.view.salesforce, "id", "")
            link = Linked(entity, key, sfid, agreed, _restored(deed, now))
            if deed.view.link is None or not _says_the_same(deed.view.link, link):
                keep.append(link)
    keep_links(site.door, site.instance.pk, keep)
    unlink(site.door, site.instance.pk, gone)


def _says_the_same(kept: Linked, link: Linked) -> bool:
    same = kept.salesforce_id == link.salesforce_id and kept.restored == link.restored
    return same and all(name in kept.agreed and kept.agreed[name] == cell for name, cell in link.agreed.items())


def _both_there(deed: Deed) -> bool:
    """Whether the record is on both sides now, the external id in Salesforce included."""
    if deed.decision.verdict is Verdict.ASK and not deed.decision.fighting:
        return False
    created = {write.side for write in deed.decision.writes if write.create}
    if created:
        return created <= deed.written
    return deed.view.billing is not None and hasattr(deed.view.salesforce, "id")


def _restored(deed: Deed, now: datetime) -> dict[str, Any]:
    """Columns put back just now or a short while ago, with how often."""
    kept: dict[str, Any] = dict(deed.view.link.restored) if deed.view.link is not None else {}
    fresh = {n: v for n, v in kept.items() if now - datetime.fromisoformat(v[2]) <= FIGHT_WINDOW}
    if not deed.written:
        return fresh
    for name, cell in deed.decision.restored.items():
        known = fresh.get(name, [cell, 0, now.isoformat()])
        fresh[name] = [cell, known[1] + 1, known[2]] if known[0] == cell else [cell, 1, now.isoformat()]
    return fresh


def _outcomes(site: Site, deeds: Sequence[Deed], waiting: Mapping[tuple[str, str], Waiting | None]) -> None:
    outcomes: list[Outcome] = []
    for deed in deeds:
        folded, record = deed.view.folded, deed.view.record[1]
        why = waiting[deed.view.record]
        if why is not None:
            story = _story(deed)
            outcomes += [Outcome(n, "parked", why.code[:60], record, story=story) for n in folded.numbers]
            continue
        last = "applied" if deed.written or deed.decision.unlink else "unchanged"
        outcomes += [Outcome(n, "superseded", "answered together", record, folded.last) for n in folded.superseded]
        outcomes.append(Outcome(folded.last, last, deed.decision.reason.value, record, story=_story(deed)))
    write_outcomes(site.door, site.instance.pk, outcomes)


def _story(deed: Deed) -> dict[str, Any]:
    """What people are told of a decision: each column with its rule, what was written where, what was refused."""
    moves = [
        {"field": m.name, "rule": m.rule, "master": m.master, "to": m.to, "base": m.base, "billing": m.billing,
         "salesforce": m.salesforce}
        for m in deed.decision.moves
    ]  # fmt: skip
    story: dict[str, Any] = {"fields": moves} if moves else {}
    if deed.written:
        story["written"] = {w.side.value: dict(w.cells) for w in deed.decision.writes if w.side in deed.written}
        story["created"] = [w.side.value for w in deed.decision.writes if w.create and w.side in deed.written]
    if deed.refusal is not None:
        story["refusal"] = {"code": deed.refusal.code, "message": deed.refusal.message, "mend": deed.refusal.mend}
    return story


def _conflicts(site: Site, deeds: Iterable[Deed]) -> None:
    """Values that did not prevail, told once each."""
    entered = [(deed, lost) for deed in deeds for lost in deed.decision.lost]
    if not entered:
        return
    rows = site.door.rows(Conflict)
    numbers = {deed.view.folded.last for deed, _ in entered}
    told = rows.filter(instance=site.instance, number__in=numbers)
    known = set(told.values_list("number", "field", "side", "lost"))
    rows.bulk_create(
        rows.new(
            instance=site.instance, entity=deed.view.record[0], record=deed.view.record[1], field=lost.name,
            side=lost.side, base=lost.base, lost=lost.lost, won=lost.won, both=lost.both,
            number=deed.view.folded.last, by=_who(deed, lost.side),
        )
        for deed, lost in {(d.view.folded.last, x.name, x.side, x.lost): (d, x) for d, x in entered}.values()
        if (deed.view.folded.last, lost.name, lost.side.value, lost.lost) not in known
    )  # fmt: skip


def _who(deed: Deed, side: Side) -> str:
    """Who entered a value on a side last, as far as that side told."""
    return next((c.by for c in reversed(deed.view.folded.changes) if c.by and c.side is side), "")


def _release(site: Site, settled: Sequence[Deed]) -> None:
    """What waited and no longer does: its place in the car park and its problem go."""
    names = _names(settled)
    if not names:
        return
    asked = Q()
    for entity, records in _grouped(names).items():
        asked |= Q(entity=entity, record__in=records)
    there = site.door.rows(Parked).filter(asked, instance=site.instance)
    if there.exists():
        there.delete()
        _solve(site, names)
        _settle_others(site, settled)


def _settle_others(site: Site, settled: Sequence[Deed]) -> None:
    """Changes that waited under the name a record had before it was linked are answered by the same decision."""
    for deed in settled:
        others = {change.record for change in deed.view.heard if change.record} - {deed.view.record[1]}
        if others:
            site.door.rows(Change).filter(
                instance=site.instance, entity=deed.view.record[0], record__in=others, outcome="parked"
            ).update(outcome="superseded", superseded_by=deed.view.folded.last)


def _solve(site: Site, names: Iterable[tuple[str, str]]) -> None:
    for entity, records in _grouped(names).items():
        site.door.problems.filter(
            instance=site.instance, kind__in=(REFUSED, ASKED), entity=entity, key__in=records, state__in=LIVE
        ).update(state=Problem.State.SOLVED)


def _names(deeds: Iterable[Deed]) -> list[tuple[str, str]]:
    named = {deed.view.record for deed in deeds}
    named |= {(deed.view.record[0], change.record) for deed in deeds for change in deed.view.heard if change.record}
    return sorted(named)


def _grouped(names: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entity, record in names:
        found.setdefault(entity, []).append(record)
    return found


def _park(site: Site, deed: Deed, why: Waiting, now: datetime) -> None:
    entity, record = deed.view.record
    rows = site.door.rows(Parked)
    former = {change.record for change in deed.view.heard if change.record} - {record}
    if former:
        rows.filter(instance=site.instance, entity=entity, record__in=former).delete()
    parked, new = rows.get_or_create(
        instance=site.instance, entity=entity, record=record, defaults={"hold": why.hold, "since": now, "looks": 1}
    )
    if not new:
        parked.looks = parked.looks + 1 if parked.hold == why.hold else 1
    parked.hold, parked.code, parked.message, parked.mend = why.hold, why.code[:100], why.message, why.mend
    parked.waits_for_entity, parked.waits_for_key = deed.decision.waits_for or ("", "")
    parked.next_at = now + pause(why.hold, parked.looks, why.asked_for)
    parked.save()
    if tell(why.hold, parked.looks):
        kind = ASKED if why.hold is Hold.PERSON else REFUSED
        raise_problem(
            site.door, kind, f"{entity} {record}: {why.message}", instance_id=site.instance.pk, entity=entity,
            key=record, cause=why.code, mend=why.mend,
        )  # fmt: skip


def _wake_children(site: Site, deeds: Iterable[Deed], now: datetime) -> None:
    """Records that waited for one that is linked now are looked at at once."""
    keys = [deed.view.record[1] for deed in deeds if _both_there(deed)]
    if keys:
        site.door.rows(Parked).filter(
            instance=site.instance, waits_for_key__in=keys, next_at__gt=now
        ).update(next_at=now)  # fmt: skip
