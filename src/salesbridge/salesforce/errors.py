"""Salesforce's error shapes, each with its own parser, and the one exception they become."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from salesbridge.salesforce.advice import Kind, advice_for, advice_for_status

if TYPE_CHECKING:
    import httpx2

_HTTP_SERVER_FAULT: Final = 500
_REFUSED: Final = frozenset({429, 503})
_DAILY_LIMIT_PAUSE_S: Final = 900.0
_CONCURRENT_LIMIT_PAUSE_S: Final = 30.0
_EXCERPT: Final = 300
_FIELD_NAME: Final = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*", re.ASCII)


class SalesforceError(Exception):
    """A call to Salesforce that failed, with what a person does about it.

    Attributes:
        kind: ``permanent`` (the same call fails again), ``transient`` (try later), ``throttled`` (an allowance
            is used up) or ``authentication`` (credentials or policies must be mended).
        code: Salesforce's error code, or ours in the same style.
        message: What Salesforce said, or what we saw.
        mend: One sentence: what to do, and on which page of Setup.
        status: HTTP status, if there was an answer.
        fields: API names of the fields concerned.
        retry_after: Seconds to wait before the next try, if known.
        unknown_outcome: A write may or may not have happened: read back before it is repeated.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: Kind,
        code: str,
        mend: str,
        status: int | None = None,
        fields: tuple[str, ...] = (),
        retry_after: float | None = None,
        unknown_outcome: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind: Kind = kind
        self.code = code
        self.mend = mend
        self.status = status
        self.fields = fields
        self.retry_after = retry_after
        self.unknown_outcome = unknown_outcome

    def __str__(self) -> str:
        return f"{self.message} ({self.code}) {self.mend}"

    def __reduce__(self) -> tuple[Any, ...]:
        # A durable engine stores exceptions: keyword-only attributes must survive pickling.
        return _rebuilt, (type(self), self.message, {k: v for k, v in vars(self).items() if k != "message"})


def _rebuilt(kind: type[SalesforceError], message: str, attributes: dict[str, Any]) -> SalesforceError:
    return kind(message, **attributes)


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one record was refused, from a collection, a composite item or a failed row of a bulk job."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """Whether it is worth trying again."""
        return advice_for(self.code).kind

    @property
    def mend(self) -> str:
        """What a person does about it."""
        return advice_for(self.code).mend


def row_errors(errors: Any) -> tuple[RowError, ...]:
    """Parses the ``errors`` of a collection's or composite's item.

    They use ``statusCode`` where plain REST uses ``errorCode`` (REST API Developer Guide, "sObject Collections").
    """
    if not isinstance(errors, list):
        return ()
    return tuple(
        RowError(
            str(error.get("statusCode") or error.get("errorCode") or "UNKNOWN"),
            str(error.get("message") or ""),
            _field_names(error.get("fields")),
        )
        for error in errors
        if isinstance(error, dict)
    )


def parse_row_error(text: str) -> RowError:
    """Parses the ``sf__Error`` column of a bulk job's failed results: ``CODE:message:FIELD,FIELD --``.

    The message itself may hold colons: the code ends at the first, the fields begin after the last (Bulk
    API 2.0 guide, "Get Information About Failed Records").
    """
    code, colon, rest = text.partition(":")
    if not colon:
        return RowError("UNKNOWN", text)
    body = rest.rstrip()
    if not body.endswith("--"):
        return RowError(code.strip(), body)
    message, _, tail = body[:-2].rstrip().rpartition(":")
    names = tuple(name.strip() for name in tail.split(",") if name.strip())
    if not all(_FIELD_NAME.fullmatch(name) for name in names):
        return RowError(code.strip(), body[:-2].rstrip())
    return RowError(code.strip(), message, names)


def job_error(message: str) -> SalesforceError:
    """Parses the ``errorMessage`` of a failed bulk job: ``InvalidBatch : Field name not found : Foo__c``."""
    head, colon, rest = message.partition(":")
    code = head.strip() if colon and head.strip().replace("_", "").isalnum() else "UNKNOWN"
    advice = advice_for(code)
    said = rest.strip() if code != "UNKNOWN" else message.strip()
    return SalesforceError(said or message, kind=advice.kind, code=code, mend=advice.mend)


def rest_error(response: httpx2.Response, *, safe: bool) -> SalesforceError:
    """Makes the exception of an answer that is not a success; the body must have been read.

    Args:
        response: The answer.
        safe: The call changes nothing, so that its outcome does not matter.
    """
    status = response.status_code
    if response.has_redirect_location:
        return _moved(response)
    first = _first_error(response.content)
    if first is None:
        code, advice = advice_for_status(status)
        message = _without_body(response)
    else:
        code, message = str(first.get("errorCode") or first.get("statusCode")), str(first.get("message") or "")
        advice = advice_for(code)
        if status >= _HTTP_SERVER_FAULT and advice.kind == "permanent":
            advice = advice_for_status(status)[1]
    retry_after = _retry_after(response) or _limit_pause(code, message)
    # 503 and 429 in Salesforce's own words, or with Retry-After, mean "not even begun".
    refused = status in _REFUSED and (first is not None or retry_after is not None)
    unknown = status >= _HTTP_SERVER_FAULT and not safe and not refused
    return SalesforceError(
        message,
        kind=advice.kind,
        code=code,
        mend=advice.mend,
        status=status,
        fields=_field_names(first.get("fields")) if first else (),
        retry_after=retry_after,
        unknown_outcome=unknown,
    )


def bad_answer(response: httpx2.Response, expected: str, *, safe: bool) -> SalesforceError:
    """Makes the exception of a success whose body is not what the API promises."""
    return SalesforceError(
        f"{_without_body(response)} {expected} was expected.",
        kind="transient",
        code="BAD_ANSWER",
        mend=(
            "Something between the connector and Salesforce (proxy, maintenance page) answered: "
            "check the network and the login URL."
        ),
        status=response.status_code,
        unknown_outcome=not safe,
    )


def _moved(response: httpx2.Response) -> SalesforceError:
    host = (response.next_request.url.host if response.next_request else "") or "another address"
    return SalesforceError(
        f"Salesforce points to {host} instead of answering.",
        kind="authentication",
        code="REDIRECT",
        mend="Enter the current My Domain address as login URL: Setup > My Domain > Current My Domain URL.",
        status=response.status_code,
    )


def _first_error(content: bytes) -> dict[str, Any] | None:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    first = body[0] if isinstance(body, list) and body else body
    if isinstance(first, dict) and (first.get("errorCode") or first.get("statusCode")):
        return first
    return None


def _without_body(response: httpx2.Response) -> str:
    kind = response.headers.get("content-type", "").partition(";")[0] or "no content type"
    return f"Salesforce answered {response.status_code} with {len(response.content)} bytes of {kind}."


def _field_names(fields: Any) -> tuple[str, ...]:
    return tuple(str(name) for name in fields) if isinstance(fields, list) else ()


def _retry_after(response: httpx2.Response) -> float | None:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isdigit() else None


def _limit_pause(code: str, message: str) -> float | None:
    if code != "REQUEST_LIMIT_EXCEEDED":
        return None
    return _CONCURRENT_LIMIT_PAUSE_S if "concurrent" in message.lower() else _DAILY_LIMIT_PAUSE_S


def excerpt(text: str) -> str:
    """Cuts what a server said to a length that fits a message."""
    return text if len(text) <= _EXCERPT else text[:_EXCERPT] + "..."
