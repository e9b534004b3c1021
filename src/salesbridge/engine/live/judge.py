"""How records stand, by the real decision on what both sides hold at this moment: for reconciliations and audits.

Nothing is written. A record that only seemed to differ, since it changed while it was compared, agrees by now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from salesbridge.engine.live.deciding import decided
from salesbridge.engine.live.look import View, look
from salesbridge.engine.live.site import Site
from salesbridge.model import EXTERNAL_ID, Entity, Side
from salesbridge.store.changes import Heard
from salesbridge.sync.change import Cells, Op, Origin, Seen
from salesbridge.sync.decision import Decision, Reason, Verdict
from salesbridge.sync.merge import merge


class Standing(StrEnum):
    """How a record stands; every record that is compared has exactly one."""

    EQUAL = "equal"
    LEFT = "left"
    UNLINKED = "unlinked"
    DRIFTED = "drifted"
    ONLY_IN_BILLING = "only_in_billing"
    ONLY_IN_SALESFORCE = "only_in_salesforce"
    DANGLING = "dangling_links"
    PROSPECT = "prospects"
    REFUSED = "refused"
    UNDER_WAY = "under_way"


#: Standings that delivery is to see to.
TO_MEND = frozenset(
    {
        Standing.UNLINKED,
        Standing.DRIFTED,
        Standing.ONLY_IN_BILLING,
        Standing.ONLY_IN_SALESFORCE,
        Standing.DANGLING,
    }
)


@dataclass(frozen=True, slots=True)
class Judged:
    """How a record stands.

    Args:
        record: External id, or Salesforce id of a record that has none.
        standing: How.
        fields: Columns in which a drifted record differs and that are to be written.
        code: Why it is refused.
        salesforce: What Salesforce holds; None for nothing.
        billing: What billing holds; None for nothing.
        salesforce_id: Salesforce's id; empty where there is none.
    """

    record: str
    standing: Standing
    fields: tuple[str, ...] = ()
    code: str = ""
    salesforce: Cells | None = None
    billing: Cells | None = None
    salesforce_id: str = ""


def judge(site: Site, asked: Sequence[tuple[str, Side, str]], now: datetime) -> list[Judged]:
    """Read both sides of records and decide, without writing anything.

    Args:
        site: The instance.
        asked: The records: entity, the side whose key names it, and that key.
        now: The moment.

    Returns:
        How each stands, in the order in which they were asked for.

    Raises:
        SalesforceError: Salesforce refuses or does not answer.
        BillingError: The billing system refuses or does not answer.
    """
    # numbers that no change of the journal has: what waits behind a record is read beside them
    heard = [
        Heard(side, entity, key, Op.SAVE, origin=Origin.RECONCILIATION, number=-number)
        for number, (entity, side, key) in enumerate(asked, start=1)
    ]
    views = look(site, heard, now)
    found: dict[int, Judged] = {}
    for view, decision in zip(views, decided(site, views, now), strict=True):
        judged = _refused(view) if view.refused is not None else _judged(view, decision)
        found.update(dict.fromkeys((change.number for change in view.heard if change.number < 0), judged))
    return [found[-number] for number in range(1, len(asked) + 1)]


def _refused(view: View) -> Judged:
    return Judged(view.record[1], Standing.REFUSED, code=view.refused.code if view.refused is not None else "")


def _judged(view: View, decision: Decision) -> Judged:
    salesforce = view.salesforce.cells if isinstance(view.salesforce, Seen) else None
    billing = view.billing.cells if view.billing is not None else None
    standing = _standing(decision, salesforce, billing, linked=view.link is not None)
    fields = _fields(decision) if standing is Standing.DRIFTED else ()
    sfid = view.link.salesforce_id if view.link is not None else getattr(view.salesforce, "id", "")
    return Judged(view.record[1], standing, fields, "", salesforce, billing, sfid)


def _standing(decision: Decision, salesforce: Cells | None, billing: Cells | None, *, linked: bool) -> Standing:
    if salesforce is not None and billing is not None:
        return _of_both(decision, linked=linked)
    if decision.reason is Reason.PROSPECT:
        return Standing.PROSPECT
    if salesforce is None and billing is None:  # gone from both meanwhile, unless a link still says otherwise
        return Standing.DANGLING if linked else Standing.EQUAL
    return Standing.ONLY_IN_BILLING if salesforce is None else Standing.ONLY_IN_SALESFORCE


def _of_both(decision: Decision, *, linked: bool) -> Standing:
    if decision.verdict is not Verdict.NOTHING:
        return Standing.DRIFTED
    if not linked:
        return Standing.UNLINKED
    return Standing.LEFT if decision.reason is Reason.LEFT else Standing.EQUAL


def _fields(decision: Decision) -> tuple[str, ...]:
    if decision.reason is Reason.CLAIMED_TWICE:
        return (EXTERNAL_ID,)
    return tuple(move.name for move in decision.moves if move.to is not None or move.name in decision.fighting)


def listed_standing(
    site: Site, entity: Entity, salesforce: Cells, billing: Cells, agreed: Cells | None
) -> Standing | None:
    """How a record stands by what both sides listed; None where it must be looked at again.

    Args:
        site: The instance.
        entity: The record's entity.
        salesforce: What Salesforce listed.
        billing: What billing listed.
        agreed: What both last agreed on; None for a record that is not linked.
    """
    if agreed is None:
        return None
    moves = merge(entity, salesforce, billing, agreed, site.unwritable[entity.name])
    if any(move.to is not None for move in moves):
        return None
    return Standing.LEFT if moves else Standing.EQUAL


def changed_since(judged: Judged, salesforce: Cells | None, billing: Cells | None) -> bool:
    """Whether a record is not what the listings said any more."""
    return _differs(judged.salesforce, salesforce) or _differs(judged.billing, billing)


def _differs(held: Mapping[str, str | None] | None, listed: Cells | None) -> bool:
    if held is None or listed is None:
        return held is not listed
    return any(held.get(name) != cell for name, cell in listed.items())
