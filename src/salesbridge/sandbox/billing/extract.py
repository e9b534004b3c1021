"""Extract files as a data warehouse exports them, from the same data as the API."""

from __future__ import annotations

import re
from dataclasses import dataclass
from gzip import open as open_gzip
from typing import TYPE_CHECKING, Any, Literal, Protocol

import orjson

from salesbridge.sandbox.billing.names import display_name
from salesbridge.sandbox.billing.records import ADDRESS, Kind, Record, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import IO

Format = Literal["ndjson", "csv"]
_NEEDS_QUOTES = re.compile(r'[",\r\n]|^\s|\s$')
_ADDRESS_COLUMNS = {f"address_{member}": member for member in ADDRESS}


class Source(Protocol):
    """A seed or a billing system."""

    def records(self, kind: Kind) -> Iterator[Record]:
        """All records of a kind by ascending id."""

    def find(self, kind: Kind, key: str) -> Record | None:
        """The record with a business key."""


@dataclass(frozen=True, slots=True)
class ExtractFile:
    """One written file and its number of rows."""

    path: Path
    rows: int


CUSTOMERS = {
    "customer_number": "number",
    "title": "title",
    "forename": "forename",
    "surname": "surname",
    "preferred_name": "preferred_name",
    "job_title": "job_title",
    "phone": "phone",
    "work_phone": "work_phone",
    "mobile": "mobile",
    "email": "email",
    "birth_date": "birth_date",
}
ACCOUNT_CUSTOMERS = {
    "account_number": "account_number",
    "customer_number": "customer_number",
    "roles": "roles",
    "active": "active",
    "start_date": "from_date",
    "end_date": "to_date",
}
PRODUCTS = {
    "product_code": "code",
    "name": "name",
    "service_type": "service_type",
    "active": "active",
    "unit_price": "unit_price",
}
AGREEMENTS = {
    "agreement_number": "number",
    "account_number": "account_number",
    "agreement_type": "agreement_type",
    "start_date": "from_date",
    "end_date": "to_date",
    "term_months": "term_months",
    "cancelled": "cancelled",
}
SERVICE_POINTS = {
    "identifier": "identifier",
    "identifier_type": "identifier_type",
    "account_number": "account_number",
    "service_type": "service_type",
    "supply_status": "supply_status",
    "switch_status": "switch_status",
    "supply_start": "supply_start",
    "supply_end": "supply_end",
}
_ACCOUNT = ("trading_name", "company_number", "account_class")
_PRIMARY = ("primary_customer_number", "primary_customer_name", "primary_customer_phone", "primary_customer_fax")
COLUMNS: dict[Kind, tuple[str, ...]] = {
    "customers": (*CUSTOMERS, *_ADDRESS_COLUMNS, "primary_account_number"),
    "accounts": ("account_number", *_PRIMARY, *_ACCOUNT, *_ADDRESS_COLUMNS),
    "account_customers": tuple(ACCOUNT_CUSTOMERS),
    "products": tuple(PRODUCTS),
    "agreements": tuple(AGREEMENTS),
    "service_points": (*SERVICE_POINTS, *_ADDRESS_COLUMNS),
}


def write_extract(
    source: Source,
    folder: Path,
    format: Format = "ndjson",  # noqa: A002 - the word that callers expect
    *,
    gzip: bool = False,
) -> dict[Kind, ExtractFile]:
    """Write one file a record kind into the folder, which is made where it is missing.

    In NDJSON an absent member stays absent; in CSV null and absent are an empty cell, and an empty text is ``""``.

    Args:
        source: A seed, or a billing system with its edits.
        folder: Where the files go.
        format: ``ndjson`` or ``csv``.
        gzip: Whether to gzip the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = _Rows(source)
    return {
        kind: _write(folder, kind, map(rows.shape(kind), source.records(kind)), format, compress=gzip)
        for kind in COLUMNS
    }


def _write(folder: Path, kind: Kind, rows: Iterable[Record], form: Format, *, compress: bool) -> ExtractFile:
    path = folder / f"{kind}.{form}{'.gz' if compress else ''}"
    count = 0
    with _opened(path, compress=compress) as file:
        if form == "csv":
            file.write(",".join(COLUMNS[kind]).encode() + b"\r\n")
        for count, row in enumerate(rows, 1):  # noqa: B007
            file.write(_line(COLUMNS[kind], row) if form == "csv" else orjson.dumps(row) + b"\n")
    return ExtractFile(path, count)


def _opened(path: Path, *, compress: bool) -> IO[bytes]:
    return open_gzip(path, "wb", compresslevel=3) if compress else path.open("wb")  # type: ignore[return-value]


def _line(columns: tuple[str, ...], row: Record) -> bytes:
    return ",".join(_cell(row.get(column)) for column in columns).encode() + b"\r\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = str(value)
    if text and not _NEEDS_QUOTES.search(text):
        return text
    return '"' + text.replace('"', '""') + '"'


class _Rows:
    def __init__(self, source: Source) -> None:
        self._source = source

    def shape(self, kind: Kind) -> Callable[[Record], Record]:
        return {
            "customers": self._customer,
            "accounts": self._account,
            "account_customers": _link,
            "products": lambda record: _flagged(PRODUCTS, record, "active"),
            "agreements": lambda record: _flagged(AGREEMENTS, record, "cancelled"),
            "service_points": lambda record: {**_named(SERVICE_POINTS, record), **_address(record)},
        }[kind]

    def _customer(self, record: Record) -> Record:
        row = {**_named(CUSTOMERS, record), **_address(record)}
        return {**row, "primary_account_number": record["primary_account_number"]}

    def _account(self, record: Record) -> Record:
        customer = self._source.find("customers", record["primary_customer_number"])
        return {
            "account_number": key_of("accounts", record),
            "primary_customer_number": record["primary_customer_number"],
            "primary_customer_name": display_name(customer) if customer else None,
            "primary_customer_phone": customer["phone"] if customer else None,
            "primary_customer_fax": customer["fax"] if customer else None,
            **{column: record[column] for column in _ACCOUNT},
            **_address(record),
        }


def _link(record: Record) -> Record:
    row = _flagged(ACCOUNT_CUSTOMERS, record, "active")
    return {**row, "roles": ";".join(record["roles"])}


def _flagged(columns: dict[str, str], record: Record, flag: str) -> Record:
    return {**_named(columns, record), flag: "Y" if record[flag] else "N"}


def _named(columns: dict[str, str], record: Record) -> Record:
    return {column: record[ours] for column, ours in columns.items() if ours in record}


def _address(record: Record) -> Record:
    return {column: record["address"][member] for column, member in _ADDRESS_COLUMNS.items()}
