"""The standard objects of the simulated org, as Salesforce publishes their fields."""

from __future__ import annotations

from functools import cache
from importlib import resources

from salesbridge.sandbox.salesforce.schema import Field, SObject

_OBJECT_FLAGS = {
    "C": "createable",
    "U": "updateable",
    "D": "deletable",
    "Q": "queryable",
    "P": "replicateable",
    "S": "searchable",
    "N": "undeletable",
    "M": "mergeable",
    "T": "triggerable",
}
_FIELD_FLAGS = {
    "c": "createable",
    "u": "updateable",
    "n": "nillable",
    "d": "defaulted_on_create",
    "f": "filterable",
    "g": "groupable",
    "s": "sortable",
    "a": "aggregatable",
    "i": "id_lookup",
    "x": "external_id",
    "q": "unique",
    "k": "case_sensitive",
    "N": "name_field",
    "#": "auto_number",
    "=": "calculated",
    "r": "restricted",
    "X": "cascade_delete",
    "R": "restricted_delete",
}
_COUNTS = ("length", "precision", "scale", "digits")


def standard_sobjects() -> list[SObject]:
    """The standard objects of an Enterprise Edition org with quotes, orders and contracts in use.

    Features such an org starts without (several currencies, person accounts, territories, portals, field
    service, Data.com) bring no fields. States and countries are free text. Source: Object Reference for the
    Salesforce Platform.
    """
    return [_sobject(row) for row in _table("objects")]


def _sobject(row: dict[str, str]) -> SObject:
    allowed = {word: flag in row["flags"] for flag, word in _OBJECT_FLAGS.items()}
    fields = {each["name"]: _field(each) for each in _table(row["name"])}
    return SObject(row["name"], row["label"], row["plural"], row["prefix"], fields, **allowed)


def _field(row: dict[str, str]) -> Field:
    flags = {word: flag in row["flags"] for flag, word in _FIELD_FLAGS.items()}
    counts = {word: int(row[word] or 0) for word in _COUNTS}
    return Field(
        name=row["name"],
        label=row["label"],
        type=row["type"],
        default=_default(row["type"], row["default"]),
        reference_to=tuple(filter(None, row["references"].split(","))),
        relationship_name=row["relationship"] or None,
        child_relationship_name=row["children"] or None,
        compound=row["compound"] or None,
        picklist=_picklist(row["picklist"]),
        **counts,  # type: ignore[arg-type]
        **flags,  # type: ignore[arg-type]
    )


def _default(kind: str, text: str) -> object:
    if kind == "boolean":
        return text == "true"
    return text or None


def _picklist(text: str) -> tuple[str, ...]:
    if text.startswith("@"):
        return _shared_picklists()[text[1:]]
    return tuple(filter(None, text.split("|")))


@cache
def _shared_picklists() -> dict[str, tuple[str, ...]]:
    return {row["name"]: tuple(row["values"].split("|")) for row in _table("picklists")}


def _table(name: str) -> list[dict[str, str]]:
    path = resources.files(__package__) / "standard" / f"{name}.tsv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    columns = head.split("\t")
    return [dict(zip(columns, row.split("\t"), strict=True)) for row in rows]
