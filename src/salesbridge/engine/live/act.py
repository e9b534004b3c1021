"""Carrying decisions out: billing record by record, Salesforce 200 records a call with partial success.

What one record is refused for concerns that record alone. An error of a whole side (it is down, it wants us to slow
down, it no longer knows our credentials) stops the batch: what was done is kept, the rest is looked at again later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from salesbridge.billing import BillingError
from salesbridge.engine.live.look import View
from salesbridge.engine.live.points import point
from salesbridge.engine.live.seen import attributes_of, members_of
from salesbridge.engine.live.site import Site
from salesbridge.model import EXTERNAL_ID, Entity, Phase, RecordRefusedError, Side, columns
from salesbridge.salesforce import SalesforceError
from salesbridge.salesforce.errors import RowError
from salesbridge.salesforce.rest import MAX_COLLECTION, RowResult
from salesbridge.sync.change import Seen
from salesbridge.sync.decision import Decision

_THREADS = 8
_UNREACHABLE = frozenset({None, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record was refused, by whichever side or by ourselves.

    Args:
        kind: As errors have it: permanent, transient, throttled or authentication.
        code: Groups equal causes.
        message: What was said.
        mend: What to do.
        fields: Fields concerned.
        retry_after: Seconds that the side asked us to wait.
    """

    kind: str
    code: str
    message: str
    mend: str
    fields: tuple[str, ...] = ()
    retry_after: float | None = None


def refusal_of(error: SalesforceError | BillingError | RowError | RecordRefusedError) -> Refusal:
    """The refusal that an error means."""
    if isinstance(error, RecordRefusedError):
        mend = "Correct the value: it cannot be carried over as it is."
        return Refusal("permanent", error.code, error.message, mend, error.fields)
    after = None if isinstance(error, RowError) else error.retry_after
    return Refusal(error.kind, error.code, error.message, error.mend, error.fields, after)


class SideDownError(Exception):
    """A whole side cannot be worked with at the moment.

    Args:
        side: Which one.
        error: What it said.
    """

    def __init__(self, side: Side, error: SalesforceError | BillingError) -> None:
        super().__init__(f"{side}: {error}")
        self.side = side
        self.error = error


@dataclass(slots=True)
class Deed:
    """What was decided about a record and what came of it.

    Args:
        view: What is known of the record.
        decision: What is to be done.
        written: Sides to which its write has succeeded.
        refusal: Why one did not.
        salesforce_id: Id of the record in Salesforce, once there is one.
        done: Whether everything that was to be tried has been tried.
    """

    view: View
    decision: Decision
    written: set[Side] = field(default_factory=set)
    refusal: Refusal | None = None
    salesforce_id: str = ""
    done: bool = False


def act(site: Site, deeds: Sequence[Deed]) -> SideDownError | None:
    """Carry decisions out.

    Args:
        site: The instance.
        deeds: What to do; filled with what came of it.

    Returns:
        Why a whole side could not be worked with, if so; deeds that are not ``done`` are to be looked at again.
    """
    for deed in deeds:
        deed.done = not deed.decision.writes
    down = _write_billing(site, [deed for deed in deeds if deed.decision.write_to(Side.BILLING)])
    if down is None:
        down = _write_salesforce(site, [deed for deed in deeds if deed.decision.write_to(Side.SALESFORCE)])
    for deed in deeds:
        wanted = {write.side for write in deed.decision.writes}
        deed.done = deed.done or deed.refusal is not None or wanted <= deed.written
    return down


def whole_side(side: Side, error: SalesforceError | BillingError) -> SideDownError | None:
    """The error as one of the whole side, if it is one."""
    down = error.kind in {"authentication", "throttled"} or (error.kind == "transient" and error.status in _UNREACHABLE)
    return SideDownError(side, error) if down else None


def _write_billing(site: Site, deeds: Sequence[Deed]) -> SideDownError | None:
    if not deeds:
        return None
    point("before writing billing")
    found: list[SideDownError] = []
    _ = site.billing  # opened here: a thread of the pool would keep the database connection that this takes
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="write-billing") as pool:
        list(pool.map(lambda deed: _write_one(site, deed, found), deeds))
    point("after writing billing")
    return found[0] if found else None


def _write_one(site: Site, deed: Deed, down: list[SideDownError]) -> None:
    """Write one record, unless another one has found the whole side down."""
    if down:
        return
    try:
        _write(site, deed)
        deed.written.add(Side.BILLING)
    except RecordRefusedError as refusal:
        deed.refusal = refusal_of(refusal)
    except BillingError as error:
        of_side = whole_side(Side.BILLING, error)
        if of_side is not None:
            down.append(of_side)
        else:
            deed.refusal = refusal_of(error)


