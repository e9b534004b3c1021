"""What Salesforce applications call: token endpoint, gateway and their descriptions, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from salesbridge.edge.gateway.calls import Calls
from salesbridge.edge.gateway.gateway import Gateway
from salesbridge.edge.gateway.groups import GROUPS
from salesbridge.edge.gateway.upstream import Upstreams
from salesbridge.edge.oauth.endpoints import OAuth
from salesbridge.edge.oauth.metadata import keys, metadata
from salesbridge.edge.openapi import own, product
from salesbridge.edge.watch import Watch
from salesbridge.engine.credentials.tokens import Place
from salesbridge.settings import settings

_WELL_KNOWN = "/.well-known/oauth-authorization-server"
Endpoint = Callable[[Request], Awaitable[Response]]


class Front:
    """The pieces, as the settings want them, and their beginning and end."""

    def __init__(self) -> None:
        chosen = settings()
        issuer = chosen.edge_url.rstrip("/")
        self.place = Place(issuer, f"{issuer}/api")
        self.watch = Watch(self.place)
        self.calls = Calls()
        self.upstreams = Upstreams(self.watch, self.place.audience)
        self._oauth = OAuth(self.watch, chosen.token_life_s, chosen.token_requests_per_second)
        self._gateway = Gateway(
            self.watch, self.upstreams, self.calls, chosen.api_calls_per_second, chosen.api_body_limit
        )

    def routes(self) -> list[BaseRoute]:
        """Where everything is."""
        return [
            Route("/oauth2/token", self._oauth.token, methods=["POST"]),
            Route("/oauth2/revoke", self._oauth.revoke, methods=["POST"]),
            Route("/oauth2/introspect", self._oauth.introspect, methods=["POST"]),
            Route("/oauth2/jwks", keys(self.watch)),
            Route(_WELL_KNOWN, metadata(self.place)),
            Route(_WELL_KNOWN + "/{issuer:path}", metadata(self.place)),
            Route("/openapi.json", _document(lambda _: own(self.place))),
            Route("/api/{product}/openapi.json", _document(self._product)),
            Mount("/api", app=self._gateway),
        ]

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Look and write while the application serves; write what is left when it ends."""
        app.state.front = self
        await self.watch.start()
        await self.calls.start()
        try:
            yield
        finally:
            await self.watch.stop()
            await self.calls.stop()
            await self.upstreams.close()

    def _product(self, request: Request) -> dict[str, object]:
        name = request.path_params["product"]
        if name not in GROUPS:
            raise HTTPException(404, f"There is no such billing product. Use one of: {', '.join(sorted(GROUPS))}.")
        return product(self.place, name)


def _document(make: Callable[[Request], dict[str, object]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return JSONResponse(make(request), headers={"Cache-Control": "public, max-age=300"})

    return endpoint
