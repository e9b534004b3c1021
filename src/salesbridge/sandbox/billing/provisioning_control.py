"""The sandbox's own routes that let an order or a service point take its next step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from salesbridge.sandbox.billing.problems import RefusedError
from salesbridge.sandbox.billing.provisioning import ORDER_STEPS, SERVICE_POINT_STEPS, Provisioning
from salesbridge.sandbox.billing.requests import CallError, body_of
from salesbridge.sandbox.billing.service import Service, json_answer
from salesbridge.sandbox.billing.store import UnknownRecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from salesbridge.sandbox.billing.records import Record


def provisioning_routes(service: Service) -> list[Route]:
    """The routes ``/sandbox/orders/{number}`` and ``/sandbox/service-points/{identifier}``, which answer the record."""
    provisioning = service.provisioning
    return [
        Route("/sandbox/orders/{key}", _endpoint(provisioning, ORDER_STEPS), methods=["POST"]),
        Route("/sandbox/service-points/{key}", _endpoint(provisioning, SERVICE_POINT_STEPS), methods=["POST"]),
    ]


def _endpoint(provisioning: Provisioning, steps: Mapping[str, Callable[[Provisioning, str], Record]]) -> Any:
    async def endpoint(request: Request) -> Response:
        body = await body_of(request)
        do, reason = body.get("do"), body.get("reason")
        if not isinstance(do, str) or do not in steps or not (reason is None or isinstance(reason, str)):
            raise CallError(400, "Required", f"do is one of {', '.join(steps)}; reason is a text")
        key = request.path_params["key"]
        try:
            if do == "cancel" and reason:
                return json_answer(provisioning.cancel(key, reason))
            return json_answer(steps[do](provisioning, key))
        except UnknownRecordError as error:
            raise CallError(404, "NotFound", str(error)) from error
        except RefusedError as error:
            raise CallError(409, "OutOfTurn", str(error)) from error

    return endpoint
