"""What the edge offers, as OpenAPI 3.0: its own endpoints, and each product's for Salesforce External Services.

The products' documents are made of the same tables that the connector calls billing with and that the gateway allows
calls by. External Services takes OpenAPI 3.0, documents of at most 100,000 characters and operation ids of at most 80
(Salesforce Help, "External Services: System Limits"); hence one schema a kind of record, and no examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, cast

from salesbridge.billing import DIALECTS, KINDS, Product
from salesbridge.billing.write_table import Call
from salesbridge.edge import openapi_own
from salesbridge.edge.gateway.groups import GROUPS, scope_of
from salesbridge.edge.openapi_types import LISTS, body_schema, parameters, record_schema
from salesbridge.engine.credentials.clients import READ, WRITE
from salesbridge.engine.credentials.tokens import Place

#: Version of what the edge offers.
VERSION: Final = "1.0"
#: Answers that any call may get; all but the first are the gateway's or billing's refusals.
_REFUSALS: Final = ("400", "401", "403", "404", "405", "409", "413", "415", "422", "429", "500", "502", "503", "504")
_ORIGIN: Final = {"400": "bad", "401": "token", "429": "wait", "503": "wait"}
_JSON: Final = "application/json"
_PROBLEM: Final = "application/problem+json"

Document = dict[str, Any]


@cache
def own(place: Place) -> Document:
    """The document of the token endpoint and its neighbours."""
    return openapi_own.document(place, VERSION)


@cache
def product(place: Place, name: str) -> Document:
    """The document of a product's API, as it is called through the gateway."""
    dialect = DIALECTS[cast("Product", name)]
    paths: dict[str, Any] = {}
    for method, path, operation in _operations(name):
        paths.setdefault(path, {}).setdefault(method.lower(), operation)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": f"Gentrack {dialect.product}",
            "version": VERSION,
            "description": f"Calls to {dialect.product} through Salesbridge.",
        },
        "servers": [{"url": f"{place.audience}/{name}"}],
        "security": [{"token": [READ]}],
        "paths": paths,
        "components": _components(place, name),
    }


def _operations(name: str) -> Iterator[tuple[str, str, Document]]:
    """Every call that a group offers; of two at one place the first is told."""
    dialect = DIALECTS[cast("Product", name)]
    yield from _offered(name, "GET", dialect.paths["system.version"].path, "readSystem", _answer("200", {}))
    for kind in KINDS:
        for what, verb in (("list", "list"), ("item", "read"), ("count", "count")):
            native = dialect.paths.get(f"{kind}.{what}")
            if native is not None:
                told = _answer("200", _answered(kind, what))
                yield from _offered(name, "GET", native.path, f"{verb}{_camel(kind)}", told, kind=kind, what=what)
    writes = dialect.writes
    for kind, call in writes.creations.items():
        yield from _written(name, kind, call, "create", "201")
    for kind, calls in writes.changes.items():
        for call in calls:
            yield from _written(name, kind, call, "change", "200", "204")
    for kind, call in writes.deletions.items():
        yield from _written(name, kind, call, "delete", "204")


def _written(name: str, kind: str, call: Call, verb: str, *statuses: str) -> Iterator[tuple[str, str, Document]]:
    told: Document = {}
    for status in statuses:
        told |= _answer(status, {"type": "object"} if status != "204" else None)
    part = call.name.split(".", 2)[2:]
    identifier = f"{verb}{_camel(kind)}{_camel(part[0]) if part else ''}"
    for method, path, operation in _offered(name, call.method, call.native.path, identifier, told, kind=kind):
        if call.attributes:
            content = {_JSON: {"schema": body_schema(name, kind, call)}}
            operation["requestBody"] = {"required": True, "content": content}
        yield method, path, operation


def _offered(
    name: str, method: str, path: str, identifier: str, answers: Document, *, kind: str = "", what: str = ""
) -> Iterator[tuple[str, str, Document]]:
    scope = scope_of(GROUPS[name], method, path.strip("/").split("/"))
    if scope is None:
        return
    operation = {
        "operationId": identifier,
        "summary": _sentence(identifier),
        "parameters": parameters(name, path, what),
        "security": [{"token": [scope]}],
        "responses": {**answers, **_refusals()},
    }
    if kind:
        operation["tags"] = [kind.replace("_", " ").capitalize()]
    yield method, path, operation


def _answered(kind: str, what: str) -> Document:
    if what == "item":
        return {"$ref": f"#/components/schemas/{_camel(kind)}"}
    if what == "list":
        return {"$ref": f"#/components/schemas/{_camel(kind)}List"}
    return {"type": "object", "properties": {"count": {"type": "integer"}}}


def _answer(status: str, schema: Mapping[str, Any] | None) -> Document:
    told: Document = {"description": "As billing answers."}
    if schema is not None:
        told["content"] = {_JSON: {"schema": dict(schema) or {"type": "object"}}}
    return {status: told}


def _refusals() -> Document:
    return {status: {"$ref": f"#/components/responses/{_refused(status)}"} for status in _REFUSALS}


def _refused(status: str) -> str:
    return _ORIGIN.get(status, "refused")


def _components(place: Place, name: str) -> Document:
    schemas: Document = {"Problem": openapi_own.PROBLEM}
    for kind in KINDS:
        schemas[_camel(kind)] = record_schema(name, kind)
        schemas[f"{_camel(kind)}List"] = LISTS[name]({"$ref": f"#/components/schemas/{_camel(kind)}"})
    content = {
        _PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}},
        _JSON: {"schema": {"type": "object"}},
    }
    retry = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return {
        "schemas": schemas,
        "responses": {
            "bad": {"description": "The request is not as it must be.", "content": content},
            "token": {
                "description": "The access token is missing or not good.",
                "content": content,
                "headers": {"WWW-Authenticate": {"schema": {"type": "string"}}},
            },
            "refused": {"description": "Refused by the gateway or by billing.", "content": content},
            "wait": {"description": "Come again later.", "content": content, "headers": retry},
        },
        "securitySchemes": {
            "token": {
                "type": "oauth2",
                "flows": {
                    "clientCredentials": {
                        "tokenUrl": f"{place.issuer}/oauth2/token",
                        "scopes": {READ: "Read billing.", WRITE: "Change billing."},
                    }
                },
            }
        },
    }


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _sentence(identifier: str) -> str:
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in identifier)
    return f"{words.capitalize()}."
