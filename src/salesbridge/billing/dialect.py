"""What differs between the products' APIs, besides their paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from pydantic import SecretStr

from salesbridge.billing.paths import Paths
from salesbridge.billing.port import System
from salesbridge.billing.write_table import WriteTable


class Reply(NamedTuple):
    """A list's page before its items are read: native items, and the query of the next page."""

    items: list[Any]
    following: str | None


class Refusal(NamedTuple):
    """What an error body says."""

    code: str
    message: str
    fields: tuple[str, ...] = ()


class UnexpectedShapeError(Exception):
    """An answer that is not of the shape the API promises; the text says what is wrong."""


class Dialect(Protocol):
    """One product's way of speaking."""

    product: str
    base_path: str
    paths: Paths
    writes: WriteTable

    def headers(self, username: str | None, api_key: SecretStr) -> Mapping[str, str]:
        """Gives the headers that authenticate a call."""

    def first(self, since: datetime | None, zone: Callable[[], str | None]) -> Mapping[str, str]:
        """Gives the query of a list's first page; the zone is asked for only where it is needed."""

    def reply(self, body: Any, query: Mapping[str, str]) -> Reply:
        """Reads a list's page that was asked for with a query."""

    def count_query(self) -> Mapping[str, str]:
        """Gives the query that counts."""

    def counted(self, body: Any) -> int:
        """Reads the answer to it."""

    def system(self, body: Any) -> System:
        """Reads the answer to the question which system it is."""

    def publishing(self, body: Any) -> bool:
        """Reads whether events are published."""

    def publishing_body(self, *, on: bool) -> Mapping[str, Any]:
        """Gives the body that switches publishing."""

    def refusal(self, body: Any) -> Refusal | None:
        """Reads an error body; None if it is none of this product."""


def member(body: Any, *names: str, type_: type[Any]) -> Any:
    """Reads a member of an answer that must be there and of a type."""
    value = body
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, type_) or (type_ is int and isinstance(value, bool)):
        raise UnexpectedShapeError(f"The member {'.'.join(names)} is missing or of the wrong type.")
    return value


def text_or_none(body: Any, name: str) -> str | None:
    """Reads a member that may be absent."""
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, str) and value else None
