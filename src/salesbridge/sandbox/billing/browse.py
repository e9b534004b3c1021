"""The billing system's records for people to look at: ``/sandbox/browse``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from salesbridge.sandbox.billing.records import KINDS, Kind, Record, key_of
from salesbridge.sandbox.browse import PATH, Link, page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from salesbridge.sandbox.billing.service import Service
    from salesbridge.sandbox.billing.store import Billing

_POINTS_AT: dict[str, Kind] = {
    "account_number": "accounts",
    "customer_number": "customers",
    "primary_customer_number": "customers",
    "product_code": "products",
    "agreement_number": "agreements",
    "order_number": "orders",
    "service_point": "service_points",
}


def browse_routes(service: Service) -> list[Route]:
    """The pages; they need no credentials, as the server listens on this machine only."""

    async def answer(request: Request) -> Response:
        records = BillingRecords(service.billing, service.settings.product)
        return await run_in_threadpool(page, records, request.query_params)

    return [Route(PATH, answer, methods=["GET"])]


class BillingRecords:
    """The records of a billing system."""

    def __init__(self, billing: Billing, product: str) -> None:
        self._billing = billing
        self.title = f"Simulated {product.capitalize()} billing system"

    def counts(self) -> Mapping[str, int]:
        """How many records there are of each kind."""
        return {kind: self._billing.count(kind) for kind in KINDS}

    def rows(self, name: str) -> Iterator[Record]:
        """The records of a kind, as they are kept; the two products name members differently."""
        return self._billing.records(cast("Kind", name))

    def key(self, name: str, row: Mapping[str, Any]) -> str:
        """The business key."""
        return key_of(cast("Kind", name), dict(row))

    def find(self, name: str, key: str) -> Record | None:
        """The record of a business key."""
        return self._billing.find(cast("Kind", name), key)

    def link(self, name: str, field: str, value: Any) -> Link | None:  # noqa: ARG002 - members are named alike everywhere
        """The record that a member points at."""
        kind = _POINTS_AT.get(field)
        found = kind and isinstance(value, str) and self._billing.find(kind, value)
        return Link(value, kind, value) if kind and found else None
