"""A billing system that does what the sandbox does not: echoes, redirects, streams, stalls and breaks off."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
import time
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40 + b'"http://billing.internal:43002/rest/v1/bills/1"'
LINK = "http://billing.internal:43002/rest/v1/accounts/1?x=1"
BASE = "/rest/v1/accounts"


async def echo(request):
    body = await request.body()
    told = {
        "method": request.method,
        "path": request.scope["raw_path"].decode(),
        "query": request.url.query,
        "headers": [[name.decode(), value.decode("latin-1")] for name, value in request.headers.raw],
        "length": len(body),
        "link": LINK,
    }
    hop = {"Connection": "X-Hop", "X-Hop": "1", "Set-Cookie": "session=1", "Server": "internal", "X-Kept": "yes",
           "Via": "1.1 internal", "X-Forwarded-Host": "internal", "ETag": '"v1"'}  # fmt: skip
    return JSONResponse(told, headers=hop)


async def pdf(request):
    headers = {"ETag": '"bill"', "Accept-Ranges": "bytes", "Content-Disposition": "attachment; filename=bill.pdf"}
    if request.headers.get("if-none-match") == '"bill"':
        return Response(status_code=304, headers=headers)
    if given := request.headers.get("range"):
        first, last = (int(part) for part in given.removeprefix("bytes=").split("-"))
        headers["Content-Range"] = f"bytes {first}-{last}/{len(PDF)}"
        return Response(PDF[first : last + 1], 206, headers, "application/pdf")
    return Response(PDF, 200, headers, "application/pdf")


async def moved(request):
    return RedirectResponse(request.query_params["to"], 303)


async def drip(request):
    async def pieces():
        yield b'{"links": ["'
        for letter in LINK.encode():
            await asyncio.sleep(0.002)
            yield bytes([letter])
        yield b'"]}'

    return StreamingResponse(pieces(), media_type="application/json")


async def slow(request):
    await asyncio.sleep(float(request.query_params["seconds"]))
    return JSONResponse({})


async def packed(request):
    body = gzip.compress(json.dumps({"link": LINK}).encode())
    return Response(body, headers={"Content-Encoding": "gzip"}, media_type="application/json")


async def broken(request):
    async def pieces():
        yield b'{"a": "' + b"x" * 100_000
        raise ConnectionError

    return StreamingResponse(pieces(), media_type="application/json")


async def status(request):
    return JSONResponse({"errorCode": "X"}, int(request.path_params["code"]), {"WWW-Authenticate": "Basic"})


ROUTES = {
    "echo": echo, "echo/{rest:path}": echo, "pdf": pdf, "moved": moved, "drip": drip, "slow": slow, "packed": packed,
    "broken": broken, "status/{code}": status,
}  # fmt: skip


class OddBilling:
    """The system as it runs."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"


@contextmanager
def odd_billing():
    """Serve it while inside."""
    every = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    app = Starlette(routes=[Route(f"{BASE}/{path}", work, methods=every) for path, work in ROUTES.items()])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, log_level="critical", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield OddBilling(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(10)
