"""The org's records for people to look at: ``/sandbox/browse``, and the address that links to a record have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import RedirectResponse
from starlette.routing import Route

from salesbridge.sandbox.browse import PATH, Link, address, page

from .control import local
from .ids import normal_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from .org import Org
    from .results import Row


class _RecordId(Convertor[str]):
    """A record's id in an address."""

    regex = "[0-9A-Za-z]{15}(?:[A-Z0-5]{3})?"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("record", _RecordId())


def routes(org: Org) -> list[Route]:
    """The pages, and addresses at which a real org shows one of its own: those of a record lead to its page here.

    Lightning's Setup is not simulated; its addresses lead to the list of objects.
    """
    return [
        Route(PATH, local(org, _page), methods=["GET"]),
        Route("/{id:record}", local(org, _record), methods=["GET"]),
        Route("/lightning/r/{object}/{id:record}/view", local(org, _record), methods=["GET"]),
        Route("/lightning/setup/{page:path}", local(org, _setup), methods=["GET"]),
    ]


class OrgRecords:
    """The rows of an org."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self.title = f"Simulated Salesforce org {org.id}"

    def counts(self) -> Mapping[str, int]:
        """How many live rows each object has."""
        return {name: count for name in self._org.visible_names() if (count := self._org.count(name))}

    def rows(self, name: str) -> Iterator[Row]:
        """The live rows of an object."""
        return self._org.rows(name)

    def key(self, name: str, row: Mapping[str, Any]) -> str:  # noqa: ARG002 - every object's rows have an id
        """The id."""
        return str(row["Id"])

    def find(self, name: str, key: str) -> Row | None:
        """The row of an id, or of a value of a field that names records."""
        found = self._org.get(name, key)
        if found is not None:
            return found
        named = [field.name for field in self._org.sobject(name).fields.values() if field.external_id]
        return next((row for field in named for row in self._org.find(name, field, key)), None)

    def link(self, name: str, field: str, value: Any) -> Link | None:
        """The row that a reference points at."""
        about = self._org.sobject(name).fields.get(field)
        if about is None or about.type != "reference" or not isinstance(value, str):
            return None
        table = self._org.table_of_prefix(value[:3])
        return Link(value, table.name, value) if table is not None and value in table.live else None


def _page(org: Org, request: Request, _body: bytes) -> Response:
    with org.lock:
        return page(OrgRecords(org), request.query_params)


def _record(org: Org, request: Request, _body: bytes) -> Response:
    found = normal_id(request.path_params["id"])
    table = org.table_of_prefix(found[:3]) if found else None
    return RedirectResponse(address(table.name, key=found) if table is not None else PATH, 302)


def _setup(_org: Org, _request: Request, _body: bytes) -> Response:
    return RedirectResponse(PATH, 302)
