"""Which call of a product carries which attribute, as data; each path is overridable by a tenant like any other.

Names of the paths: ``account.write``, ``account.write.primary_customer`` (one of several calls that change a record),
``account.create``, ``account_customer.delete``, ``product.find`` (a list that is asked with the members of the
business key as its query), ``order.reference`` (a list that is asked with ``externalReference``). An empty override
takes one away: what it carries can then not be written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from salesbridge.billing.paths import Native, Paths

ADDRESS = tuple(
    f"address_{part}" for part in ("line1", "line2", "locality", "city", "region", "postcode", "country")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """One call that changes a record.

    Attributes:
        name: Its name among the paths.
        method: HTTP method.
        native: Its path, with ``{internal_id}`` or parts of the business key to be filled in.
        attributes: What it can carry.
        within: The object whose members are the body's own here, such as ``primaryCustomer``.
        renamed: Attribute to member, where the body calls it otherwise than the record does.
    """

    name: str
    method: Literal["PUT", "PATCH", "POST", "DELETE"]
    native: Native
    attributes: tuple[str, ...] = ()
    within: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)

    def member(self, attribute: str, path: str) -> str:
        """Gives the dotted place in the body of an attribute that the record holds at a path."""
        return self.renamed.get(attribute) or path.removeprefix(f"{self.within}.")


@dataclass(frozen=True, slots=True)
class WriteTable:
    """How one product is written.

    Attributes:
        changes: Kind to the calls that change a record, in the order in which they are made; the first one also
            carries what a tenant adds.
        creations: Kind to the call that creates.
        deletions: Kind to the call that deletes.
        finds: Kind to the list that finds a record by its business key, where no item path does.
        references: Kind to the list that finds a record by what its creator called it (``externalReference``).
        repeatable: A creation carries an ``Idempotency-Key``, so that it can be repeated, and answers the record;
            otherwise a repeat would create another one, and the answer tells only the number.
    """

    changes: Mapping[str, tuple[Call, ...]]
    creations: Mapping[str, Call]
    deletions: Mapping[str, Call]
    finds: Mapping[str, Native]
    references: Mapping[str, Native]
    repeatable: bool

    def paths(self) -> Paths:
        """Gives the rows for the dialect's table of paths."""
        return dict(self._rows())

    def _rows(self) -> Iterator[tuple[str, Native]]:
        for calls in self.changes.values():
            yield from ((call.name, call.native) for call in calls)
        for call in (*self.creations.values(), *self.deletions.values()):
            yield call.name, call.native
        yield from ((f"{kind}.find", native) for kind, native in self.finds.items())
        yield from ((f"{kind}.reference", native) for kind, native in self.references.items())
