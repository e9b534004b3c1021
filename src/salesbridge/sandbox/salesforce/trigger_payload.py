"""The payloads of the connector's events: whole records, or mapped fields where the deployed Apex lists them.

Sources: Apex Developer Guide, *JSON Support*; the vendor's published sample for whole records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .results import Row
    from .schema import SObject

EXTERNAL_ID = "Gentrack_External_Id__c"
PAYLOAD_LIMIT = 32_768
_KEYS = ("Id", EXTERNAL_ID, "SystemModstamp", "LastModifiedDate", "LastModifiedById")
_SURVIVOR = "MasterRecordId"


def whole(sobject: str, row: Row) -> str:
    """A record as ``JSON.serialize`` writes it, null fields left out; only its keys when that is too long."""
    attributes = {"type": sobject, "url": f"/services/data/v66.0/sobjects/{sobject}/{row['Id']}"}
    text = orjson.dumps({"attributes": attributes, "Id": row["Id"], **row}).decode()
    if len(text) <= PAYLOAD_LIMIT:
        return text
    keys: dict[str, Any] = {"attributes": attributes, "Id": row["Id"]}
    if EXTERNAL_ID in row:
        keys[EXTERNAL_ID] = row[EXTERNAL_ID]
    return orjson.dumps({**keys, "Truncated": True}).decode()


def changed(fields: Sequence[str], old: Row | None, new: Row | None) -> tuple[str, ...]:
    """The mapped fields that an event has to tell: all of them, or those an update changed."""
    if old is None or new is None:
        return tuple(fields)
    return tuple(name for name in fields if old.get(name) != new.get(name))


def mapped(sobject: SObject, row: Row, fields: Sequence[str]) -> str:
    """Keys and some fields as ``JSON.serialize`` writes a map: empty ones are there as null.

    Only the keys, and that the record is to be read again, when that is longer than the event's field.
    """
    values: dict[str, Any] = {name: _plain(sobject, row, name) for name in _KEYS}
    if row.get(_SURVIVOR):
        values[_SURVIVOR] = row[_SURVIVOR]
    values |= {name: _plain(sobject, row, name) for name in fields}
    text = orjson.dumps(values).decode()
    if len(text) <= PAYLOAD_LIMIT:
        return text
    return orjson.dumps({"Id": row["Id"], EXTERNAL_ID: row.get(EXTERNAL_ID), "Truncated": True}).decode()


def _plain(sobject: SObject, row: Mapping[str, Any], name: str) -> Any:
    """A value; a moment ends in ``Z``, as Apex writes one that stands alone."""
    value, field = row.get(name), sobject.field(name)
    moment = field is not None and field.type == "datetime" and isinstance(value, str)
    return value.replace("+0000", "Z") if moment and isinstance(value, str) else value
