"""Control routes for tests and demonstrations, outside the org's own API and only for this machine."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from .faults import UnknownFaultError
from .wire import JsonResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from .org import Org


def routes(org: Org) -> list[Route]:
    """``/sandbox/faults`` (GET, POST, DELETE) and ``/sandbox/state`` (GET)."""
    return [
        Route("/sandbox/faults", local(org, _faults), methods=["GET", "POST", "DELETE"]),
        Route("/sandbox/state", local(org, _state), methods=["GET"]),
    ]


def local(org: Org, answer: Callable[[Org, Request, bytes], Response]) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of a control route: answers callers on this machine, others get 403."""

    async def endpoint(request: Request) -> Response:
        if not _is_loopback(request):
            return JsonResponse({"error": "The sandbox is controlled from this machine only"}, 403)
        return await run_in_threadpool(answer, org, request, await request.body())

    return endpoint


def _is_loopback(request: Request) -> bool:
    host = request.client.host if request.client is not None else "127.0.0.1"
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in {"localhost", "testclient"}


def _faults(org: Org, request: Request, body: bytes) -> Response:
    if request.method == "DELETE":
        org.faults.disarm(request.query_params.get("name"))
    elif request.method == "POST":
        try:
            sent: dict[str, Any] = orjson.loads(body)
            org.faults.arm(str(sent.pop("name")), **sent)
        except (UnknownFaultError, TypeError, KeyError, orjson.JSONDecodeError) as error:
            return JsonResponse({"error": str(error)}, 400)
    return JsonResponse({"faults": org.faults.state()})


def _state(org: Org, _request: Request, _body: bytes) -> Response:
    with org.lock:
        counts = {name: count for name in org.schema.names() if (count := org.count(name))}
    body = {
        "organization_id": org.id,
        "records": counts,
        "calls": dict(org.calls.counts),
        "api_requests": org.limits.used(),
        "pubsub": org.pubsub_address,
        "faults": org.faults.state(),
    }
    return JsonResponse(body)
