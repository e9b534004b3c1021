"""Avro payloads of events: schemas by id, decoding and encoding."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any

import fastavro
import orjson

from salesbridge.salesforce.errors import SalesforceError
from salesbridge.salesforce.event_errors import UnreadableEventError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Schema = dict[str, Any]


class Schemas:
    """Schemas by id, each fetched once: an id is a hash of its schema, so that what it stands for never changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Schema] = {}

    def get(self, schema_id: str, fetch: Callable[[str], str]) -> Schema:
        """Gives a schema, asking for its JSON text when it is not known yet.

        Raises:
            SalesforceError: It is not an Avro record's, or ``fetch`` failed.
        """
        known = self._known.get(schema_id)
        if known is None:
            parsed = _parsed(schema_id, fetch(schema_id))
            with self._lock:
                known = self._known.setdefault(schema_id, parsed)
        return known


def decode(schema: Schema, payload: bytes, *, event_id: str, replay_id: bytes) -> Mapping[str, Any]:
    """Reads an event's payload: Avro binary without a container header (Pub/Sub API guide, "Event Deserialization").

    Date-times stay milliseconds since 1970 and numbers floats, as the schema has them.

    Raises:
        UnreadableEventError: The payload does not fit the schema.
    """
    try:
        found: Any = fastavro.schemaless_reader(io.BytesIO(payload), schema, None)
        return dict(found)
    except Exception as exc:  # noqa: BLE001  a damaged payload makes the reader raise anything
        raise UnreadableEventError(
            f"An event of {len(payload)} bytes does not fit its schema ({type(exc).__name__}).",
            event_id=event_id,
            replay_id=replay_id,
            kind="permanent",
            code="EVENT_UNREADABLE",
            mend="The event is left out and the records are compared instead; report it if it happens again.",
        ) from None


def encode(schema: Schema, record: Mapping[str, Any]) -> bytes:
    """Writes an event's payload; a nullable field that is left out becomes null.

    Raises:
        ValueError: The record has a field that the schema has not, or a value that does not fit.
    """
    unknown = set(record) - {field["name"] for field in schema["fields"]}
    if unknown:
        raise ValueError(f"The event has no field {', '.join(sorted(unknown))}.")
    out = io.BytesIO()
    try:
        fastavro.schemaless_writer(out, schema, dict(record))
    except (ValueError, TypeError, OverflowError, AttributeError, KeyError) as exc:
        # The cause quotes values.
        raise ValueError(f"A value does not fit the event's schema ({type(exc).__name__}).") from None
    return out.getvalue()


def _parsed(schema_id: str, text: str) -> Schema:
    try:
        parsed = fastavro.parse_schema(orjson.loads(text))
    except Exception:  # noqa: BLE001  whatever is wrong with it, the answer is the same
        parsed = None
    if not isinstance(parsed, dict) or parsed.get("type") != "record":
        raise SalesforceError(
            f"The schema {schema_id} is not an Avro record.",
            kind="permanent",
            code="SCHEMA_UNREADABLE",
            mend="This is a fault of Salesforce or of the connector: report it with this message.",
        )
    return parsed
