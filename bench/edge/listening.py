"""Serving an application in a process of its own that tells its address."""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

import uvicorn


def listen(app: Any) -> None:
    """Serve until stopped; the first line of standard output is the address as JSON."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}"}) + "\n")
        sys.stdout.flush()
        config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, lifespan="off")
        uvicorn.Server(config).run(sockets=[listener])
