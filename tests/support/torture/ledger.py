"""The ledger of a side: every committed save, who made it and what it changed, one line each. The system writes it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from mapped import BY_ENTITY, ENTITIES_OF, EXT, KIND_OF, PARENTS, B, S, plain


@dataclass(frozen=True)
class Save:
    """One record as somebody saved it.

    Args:
        at: Moment, in nanoseconds of this machine's clock.
        side: Where.
        ours: Whether the connector did it.
        entity: Salesforce object.
        id: The side's own id.
        key: External id; None before there is one.
        born: Whether the record was made by this.
        fields: Before and after of each field that it changed.
    """

    at: int
    side: str
    ours: bool
    entity: str
    id: str
    key: str | None
    born: bool
    fields: dict


class Ledger:
    """Writes saves to a file as they are committed.

    Args:
        path: The file.
    """

    def __init__(self, path):
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def note(self, side, entity, id_, key, *, ours, old, new, members):
        changed = {
            name: [plain((old or {}).get(member)), plain(new.get(member))]
            for name, member in members.items()
            if old is None or plain(old.get(member)) != plain(new.get(member))
        }
        line = [time.time_ns(), side, ours, entity, str(id_), key, old is None, changed]
        self._file.write(json.dumps(line) + "\n")


def read(path):
    """The saves of a ledger, in order; the last line may still be in the making."""
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [Save(*json.loads(line)) for line in lines]


def of_org(ledger, org, ours):
    """A listener to an org's commits.

    Args:
        ledger: Where to write.
        org: The org.
        ours: Id of the connector's user.
    """

    def committed(journal, user):
        before = {}
        for name, id_, row in journal:
            before.setdefault((name, id_), row)
        for (name, id_), old in before.items():
            new = org.table(name).live.get(id_) if name in BY_ENTITY else None
            if new is not None:
                members = {m.field: m.field for m in BY_ENTITY[name]}
                ledger.note(S, name, id_, new.get(EXT), ours=user == ours, old=old, new=new, members=members)

    return committed


def of_billing(ledger, ours):
    """A listener to a billing system's changes.

    Args:
        ledger: Where to write.
        ours: Name of the connector's user.
    """

    def changed(change):
        for entity in ENTITIES_OF.get(change.kind, ()) if change.after is not None else ():
            members = {m.field: m.member for m in BY_ENTITY[entity]}
            mine = change.source == f"api:{ours}"
            ledger.note(
                B, entity, change.after["id"], change.key,
                ours=mine, old=change.before, new=change.after, members=members,
            )  # fmt: skip

    return changed


def held_by_org(org):
    """What an org holds: each record of ours with its mapped fields and the keys of its parents."""
    names = {row["Id"]: row.get(EXT) for _, _, parent, _ in PARENTS for row in org.rows(parent)}
    return {
        entity: [
            {
                "id": row["Id"],
                "key": row[EXT],
                **{m.field: plain(row.get(m.field)) for m in fields},
                **{lookup: names.get(row.get(lookup)) for child, lookup, _, _ in PARENTS if child == entity},
            }
            for row in org.rows(entity)
            if row.get(EXT)
        ]
        for entity, fields in BY_ENTITY.items()
    }


def held_by_billing(billing):
    """What a billing system holds, in the same words."""
    return {
        entity: [
            {
                "id": record["id"],
                "key": key_of(KIND_OF[entity], record),
                **{m.field: plain(record.get(m.member)) for m in fields},
                **{lookup: record.get(member) for child, lookup, _, member in PARENTS if child == entity},
            }
            for record in billing.records(KIND_OF[entity])
        ]
        for entity, fields in BY_ENTITY.items()
    }


def key_of(kind, record):
    """The business key of a billing record."""
    if kind == "account_customers":
        return f"{record['account_number']}:{record['customer_number']}"
    return str(record[{"products": "code", "service_points": "identifier"}.get(kind, "number")])
