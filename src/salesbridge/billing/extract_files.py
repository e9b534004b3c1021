"""The files of an extract: which there are, what they may hold, and how they are opened."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from salesbridge.billing.port import BillingError

STEMS: Final[Mapping[str, str]] = {
    "customer": "customers",
    "account": "accounts",
    "account_customer": "account_customers",
    "product": "products",
    "agreement": "agreements",
    "service_point": "service_points",
}
_ADDRESS: Final = tuple(
    f"address_{part}" for part in ("line1", "line2", "locality", "city", "region", "postcode", "country")
)
_ADDRESSED: Final = frozenset({"customer", "account", "service_point"})
_ANY: Final = ("internal_id", "last_modified")
COLUMNS: Final[Mapping[str, frozenset[str]]] = {
    kind: frozenset((*columns.split(), *(_ADDRESS if kind in _ADDRESSED else ()), *_ANY))
    for kind, columns in {
        "customer": """
            customer_number customer_type title forename surname preferred_name job_title company_name
            phone work_phone mobile fax email birth_date primary_account_number
        """,
        "account": """
            account_number primary_customer_number primary_customer_name primary_customer_phone primary_customer_fax
            trading_name company_number account_class currency
        """,
        "account_customer": "account_number customer_number roles primary active start_date end_date",
        "product": "product_code name service_type active unit_price currency",
        "agreement": """
            agreement_number account_number product_code agreement_type start_date end_date term_months cancelled
        """,
        "service_point": """
            identifier identifier_type account_number service_type supply_status switch_status supply_start supply_end
        """,
    }.items()
}
_BUFFER: Final = 1 << 17
_FORMATS: Final = (".ndjson", ".ndjson.gz", ".csv", ".csv.gz")


@dataclass(frozen=True, slots=True)
class ExtractFile:
    """One file of an extract.

    Attributes:
        kind: Record kind.
        path: Where it is.
    """

    kind: str
    path: Path

    @property
    def csv(self) -> bool:
        """Whether it is CSV; otherwise it is NDJSON."""
        return ".csv" in self.path.suffixes

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Opens it for reading, unpacked.

        Raises:
            BillingError: It cannot be opened, or breaks off while it is read.
        """
        try:
            with self.path.open("rb", buffering=_BUFFER) as packed:
                if self.path.suffix == ".gz":
                    with gzip.GzipFile(fileobj=packed) as unpacked:
                        yield io.BufferedReader(unpacked, _BUFFER)
                else:
                    yield packed
        except (OSError, EOFError, zlib.error) as exc:
            raise damaged(self, exc) from exc

    def fingerprint(self) -> str:
        """Gives what changes when the file does: size and modification time."""
        stat = self.path.stat()
        return f"{stat.st_size}.{stat.st_mtime_ns}"


def candidates(folder: Path, kind: str) -> list[ExtractFile]:
    """Lists the files of a kind; more than one is one too many."""
    return [ExtractFile(kind, path) for path in _paths(folder, kind) if path.is_file()]


def the_file(folder: Path, kind: str) -> ExtractFile:
    """Gives the file of a kind.

    Raises:
        BillingError: There is none, or more than one.
    """
    found = candidates(folder, kind)
    if len(found) == 1:
        return found[0]
    if found:
        raise _wrong(f"{' and '.join(file.path.name for file in found)} both hold {STEMS[kind]}.", "Leave one of them.")
    raise _wrong(
        f"{STEMS[kind]} is missing.", f"Put {STEMS[kind]}.ndjson or {STEMS[kind]}.csv (or .gz) into the folder."
    )


def _paths(folder: Path, kind: str) -> Iterator[Path]:
    return (folder / f"{STEMS[kind]}{ending}" for ending in _FORMATS)


def _wrong(message: str, mend: str) -> BillingError:
    return BillingError(message, kind="permanent", code="EXTRACT_FILES", mend=mend)


def damaged(file: ExtractFile, reason: object) -> BillingError:
    """Makes the exception of a file that cannot be read on, such as a cut-off archive."""
    return BillingError(
        f"{file.path.name} cannot be read: {reason}.",
        kind="permanent",
        code="EXTRACT_DAMAGED",
        mend="Export or copy the file again.",
    )
