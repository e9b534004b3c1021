"""The org's web application: every route, and the shape of what no route answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from . import (
    browse,
    bulk,
    collections_api,
    composite,
    composite_more,
    control,
    credentials_api,
    files,
    metadata,
    oauth,
    org_api,
    query_api,
    soap_metadata,
    sobjects,
    tooling,
)
from .results import ApiError
from .wire import enter, error_response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import Receive, Scope, Send

    from .org import Org

_MODULES = (
    oauth,
    control,
    credentials_api,
    org_api,
    query_api,
    bulk,
    metadata,
    soap_metadata,
    tooling,
    files,
    composite,
    composite_more,
    collections_api,
    sobjects,
    browse,
)
_GZIP_FROM = 1_024


class _OrgApp(Starlette):
    """The application, entered through :func:`enter` before any middleware wraps the request."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        enter(scope, send)
        await super().__call__(scope, receive, send)


def create_app(org: Org, *, public_url: str | None = None) -> Starlette:
    """The ASGI application that serves an org.

    Args:
        org: The org.
        public_url: The URL clients see it at, without a trailing slash; by default that of each request.
    """
    org.public_url = public_url.rstrip("/") if public_url else None
    routes: list[BaseRoute] = [route for module in _MODULES for route in module.routes(org)]
    app = _OrgApp(
        routes=routes,
        middleware=[Middleware(GZipMiddleware, minimum_size=_GZIP_FROM, compresslevel=1)],
        exception_handlers={HTTPException: _unrouted},
    )
    app.router.redirect_slashes = False
    return app


async def _unrouted(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405:  # noqa: PLR2004
        message = f"HTTP Method '{request.method}' not allowed."
        return error_response(ApiError(405, "METHOD_NOT_ALLOWED", message))
    return error_response(ApiError(404, "NOT_FOUND", "The requested resource does not exist"))
