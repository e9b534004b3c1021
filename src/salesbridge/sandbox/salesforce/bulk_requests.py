"""Strict reading of the JSON that creates and moves Bulk API 2.0 jobs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.bulk_csv import DELIMITERS, LINE_ENDINGS, Dialect
from salesbridge.sandbox.salesforce.bulk_jobs import OPERATIONS, JobRequest
from salesbridge.sandbox.salesforce.results import ApiError

if TYPE_CHECKING:
    from collections.abc import Collection

    from salesbridge.sandbox.salesforce.org import Org
    from salesbridge.sandbox.salesforce.schema import SObject

INGEST_PROPERTIES = (
    "assignmentRuleId",
    "columnDelimiter",
    "contentType",
    "externalIdFieldName",
    "lineEnding",
    "object",
    "operation",
)
QUERY_PROPERTIES = ("operation", "query", "contentType", "columnDelimiter", "lineEnding")


def invalid_job(message: str) -> ApiError:
    """The refusal of a job that asks for something impossible."""
    return ApiError(400, "INVALIDJOB", f"InvalidJob : {message}")


def read_object(body: bytes, allowed: Collection[str]) -> dict[str, Any]:
    """Parse a JSON object of text properties.

    Raises:
        ApiError: ``JSON_PARSER_ERROR`` for what is no JSON object, an unknown property or a value that is no text.
    """
    try:
        found = json.loads(body)
    except ValueError as error:
        raise _parser(f"Unexpected character or end of input: {error}") from None
    if not isinstance(found, dict):
        raise _parser("A JSON object is required")
    for name, value in found.items():
        if name not in allowed:
            raise _parser(f'Unrecognized field "{name}"')
        if value is not None and not isinstance(value, str):
            raise _parser(f'Cannot deserialize value of field "{name}": a string is required')
    return {name: value for name, value in found.items() if value is not None}


def _parser(message: str) -> ApiError:
    return ApiError(400, "JSON_PARSER_ERROR", message)


def _choice(found: dict[str, Any], name: str, allowed: Collection[str], default: str | None = None) -> str:
    value = found.get(name, default)
    if value is None:
        raise invalid_job(f"{name} is required")
    if value not in allowed:
        raise _parser(f'"{value}" is not a valid value for "{name}": choose one of {", ".join(allowed)}')
    return str(value)


def dialect(found: dict[str, Any]) -> Dialect:
    """The CSV dialect a job asks for: COMMA and LF unless it says otherwise (Create a Job)."""
    _choice(found, "contentType", ("CSV",), "CSV")
    delimiter = _choice(found, "columnDelimiter", tuple(DELIMITERS), "COMMA")
    return Dialect(delimiter, _choice(found, "lineEnding", tuple(LINE_ENDINGS), "LF"))


def ingest_request(body: bytes, org: Org, *, hard_delete: bool) -> JobRequest:
    """Read the body of Create a Job.

    Args:
        body: The JSON.
        org: The org.
        hard_delete: Whether the caller has the permission *Bulk API Hard Delete*.

    Raises:
        ApiError: The request is malformed or asks for what the org does not have.
    """
    found = read_object(body, INGEST_PROPERTIES)
    operation = _choice(found, "operation", OPERATIONS)
    if "object" not in found:
        raise invalid_job("object is required")
    sobject = _sobject(org, found["object"])
    if operation == "hardDelete" and not hard_delete:
        problem = (
            "hardDelete operation requires special user profile permission, please contact your system administrator"
        )
        raise ApiError(400, "FEATURENOTENABLED", f"FeatureNotEnabled : {problem}")
    external_id = _external_id(sobject, operation, found.get("externalIdFieldName"))
    return JobRequest(sobject.name, operation, external_id, dialect(found), found.get("assignmentRuleId"))


def _sobject(org: Org, name: str) -> SObject:
    sobject = org.visible_sobject(name)
    if sobject is None or not (sobject.createable or sobject.updateable or sobject.deletable):
        raise ApiError(400, "INVALIDENTITY", f"InvalidEntity : Entity '{name}' is not supported by the Bulk API.")
    return sobject


def _external_id(sobject: SObject, operation: str, name: str | None) -> str | None:
    if operation != "upsert":
        if name is not None:
            raise invalid_job(f"External ID was specified for the operation {operation}. It must be upsert.")
        return None
    if not name:
        raise invalid_job(f"External ID was blank for {sobject.name}. An External ID must be specified for upsert.")
    field = sobject.upsert_key(name)
    if field is None:
        raise invalid_job(f"Field name provided, {name} does not match an External ID for {sobject.name}")
    return field.name


def wanted_state(body: bytes, allowed: Collection[str]) -> str:
    """Read the body of Upload Complete and Abort a Job: only ``state`` may be given (Limits, *Job status change*).

    Raises:
        ApiError: Another property, or a state a client cannot ask for.
    """
    found = read_object(body, ("state",))
    state = found.get("state")
    if state not in allowed:
        raise ApiError(400, "INVALIDJOBSTATE", f"InvalidJobState : {state!r} is not a state a job can be moved to")
    return str(state)
