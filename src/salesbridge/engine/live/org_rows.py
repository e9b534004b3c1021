"""Salesforce's rows of a batch, read together: by id, by external id, or by their parents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from salesbridge.engine.live.points import point
from salesbridge.engine.live.seen import salesforce_seen
from salesbridge.engine.live.site import Site
from salesbridge.model import EXTERNAL_ID, Entity, RecordRefusedError, select_list
from salesbridge.salesforce.soql import in_queries
from salesbridge.sync.change import Gone, Seen

Record = tuple[str, str]
Read = Seen | Gone | RecordRefusedError | None
_SYSTEM = ("SystemModstamp", "LastModifiedById")
#: Objects that can be merged (Object Reference: their MasterRecordId names the surviving record).
_MERGEABLE = frozenset({"Account", "Contact"})


@dataclass(slots=True)
class OrgRows:
    """What was read of Salesforce, by entity and Salesforce id.

    Args:
        site: The instance.
    """

    site: Site
    _rows: dict[Record, Read] = field(default_factory=dict)
    _keys: dict[Record, str] = field(default_factory=dict)
    _found: dict[Record, Record] = field(default_factory=dict)

    def get(self, name: Record) -> Read:
        """The row of an id; None where there never was one."""
        return self._rows.get(name)

    def found(self, record: Record) -> Read:
        """The row of an external id that was looked for."""
        name = self._found.get(record)
        return self._rows.get(name) if name else None

    def key_of(self, name: Record) -> str | None:
        """The external id of a row: the one it carries, or the one that its parents make."""
        return self._keys.get(name)

    def read(self, names: Iterable[Record]) -> None:
        """Read rows by their ids; what is not there is looked for in the recycle bin.

        Raises:
            SalesforceError: Salesforce refuses or does not answer.
        """
        for entity, ids in _by_entity(self.site, (name for name in names if name not in self._rows)).items():
            self._query(entity, "Id", ids)
            self._bin(entity, [sfid for sfid in ids if (entity.name, sfid) not in self._rows])

    def find(self, records: Iterable[Record]) -> None:
        """Look for rows by their external ids, or where Salesforce made them by itself by their parents.

        Raises:
            SalesforceError: Salesforce refuses or does not answer.
        """
        for entity, keys in _by_entity(self.site, records).items():
            self._query(entity, EXTERNAL_ID, keys)
            missing = [key for key in keys if (entity.name, key) not in self._found]
            if entity.adopts and missing:
                first = {key.split(":")[0] for key in missing}
                self._query(entity, entity.parents[0].column, sorted(first))

    def _query(self, entity: Entity, by: str, values: Sequence[str]) -> None:
        point(f"before reading {entity.name}")
        select = [*select_list(entity), *_SYSTEM, *(name for name, _ in entity.facts)]
        for row in self.site.salesforce.query_in(entity.name, select, by, values):
            if all(row.get(name) == self.site.facts.get(fact) for name, fact in entity.facts):
                self._put(entity, row)
        point(f"after reading {entity.name}")

    def _put(self, entity: Entity, row: dict[str, Any]) -> None:
        name = (entity.name, str(row["Id"]))
        try:
            seen = salesforce_seen(entity, row)
        except RecordRefusedError as refusal:
            self._rows[name] = refusal
            return
        self._rows[name] = seen
        key = seen.key or _key_of_parents(entity, seen)
        if key is not None:
            self._keys[name] = key
            self._found[entity.name, key] = name

    def _bin(self, entity: Entity, ids: Sequence[str]) -> None:
        merged = ", MasterRecordId" if entity.name in _MERGEABLE else ""
        for soql in in_queries(f"SELECT Id, IsDeleted{merged} FROM {entity.name} WHERE Id", ids):
            for row in self.site.salesforce.query(soql, all=True):
                if row["IsDeleted"]:
                    self._rows[entity.name, str(row["Id"])] = Gone(str(row.get("MasterRecordId") or ""))
        for sfid in ids:
            self._rows.setdefault((entity.name, sfid), None)


def _key_of_parents(entity: Entity, seen: Seen) -> str | None:
    if not entity.adopts:
        return None
    parts = [seen.cells.get(parent.column) for parent in entity.parents]
    return ":".join(part for part in parts if part) if all(parts) else None


def _by_entity(site: Site, names: Iterable[Record]) -> dict[Entity, list[str]]:
    found: dict[Entity, list[str]] = {}
    for entity, key in dict.fromkeys(names):
        found.setdefault(site.entities[entity], []).append(key)
    return found
