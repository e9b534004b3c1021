"""What each error code means for us: whether to try again, and what a person does about it.

One table, so that the same code gets the same sentence wherever it turns up: in a REST array, in a row of a
collection, in a failed row of a bulk job. Codes come from the REST API Developer Guide ("Status Codes and
Error Responses"), the SOAP API guide ("API Fault Element", "StatusCode") and the Bulk API 2.0 guide ("Errors").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["permanent", "transient", "throttled", "authentication"]


class Advice(NamedTuple):
    """How to treat an error code, and the sentence that tells a person how to mend it."""

    kind: Kind
    mend: str


_PERMISSION = (
    "Give the integration user access: Setup > Permission Sets > the connector's permission set > Object Settings."
)
_FIELD_PERMISSION = (
    "Check that the field exists and that the integration user may edit it: Setup > Object Manager > the object > "
    "Fields & Relationships > the field > Set Field-Level Security; or deploy the connector's package again."
)
_OUR_REQUEST = "This is a fault of the connector's request: report it with this message."
_LATER = "Nothing to do: it is tried again by itself; look at status.salesforce.com if it lasts."
_AUTOMATION = "Ask the Salesforce administrator to mend the automation named in the message (Setup > Apex or Flows)."
_BAD_VALUE = "Correct the value in the system that is its master; the record is sent again with its next change."
_LOAD_ORDER = "The parent record is missing or not visible: load or link it first, then retry this record."
_STORAGE = "Free or buy storage: Setup > Storage Usage."
_SIGN_IN = "Open the connector's Salesforce connection, check its credentials and save it again."
_API_VERSION = (
    "Salesforce no longer serves this API version: set a newer one in the connector's "
    "settings and upgrade the connector."
)

ADVICE: Final[Mapping[str, Advice]] = {
    # allowances
    "REQUEST_LIMIT_EXCEEDED": Advice(
        "throttled",
        "The org's API allowance is used up: see Setup > System Overview > API Usage; find the other "
        "callers or buy more calls.",
    ),
    "EXCEEDED_QUOTA": Advice(
        "throttled",
        "A Bulk API allowance is used up for the last 24 hours: see Setup > Bulk Data Load Jobs; it frees itself.",
    ),
    "TOO_MANY_LOCK_FAILURE": Advice(
        "transient", "Other work holds the same parent records: pause other loads of these objects and start again."
    ),
    "LIMIT_EXCEEDED": Advice(
        "permanent", "An org limit is reached: see Setup > Company Information and the message for which."
    ),
    "STORAGE_LIMIT_EXCEEDED": Advice("permanent", _STORAGE),
    # passing troubles
    "UNABLE_TO_LOCK_ROW": Advice(
        "transient", "Another change holds the record or its parent: it is tried again by itself."
    ),
    "SERVER_UNAVAILABLE": Advice("transient", _LATER),
    "UNKNOWN_EXCEPTION": Advice("transient", _LATER),
    "QUERY_TIMEOUT": Advice(
        "transient", "The query took too long: it is tried again; ask for fewer records if it lasts."
    ),
    "REQUEST_RUNNING_TOO_LONG": Advice("transient", "The call took too long: it is tried again with fewer records."),
    "INVALID_QUERY_LOCATOR": Advice("transient", "The query's cursor has expired: the query is started again."),
    "ENTITY_IS_LOCKED": Advice("transient", "The record waits for an approval in Salesforce: approve or recall it."),
    "TIMEOUT": Advice("transient", _LATER),
    "API_ERROR": Advice("transient", _LATER),
    "PROCESSING_HALTED": Advice(
        "transient", "Another record of the same call failed: mend that one; this one is sent again."
    ),
    "BATCH_PROCESSING_HALTED": Advice("transient", "An earlier part of the same call failed: mend that one first."),
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": Advice(
        "transient", "Another record of the same call failed: mend that one; this one is sent again."
    ),
    "UNKNOWN": Advice("permanent", "Salesforce gives no reason: open the job in Salesforce, then start the run again."),
    # who we are
    "INVALID_AUTH_HEADER": Advice("authentication", _SIGN_IN),
    "INVALID_SESSION_ID": Advice("authentication", _SIGN_IN),
    "INVALID_USER": Advice("authentication", _SIGN_IN),
    "API_DISABLED_FOR_ORG": Advice(
        "permanent", "This edition of Salesforce has no API: use Enterprise Edition or better, or buy API access."
    ),
    "API_CURRENTLY_DISABLED": Advice(
        "permanent",
        "API access is switched off: Setup > Permission Sets > the connector's > System Permissions > API Enabled.",
    ),
    "INSUFFICIENT_ACCESS": Advice(
        "permanent",
        "Give the connector's user the permission that the message names (to deploy: Modify Metadata Through Metadata "
        "API Functions): Setup > Permission Sets > one of the user's > System Permissions.",
    ),
    "INSUFFICIENT_ACCESS_OR_READONLY": Advice("permanent", _PERMISSION),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Advice("permanent", _PERMISSION),
    "FEATURE_NOT_ENABLED": Advice(
        "permanent", "Enable the feature the message names, or give the user API Enabled and Bulk API permissions."
    ),
    "FUNCTIONALITY_NOT_ENABLED": Advice("permanent", "Enable in Setup the feature that the message names."),
    # the data
    "DUPLICATE_VALUE": Advice(
        "permanent", "Another record already has this unique value: merge the two records in Salesforce or correct one."
    ),
    "DUPLICATE_EXTERNAL_ID": Advice("permanent", "Several records have this external id: merge them and keep one."),
    "DUPLICATES_DETECTED": Advice(
        "permanent",
        "A duplicate rule stops this record: merge it with the one it resembles, or set the rule to Alert for the "
        "integration user (Setup > Duplicate Rules).",
    ),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": Advice(
        "permanent", "A validation rule refuses the value: correct it, or exempt the integration user from the rule."
    ),
    "FIELD_INTEGRITY_EXCEPTION": Advice("permanent", _BAD_VALUE),
    "FIELD_FILTER_VALIDATION_EXCEPTION": Advice(
        "permanent", "A lookup filter refuses the value: correct the value or the filter."
    ),
    "REQUIRED_FIELD_MISSING": Advice("permanent", "Fill in the required fields that the message names."),
    "STRING_TOO_LONG": Advice("permanent", _BAD_VALUE),
    "NUMBER_OUTSIDE_VALID_RANGE": Advice("permanent", _BAD_VALUE),
    "INVALID_EMAIL_ADDRESS": Advice("permanent", _BAD_VALUE),
    "INVALID_TYPE_ON_FIELD_IN_RECORD": Advice("permanent", _BAD_VALUE),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": Advice(
        "permanent", "Add the value to the picklist (Setup > Object Manager > the field), or correct it at its master."
    ),
    "INVALID_CROSS_REFERENCE_KEY": Advice("permanent", _LOAD_ORDER),
    "ENTITY_IS_DELETED": Advice(
        "permanent", "The record was deleted in Salesforce: restore it from the Recycle Bin or unlink it."
    ),
    "NOT_FOUND": Advice(
        "permanent",
        "Salesforce does not know this record, object or external id field: check that it was not "
        "deleted and that the package is deployed.",
    ),
    "STANDARD_PRICE_NOT_DEFINED": Advice("permanent", "Load the product's standard price before its other prices."),
    "FAILED_ACTIVATION": Advice("permanent", "Complete the record (lines, dates, status) before it is activated."),
    # the model and the automation
    "INVALID_FIELD": Advice("permanent", _FIELD_PERMISSION),
    "INVALID_FIELD_FOR_INSERT_UPDATE": Advice("permanent", _FIELD_PERMISSION),
    "INVALID_TYPE": Advice(
        "permanent", "Deploy the connector's package, and give the integration user access to the object."
    ),
    "INVALID_ENTITY": Advice(
        "permanent", "Deploy the connector's package, and give the integration user access to the object."
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": Advice("permanent", _AUTOMATION),
    "CANNOT_EXECUTE_FLOW_TRIGGER": Advice("permanent", _AUTOMATION),
    "APEX_ERROR": Advice("permanent", _AUTOMATION),
    # our own doing
    "MALFORMED_ID": Advice("permanent", _OUR_REQUEST),
    "MALFORMED_QUERY": Advice("permanent", _OUR_REQUEST),
    "JSON_PARSER_ERROR": Advice("permanent", _OUR_REQUEST),
    "METHOD_NOT_ALLOWED": Advice("permanent", _OUR_REQUEST),
    "UNSUPPORTED_MEDIA_TYPE": Advice("permanent", _OUR_REQUEST),
    "INVALID_BATCH": Advice(
        "permanent", "Compare the columns named in the message with the org: deploy the connector's package."
    ),
    "INVALID_JOB": Advice(
        "permanent", "The bulk job is gone (Salesforce keeps jobs for seven days): start the run again."
    ),
    "INVALID_JOB_STATE": Advice(
        "permanent", "Someone closed or aborted the bulk job in Salesforce: start the run again."
    ),
    "INVALID_OPERATION": Advice("permanent", _OUR_REQUEST),
    "INVALID_URL": Advice("permanent", _OUR_REQUEST),
    "CLIENT_INPUT_ERROR": Advice("permanent", _OUR_REQUEST),
    # retired versions (REST API guide, "API End-of-Life")
    "UNSUPPORTED_API_VERSION": Advice("permanent", _API_VERSION),
    "GONE": Advice("permanent", _API_VERSION),
}

STATUS_ADVICE: Final[Mapping[int, tuple[str, Advice]]] = {
    300: ("DUPLICATE_EXTERNAL_ID", ADVICE["DUPLICATE_EXTERNAL_ID"]),
    401: ("INVALID_SESSION_ID", ADVICE["INVALID_SESSION_ID"]),
    403: ("FORBIDDEN", Advice("permanent", _PERMISSION)),
    404: ("NOT_FOUND", ADVICE["NOT_FOUND"]),
    408: ("TIMEOUT", ADVICE["TIMEOUT"]),
    409: ("CONFLICT", Advice("transient", "The record or job is being changed by someone else: it is tried again.")),
    410: ("GONE", ADVICE["GONE"]),
    412: ("PRECONDITION_FAILED", Advice("transient", "The record changed meanwhile: it is read again first.")),
    414: ("URI_TOO_LONG", Advice("permanent", _OUR_REQUEST)),
    415: ("UNSUPPORTED_MEDIA_TYPE", ADVICE["UNSUPPORTED_MEDIA_TYPE"]),
    420: ("EDGE_UNAVAILABLE", Advice("transient", _LATER)),
    429: ("REQUEST_LIMIT_EXCEEDED", ADVICE["REQUEST_LIMIT_EXCEEDED"]),
    431: ("URI_TOO_LONG", Advice("permanent", _OUR_REQUEST)),
    503: ("SERVER_UNAVAILABLE", ADVICE["SERVER_UNAVAILABLE"]),
}


def _plain(code: str) -> str:
    return code.replace("_", "").upper()


_BY_PLAIN_CODE: Final[Mapping[str, Advice]] = {_plain(code): advice for code, advice in ADVICE.items()}
_UNKNOWN_CODE: Final = Advice(
    "permanent", "Look the message up in Salesforce's documentation and correct the record or the setting."
)


def advice_for(code: str) -> Advice:
    """Tells how to treat an error code.

    Case and underscores do not matter: Bulk API 2.0 spells the same code in several ways. A code that the
    table does not know counts as permanent, so that it is shown to a person rather than repeated for ever.
    """
    return _BY_PLAIN_CODE.get(_plain(code), _UNKNOWN_CODE)


def advice_for_status(status: int) -> tuple[str, Advice]:
    """Gives code and advice for an answer that has no readable error body."""
    if status in STATUS_ADVICE:
        return STATUS_ADVICE[status]
    kind: Kind = "transient" if status >= 500 else "permanent"  # noqa: PLR2004
    return f"HTTP_{status}", Advice(kind, _LATER if kind == "transient" else _OUR_REQUEST)
