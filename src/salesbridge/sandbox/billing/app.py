"""The application of a billing system in either dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from salesbridge.sandbox.billing.browse import browse_routes
from salesbridge.sandbox.billing.control import control_routes
from salesbridge.sandbox.billing.gate import Gate
from salesbridge.sandbox.billing.junifer import Junifer
from salesbridge.sandbox.billing.provisioning_control import provisioning_routes
from salesbridge.sandbox.billing.requests import CallError
from salesbridge.sandbox.billing.velocity import Velocity
from salesbridge.sandbox.billing.webhook_control import webhook_routes

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from salesbridge.sandbox.billing.service import Service

_CODES = {404: "PathNotFound", 405: "MethodNotAllowed"}


def build_app(service: Service) -> ASGIApp:
    """The API of the product that the service is set up as, and the sandbox's own routes."""
    dialect = Junifer(service) if service.settings.product == "junifer" else Velocity(service)

    async def refused(_: Request, error: Exception) -> Response:
        if isinstance(error, CallError):
            return dialect.call_error(error)
        return dialect.error(500, "InternalError", "Something went wrong")

    async def unrouted(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        message = f"{request.method} {request.url.path} is not served"
        answer = dialect.error(status, _CODES.get(status, "InternalError"), message)
        if isinstance(error, HTTPException):
            answer.headers.update(error.headers or {})
        return answer

    own = (control_routes, provisioning_routes, browse_routes, webhook_routes)
    routes = [*(route for routes_of in own for route in routes_of(service)), *dialect.routes()]
    handlers = {CallError: refused, HTTPException: unrouted, Exception: refused}
    return Gate(Starlette(routes=routes, exception_handlers=handlers), service, dialect)