def _write(site: Site, deed: Deed) -> None:
    write = deed.decision.write_to(Side.BILLING)
    entity, key = site.entities[deed.view.record[0]], deed.view.record[1]
    if write is None:
        return
    attributes = attributes_of(site.transforms[entity.name], write.cells)
    if write.create:
        site.billing.create(entity.record, attributes, idempotency_key=f"{site.instance.pk}:{entity.name}:{key}")
    else:
        site.billing.write(entity.record, key, attributes, known=deed.view.raw)


def _write_salesforce(site: Site, deeds: Iterable[Deed]) -> SideDownError | None:
    """Parents first; a record that billing would not create is left out."""
    able = [deed for deed in deeds if deed.refusal is None or not _born_in_billing(deed)]
    for entity in site.entities.values():
        of_entity = [deed for deed in able if deed.view.record[0] == entity.name]
        for chunk in _chunks(of_entity):
            try:
                _send(site, entity, chunk)
            except SalesforceError as error:
                down = whole_side(Side.SALESFORCE, error)
                if down is not None or error.unknown_outcome:
                    return down or SideDownError(Side.SALESFORCE, error)
                for deed in chunk:
                    deed.refusal = deed.refusal or refusal_of(error)
    return None


def _born_in_billing(deed: Deed) -> bool:
    write = deed.decision.write_to(Side.BILLING)
    return write is not None and write.create


def _chunks(deeds: Iterable[Deed]) -> Iterator[list[Deed]]:
    """Creations and changes apart, since they are different calls; at most 200 each."""
    waiting = list(deeds)
    for creates in (False, True):
        same = iter([deed for deed in waiting if _creates(deed) is creates])
        while chunk := list(islice(same, MAX_COLLECTION)):
            yield chunk


def _creates(deed: Deed) -> bool:
    write = deed.decision.write_to(Side.SALESFORCE)
    return write is not None and write.create


def _send(site: Site, entity: Entity, deeds: Sequence[Deed]) -> None:
    creates = _creates(deeds[0])
    late = {column.name for column in columns(entity) if column.phase is Phase.ACTIVATE}
    records = [_record(site, entity, deed, without=late) for deed in deeds]
    first = [(deed, record) for deed, record in zip(deeds, records, strict=True) if creates or len(record) > 1]
    _note(_call(site, entity, [record for _, record in first], creates=creates), [deed for deed, _ in first])
    accepted = [deed for deed in deeds if deed.refusal is None]
    _activate(site, entity, [deed for deed in accepted if late & set(_cells(deed))], late)
    for deed in accepted:
        if deed.refusal is None:
            deed.written.add(Side.SALESFORCE)


def _activate(site: Site, entity: Entity, deeds: Sequence[Deed], late: set[str]) -> None:
    """A change of status stands alone in its request (Object Reference, Contract and Order)."""
    records = [{"Id": _id(deed), **members_of(entity, _only(_cells(deed), late))} for deed in deeds]
    _note(_call(site, entity, records, creates=False), deeds)


def _call(site: Site, entity: Entity, records: Sequence[Mapping[str, Any]], *, creates: bool) -> list[RowResult]:
    if not records:
        return []
    point(f"before writing {entity.name}")
    if creates:
        results = site.salesforce.collections("upsert", entity.name, records, EXTERNAL_ID)
    else:
        results = site.salesforce.collections("update", entity.name, records)
    point(f"after writing {entity.name}")
    return results


def _record(site: Site, entity: Entity, deed: Deed, *, without: set[str]) -> dict[str, Any]:
    cells = {name: cell for name, cell in _cells(deed).items() if name not in without}
    members = members_of(entity, cells)
    if not _creates(deed):
        return {"Id": _id(deed), **members}
    return {**members, **{name: site.facts[fact] for name, fact in entity.facts if fact in site.facts}}


def _cells(deed: Deed) -> Mapping[str, str | None]:
    write = deed.decision.write_to(Side.SALESFORCE)
    return write.cells if write is not None else {}


def _only(cells: Mapping[str, str | None], names: set[str]) -> dict[str, str | None]:
    return {name: cell for name, cell in cells.items() if name in names}


def _id(deed: Deed) -> str:
    if deed.salesforce_id:
        return deed.salesforce_id
    return deed.view.salesforce.id if isinstance(deed.view.salesforce, Seen) else ""


def _note(results: Sequence[RowResult], deeds: Sequence[Deed]) -> None:
    for result, deed in zip(results, deeds, strict=True):
        if result.success:
            deed.salesforce_id = result.id or _id(deed)
        else:
            deed.refusal = refusal_of(
                result.errors[0] if result.errors else RowError("UNKNOWN", "No reason was given.")
            )
