"""Junifer's REST API over the records of a billing system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from salesbridge.sandbox.billing import junifer_forms as forms
from salesbridge.sandbox.billing.clock import parse_local
from salesbridge.sandbox.billing.junifer_wire import JuniferWire
from salesbridge.sandbox.billing.names import renamed
from salesbridge.sandbox.billing.order_rules import refuse_to_seller
from salesbridge.sandbox.billing.problems import Problem, RefusedError
from salesbridge.sandbox.billing.requests import CallError, form_of, not_found, refused, source_of, whole_number
from salesbridge.sandbox.billing.service import Service, json_answer, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starlette.requests import Request

    from salesbridge.sandbox.billing.members import Form
    from salesbridge.sandbox.billing.records import Kind, Record
    from salesbridge.sandbox.billing.relations import Referenced

_T = TypeVar("_T")
PREFIX = "/rest/v1"
LISTS: dict[str, Kind] = {
    "customers": "customers",
    "accounts": "accounts",
    "accountCustomers": "account_customers",
    "products": "products",
    "agreements": "agreements",
    "meterPoints": "service_points",
    "orders": "orders",
}
_KEYS = {"products": "code", "service_points": "identifier", "account_customers": "customerNumber"}
#: Lists that find one record by its business key, and the query that holds it.
_FOUND_BY = {"accounts": "number", "products": "code", "agreements": "number", "orders": "number"}
_REFERENCED: dict[str, Referenced] = {"customers": "customers", "accounts": "accounts", "orders": "orders"}
_LINK_KEY = {"accountNumber", "customerNumber"}
_LARGEST_PAGE, _PAGE = 1000, 100


class Junifer:
    """The routes of the API.

    Args:
        service: The running system.
    """

    prefix = PREFIX

    def __init__(self, service: Service) -> None:
        self._service = service
        self._billing = service.billing
        self._base = service.settings.internal_url.rstrip("/") + PREFIX
        self._wire = JuniferWire(service.billing, service.zone, self._base)

    def caller(self, headers: Mapping[str, str]) -> str | None:
        """The user whose name and key came with a call."""
        given, key = headers.get("x-junifer-x-username"), headers.get("x-junifer-x-apikey")
        users = self._service.settings.keys()
        return next((name for name, known in users if same(given, name) and same(key, known)), None)

    def error(self, status: int, code: str, message: str) -> Response:
        """The flat error shape."""
        return json_answer(_detail(code, message), status)

    def call_error(self, error: CallError) -> Response:
        """The answer to a refused call: ``validationErrors`` where single members are wrong."""
        if not error.problems:
            return self.error(error.status, error.code, str(error))
        details = [{"errorDetail": _detail(p.code, _sentence(p))} for p in error.problems]
        return json_answer({"validationErrors": details}, error.status)

    def routes(self) -> list[Route]:
        """Every route, with lists first so that ``count`` is not taken for an id."""
        return [
            Route(f"{PREFIX}/version", self._version, methods=["GET"]),
            Route(f"{PREFIX}/eventPublishing", self._publishing, methods=["GET", "PUT"]),
            *self._list_routes(),
            *self._customer_routes(),
            *self._account_routes(),
            *self._other_routes(),
        ]

    def _list_routes(self) -> Iterable[Route]:
        creates: dict[str, Form] = {
            "customers": forms.CUSTOMER_CREATE,
            "accounts": forms.ACCOUNT_CREATE,
            "accountCustomers": forms.LINK_CREATE,
            "orders": forms.ORDER_CREATE,
        }
        for path, kind in LISTS.items():
            yield Route(f"{PREFIX}/{path}/count", self._count(kind), methods=["GET"])
            methods = ["GET", "POST"] if path in creates else ["GET"]
            endpoint = self._collection(path, kind, creates.get(path))
            yield Route(f"{PREFIX}/{path}", endpoint, methods=methods)

    def _customer_routes(self) -> Iterable[Route]:
        path = f"{PREFIX}/customers"
        yield Route(f"{path}/{{id:int}}", self._record("customers", forms.CUSTOMER_UPDATE), methods=["GET", "PUT"])
        yield Route(f"{path}/customerNumber/{{number}}", self._record("customers"), methods=["GET"])
        for way in ("{id:int}", "customerNumber/{number}"):
            yield Route(f"{path}/{way}/accounts", self._accounts_of, methods=["GET"])
        yield Route(f"{path}/{{id:int}}/updateBillingAddress", self._billing_address, methods=["PUT"])

    def _account_routes(self) -> Iterable[Route]:
        path = f"{PREFIX}/accounts"
        single = self._record("accounts", forms.ACCOUNT_UPDATE)
        yield Route(f"{path}/{{id:int}}", single, methods=["GET", "PUT"])
        yield Route(f"{path}/accountNumber/{{number}}", self._record("accounts"), methods=["GET"])
        for way in ("{id:int}", "accountNumber/{number}"):
            yield Route(f"{path}/{way}/contacts", self._contacts, methods=["GET"])
            yield Route(f"{path}/{way}/agreements", self._agreements, methods=["GET"])
        for sub, form in (("primaryContact", forms.PRIMARY_CONTACT), ("primaryCustomer", forms.PRIMARY_CUSTOMER)):
            yield Route(f"{path}/{{id:int}}/{sub}", self._primary(form), methods=["PUT"])

    def _other_routes(self) -> Iterable[Route]:
        link = self._record("account_customers", forms.LINK_UPDATE)
        yield Route(f"{PREFIX}/accountCustomers/{{id:int}}", link, methods=["PUT", "DELETE"])
        points = f"{PREFIX}/meterPoints"
        yield Route(f"{points}/{{id:int}}", self._record("service_points"), methods=["GET"])
        yield Route(f"{points}/meterPointIdentifier/{{number}}", self._record("service_points"), methods=["GET"])
        order = self._record("orders", forms.ORDER_UPDATE)
        yield Route(f"{PREFIX}/orders/{{id:int}}", order, methods=["GET", "PUT"])
        yield Route(f"{PREFIX}/orders/{{id:int}}/status", self._order_status, methods=["PUT"])

    async def _version(self, _: Request) -> Response:
        service = self._service
        shown = {"product": "Junifer", "version": service.version, "environment": "TEST"}
        return json_answer({**shown, "timeZone": service.zone.key})

    async def _publishing(self, request: Request) -> Response:
        if request.method == "PUT":
            values = await form_of(request, forms.PUBLISHING)
            if "enabled" not in values:
                raise CallError(400, "Required", "enabledFl is required")
            self._billing.publishing = values["enabled"]
            return Response(status_code=204)
        return json_answer({"enabledFl": self._billing.publishing})

    def _count(self, kind: Kind) -> Any:
        async def endpoint(request: Request) -> Response:
            return json_answer({"count": self._billing.count(kind, self._since(request))})

        return endpoint

    def _collection(self, path: str, kind: Kind, create: Form | None) -> Any:
        async def endpoint(request: Request) -> Response:
            if request.method == "POST" and create is not None:
                return await self._create(request, kind, create)
            number = request.query_params.get(_FOUND_BY.get(path, ""))
            if number is not None:
                found = self._billing.find(kind, number)
                return self._results(request, kind, [found] if found else [])
            reference = request.query_params.get("externalReference")
            if reference is not None and path in _REFERENCED:
                return self._results(request, kind, self._billing.referenced(_REFERENCED[path], reference))
            if path == "accountCustomers" and not _LINK_KEY.isdisjoint(request.query_params):
                return self._results(request, kind, self._links(request))
            return self._page(request, path, kind)

        return endpoint

    def _links(self, request: Request) -> list[Record]:
        account, customer = (request.query_params.get(name) for name in ("accountNumber", "customerNumber"))
        if account is not None and customer is not None:
            link = self._billing.find("account_customers", f"{account}:{customer}")
            return [link] if link else []
        return self._billing.links(account=account, customer=customer)

    def _page(self, request: Request, path: str, kind: Kind) -> Response:
        limit = whole_number(request, "limit", _PAGE, 1, _LARGEST_PAGE)
        after = whole_number(request, "after", 0, 0)
        found = self._billing.page(kind, after=after, limit=limit + 1, since=self._since(request))
        rows = [self._wire.show(kind, record) for record in found[:limit]]
        results, more = self._service.listed(request, rows, more=len(found) > limit, number=_KEYS.get(kind, "number"))
        answer: dict[str, Any] = {"results": results}
        if more:
            query = {**request.query_params, "limit": limit, "after": found[limit - 1]["id"]}
            answer["links"] = {"next": f"{self._base}/{path}?{urlencode(query)}"}
        return json_answer(answer)

    def _results(self, request: Request, kind: Kind, records: list[Record]) -> Response:
        rows = [self._wire.show(kind, record) for record in records]
        results, _ = self._service.listed(request, rows, more=False, number=_KEYS.get(kind, "number"))
        return json_answer({"results": results})

    async def _create(self, request: Request, kind: Kind, form: Form) -> Response:
        values = await form_of(request, form)
        completed = _completed(kind, values, self._service)
        record = self._written(form, lambda: self._billing.create(kind, completed, source=source_of(request)))
        made = {"id": record["id"], "number": record.get("number")}
        return json_answer({name: value for name, value in made.items() if value is not None}, 201)

    def _record(self, kind: Kind, form: Form | None = None) -> Any:
        async def endpoint(request: Request) -> Response:
            record = self._found(request, kind)
            if request.method == "DELETE":
                self._billing.delete(kind, record["id"], source=source_of(request))
                return Response(status_code=204)
            if request.method == "PUT" and form is not None:
                return await self._update(request, kind, record, form)
            return json_answer(self._wire.show(kind, record))

        return endpoint

    async def _update(self, request: Request, kind: Kind, record: Record, form: Form) -> Response:
        self._change(request, kind, record, form, await form_of(request, form))
        return Response(status_code=204)

    async def _accounts_of(self, request: Request) -> Response:
        customer = self._found(request, "customers")
        links = self._billing.links(customer=customer["number"])
        found = (self._billing.find("accounts", link["account_number"]) for link in links)
        return self._results(request, "accounts", [account for account in found if account])

    async def _contacts(self, request: Request) -> Response:
        account = self._found(request, "accounts")
        links = self._billing.links(account=account["number"])
        found = (self._billing.find("customers", link["customer_number"]) for link in links)
        return json_answer({"results": [self._wire.contact(customer) for customer in found if customer]})

    async def _agreements(self, request: Request) -> Response:
        account = self._found(request, "accounts")
        return self._results(request, "agreements", self._billing.members("agreements", account["number"]))

    async def _billing_address(self, request: Request) -> Response:
        customer = self._found(request, "customers")
        values = await form_of(request, forms.ADDRESS)
        self._change(request, "customers", customer, forms.ADDRESS, {"address": values})
        return Response(status_code=204)

    def _primary(self, form: Form) -> Any:
        async def endpoint(request: Request) -> Response:
            account = self._found(request, "accounts")
            customer = self._billing.find("customers", account["primary_customer_number"])
            if customer is None:
                raise not_found(f"The primary customer of account {account['number']}")
            values = await form_of(request, form)
            if "name" in values:
                values.update(renamed(customer, values.pop("name")))
            self._change(request, "customers", customer, form, values)
            return Response(status_code=204)

        return endpoint

    async def _order_status(self, request: Request) -> Response:
        order = self._found(request, "orders")
        values = await form_of(request, forms.ORDER_STATUS)
        if "status" not in values:
            raise CallError(400, "Required", "status is required")
        self._written(forms.ORDER_STATUS, lambda: refuse_to_seller(order, values["status"]))
        self._change(request, "orders", order, forms.ORDER_STATUS, values)
        return Response(status_code=204)

    def _found(self, request: Request, kind: Kind) -> Record:
        path = request.path_params
        number = path.get("number")
        record = self._billing.get(kind, path["id"]) if number is None else self._billing.find(kind, number)
        if record is None:
            raise not_found(f"{request.url.path.removeprefix(PREFIX)}")
        return record

    def _since(self, request: Request) -> int | None:
        text = request.query_params.get("modifiedSinceDttm")
        if text is None:
            return None
        try:
            return parse_local(text, self._service.zone)
        except ValueError as error:
            message = "modifiedSinceDttm must be a local timestamp such as 2026-03-29T10:15:00.000"
            problem = Problem("modifiedSinceDttm", "InvalidParameter", message)
            raise CallError(400, "InvalidParameter", message, [problem]) from error

    def _change(self, request: Request, kind: Kind, record: Record, form: Form, values: Record) -> None:
        source = source_of(request)
        self._written(form, lambda: self._billing.update(kind, record["id"], values, source=source))

    def _written(self, form: Form, write: Callable[[], _T]) -> _T:
        try:
            return write()
        except RefusedError as error:
            raise refused(error, form) from error


def _completed(kind: Kind, values: Record, service: Service) -> Record:
    if "address" in values:
        values["address"] = {**_blank_address(), **values["address"]}
    return {**values, "currency": service.currency} if kind == "accounts" else values


def _blank_address() -> Record:
    return dict.fromkeys(("line1", "line2", "locality", "city", "region", "postcode", "country"))


def _detail(code: str, description: str) -> dict[str, str]:
    return {"errorCode": code, "errorDescription": description, "errorSeverity": "Error"}


def _sentence(problem: Problem) -> str:
    message = problem.message
    return message if message.startswith(problem.member) else f"{problem.member}: {message}"
