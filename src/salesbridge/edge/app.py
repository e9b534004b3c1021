"""The edge as an ASGI application, and how it is served."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn
from django.db import DatabaseError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from salesbridge.edge import hooks
from salesbridge.edge.front import Front
from salesbridge.edge.rows import lent, reachable

#: Seconds for which requests in hand may come to their end when the edge is asked to stop.
_GOODBYE_S = 10


def edge() -> Starlette:
    """The application: billing's events, the token endpoint, the gateway, and whether we live."""
    front = Front()
    routes = [
        *front.routes(),
        Route("/hooks/{hook:uuid}", hooks.endpoint(), methods=["POST"]),
        Route("/health/live", _live),
        Route("/health/ready", _ready),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _refused}, lifespan=front.lifespan)


async def _live(_request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "live"})


async def _ready(_request: Request) -> Response:
    """What is heard can be written down."""
    try:
        await run_in_threadpool(lent, reachable)
    except DatabaseError:
        return JSONResponse({"status": "the database does not answer"}, 503)
    return JSONResponse({"status": "ready"})


async def _refused(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = error.detail if isinstance(error, HTTPException) else "Something went wrong."
    headers = error.headers if isinstance(error, HTTPException) else None
    return JSONResponse({"error": message}, status, headers)


def serve(host: str, port: int, *, ready: Callable[[str], None]) -> None:
    """Serve the edge until the process is told to stop; requests in hand are finished.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 for a free one.
        ready: Called with the URL once it listens.

    Raises:
        OSError: The address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=2048) as listener:
        # asyncio sees to this for sockets that it makes itself only; what is accepted inherits it
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = f"[{host}]" if ":" in host else host
        ready(f"http://{name}:{listener.getsockname()[1]}")
        config = uvicorn.Config(
            edge(), log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=_GOODBYE_S
        )
        uvicorn.Server(config).run(sockets=[listener])
