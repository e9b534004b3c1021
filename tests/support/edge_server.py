"""The edge on a real socket in this process, with a tenant of the billing sandbox behind it."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import uvicorn

from salesbridge.edge.app import edge
from salesbridge.edge.front import Front
from salesbridge.engine import credentials
from salesbridge.settings import settings
from salesbridge.store.secrets import put_secret, vault


@dataclass
class Edge:
    """A listening edge.

    Attributes:
        url: Its address.
        front: Its pieces.
        http: A client for it.
    """

    url: str
    front: Front
    http: httpx2.Client

    def token(self, issued: credentials.Issued, **form: str) -> str:
        """An access token for a credential."""
        return self.ask(issued, **form).raise_for_status().json()["access_token"]

    def ask(self, issued: credentials.Issued, path: str = "token", **form: str) -> httpx2.Response:
        """Call one of the endpoints for clients."""
        sent = {"grant_type": "client_credentials", **form} if path == "token" else form
        basic = (issued.client.client_id, issued.secret.get_secret_value())
        return self.http.post(f"/oauth2/{path}", data=sent, auth=basic)

    def call(self, token: str, path: str, method: str = "GET", **options: Any) -> httpx2.Response:
        """Call a billing API."""
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **options)


@contextmanager
def edge_server(environment):
    """Serve the edge while inside.

    Args:
        environment: pytest's monkeypatch.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        environment.setenv("SALESBRIDGE_EDGE_URL", url)
        environment.setenv("SALESBRIDGE_SANDBOX", "1")
        settings.cache_clear()
        vault.cache_clear()
        app = edge()
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            _wait(server)
            with httpx2.Client(base_url=url, timeout=20, trust_env=False) as http:
                yield Edge(url, app.state.front, http)
        finally:
            server.should_exit = True
            thread.join(20)
            settings.cache_clear()
            vault.cache_clear()


def billing_tenant(new_door, running, *, product="junifer", key="sandbox-key", **values):
    """The door of a tenant whose billing system is a running sandbox."""
    door = new_door(product=product, base_url=running.url, username="sandbox", **values)
    put_secret(door, None, "api_key", key)
    return door


def credential(door, **options):
    """A named credential of an instance of its own."""
    instance = door.instances.create(name=f"Org {time.monotonic_ns()}", login_url="http://127.0.0.1:9")
    return credentials.add(door, instance, "Gentrack", by="Ada", **options)


def _wait(server):
    for _ in range(500):
        if server.started:
            return
        time.sleep(0.02)
    raise RuntimeError("The edge did not start.")
