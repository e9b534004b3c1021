"""Reading what a caller sent, alike in both dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from salesbridge.sandbox.billing.problems import Problem, RefusedError

if TYPE_CHECKING:
    from starlette.requests import Request

    from salesbridge.sandbox.billing.members import Form

CALLER = "salesbridge.sandbox.caller"
_MOST_BODY = 1_000_000
_MOST_DIGITS = 18


class CallError(Exception):
    """A call that is answered with an error.

    Args:
        status: The HTTP status.
        code: A short code, which the dialect writes in its own way.
        message: A sentence.
        problems: What is wrong with which member, named as on the wire.
    """

    def __init__(self, status: int, code: str, message: str, problems: list[Problem] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.problems = problems or []


def not_found(what: str) -> CallError:
    """A 404."""
    return CallError(404, "NotFound", f"{what} was not found")


def refused(error: RefusedError, form: Form) -> CallError:
    """A 400 for broken rules, with the members named as on the wire."""
    problems = [Problem(form.wire_name(p.member), p.code, p.message) for p in error.problems]
    code = next((p.code for p in error.problems if p.own), "ValidationFailed")
    return CallError(400, code, str(error), problems)


def source_of(request: Request) -> str:
    """Who makes a change: ``api:`` and the name of the user whose key came with the call."""
    return f"api:{request.scope[CALLER]}"


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object that was sent.

    Raises:
        CallError: 415 without the right Content-Type, 400 where the body is no JSON object, 413 above 1 MB.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise CallError(415, "UnsupportedMediaType", "Send the header Content-Type: application/json")
    raw = await request.body()
    if len(raw) > _MOST_BODY:
        raise CallError(413, "TooLarge", "The body is larger than 1 MB")
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise CallError(400, "InvalidJson", f"The body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise CallError(400, "InvalidJson", "The body must be a JSON object")
    return body


async def form_of(request: Request, form: Form) -> dict[str, Any]:
    """The accepted values that were sent, by our names.

    Raises:
        CallError: As ``body_of``; 400 with the problems of each member.
    """
    values, problems = form.read(await body_of(request))
    if problems:
        raise CallError(400, "ValidationFailed", "; ".join(p.message for p in problems), problems)
    return values


def whole_number(request: Request, name: str, default: int, lowest: int, highest: int | None = None) -> int:
    """A whole number of the query.

    Raises:
        CallError: 400 when it is none or out of its range.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
    if number is None or number < lowest or (highest is not None and number > highest):
        upto = f" to {highest}" if highest is not None else " or more"
        message = f"{name} must be a whole number from {lowest}{upto}"
        raise CallError(400, "InvalidParameter", message, [Problem(name, "InvalidParameter", message)])
    return number
