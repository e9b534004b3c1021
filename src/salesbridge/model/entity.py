"""The words in which the data model is written: entities, fields, parents, masters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from salesbridge.model.kinds import Kind, Side

EXTERNAL_ID = "Gentrack_External_Id__c"


class Phase(StrEnum):
    """When a field is written: with the record, or alone once the record is there.

    Salesforce accepts the activation of an Order or Contract only in a request that holds nothing but ``Status``
    (Object Reference, Order and Contract).
    """

    SAVE = "save"
    ACTIVATE = "activate"


class Fact(StrEnum):
    """A record id that must be read from the org before it can be written."""

    STANDARD_PRICEBOOK = "standard_pricebook"


@dataclass(frozen=True, slots=True)
class Field:
    """One mapped field.

    Args:
        name: Salesforce API name; for an address the prefix of its parts (``Billing``).
        kind: How its values are spelt on each side.
        master: The side whose value wins.
        billing: Neutral billing attribute (the prefix of its parts for an address); None for a field that billing does
            not know yet.
        label: Field label in Salesforce.
        required: Salesforce refuses a new record without it.
        create_only: Salesforce refuses to change it once the record is there.
        phase: When it is written.
        published: Whether the vendor's data model reference has the row; the others are our completion.
        unique: No two records may have the same value.
        record: The billing record that owns the attribute where it is not the entity's own, for example the account's
            primary customer.
        help: One sentence for people who see the field.
    """

    name: str
    kind: Kind | None
    master: Side
    billing: str | None = None
    label: str = ""
    required: bool = False
    create_only: bool = False
    phase: Phase = Phase.SAVE
    published: bool = False
    unique: bool = False
    record: str = ""
    help: str = ""

    @property
    def custom(self) -> bool:
        """Whether the package brings the field into the org."""
        return self.name.endswith("__c")

    @property
    def address(self) -> bool:
        """Whether the field is an address, written as its parts."""
        return self.kind is None


@dataclass(frozen=True, slots=True)
class Parent:
    """A reference to a record that must be there first, written by its external id.

    Args:
        field: Salesforce lookup field, for example ``AccountId``.
        relationship: Name by which JSON and CSV reach the parent, for example ``Account``.
        entity: The parent's entity.
        billing: Neutral attribute that holds the parent's external id.
        required: Whether a record without its parent makes no sense.
        create_only: Salesforce refuses to change it once the record is there.
        locks: Whether saving the child locks the parent's row in Salesforce.
    """

    field: str
    relationship: str
    entity: str
    billing: str
    required: bool = True
    create_only: bool = False
    locks: bool = True

    @property
    def column(self) -> str:
        """CSV column and SOQL path of the parent's external id."""
        return f"{self.relationship}.{EXTERNAL_ID}"


@dataclass(frozen=True, slots=True)
class Entity:
    """One Salesforce object and the billing record behind it.

    Args:
        name: Salesforce API name of the object.
        record: Neutral billing record kind.
        key: Neutral attributes whose values, joined by a colon, are the external id.
        fields: Mapped fields without the external id and the parents.
        parents: References in the order in which they matter; the first groups bulk batches.
        facts: Lookup fields that are filled with a fact of the org, for example the standard price book.
        initial: Whether the initial data synchronisation loads it.
        adopts: Whether Salesforce may already hold the record without its external id, recognised by its parents.
        feature: What a person must switch on in Salesforce before the object is there, in words.
        label: What people call the records, in the plural.
        identifier: Attributes (type, value) of a market identifier to verify.
    """

    name: str
    record: str
    key: tuple[str, ...]
    label: str
    fields: tuple[Field, ...]
    parents: tuple[Parent, ...] = ()
    facts: tuple[tuple[str, Fact], ...] = ()
    initial: bool = True
    adopts: bool = False
    feature: str = ""
    identifier: tuple[str, str] | None = None

    def __hash__(self) -> int:
        """Cheap, since columns and headers are remembered by entity and asked for at every record."""
        return hash(self.name)

    def field(self, name: str) -> Field:
        """The mapped field of an API name.

        Raises:
            KeyError: There is none.
        """
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"{self.name} has no mapped field {name}")

    @property
    def case_sensitive(self) -> bool:
        """Whether external ids that differ only in case are two records: billing's numbers are, market ids not."""
        return self.identifier is None

    @property
    def external_id_length(self) -> int:
        """Characters that the external id may have."""
        return 80 if len(self.key) == 1 else 161


@dataclass(frozen=True, slots=True)
class Table:
    """The whole data model: entities by Salesforce name, in the order in which people read them.

    Args:
        entities: The entities.
        version: Increases when the meaning of the table changes.
    """

    entities: tuple[Entity, ...]
    version: int = 1

    def __getitem__(self, name: str) -> Entity:
        """The entity of a Salesforce object.

        Raises:
            KeyError: The object is not part of the model.
        """
        return self.by_name[name]

    @property
    def by_name(self) -> Mapping[str, Entity]:
        """Entities by Salesforce name."""
        return {entity.name: entity for entity in self.entities}
