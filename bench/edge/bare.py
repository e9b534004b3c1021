"""``python -m bench.edge.bare URL``: a streaming reverse proxy that does nothing else, on Starlette and httpx2."""

from __future__ import annotations

import sys

import httpx2
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bench.edge.listening import listen

_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host"}


def proxy(upstream: str) -> Starlette:
    """The proxy in front of an address."""
    limits = httpx2.Limits(max_connections=100, max_keepalive_connections=100)
    http = httpx2.AsyncClient(base_url=upstream, trust_env=False, limits=limits)

    async def passed(request: Request) -> Response:
        headers = [(name, value) for name, value in request.headers.items() if name not in _HOP]
        content = request.stream() if request.method not in {"GET", "HEAD"} else None
        url = httpx2.URL(path=request.url.path.replace("/api/junifer", "/rest/v1"), query=request.url.query.encode())
        asked = http.build_request(request.method, url, headers=headers, content=content)
        answer = await http.send(asked, stream=True)
        kept = {name: value for name, value in answer.headers.items() if name not in _HOP}
        return StreamingResponse(answer.aiter_raw(), answer.status_code, kept, background=BackgroundTask(answer.aclose))

    return Starlette(routes=[Route("/{path:path}", passed, methods=["GET", "HEAD", "POST", "PUT", "DELETE"])])


if __name__ == "__main__":
    listen(proxy(sys.argv[1]))
