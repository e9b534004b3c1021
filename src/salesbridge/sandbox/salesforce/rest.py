"""What every authenticated REST resource shares: session, version, limits, faults and the shape of answers."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from . import versions
from .calls import CallRecord
from .results import ApiError
from .wire import CutResponse, JsonResponse, error_response

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from .access import ConnectedApp, Session, User
    from .org import Org

_MAX_HEAD = 16_384
_WRITES = frozenset({"POST", "PATCH", "PUT", "DELETE"})
_ERRORS = 400
Handler = Callable[[Request, "Call"], Any]
"""A resource: gets the request and the call, answers a Response, JSON-able data or None (204), raises ApiError."""


@dataclass(slots=True)
class Call:
    """An authenticated call.

    ``version`` is a number such as 66.0; ``body`` the request's bytes, already gunzipped; ``client`` the name in
    ``Sforce-Call-Options``; ``content_type`` the media type, lower case, without parameters.
    """

    org: Org
    user_id: str
    version: float
    session: Session
    app: ConnectedApp | None
    body: bytes = field(repr=False)
    client: str | None = None
    content_type: str = ""
    method: str = "GET"

    @property
    def base(self) -> str:
        """The path every resource of this version starts with."""
        return f"/services/data/v{self.version:.1f}"

    @property
    def user(self) -> User:
        """The calling user."""
        return self.org.directory.users[self.user_id]

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ApiError: 415 for another media type, 400 ``JSON_PARSER_ERROR`` for anything else than JSON.
        """
        if self.content_type and self.content_type != "application/json":
            raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"Content-Type {self.content_type} is not supported")
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            where = f"[line:{error.lineno}, column:{error.colno}]"
            raise ApiError(400, "JSON_PARSER_ERROR", f"{error.msg} at {where}") from error

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            ApiError: As :meth:`json`, or the body is no object.
        """
        body = self.json()
        if not isinstance(body, dict):
            raise ApiError(400, "JSON_PARSER_ERROR", "The HTTP entity body must be a JSON object at [line:1, column:1]")
        return body


def authenticated(
    org: Org, handler: Handler | None = None, **methods: Handler
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that lets in calls with a live session and charges them to the daily limit.

    Args:
        org: The org.
        handler: Answers every method the route allows; or
        **methods: A handler by method, e.g. ``GET=read, POST=create``; others get 405.

    The endpoint's ``dispatch`` attribute runs the handler for a call inside another call (composite).
    """

    def dispatch(request: Request, call: Call) -> Any:
        chosen = handler if handler is not None else methods.get("GET" if call.method == "HEAD" else call.method)
        if chosen is None:
            allowed = ", ".join(sorted(methods))
            message = f"HTTP Method '{call.method}' not allowed. Allowed are {allowed}"
            raise ApiError(405, "METHOD_NOT_ALLOWED", message, headers={"Allow": allowed})
        return chosen(request, call)

    async def endpoint(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(_answer, org, dispatch, request, body)

    endpoint.dispatch = dispatch  # type: ignore[attr-defined]
    return endpoint


def resource(org: Org, path: str, **methods: Handler) -> Route:
    """A route below ``/services/data/{version}`` with one handler a method."""
    every = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"]
    return Route(f"/services/data/{{version}}{path.rstrip('/')}", authenticated(org, **methods), methods=every)


def _answer(org: Org, dispatch: Handler, request: Request, body: bytes) -> Response:
    """Run one call from its session to its answer, and note it."""
    user = None
    try:
        call = _admit(org, request, body)
        user = call.user_id
        response = as_response(dispatch(request, call))
        if call.method in _WRITES and response.status_code < _ERRORS and _cut(org, request):
            response = CutResponse()
    except ApiError as error:
        response = error_response(error)
    response.headers["Sforce-Limit-Info"] = org.limits.header()
    _note(org, request, user, response.status_code)
    return response


def _cut(org: Org, request: Request) -> bool:
    return org.faults.strikes("cut_after_commit", request.url.path) is not None


def as_response(answer: Any) -> Response:
    """What a handler returned, as a response: None means 204, data means 200."""
    if isinstance(answer, Response):
        return answer
    return JsonResponse(answer, 204 if answer is None else 200)


def _admit(org: Org, request: Request, body: bytes) -> Call:
    _check_size(request)
    path = request.url.path
    if org.faults.strikes("unavailable", path):
        raise ApiError(503, "SERVER_UNAVAILABLE", "The service is temporarily unavailable. Please try again later.")
    version = versions.parse(request.path_params.get("version", f"v{versions.NEWEST}.0"))
    session = live_session(org, request)
    if org.limits.exhausted or org.faults.strikes("limit_exceeded", path):
        raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    org.limits.charge()
    method = request.query_params.get("_HttpMethod", "") if request.method == "POST" else ""
    return Call(
        org,
        session.user_id,
        version,
        session,
        session.app,
        _unpacked(request, body),
        client_name(request),
        request.headers.get("content-type", "").split(";")[0].strip().lower(),
        method.upper() or request.method,
    )


def _check_size(request: Request) -> None:
    """Refuse a long URI, or a URI and headers that are long together (REST API Developer Guide, *Status Codes*)."""
    uri = len(str(request.url))
    if uri > _MAX_HEAD:
        raise ApiError(414, "URI_TOO_LONG", "The length of the URI exceeds the 16,384 byte limit")
    head = sum(len(key) + len(value) + 4 for key, value in request.scope["headers"])
    if uri + head > _MAX_HEAD:
        message = "The combined length of the URI and headers exceeds the 16,384 byte limit"
        raise ApiError(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", message)


def live_session(org: Org, request: Request) -> Session:
    """The session whose token the request carries.

    Raises:
        ApiError: 401 ``INVALID_SESSION_ID``.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() in {"bearer", "oauth"}:
        if org.faults.strikes("session_expires", request.url.path):
            org.directory.close_session(token)
        session = org.directory.session(token)
        if session is not None:
            session.last_used = org.clock().timestamp()
            session.calls += 1
            return session
    headers = {"WWW-Authenticate": "Token"}
    raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid", headers=headers)


def _unpacked(request: Request, body: bytes) -> bytes:
    encoding = request.headers.get("content-encoding", "").lower()
    try:
        if encoding == "gzip":
            return gzip.decompress(body)
        return zlib.decompress(body) if encoding == "deflate" else body
    except (OSError, EOFError, zlib.error) as error:
        raise ApiError(400, "UNKNOWN_EXCEPTION", "The request body is not valid compressed data") from error


def client_name(request: Request) -> str | None:
    """The client named in ``Sforce-Call-Options: client=...``."""
    options = request.headers.get("sforce-call-options", "")
    pairs = (part.strip().partition("=") for part in options.split(","))
    return next((value for key, _, value in pairs if key.lower() == "client"), None)


def _note(org: Org, request: Request, user: str | None, status: int) -> None:
    path = request.url.path
    parts = path.split("/")[4:]
    kind = f"{request.method} {'/'.join(parts[:2] if parts[:1] in (['composite'], ['jobs']) else parts[:1])}"
    org.calls.add(CallRecord(request.method, path, user, client_name(request), status), kind)
