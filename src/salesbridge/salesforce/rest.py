"""Salesforce's REST API: records, collections, queries, describes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote as percent

import orjson

from salesbridge.salesforce.connection import Call, Connection, decoded
from salesbridge.salesforce.errors import RowError, SalesforceError, row_errors
from salesbridge.salesforce.soql import quote, select_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from salesbridge.salesforce.soql import Value

MAX_COLLECTION: Final = 200
MAX_RETRIEVE: Final = 2_000

Operation = Literal["create", "update", "upsert", "delete"]
_JSON: Final = {"Content-Type": "application/json"}
_METHODS: Final[Mapping[Operation, str]] = {"create": "POST", "update": "PATCH", "upsert": "PATCH", "delete": "DELETE"}
_NOT_MODIFIED: Final = 304
_OK_OR_NOT_MODIFIED: Final = frozenset({200, _NOT_MODIFIED})
_QUERY_OPTIONS: Final = {"Sforce-Query-Options": "batchSize=2000"}


@dataclass(frozen=True, slots=True)
class OrgInfo:
    """Whom we are connected to.

    Attributes:
        org_id: 18 characters.
        user_id: Who the connector acts as.
        instance_url: Base of all links.
        username: Of that user.
        name: The organisation's.
        edition: Such as ``Enterprise Edition``.
        sandbox: Whether it is one.
        namespace: Namespace prefix of the org, usually none.
        instance_name: Salesforce's own instance that hosts the org, such as ``NA140``; empty where it is not told.
    """

    org_id: str
    user_id: str
    instance_url: str
    username: str
    name: str
    edition: str
    sandbox: bool
    namespace: str | None = None
    instance_name: str = ""


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one record of a collection."""

    id: str | None
    success: bool
    created: bool
    errors: tuple[RowError, ...] = ()


@dataclass(frozen=True, slots=True)
class Upserted:
    """What became of one upserted record."""

    id: str
    created: bool


