"""Events as Avro: the schema of a platform event, and its values in Avro binary without a container header.

Source: Pub/Sub API guide, *Event Data Serialization with Apache Avro*; the attributes of the schema (namespace, doc)
follow the examples there.
"""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import fastavro
import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .schema import Field, SObject

_TYPES = {"boolean": "boolean", "double": "double", "int": "double", "date": "long", "datetime": "long"}
_DOC = {"boolean": "Checkbox", "double": "Double", "date": "DateOnly", "datetime": "DateTime", "textarea": "LongText"}
_MILLISECONDS = 1000
_SYSTEM: tuple[dict[str, Any], ...] = (
    {"name": "CreatedDate", "type": "long", "doc": "CreatedDate:DateTime"},
    {"name": "CreatedById", "type": "string", "doc": "CreatedBy:EntityId"},
)


class PayloadError(ValueError):
    """The bytes or values are not an event of this schema."""


@dataclass(frozen=True, slots=True)
class EventSchema:
    """One version of the schema of an event; ``id`` changes whenever its fields do."""

    event: str
    id: str
    json: str
    _parsed: Any = field(repr=False, compare=False)

    def encode(self, values: Mapping[str, Any]) -> bytes:
        """Values by field name, moments as milliseconds since the epoch, as Avro binary.

        Raises:
            PayloadError: A required value is missing or one has the wrong type.
        """
        target = io.BytesIO()
        try:
            fastavro.schemaless_writer(target, self._parsed, dict(values), strict_allow_default=True)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise PayloadError(str(error)) from None
        return target.getvalue()

    def decode(self, payload: bytes) -> dict[str, Any]:
        """The values in Avro binary.

        Raises:
            PayloadError: The bytes end early, go on after the event, or mean nothing.
        """
        source = io.BytesIO(payload)
        try:
            values = fastavro.schemaless_reader(source, self._parsed, None)
        except (ValueError, TypeError, IndexError, EOFError, OverflowError) as error:
            raise PayloadError(str(error) or type(error).__name__) from None
        if not isinstance(values, dict) or source.read(1):
            raise PayloadError("There are bytes after the end of the event")
        return values


def event_schema(sobject: SObject) -> EventSchema:
    """The schema of a platform event as its fields are now."""
    record = {
        "type": "record",
        "name": sobject.name,
        "namespace": "com.sforce.eventbus",
        "fields": [*_SYSTEM, *(_avro_field(each) for each in sobject.fields.values() if each.custom)],
    }
    text = orjson.dumps(record).decode()
    digest = hashlib.sha256(text.encode()).digest()[:16]
    name = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return EventSchema(sobject.name, name, text, fastavro.parse_schema(record))


def _avro_field(known: Field) -> dict[str, Any]:
    kind = _TYPES.get(known.type, "string")
    found: dict[str, Any] = {"name": known.name, "type": kind, "doc": f"Data:{_DOC.get(known.type, 'Text')}"}
    if known.nillable or known.type == "boolean":
        found |= {"type": ["null", kind], "default": None}
    return found


def avro_value(known: Field, value: Any) -> Any:
    """A stored field value as the schema wants it: moments become milliseconds, numbers doubles."""
    if value is None:
        return None
    if known.type == "datetime":
        return milliseconds(datetime.fromisoformat(value))
    if known.type == "date":
        return milliseconds(datetime.fromisoformat(value).replace(tzinfo=UTC))
    return float(value) if _TYPES.get(known.type) == "double" else value


def milliseconds(moment: datetime) -> int:
    """Milliseconds since the epoch."""
    return round(moment.timestamp() * _MILLISECONDS)
