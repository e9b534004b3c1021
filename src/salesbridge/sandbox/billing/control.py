"""The sandbox's own routes: arm faults, see what happened, set the version, move the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from salesbridge.sandbox.billing.faults import UnknownFaultError
from salesbridge.sandbox.billing.problems import RefusedError
from salesbridge.sandbox.billing.records import KINDS
from salesbridge.sandbox.billing.requests import CallError, body_of
from salesbridge.sandbox.billing.service import Service, json_answer

if TYPE_CHECKING:
    from starlette.requests import Request

    from salesbridge.sandbox.billing.store import Change


def control_routes(service: Service) -> list[Route]:
    """The routes under ``/sandbox``; they need no credentials, as the server listens on this machine only."""
    control = _Control(service)
    return [
        Route("/sandbox/state", control.state, methods=["GET"]),
        Route("/sandbox/changes", control.changes, methods=["GET"]),
        Route("/sandbox/faults", control.faults, methods=["GET", "POST", "DELETE"]),
        Route("/sandbox/version", control.version, methods=["PUT"]),
        Route("/sandbox/clock", control.clock, methods=["POST"]),
        Route("/sandbox/records", control.record, methods=["PUT"]),
    ]


class _Control:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def state(self, _: Request) -> Response:
        return json_answer(self._service.state())

    async def changes(self, request: Request) -> Response:
        after = request.query_params.get("after", "0")
        kept = self._service.billing.changes(int(after) if after.isdigit() else 0)
        return json_answer({"changes": [_shown(change) for change in kept]})

    async def record(self, request: Request) -> Response:
        """What somebody enters at the system's own screens; the API cannot change everything."""
        body, billing = await body_of(request), self._service.billing
        kind, values = body.get("kind"), body.get("values")
        if kind not in KINDS or not isinstance(values, dict):
            raise CallError(400, "Required", f"kind is one of {', '.join(KINDS)}; values is an object")
        found = billing.find(kind, str(body.get("key")))
        if found is None:
            raise CallError(404, "NotFound", "There is no such record")
        try:
            billing.update(kind, found["id"], values, source="screen")
        except RefusedError as error:
            raise CallError(400, "Refused", str(error)) from error
        return Response(status_code=204)

    async def faults(self, request: Request) -> Response:
        faults = self._service.faults
        if request.method == "POST":
            body = await body_of(request)
            try:
                faults.arm(str(body.pop("name", "")), **body)
            except UnknownFaultError as error:
                raise CallError(400, "UnknownFault", str(error)) from error
        elif request.method == "DELETE":
            faults.disarm(request.query_params.get("name"))
        return json_answer({"faults": faults.state()})

    async def version(self, request: Request) -> Response:
        version = (await body_of(request)).get("version")
        if not isinstance(version, str) or not version:
            raise CallError(400, "Required", "version is required")
        self._service.version = version
        return json_answer({"version": version})

    async def clock(self, request: Request) -> Response:
        seconds = (await body_of(request)).get("seconds")
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds < 0:
            raise CallError(400, "Required", "seconds is required, a number of 0 or more")
        self._service.billing.clock.advance(seconds)
        return json_answer({"now": self._service.billing.clock.now()})


def _shown(change: Change) -> dict[str, Any]:
    return {
        "sequence": change.sequence,
        "at": change.at,
        "kind": change.kind,
        "key": change.key,
        "operation": change.operation,
        "before": change.before,
        "after": change.after,
        "source": change.source,
    }
