"""Deciding on what was read, with what other records show of the same values where that matters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from salesbridge.engine.live.look import View, facts_of
from salesbridge.engine.live.points import point
from salesbridge.engine.live.seen import claimed
from salesbridge.engine.live.site import Site
from salesbridge.model import EXTERNAL_ID, Side
from salesbridge.model.shared import ACCOUNT, CONTACT, SHARED, shared_columns
from salesbridge.store.live_links import links_by_key
from salesbridge.sync.change import Cells, Seen
from salesbridge.sync.decide import Facts, decide
from salesbridge.sync.decision import Decision, Reason, Verdict
from salesbridge.sync.merge import Rule
from salesbridge.sync.siblings import changing

_RELATION = "AccountContactRelation"
_REFUSED = Decision(Verdict.NOTHING, Reason.LEFT)


def decided(site: Site, views: Sequence[View], now: datetime) -> list[Decision]:
    """What is to be done about each record.

    Raises:
        SalesforceError: Salesforce refuses or does not answer.
    """
    facts = facts_of(site, views, now)
    decisions = [_decision(site, view, known) for view, known in zip(views, facts, strict=True)]
    doubtful = [at for at, view in enumerate(views) if _may_follow(view, decisions[at])]
    if doubtful:
        siblings = _siblings(site, [views[at] for at in doubtful])
        for at in doubtful:
            found = siblings.get(_id(views[at]), [])
            entity = site.entities[views[at].record[0]]
            known = replace(facts[at], siblings=tuple(held for held, _ in found), changing=changing(entity, found))
            decisions[at] = _decision(site, views[at], known)
    return decisions


def _decision(site: Site, view: View, facts: Facts) -> Decision:
    """A record whose values cannot be carried over waits for them to be corrected, whatever else holds of it."""
    return _REFUSED if view.refused is not None else decide(site.entities[view.record[0]], facts)


def _may_follow(view: View, decision: Decision) -> bool:
    """Whether a value would be put back that another record shows too."""
    shared = shared_columns(view.record[0])
    put_back = {
        m.name for m in decision.moves if m.rule in {Rule.RESTORED, Rule.FIGHTING} and m.master is Side.SALESFORCE
    }
    return bool(shared & put_back) and bool(_id(view))


def _id(view: View) -> str:
    return view.salesforce.id if isinstance(view.salesforce, Seen) else ""


def _siblings(site: Site, views: Sequence[View]) -> dict[str, list[tuple[Cells, Cells]]]:
    """What related records show and what was agreed on of them, by the Salesforce id of the record that follows."""
    found: dict[str, list[tuple[Cells, Cells]]] = {}
    for entity, other in ((ACCOUNT, CONTACT), (CONTACT, ACCOUNT)):
        ours = {_id(view): view for view in views if view.record[0] == entity}
        rows = [(sfid, row) for sfid, row in _related(site, entity, other, list(ours)) if row.get(EXTERNAL_ID)]
        links = links_by_key(site.door, site.instance.pk, {(other, str(row[EXTERNAL_ID])) for _, row in rows})
        for sfid, row in rows:
            link = links.get((other, str(row[EXTERNAL_ID])))
            if link is not None and _is_sibling(entity, ours[sfid], row):
                found.setdefault(sfid, []).append((claimed(site.entities[other], row), link.agreed))
    return found


def _related(site: Site, entity: str, other: str, ids: list[str]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    if not ids or _RELATION not in site.entities:
        return
    names = list(SHARED) if other == ACCOUNT else [name for columns in SHARED.values() for name in columns]
    select = [f"{entity}Id", f"{other}.{EXTERNAL_ID}", *(f"{other}.{name}" for name in names)]
    point("before reading siblings")
    for row in site.salesforce.query_in(_RELATION, select, f"{entity}Id", ids):
        yield str(row[f"{entity}Id"]), row[other] or {}
    point("after reading siblings")


def _is_sibling(entity: str, view: View, row: Mapping[str, Any]) -> bool:
    """An account shows the values of its primary customer only; a contact's are shown by any account it belongs to."""
    if entity == CONTACT:
        return True
    return row.get(EXTERNAL_ID) == (view.raw or {}).get("primary_customer_number")
