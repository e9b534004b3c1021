"""The sandbox's own routes for webhooks: subscribe, test the connection, read deliveries."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from salesbridge.sandbox.billing.members import Form, Member
from salesbridge.sandbox.billing.publisher import UnknownSubscriptionError
from salesbridge.sandbox.billing.requests import CallError, form_of
from salesbridge.sandbox.billing.service import Service, json_answer

if TYPE_CHECKING:
    from starlette.requests import Request

    from salesbridge.sandbox.billing.deliveries import Delivery, Undelivered
    from salesbridge.sandbox.billing.publisher import Publisher
    from salesbridge.sandbox.billing.subscriptions import Subscription

_SUBSCRIPTION = Form(
    (
        Member("endpoint", "endpoint", longest=2000, nullable=False),
        Member("eventTypes", "event_types", "texts", nullable=False),
        Member("appId", "app_id", nullable=False),
        Member("tenantId", "tenant_id", nullable=False),
        Member("concurrency", "concurrency", "int", nullable=False),
    )
)


def webhook_routes(service: Service) -> list[Route]:
    """The routes under ``/sandbox/subscriptions`` and ``/sandbox/deliveries``."""
    control = _WebhookControl(service.publisher)
    single = "/sandbox/subscriptions/{app_id}"
    return [
        Route("/sandbox/subscriptions", control.subscriptions, methods=["GET", "POST"]),
        Route(single, control.unsubscribe, methods=["DELETE"]),
        Route(f"{single}/ping", control.ping, methods=["POST"]),
        Route("/sandbox/deliveries", control.deliveries, methods=["GET"]),
    ]


class _WebhookControl:
    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def subscriptions(self, request: Request) -> Response:
        if request.method == "GET":
            return json_answer({"subscriptions": [_subscription(one) for one in self._publisher.subscriptions()]})
        values = await form_of(request, _SUBSCRIPTION)
        try:
            # A new key takes its time, during which the API goes on answering.
            made = await asyncio.to_thread(self._publisher.subscribe, values.pop("endpoint", ""), **values)
        except ValueError as error:
            raise CallError(400, "InvalidSubscription", str(error)) from error
        return json_answer(_subscription(made), 201)

    async def unsubscribe(self, request: Request) -> Response:
        try:
            await asyncio.to_thread(self._publisher.unsubscribe, request.path_params["app_id"])
        except UnknownSubscriptionError as error:
            raise CallError(404, "NotFound", str(error)) from error
        return Response(status_code=204)

    async def ping(self, request: Request) -> Response:
        try:
            event_id = self._publisher.ping(request.path_params["app_id"])
        except UnknownSubscriptionError as error:
            raise CallError(404, "NotFound", str(error)) from error
        return json_answer({"eventId": event_id}, 202)

    async def deliveries(self, request: Request) -> Response:
        after = request.query_params.get("after", "0")
        attempts = self._publisher.deliveries(int(after) if after.isdigit() else 0)
        return json_answer(
            {
                "deliveries": [_delivery(one) for one in attempts],
                "failed": [_undelivered(one) for one in self._publisher.failed()],
                "waiting": self._publisher.waiting,
            }
        )


def _subscription(subscription: Subscription) -> dict[str, Any]:
    return {
        "appId": subscription.app_id,
        "tenantId": subscription.tenant_id,
        "endpoint": subscription.endpoint,
        "eventTypes": sorted(subscription.event_types),
        "concurrency": subscription.concurrency,
        "publicKey": subscription.key.public_pem,
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "sequence": delivery.sequence,
        "appId": delivery.app_id,
        "eventId": delivery.event_id,
        "eventType": delivery.event_type,
        "deliveryAttempt": delivery.attempt,
        "latency": delivery.latency,
        "response": {"status": delivery.status, "statusText": delivery.response},
        "success": delivery.success,
        "timestamp": delivery.at,
        "firstReceivedTimestamp": delivery.first_received,
    }


def _undelivered(event: Undelivered) -> dict[str, Any]:
    return {
        "appId": event.app_id,
        "eventId": event.event_id,
        "eventType": event.event_type,
        "attempts": event.attempts,
        "reason": event.reason,
    }
