"""The shape of a simulated org: its objects, their fields and how they point at one another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object, with the attributes a describe call publishes.

    ``type`` is the describe type (``string``, ``reference``, ``picklist`` ...). ``length`` counts characters,
    ``precision`` and ``scale`` count decimal digits. ``default`` is the wire value put in when a create request
    leaves the field out. ``compound`` names the compound field this one is a part of. Source: SOAP API Developer
    Guide, *DescribeSObjectResult*.
    """

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    defaulted_on_create: bool = False
    default: object = None
    unique: bool = False
    external_id: bool = False
    case_sensitive: bool = False
    id_lookup: bool = False
    name_field: bool = False
    auto_number: bool = False
    calculated: bool = False
    custom: bool = False
    filterable: bool = True
    sortable: bool = True
    groupable: bool = True
    aggregatable: bool = True
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    cascade_delete: bool = False
    picklist: tuple[str, ...] = ()
    restricted: bool = False
    compound: str | None = None
    restricted_delete: bool = False
    child_relationship_name: str | None = None
    help_text: str | None = None
    display_format: str | None = None

    @property
    def required_on_create(self) -> bool:
        """Whether a create request must carry a value for this field."""
        return self.createable and not self.nillable and not self.defaulted_on_create

    @property
    def upsert_key(self) -> bool:
        """Whether the field can name the record in an upsert or a parent reference."""
        return self.external_id or self.id_lookup

    @property
    def indexed(self) -> bool:
        """Whether the org keeps an index on this field."""
        if self.type == "reference":
            return bool(set(self.reference_to) - {"User", "Group"})
        return self.unique or self.external_id or (self.id_lookup and self.name != "Id")


@dataclass(frozen=True, slots=True, eq=False)
class SObject:
    """One object: its names, its fields by canonical name in documented order, and what may be done with it."""

    name: str
    label: str
    label_plural: str
    key_prefix: str | None
    fields: Mapping[str, Field]
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    queryable: bool = True
    replicateable: bool = True
    searchable: bool = True
    undeletable: bool = True
    mergeable: bool = False
    triggerable: bool = True
    custom: bool = False
    _folded: dict[str, Field] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_folded", {name.casefold(): f for name, f in self.fields.items()})

    def field(self, name: str) -> Field | None:
        """The field of that name, whatever the case of its letters."""
        return self._folded.get(name.casefold())

    def relationship(self, name: str) -> Field | None:
        """The reference field whose relationship has that name, whatever the case of its letters."""
        wanted = name.casefold()
        for candidate in self.fields.values():
            if candidate.relationship_name is not None and candidate.relationship_name.casefold() == wanted:
                return candidate
        return None

    def upsert_key(self, name: str) -> Field | None:
        """The field of that name when it can name a record in an upsert (external id, idLookup or Id)."""
        found = self.field(name)
        return found if found is not None and (found.upsert_key or found.type == "id") else None


@dataclass(frozen=True, slots=True)
class ChildRelationship:
    """A reference field of another object that points at this one."""

    child: str
    field: str
    relationship_name: str | None
    cascade_delete: bool
    restricted_delete: bool


class Schema:
    """All objects of an org; changed only through deployments.

    Args:
        sobjects: The objects the org starts with.
    """

    def __init__(self, sobjects: Iterable[SObject] = ()) -> None:
        self._objects: dict[str, SObject] = {each.name: each for each in sobjects}
        self._folded = {name.casefold(): name for name in self._objects}
        self._listeners: list[Callable[[str], None]] = []
        self._children: dict[str, list[ChildRelationship]] | None = None

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call ``listener`` with the object's name after each change of an object."""
        self._listeners.append(listener)

    def sobject(self, name: str) -> SObject | None:
        """The object of that name, whatever the case of its letters."""
        canonical = self._folded.get(name.casefold())
        return None if canonical is None else self._objects.get(canonical)

    def names(self) -> list[str]:
        """The canonical names of all objects, sorted."""
        return sorted(self._objects)

    def children(self, parent: str) -> list[ChildRelationship]:
        """Every relationship that ends at ``parent``, in the order of the children's names."""
        if self._children is None:
            self._children = self._collect_children()
        found = self.sobject(parent)
        return list(self._children.get(found.name, ())) if found is not None else []

    def _collect_children(self) -> dict[str, list[ChildRelationship]]:
        collected: dict[str, list[ChildRelationship]] = {}
        for name in self.names():
            child = self._objects[name]
            for reference in child.fields.values():
                for target in reference.reference_to:
                    link = ChildRelationship(
                        name,
                        reference.name,
                        reference.child_relationship_name,
                        reference.cascade_delete,
                        reference.restricted_delete,
                    )
                    collected.setdefault(target, []).append(link)
        return collected

    def add_sobject(self, sobject: SObject) -> None:
        """Add an object, or put this one in the place of the object of that name."""
        self._objects[sobject.name] = sobject
        self._changed(sobject.name)

    def remove_sobject(self, name: str) -> None:
        """Take an object away.

        Raises:
            KeyError: No object has that name.
        """
        found = self._known(name)
        del self._objects[found.name]
        self._changed(found.name)

    def add_field(self, sobject: str, field: Field) -> None:
        """Add a field to an object, or replace the field of that name.

        Raises:
            KeyError: No object has that name.
        """
        found = self._known(sobject)
        known = found.field(field.name)
        fields = {name: f for name, f in found.fields.items() if f is not known}
        self._objects[found.name] = replace(found, fields={**fields, field.name: field})
        self._changed(found.name)

    def remove_field(self, sobject: str, field: str) -> None:
        """Take a field away from an object.

        Raises:
            KeyError: No object has that name.
        """
        found = self._known(sobject)
        fields = {name: f for name, f in found.fields.items() if name.casefold() != field.casefold()}
        self._objects[found.name] = replace(found, fields=fields)
        self._changed(found.name)

    def _known(self, name: str) -> SObject:
        found = self.sobject(name)
        if found is None:
            raise KeyError(f"The org has no object {name}")
        return found

    def _changed(self, name: str) -> None:
        self._children = None
        self._folded = {each.casefold(): each for each in self._objects}
        for listener in self._listeners:
            listener(name)