class Salesforce(Connection):
    """One org, spoken to by REST; safe to share between threads.

    Every method raises ``SalesforceError`` and nothing else of the wire. A write whose outcome is unknown is not
    repeated here (``unknown_outcome``): read back first.
    """

    @cached_property
    def _described(self) -> dict[str, tuple[str | None, dict[str, Any]]]:
        """Last-Modified and description per object; single reads and writes of a dict need no lock."""
        return {}

    def org(self) -> OrgInfo:
        """Asks whom we are connected to: two queries, which need no scope but ``api``."""
        token = self.token
        fields = "Id, Name, OrganizationType, IsSandbox, NamespacePrefix, InstanceName"
        org = self._single(f"SELECT {fields} FROM Organization")
        user = self._single(f"SELECT Id, Username FROM User WHERE Id = {quote(token.user_id)}")
        return OrgInfo(
            org_id=org["Id"],
            user_id=user["Id"],
            instance_url=token.instance_url,
            username=user["Username"],
            name=org["Name"],
            edition=org["OrganizationType"],
            sandbox=bool(org["IsSandbox"]),
            namespace=org["NamespacePrefix"],
            instance_name=org.get("InstanceName") or "",
        )

    def versions(self) -> tuple[str, ...]:
        """Lists the API versions that the org serves, oldest first."""
        found = self.json(Call("GET", "/services/data"), list)
        return tuple(str(version["version"]) for version in found)

    def limits(self) -> dict[str, Any]:
        """Reads the org's limits; needs *View Setup and Configuration*."""
        return dict(self.json(Call("GET", f"{self.base_path}/limits")))

    # describe

    def describe(self, sobject: str, *, fresh: bool = False) -> dict[str, Any]:
        """Describes an object as this user sees it: fields without permission are absent.

        Args:
            sobject: API name.
            fresh: Ask again, if only whether it changed (``If-Modified-Since``); otherwise a known answer is given.
        """
        known = self._described.get(sobject)
        if known and not fresh:
            return known[1]
        path = f"{self.base_path}/sobjects/{_segment(sobject)}/describe"
        since = {"If-Modified-Since": known[0]} if known and known[0] else {}
        response = self.send(Call("GET", path, "describe", headers=since, ok=_OK_OR_NOT_MODIFIED))
        if response.status_code == _NOT_MODIFIED and known:
            return known[1]
        described: dict[str, Any] = decoded(response)
        self._described[sobject] = (response.headers.get("last-modified"), described)
        return described

    def forget_described(self) -> None:
        """Forgets what objects look like, so that the next describe asks in full.

        Salesforce's ``Last-Modified`` counts in seconds, and need not move when only somebody's permissions change.
        """
        self._described.clear()

    def describe_global(self) -> dict[str, Any]:
        """Lists the objects that this user sees."""
        return dict(self.json(Call("GET", f"{self.base_path}/sobjects", "describe")))

    # query

    def query(self, soql: str, *, all: bool = False) -> Iterator[dict[str, Any]]:  # noqa: A002  the interface's word
        """Yields a query's records, following its pages; each has ``attributes`` besides the fields.

        Args:
            soql: The query; longer than about 12 KB encoded does not fit a URL (see ``soql.in_queries``).
            all: Also deleted and archived records.
        """
        return self._pages(f"{self.base_path}/{'queryAll' if all else 'query'}", soql, "query")

    def query_in(
        self, sobject: str, select: Sequence[str], field: str, values: Iterable[Value]
    ) -> Iterator[dict[str, Any]]:
        """Yields the records whose field has one of any number of values, in as many queries as fit a URL.

        Args:
            sobject: API name.
            select: Fields, also of parents (``Account.Gentrack_External_Id__c``, which comes nested).
            field: To match; case does not count in Salesforce's comparison of texts.
            values: Each is asked for once.
        """
        queries = select_in(sobject, select, field, values)
        return (record for soql in queries for record in self.query(soql))

    def tooling_query(self, soql: str) -> Iterator[dict[str, Any]]:
        """Yields the records of a Tooling API query, such as on EntityDefinition or ApexTrigger."""
        return self._pages(f"{self.base_path}/tooling/query", soql, "tooling")

    def count(self, soql: str) -> int:
        """Asks only how many records match: the query selects ``count()``."""
        call = Call("GET", f"{self.base_path}/query", "query", params={"q": soql})
        return int(self.json(call)["totalSize"])

    def _pages(self, path: str, soql: str, kind: Literal["query", "tooling"]) -> Iterator[dict[str, Any]]:
        call = Call("GET", path, kind, params={"q": soql}, headers=_QUERY_OPTIONS)
        while True:
            page = self.json(call)
            yield from page["records"]
            if page.get("done", True):
                return
            call = Call("GET", _own_path(page["nextRecordsUrl"]), kind, headers=_QUERY_OPTIONS)

    def _single(self, soql: str) -> dict[str, Any]:
        for record in self.query(soql):
            return record
        raise SalesforceError(
            "The integration user cannot read its own user or organisation.",
            kind="permanent",
            code="NO_ROWS",
            mend="Check the user's profile: it needs API Enabled and access to its own user record.",
        )

    # single records

    def create(self, sobject: str, record: Mapping[str, Any]) -> str:
        """Creates a record and gives its id."""
        call = Call("POST", self._sobject(sobject), headers=_JSON, content=orjson.dumps(dict(record)))
        return str(self.json(call)["id"])

    def get(self, sobject: str, record_id: str, fields: Sequence[str] = ()) -> dict[str, Any]:
        """Reads a record by id; all readable fields unless some are named."""
        return self._get(self._sobject(sobject, record_id), fields)

    def get_by(self, sobject: str, field: str, value: str, fields: Sequence[str] = ()) -> dict[str, Any]:
        """Reads a record by external id."""
        return self._get(self._sobject(sobject, field, value), fields)

    def _get(self, path: str, fields: Sequence[str]) -> dict[str, Any]:
        params = {"fields": ",".join(fields)} if fields else None
        return dict(self.json(Call("GET", path, params=params)))

    def update(self, sobject: str, record_id: str, record: Mapping[str, Any]) -> None:
        """Changes fields of a record; ``None`` clears a field, a field left out stays."""
        self.send(Call("PATCH", self._sobject(sobject, record_id), headers=_JSON, content=orjson.dumps(dict(record))))

    def upsert(self, sobject: str, field: str, value: str, record: Mapping[str, Any]) -> Upserted:
        """Creates or changes the record with an external id; the external id itself is left out of the body."""
        body = orjson.dumps({name: content for name, content in record.items() if name != field})
        found = self.json(Call("PATCH", self._sobject(sobject, field, value), headers=_JSON, content=body))
        return Upserted(str(found["id"]), bool(found.get("created")))

    def delete(self, sobject: str, record_id: str) -> None:
        """Deletes a record."""
        self.send(Call("DELETE", self._sobject(sobject, record_id)))

    def _sobject(self, *segments: str) -> str:
        return f"{self.base_path}/sobjects/" + "/".join(_segment(segment) for segment in segments)

    # collections

    def collections(
        self,
        operation: Operation,
        sobject: str,
        records: Sequence[Mapping[str, Any]],
        external_id: str | None = None,
    ) -> list[RowResult]:
        """Writes up to 200 records in one API call, each on its own (``allOrNone`` is false).

        Args:
            operation: ``update`` and ``delete`` need ``Id`` in each record.
            sobject: API name, of all records.
            records: At most 200; none makes no call.
            external_id: Name of the field to upsert by; its value is in each record.

        Returns:
            A result per record, in the order given.

        Raises:
            ValueError: More than 200 records, or an upsert without ``external_id``.
        """
        if len(records) > MAX_COLLECTION:
            raise ValueError(f"A collection takes {MAX_COLLECTION} records, not {len(records)}.")
        if (operation == "upsert") != (external_id is not None):
            raise ValueError("An upsert, and only an upsert, names its external id field.")
        if not records:
            return []
        found = self.json(self._collection(operation, sobject, records, external_id), list)
        return _results(found, len(records))

    def _collection(
        self, operation: Operation, sobject: str, records: Sequence[Mapping[str, Any]], external_id: str | None
    ) -> Call:
        path = f"{self.base_path}/composite/sobjects"
        method = _METHODS[operation]
        if operation == "delete":
            ids = ",".join(str(record["Id"]) for record in records)
            return Call(method, path, "collections", params={"ids": ids, "allOrNone": "false"})
        if external_id is not None:
            path += f"/{_segment(sobject)}/{_segment(external_id)}"
        attributes = {"type": sobject}
        body = {"allOrNone": False, "records": [{"attributes": attributes, **record} for record in records]}
        return Call(method, path, "collections", headers=_JSON, content=orjson.dumps(body))

    def retrieve(self, sobject: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, dict[str, Any] | None]:
        """Reads any number of records by id, 2,000 in an API call (REST API guide, "sObject Collections", with POST).

        Args:
            sobject: API name.
            ids: 15 or 18 characters each.
            fields: Of the object itself; those of a parent are not served here (see ``query_in``).

        Returns:
            Per id as it was given, the record, or None if it is not there: never was, deleted, or not visible.
        """
        found: dict[str, dict[str, Any] | None] = {}
        wanted = list(dict.fromkeys(ids))
        for first in range(0, len(wanted), MAX_RETRIEVE):
            part = wanted[first : first + MAX_RETRIEVE]
            found.update(zip(part, self._retrieved(sobject, part, fields), strict=True))
        return found

    def _retrieved(self, sobject: str, ids: Sequence[str], fields: Sequence[str]) -> list[dict[str, Any] | None]:
        body = orjson.dumps({"ids": ids, "fields": list(dict.fromkeys(fields))})
        path = f"{self.base_path}/composite/sobjects/{_segment(sobject)}"
        found: list[dict[str, Any] | None] = self.json(
            Call("POST", path, "collections", headers=_JSON, content=body, reads=True), list
        )
        if len(found) != len(ids):
            raise _miscounted(len(found), len(ids), unknown_outcome=False)
        return found


def _results(found: list[Any], expected: int) -> list[RowResult]:
    if len(found) != expected or not all(isinstance(item, dict) for item in found):
        raise _miscounted(len(found), expected, unknown_outcome=True)
    return [
        RowResult(item.get("id"), bool(item.get("success")), bool(item.get("created")), row_errors(item.get("errors")))
        for item in found
    ]


def _miscounted(found: int, expected: int, *, unknown_outcome: bool) -> SalesforceError:
    return SalesforceError(
        f"Salesforce gave {found} results for {expected} records.",
        kind="transient",
        code="BAD_ANSWER",
        mend="The records are read again; nothing is written before that.",
        unknown_outcome=unknown_outcome,
    )


def _own_path(url: str) -> str:
    """Refuses a next page that is not a path of the API: the token goes nowhere else."""
    if not url.startswith("/services/data/"):
        raise SalesforceError(
            "The next page of a query is at an unexpected address.",
            kind="permanent",
            code="BAD_ANSWER",
            mend="Check proxies between the connector and Salesforce.",
        )
    return url


def _segment(text: str) -> str:
    if text in {"", ".", ".."}:
        raise ValueError(f"{text!r} cannot be a part of an address.")
    return percent(text, safe="")
