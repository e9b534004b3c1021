"""Publishing platform events through the record APIs: an insert that stores nothing.

Source: Platform Events Developer Guide, *Publish Event Messages with Salesforce APIs*: the answer is a success whose
only error is ``OPERATION_ENQUEUED`` with the event's uuid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .metadata_store import metadata_store
from .plan import compile_plan, converted
from .results import SaveError, SaveResult
from .save import check_operation
from .values import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .save import Operation, SaveContext

IMMEDIATELY = "PublishImmediately"
ENQUEUED = "OPERATION_ENQUEUED"


def publish_records(
    context: SaveContext, operation: Operation, records: Sequence[Mapping[str, Any]]
) -> list[SaveResult]:
    """Publish records of a platform event: at once, or when the transaction commits, as the event is defined."""
    return [_attempt(context, operation, record) for record in records]


def _attempt(context: SaveContext, operation: Operation, record: Mapping[str, Any]) -> SaveResult:
    try:
        return _publish(context, operation, record)
    except RefusedError as refusal:
        return SaveResult(None, success=False, errors=(refusal.error,))


def _publish(context: SaveContext, operation: Operation, record: Mapping[str, Any]) -> SaveResult:
    org, sobject = context.org, context.sobject
    check_operation(sobject, f"{operation.removesuffix('e')}ed", allowed=operation == "insert")
    access = org.field_access(context.user, sobject)
    values = converted(compile_plan(sobject, record, access, inserting=True), record)
    filled = {**org.blueprint(sobject).defaults, **{key: each for key, each in values.items() if each is not None}}
    missing = [each.name for each in org.blueprint(sobject).required if filled.get(each.name) is None]
    if missing:
        raise RefusedError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", *missing)
    event = org.bus.event(sobject.name, filled, context.user)
    id_ = org.new_id(sobject.key_prefix or "e00")
    if metadata_store(org).publish_behavior.get(sobject.name, IMMEDIATELY) == IMMEDIATELY:
        org.bus.publish([event])
    else:
        org.put(sobject.name, id_, None)  # stores nothing, but marks the place a rollback must not go back behind
        org.triggers.publish_at_commit([event])
    error = SaveError(ENQUEUED, event.uuid)
    return SaveResult(id_, success=True, created=True, errors=(error,))
