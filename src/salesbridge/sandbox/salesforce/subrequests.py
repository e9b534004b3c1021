"""Running one request inside another: the parts of composite, graph and batch calls."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import orjson
from starlette.requests import Request
from starlette.routing import Match

from . import versions
from .rest import as_response
from .results import ApiError
from .wire import JsonResponse, error_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .rest import Call

_REFERENCE = re.compile(r"@\{([^{}]+)\}")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_OK = 300


@dataclass(frozen=True, slots=True)
class Part:
    """One request inside another: its reference id is empty in batches."""

    method: str
    url: str
    body: Any
    headers: Mapping[str, str]
    reference_id: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a part answered."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def succeeded(self) -> bool:
        """Whether the status is one of success."""
        return self.status < _OK

    def composite_json(self, reference_id: str) -> dict[str, Any]:
        """The outcome as an entry of ``compositeResponse``."""
        return {
            "body": self.body,
            "httpHeaders": dict(self.headers),
            "httpStatusCode": self.status,
            "referenceId": reference_id,
        }


def failure(status: int, code: str, message: str) -> Outcome:
    """An outcome that is one error."""
    return Outcome(status, [{"errorCode": code, "message": message}], {})


class InvalidReferenceError(Exception):
    """A reference names nothing that an earlier part answered."""


def resolved(value: Any, outcomes: Mapping[str, Any]) -> Any:
    """The value with every ``@{reference.path}`` in its texts replaced.

    A text that is one reference and nothing else takes on the referred value's type.

    Raises:
        InvalidReferenceError: A reference can't be resolved.
    """
    if isinstance(value, dict):
        return {key: resolved(each, outcomes) for key, each in value.items()}
    if isinstance(value, list):
        return [resolved(each, outcomes) for each in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole is not None:
        return lookup(whole.group(1), outcomes)
    return _REFERENCE.sub(lambda match: str(lookup(match.group(1), outcomes)), value)


def references(value: Any) -> set[str]:
    """The reference ids a value refers to."""
    text = orjson.dumps(value).decode()
    return {re.split(r"[.\[]", found)[0] for found in _REFERENCE.findall(text)}


def lookup(path: str, outcomes: Mapping[str, Any]) -> Any:
    """What ``reference.field[0].field`` means among the bodies answered so far."""
    name = re.split(r"[.\[]", path)[0]
    message = f"Invalid reference specified. No value for {path} found in {name}."
    if name not in outcomes:
        raise InvalidReferenceError(message)
    found = outcomes[name]
    for step in _STEP.finditer(path[len(name) :]):
        key, place = step.groups()
        if key is not None and isinstance(found, dict) and key in found:
            found = found[key]
        elif place is not None and isinstance(found, list) and int(place) < len(found):
            found = found[int(place)]
        else:
            raise InvalidReferenceError(message)
    return found


def run(request: Request, call: Call, part: Part) -> Outcome:
    """Run a part as the caller of the whole, in the same transaction if one is open."""
    try:
        with call.org.transaction(call.user_id):
            return _outcome(_dispatch(request, call, part))
    except ApiError as error:
        return _outcome(error_response(error))


def _dispatch(request: Request, call: Call, part: Part) -> Any:
    split = urlsplit(part.url)
    body = b"" if part.body is None else orjson.dumps(part.body)
    scope = {
        "type": "http",
        "method": part.method,
        "path": unquote(split.path).rstrip("/"),
        "raw_path": split.path.encode(),
        "root_path": "",
        "query_string": split.query.encode(),
        "headers": _headers(request, part),
        "app": request.app,
        "server": request.scope.get("server"),
        "scheme": request.url.scheme,
    }
    for route in request.app.router.routes:
        match, child = route.matches(scope)
        dispatch = getattr(getattr(route, "endpoint", None), "dispatch", None)
        if match is Match.FULL and dispatch is not None:
            inner = Request({**scope, **child})
            version = versions.parse(inner.path_params.get("version", ""))
            described = replace(call, body=body, method=part.method, version=version, content_type="application/json")
            return as_response(dispatch(inner, described))
    raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def _headers(request: Request, part: Part) -> list[tuple[bytes, bytes]]:
    kept = [(key, value) for key, value in request.scope["headers"] if key in {b"host", b"sforce-call-options"}]
    return kept + [(key.lower().encode(), str(value).encode()) for key, value in part.headers.items()]


def _outcome(response: Any) -> Outcome:
    if isinstance(response, JsonResponse):
        body = response.json
    else:
        body = orjson.loads(response.body) if response.body else None
    skipped = {"content-length", "content-type", "sforce-limit-info"}
    headers = {key.title(): value for key, value in response.headers.items() if key not in skipped}
    return Outcome(response.status_code, body, headers)
