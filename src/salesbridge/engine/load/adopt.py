"""Recognising what Salesforce holds already without our external id: rows that it made by itself.

Setting ``Contact.AccountId`` makes Salesforce create the direct AccountContactRelation (Object Reference), which our
upsert would otherwise try to create a second time. Such rows are stamped with the external id first. Parents of these
objects cannot be changed, so rows that are there are linked here and later sent without their parents.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from typing import Any

from salesbridge.engine.load.context import LoadStopped, Work
from salesbridge.model import EXTERNAL_ID, Entity
from salesbridge.salesforce.bulk import Bulk
from salesbridge.salesforce.errors import parse_row_error
from salesbridge.store.links import write_links

_BATCH = 10_000
_ROWS_PER_JOB = 100_000
_POLL_S = 2.0


def adopt(work: Work, entity: Entity) -> dict[str, Any]:
    """Link what is there, stamping the external id where it is missing.

    Returns:
        ``linked`` and ``stamped`` counts.
    """
    linked = stamped = 0
    unstamped: list[tuple[str, str]] = []
    there = _there(work, entity)
    while batch := list(islice(there, _BATCH)):
        known = [(key, record_id) for record_id, key, marked in batch if marked]
        linked += _link(work, entity, known)
        unstamped += [(key, record_id) for record_id, key, marked in batch if key and not marked]
        if len(unstamped) >= _ROWS_PER_JOB:
            stamped += _stamp(work, entity, unstamped)
            unstamped = []
    return {"linked": linked, "stamped": stamped + _stamp(work, entity, unstamped)}


def _there(work: Work, entity: Entity) -> Iterator[tuple[str, str, bool]]:
    """Id, external id (found or computed from the parents; empty where a parent is not ours), whether it is stamped."""
    paths = [parent.column for parent in entity.parents]
    where = " AND ".join(f"{field} = '{work.run.plan['facts'][fact]}'" for field, fact in entity.facts)
    soql = f"SELECT Id, {EXTERNAL_ID}, {', '.join(paths)} FROM {entity.name}" + (f" WHERE {where}" if where else "")
    rows = Bulk(work.salesforce).query(soql, poll=_POLL_S)
    next(rows, None)
    for record_id, own, *parents in rows:
        key = own or (":".join(parents) if all(parents) else "")
        yield record_id, key, bool(own)


def _link(work: Work, entity: Entity, pairs: list[tuple[str, str]]) -> int:
    return write_links(work.door, work.instance.pk, entity.name, ((key, rid, "{}") for key, rid in pairs), None)


def _stamp(work: Work, entity: Entity, pairs: list[tuple[str, str]]) -> int:
    if not pairs:
        return 0
    path = work.stage_folder(entity.name) / "adopt.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([["Id", EXTERNAL_ID], *((rid, key) for key, rid in sorted(pairs))])
    bulk = Bulk(work.salesforce)
    job = bulk.create(entity.name, "update")
    bulk.upload(job.id, path)
    bulk.close(job.id)
    job = bulk.wait(job.id, poll=_POLL_S)
    refused = {row[0]: row[1] for row in islice(bulk.results(job.id, "failed"), 1, None)}
    if job.state != "JobComplete" or refused:
        reason = parse_row_error(next(iter(refused.values()))).message if refused else job.error_message
        raise LoadStopped(
            f"{entity.name}: {len(refused) or len(pairs)} records that are in Salesforce already could not be given "
            f"their external id: {reason}",
            f"Look at bulk job {job.id} (Setup > Bulk Data Load Jobs), mend its cause, then start the load again.",
            "ADOPTION_FAILED",
        )
    return _link(work, entity, pairs)
