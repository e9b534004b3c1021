"""Control routes that make the org call out, outside its own API and only for this machine."""

from __future__ import annotations

import base64
import uuid
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import orjson
from starlette.routing import Route

from salesbridge.sandbox.salesforce.callouts import Callout, CalloutError, callouts
from salesbridge.sandbox.salesforce.callouts_load import DEFAULT_THREADS, MAX_RATE, MAX_THREADS, MAX_TIME, Load, Pace
from salesbridge.sandbox.salesforce.control import local
from salesbridge.sandbox.salesforce.credentials_store import credential_store
from salesbridge.sandbox.salesforce.wire import JsonResponse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from salesbridge.sandbox.salesforce.callouts_wire import Answer
    from salesbridge.sandbox.salesforce.org import Org

_LONGEST_WAIT = 60.0


class _AskedError(ValueError):
    """What was asked for can't be understood."""


def routes(org: Org) -> list[Route]:
    """``/sandbox/callout`` (GET, POST), ``/sandbox/callout/settings`` (GET, PUT) and ``/sandbox/callout/load``."""
    control = _Control()
    one = "/sandbox/callout/load/{load}"
    return [
        Route("/sandbox/callout", local(org, control.callout), methods=["GET", "POST"]),
        Route("/sandbox/callout/settings", local(org, control.settings), methods=["GET", "PUT"]),
        Route("/sandbox/callout/load", local(org, control.start), methods=["POST"]),
        Route(one, local(org, control.load), methods=["GET", "DELETE"]),
    ]


class _Control:
    """The handlers of the control routes."""

    def __init__(self) -> None:
        self._loads: dict[str, Load] = {}

    def callout(self, org: Org, request: Request, body: bytes) -> Response:
        """Make one callout and tell what Apex would get; or tell what was done so far."""
        if request.method == "GET":
            return JsonResponse(_state(org))
        try:
            asked = _callout(org, _json(body))
        except _AskedError as error:
            return JsonResponse({"error": str(error)}, 400)
        try:
            return JsonResponse({"ok": True, **_shown(callouts(org).send(asked))})
        except CalloutError as error:
            return JsonResponse({"ok": False, "exception": "System.CalloutException", "message": str(error)})

    def settings(self, org: Org, request: Request, body: bytes) -> Response:
        """Show or change how the org makes callouts."""
        settings = callouts(org).settings
        if request.method == "PUT":
            try:
                callouts(org).settings = settings = replace(settings, **_checked(_json(body), asdict(settings)))
            except _AskedError as error:
                return JsonResponse({"error": str(error)}, 400)
        return JsonResponse(asdict(settings))

    def start(self, org: Org, _request: Request, body: bytes) -> Response:
        """Start callouts at a steady rate."""
        try:
            asked = _json(body)
            pace = _pace(asked)
            callout = _callout(org, asked)
        except _AskedError as error:
            return JsonResponse({"error": str(error)}, 400)
        name = uuid.uuid4().hex[:12]
        self._loads[name] = load = Load(callouts(org), callout, pace)
        return JsonResponse({"id": name, **load.report()}, 201)

    def load(self, _org: Org, request: Request, _body: bytes) -> Response:
        """Tell how far callouts are; ``?wait=seconds`` waits for their end; DELETE stops them first."""
        found = self._loads.get(request.path_params["load"])
        if found is None:
            return JsonResponse({"error": "There is no such load"}, 404)
        if request.method == "DELETE":
            found.stop()
        try:
            seconds = float(request.query_params.get("wait", "0"))
        except ValueError:
            return JsonResponse({"error": "wait takes a number of seconds"}, 400)
        found.wait(min(max(seconds, 0.0), _LONGEST_WAIT))
        return JsonResponse({"id": request.path_params["load"], **found.report()})


def _json(body: bytes) -> dict[str, Any]:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _AskedError(f"Send JSON: {error}") from None
    if not isinstance(asked, dict):
        raise _AskedError("Send a JSON object")
    return asked


def _checked(asked: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    for name, value in asked.items():
        if name not in now or not isinstance(value, bool if isinstance(now[name], bool) else str | None):
            raise _AskedError(f"{name} is no setting, or has a wrong type; there are {', '.join(now)}")
    return asked


def _take(asked: dict[str, Any], name: str, kind: type | tuple[type, ...], default: Any) -> Any:
    value = asked.pop(name, default)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _AskedError(f"{name} is missing, or has a wrong type")
    return value


def _pace(asked: dict[str, Any]) -> Pace:
    number = (int, float)
    pace = Pace(
        float(_take(asked, "rate", number, None)),
        float(_take(asked, "seconds", number, None)),
        _take(asked, "threads", int, DEFAULT_THREADS),
    )
    if not (0 < pace.rate <= MAX_RATE and 0 < pace.seconds <= MAX_TIME and 0 < pace.threads <= MAX_THREADS):
        raise _AskedError(f"At most {MAX_RATE:g} a second for {MAX_TIME:g} seconds by {MAX_THREADS} threads")
    return pace


def _callout(org: Org, asked: dict[str, Any]) -> Callout:
    """The callout that was asked for; what is left in ``asked`` is refused."""
    user = _take(asked, "user", str, None)
    headers = _take(asked, "headers", dict, {})
    made = Callout(
        _user_id(org, user),
        _take(asked, "namedCredential", str, None),
        _take(asked, "method", str, "GET"),
        _take(asked, "path", str, ""),
        {str(name): str(value) for name, value in headers.items()},
        _body(asked),
        _take(asked, "timeout", int, 10_000),
        _take(asked, "asynchronous", bool, False),
    )
    if asked:
        raise _AskedError(f"{next(iter(asked))} is not known; known are user, {', '.join(_NAMES)}")
    return made


_NAMES = ("namedCredential", "method", "path", "headers", "body", "bodyBase64", "timeout", "asynchronous")


def _body(asked: dict[str, Any]) -> bytes:
    packed = _take(asked, "bodyBase64", str, "")
    text = _take(asked, "body", str, "")
    try:
        return base64.b64decode(packed, validate=True) if packed else text.encode()
    except ValueError:
        raise _AskedError("bodyBase64 is no base64") from None


def _user_id(org: Org, user: str) -> str:
    """The id of an active user given by id or username."""
    with org.lock:
        found = org.directory.users.get(user) or org.directory.user_named(user)
    if found is None or not found.active:
        raise _AskedError(f"The org has no active user {user}")
    return found.id


def _shown(answer: Answer) -> dict[str, Any]:
    shown: dict[str, Any] = {"status": answer.status, "reason": answer.reason, "headers": answer.headers}
    try:
        return {**shown, "body": answer.body.decode()}
    except UnicodeDecodeError:
        return {**shown, "bodyBase64": base64.b64encode(answer.body).decode()}


def _state(org: Org) -> dict[str, Any]:
    makes, store = callouts(org), credential_store(org)
    with org.lock:
        principals = [
            {
                "externalCredential": external.name,
                "principal": principal.name,
                "status": store.status(principal),
                "token": makes.tokens.revision(principal),
                "fetched": makes.tokens.fetched[principal.id],
                "refused": makes.tokens.refused[principal.id],
            }
            for external in store.external.values()
            for principal in external.principals
        ]
    return {"answers": makes.counts["answers"], "exceptions": makes.counts["exceptions"], "principals": principals}
