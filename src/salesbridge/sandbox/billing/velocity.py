"""Velocity's REST API over the records of a billing system; all of it is assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from starlette.responses import Response
from starlette.routing import Route

from salesbridge.sandbox.billing import velocity_forms as forms
from salesbridge.sandbox.billing.clock import parse_offset
from salesbridge.sandbox.billing.cursors import BadCursorError, Cursor
from salesbridge.sandbox.billing.idempotency import Repeats
from salesbridge.sandbox.billing.names import renamed
from salesbridge.sandbox.billing.order_rules import refuse_to_seller
from salesbridge.sandbox.billing.problems import Problem, RefusedError
from salesbridge.sandbox.billing.records import ADDRESS
from salesbridge.sandbox.billing.requests import CallError, form_of, not_found, refused, source_of, whole_number
from salesbridge.sandbox.billing.service import Service, json_answer, same
from salesbridge.sandbox.billing.velocity_wire import VelocityWire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from starlette.requests import Request

    from salesbridge.sandbox.billing.members import Form
    from salesbridge.sandbox.billing.records import Kind, Record
    from salesbridge.sandbox.billing.relations import Referenced
    from salesbridge.sandbox.billing.velocity_forms import Resource

_T = TypeVar("_T")
PREFIX = "/velocity/api/v1"
_LARGEST_PAGE, _PAGE = 500, 100
_CODES = {
    "NotFound": "NOT_FOUND",
    "PathNotFound": "PATH_NOT_FOUND",
    "Unauthorised": "UNAUTHORISED",
    "ValidationFailed": "VALIDATION_FAILED",
    "InvalidParameter": "VALIDATION_FAILED",
    "UnsupportedMediaType": "UNSUPPORTED_MEDIA_TYPE",
    "MethodNotAllowed": "METHOD_NOT_ALLOWED",
    "TooManyRequests": "TOO_MANY_REQUESTS",
    "InternalError": "INTERNAL_ERROR",
    "InvalidJson": "INVALID_JSON",
    "TooLarge": "TOO_LARGE",
    "OutOfTurn": "OUT_OF_TURN",
    "UnknownProduct": "UNKNOWN_PRODUCT",
    "InactiveProduct": "INACTIVE_PRODUCT",
    "WrongService": "WRONG_SERVICE",
    "InvalidMeterPoint": "INVALID_SERVICE_POINT",
    "MeterPointSupplied": "SERVICE_POINT_SUPPLIED",
    "SupplyOverlap": "SUPPLY_OVERLAP",
    "InvalidPeriod": "INVALID_PERIOD",
    "CreditHold": "CREDIT_HOLD",
}
_REFERENCED: dict[str, Referenced] = {"Customers": "customers", "Accounts": "accounts", "Orders": "orders"}


class Velocity:
    """The routes of the API.

    Args:
        service: The running system.
    """

    prefix = PREFIX

    def __init__(self, service: Service) -> None:
        self._service = service
        self._billing = service.billing
        self._wire = VelocityWire(service.billing, service.zone, service.currency)
        self._repeats = Repeats()

    def caller(self, headers: Mapping[str, str]) -> str | None:
        """The user whose bearer key came with a call."""
        key = _bearer(headers)
        users = (*self._service.settings.keys(), *(("restricted", known) for known in self._restricted()))
        return next((name for name, known in users if same(key, known)), None)

    def error(self, status: int, code: str, message: str) -> Response:
        """An error answer without fields."""
        return json_answer({"Error": {"Code": _code(code), "Message": message}}, status)

    def call_error(self, error: CallError) -> Response:
        """The answer to a refused call."""
        body: dict[str, Any] = {"Code": _code(error.code), "Message": str(error)}
        if error.problems:
            body["Fields"] = [{"Name": p.member, "Message": p.message} for p in error.problems]
        return json_answer({"Error": body}, error.status)

    def routes(self) -> list[Route]:
        """Every route."""
        return [
            Route(f"{PREFIX}/system", self._system, methods=["GET"]),
            Route(f"{PREFIX}/system/event-publishing", self._publishing, methods=["GET", "PUT"]),
            Route(f"{PREFIX}/Orders/{{key}}/Status", self._status(self._resource("Orders")), methods=["POST"]),
            *(route for resource in self._resources() for route in self._resource_routes(resource)),
        ]

    def _resources(self) -> tuple[Resource, ...]:
        return forms.resources(self._service.currency)

    def _resource(self, path: str) -> Resource:
        return next(resource for resource in self._resources() if resource.path == path)

    def _resource_routes(self, resource: Resource) -> Iterable[Route]:
        methods = ["GET", "POST"] if resource.create else ["GET"]
        path = f"{PREFIX}/{resource.path}"
        yield Route(path, self._collection(resource), methods=methods)
        single = ["GET", "PATCH", *(["DELETE"] if resource.kind == "account_customers" else [])]
        yield Route(f"{path}/{{key}}", self._record(resource), methods=single)

    async def _system(self, _: Request) -> Response:
        service = self._service
        shown = {"Product": "Velocity", "Version": service.version, "Modules": service.settings.modules}
        return json_answer({**shown, "TimeZone": service.zone.key})

    async def _publishing(self, request: Request) -> Response:
        if request.method == "PUT":
            values = await form_of(request, forms.PUBLISHING)
            if "enabled" not in values:
                raise _missing("Enabled")
            self._billing.publishing = values["enabled"]
        return json_answer({"Enabled": self._billing.publishing})

    def _collection(self, resource: Resource) -> Any:
        async def endpoint(request: Request) -> Response:
            self._allow(request, resource)
            if request.method == "POST" and (form := resource.create):
                return await self._once(request, lambda: self._create(request, resource, form))
            reference = request.query_params.get("externalReference")
            if reference is not None and resource.path in _REFERENCED:
                return self._called(request, resource, reference)
            return self._page(request, resource)

        return endpoint

    def _called(self, request: Request, resource: Resource, reference: str) -> Response:
        found = self._billing.referenced(_REFERENCED[resource.path], reference)
        rows = [self._wire.show(resource.kind, record) for record in found]
        items, _ = self._service.listed(request, rows, more=False, number=resource.number)
        return json_answer({"Items": items, "Page": {"Total": len(found)}})

    def _page(self, request: Request, resource: Resource) -> Response:
        size = whole_number(request, "pageSize", _PAGE, 1, _LARGEST_PAGE)
        cursor = self._cursor(request, resource)
        found = self._billing.page(resource.kind, after=cursor.after, limit=size + 1, since=cursor.since)
        rows = [self._wire.show(resource.kind, record) for record in found[:size]]
        items, more = self._service.listed(request, rows, more=len(found) > size, number=resource.number)
        page: dict[str, Any] = {"Total": self._billing.count(resource.kind, cursor.since)}
        if more:
            page["NextCursor"] = Cursor(resource.kind, found[size - 1]["id"], cursor.since).text()
        return json_answer({"Items": items, "Page": page})

    def _cursor(self, request: Request, resource: Resource) -> Cursor:
        since = self._since(request)
        text = request.query_params.get("cursor")
        if text is None:
            return Cursor(resource.kind, 0, since)
        try:
            cursor = Cursor.read(text, resource.kind)
        except BadCursorError as error:
            raise _bad_parameter("cursor", str(error)) from error
        if since is not None and since != cursor.since:
            raise _bad_parameter("cursor", "The cursor was made with another updatedSince")
        return cursor

    async def _create(self, request: Request, resource: Resource, form: Form) -> Response:
        values = await form_of(request, form)
        if "address" in values:
            values["address"] = {**dict.fromkeys(ADDRESS), **values["address"]}
        if resource.kind == "accounts":
            values["currency"] = self._service.currency
        source = source_of(request)
        record = self._written(form, lambda: self._billing.create(resource.kind, values, source=source))
        return json_answer(self._wire.show(resource.kind, record), 201)

    async def _once(self, request: Request, post: Callable[[], Awaitable[Response]]) -> Response:
        """Carry out a POST, or answer a repeat of its idempotency key as the first time; a refusal is not kept."""
        key = request.headers.get("idempotency-key")
        if not key:
            return await post()
        marker, body = (_bearer(request.headers) or "", request.url.path, key), await request.body()
        if earlier := self._repeats.earlier(marker, body):
            return earlier
        answer = await post()
        self._repeats.remember(marker, body, answer)
        return answer

    def _record(self, resource: Resource) -> Any:
        async def endpoint(request: Request) -> Response:
            self._allow(request, resource)
            record = self._found(request, resource)
            if request.method == "DELETE":
                self._billing.delete(resource.kind, record["id"], source=source_of(request))
                return Response(status_code=204)
            if request.method == "PATCH":
                record = await self._update(request, resource, record)
            return json_answer(self._wire.show(resource.kind, record))

        return endpoint

    async def _update(self, request: Request, resource: Resource, record: Record) -> Record:
        values = await form_of(request, resource.update)
        through = values.pop("primary_customer", None)
        updates: list[tuple[Kind, int, Record]] = []
        if values or not through:
            updates.append((resource.kind, record["id"], values))
        if through:
            updates.append(self._write_through(record, through))
        source = source_of(request)
        self._written(resource.update, lambda: self._billing.update_together(updates, source=source)[0])
        return self._billing.get(resource.kind, record["id"]) or record

    def _primary(self, account: Record) -> Record:
        customer = self._billing.find("customers", account["primary_customer_number"])
        if customer is None:
            problem = Problem("PrimaryCustomer", "Unknown", "The account's primary customer does not exist")
            raise CallError(400, "ValidationFailed", problem.message, [problem])
        return customer

    def _write_through(self, account: Record, values: Record) -> tuple[Kind, int, Record]:
        customer = self._primary(account)
        if "name" in values:
            values.update(renamed(customer, values.pop("name")))
        return "customers", customer["id"], values

    def _status(self, resource: Resource) -> Any:
        async def endpoint(request: Request) -> Response:
            self._allow(request, resource)
            order = self._found(request, resource)
            return await self._once(request, lambda: self._move_on(request, order))

        return endpoint

    async def _move_on(self, request: Request, order: Record) -> Response:
        values = await form_of(request, forms.STATUS)
        if "status" not in values:
            raise _missing("Status")
        self._written(forms.STATUS, lambda: refuse_to_seller(order, values["status"]))
        at, source = order["id"], source_of(request)
        moved = self._written(forms.STATUS, lambda: self._billing.update("orders", at, values, source=source))
        return json_answer(self._wire.show("orders", moved))

    def _found(self, request: Request, resource: Resource) -> Record:
        key = request.path_params["key"]
        record = self._billing.find(resource.kind, key)
        if record is None:
            raise not_found(f"{resource.path}/{key}")
        return record

    def _allow(self, request: Request, resource: Resource) -> None:
        denied = self._restricted().get(_bearer(request.headers) or "", frozenset())
        if resource.path in denied:
            message = f"The user of this key lacks the class PUS:{resource.path.upper()}"
            raise CallError(403, "FORBIDDEN", message)

    def _restricted(self) -> Mapping[str, frozenset[str]]:
        return self._service.settings.restricted

    def _since(self, request: Request) -> int | None:
        text = request.query_params.get("updatedSince")
        if text is None:
            return None
        try:
            return parse_offset(text)
        except ValueError as error:
            message = "updatedSince must be a timestamp with offset such as 2026-03-29T10:15:00+13:00"
            raise _bad_parameter("updatedSince", message) from error

    def _written(self, form: Form, write: Callable[[], _T]) -> _T:
        try:
            return write()
        except RefusedError as error:
            raise refused(error, form) from error


def _bearer(headers: Mapping[str, str]) -> str | None:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() else None


def _code(code: str) -> str:
    return _CODES.get(code, code.upper())


def _missing(name: str) -> CallError:
    return CallError(400, "ValidationFailed", f"{name} is required", [Problem(name, "Required", "Required")])


def _bad_parameter(name: str, message: str) -> CallError:
    return CallError(400, "InvalidParameter", message, [Problem(name, "InvalidParameter", message)])
