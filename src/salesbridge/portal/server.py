"""Serving the portal: threads of waitress, static files from the packages themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.core.wsgi import get_wsgi_application
from waitress.server import create_server

from salesbridge.settings import settings

#: Requests that are answered at once.
THREADS = 8
_FORWARDED = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port"}


def serve(host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve the portal until the process is told to stop.

    Args:
        host: Address to listen on.
        port: Port, 0 for a free one.
        ready: Told the address once it is listened on.

    Raises:
        OSError: The address cannot be listened on.
    """
    server = create_server(get_wsgi_application(), host=host, port=port, threads=THREADS, ident=None, **_proxy())
    try:
        ready(f"http://{host}:{server.effective_port}")
        server.run()
    finally:
        server.close()


def _proxy() -> dict[str, Any]:
    """Whose word counts for who is calling and how: the named proxy's, nobody's otherwise."""
    trusted = settings().trusted_proxy
    if trusted:
        return {
            "trusted_proxy": trusted, "trusted_proxy_headers": _FORWARDED, "trusted_proxy_count": 1,
            "clear_untrusted_proxy_headers": True,
        }  # fmt: skip
    return {"url_scheme": urlsplit(settings().public_url).scheme, "clear_untrusted_proxy_headers": True}
