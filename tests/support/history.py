"""The history of a play: who changed what on which side, in one order. It listens to the two systems, not to us."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from mapped import BY_ENTITY, ENTITIES_OF, EXT, KIND_OF, LOOKUPS, B, S, plain


@dataclass(frozen=True)
class Moved:
    """One field of one record that somebody changed.

    Args:
        at: Its place in the history.
        side: Where.
        ours: Whether the connector did it.
        entity: Salesforce object.
        key: External id, or the Salesforce id of a record without one.
        field: Salesforce field.
        before: Value before; None for a new record.
        after: Value after.
        born: Whether the record was made by this.
    """

    at: int
    side: str
    ours: bool
    entity: str
    key: str
    field: str
    before: str | None
    after: str | None
    born: bool


@dataclass
class History:
    """Everything that was changed on either side since it began.

    Args:
        org: The simulated org.
        billing: The simulated billing system's records.
        ours: Id of the connector's user in Salesforce.
        user: Name of the connector's user in billing.
    """

    org: object
    billing: object
    ours: str
    user: str
    moved: list[Moved] = field(default_factory=list)
    saves: Counter = field(default_factory=Counter)
    twins: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    moved_along: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self):
        self.first = {**self._salesforce_now(), **self._billing_now()}
        self.org.on_commit.append(self._committed)
        self.billing.on_change(self._changed)

    # what both hold

    def _salesforce_now(self):
        return {
            (S, entity, row[EXT], m.field): plain(row.get(m.field))
            for entity, fields in BY_ENTITY.items()
            for row in self.org.rows(entity)
            if row.get(EXT)
            for m in fields
        }

    def _billing_now(self):
        return {
            (B, entity, billing_key(KIND_OF[entity], record), m.field): plain(record.get(m.member))
            for entity, fields in BY_ENTITY.items()
            for record in self.billing.records(KIND_OF[entity])
            for m in fields
        }

    def now(self):
        """Values of all fields, by (side, entity, key, field)."""
        return {**self._salesforce_now(), **self._billing_now()}

    # what happens

    def _committed(self, journal, user):
        before = {}
        for name, id_, row in journal:
            before.setdefault((name, id_), row)
        for (name, id_), old in before.items():
            if name in BY_ENTITY:
                new = self.org.table(name).live.get(id_)
                self._saved(name, id_, old if old and not old["IsDeleted"] else None, new, ours=user == self.ours)

    def _saved(self, entity, id_, old, new, *, ours):
        self.saves[S, ours] += 1
        if new is None:
            return
        key = new.get(EXT) or id_
        if old is not None and not ours and any(old.get(name) != new.get(name) for name in LOOKUPS.get(entity, ())):
            self.moved_along.add((entity, key))
        if new.get(EXT):
            self.names[id_] = new[EXT]
            same = [row for row in self.org.find(entity, EXT, new[EXT]) if row["Id"] != id_]
            self.twins += [f"{entity} {key} is there twice" for _ in same]
        for m in BY_ENTITY[entity]:
            self._note(S, ours, entity, key, m.field, old, new, m.field)

    def _changed(self, change):
        ours = change.source == f"api:{self.user}"
        self.saves[B, ours] += 1
        if change.after is None:
            return
        for entity in ENTITIES_OF.get(change.kind, ()):
            for m in BY_ENTITY[entity]:
                self._note(B, ours, entity, change.key, m.field, change.before, change.after, m.member)

    def _note(self, side, ours, entity, key, name, old, new, member):  # noqa: PLR0917 - one line of a ledger
        before, after = plain((old or {}).get(member)), plain(new.get(member))
        if old is None or before != after:
            self.moved.append(Moved(len(self.moved), side, ours, entity, key, name, before, after, old is None))

    def key(self, name):
        """The external id that a record got, if it began without one."""
        return self.names.get(name, name)

    @property
    def edits(self):
        """What people changed."""
        return [each for each in self.moved if not each.ours]

    @property
    def writes(self):
        """What the connector changed."""
        return [each for each in self.moved if each.ours]

    @property
    def our_saves(self):
        """Records that the connector saved, changed by it or not."""
        return self.saves[S, True] + self.saves[B, True]


def billing_key(kind, record):
    """The business key of a billing record."""
    if kind == "account_customers":
        return f"{record['account_number']}:{record['customer_number']}"
    return str(record[{"products": "code", "service_points": "identifier"}.get(kind, "number")])
