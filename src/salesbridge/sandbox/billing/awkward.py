"""Rows as old systems really hold them, each kind named, so that a test can predict every one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesbridge.sandbox.billing.dice import mix
from salesbridge.sandbox.billing.layout import BLOCK, CUSTOMERS, POINTS, Layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from salesbridge.sandbox.billing.records import Kind, Record

LARGEST_SHARE = 0.1
_OVERLONG_SURNAME = "Featherstonehaugh-Cholmondeley-" * 4
_OVERLONG_TRADING_NAME = "Amalgamated Holdings and Trustees of the Estate " * 6


@dataclass(frozen=True, slots=True)
class AwkwardRow:
    """One awkward record: what is wrong, and where."""

    kind: str
    record: Kind
    key: str


def _customer(**changes: object) -> Callable[[Record], None]:
    def apply(record: Record) -> None:
        record.update(changes)

    return apply


def _spaces(record: Record) -> None:
    record.update(surname=f"  {record['surname']} ", email=f"{record['email']} ")


def _newline(record: Record) -> None:
    record["address"] = {**record["address"], "line1": f"Unit 4\n{record['address']['line1']}"}


def _no_at(record: Record) -> None:
    record["email"] = record["email"].replace("@", ".")


def _extension(record: Record) -> None:
    record["phone"] = f"{record['phone']} ext. 12"


def _absent(record: Record) -> None:
    del record["preferred_name"]


def _unknown_primary(record: Record) -> None:
    record["primary_customer_number"] = f"X{record['primary_customer_number'][1:]}"


def _bad_check_digit(record: Record) -> None:
    identifier = record["identifier"]
    last = identifier[-1]
    record["identifier"] = identifier[:-1] + ("1" if last == "0" else "0")


def _untouched(record: Record) -> None:
    """Changed elsewhere: the row repeats another row, which is not known here."""
    del record


CHANGES: dict[str, tuple[Kind, Callable[[Record], None]]] = {
    "quotes_and_commas": ("accounts", _customer(trading_name='Smith, Jones & "The Plumber", Ltd')),
    "embedded_newline": ("customers", _newline),
    "macron_name": ("customers", _customer(forename="Hēmi", surname="Ngāti-Tūwharetoa")),
    "chinese_name": ("customers", _customer(forename="小明", surname="王")),
    "arabic_name": ("customers", _customer(forename="محمد", surname="الأحمد")),
    "emoji_name": ("customers", _customer(preferred_name="Zoë 🌻⚡")),
    "overlong_surname": ("customers", _customer(surname=_OVERLONG_SURNAME)),
    "overlong_trading_name": ("accounts", _customer(trading_name=_OVERLONG_TRADING_NAME)),
    "missing_surname": ("customers", _customer(surname=None)),
    "duplicate_customer": ("customers", _untouched),
    "number_case_twin": ("customers", _untouched),
    "surrounding_spaces": ("customers", _spaces),
    "impossible_date": ("customers", _customer(birth_date="1987-02-30")),
    "phone_with_extension": ("customers", _extension),
    "phone_with_letters": ("customers", _customer(phone="0800 FLOWERS")),
    "unknown_primary_customer": ("accounts", _unknown_primary),
    "bad_check_digit": ("service_points", _bad_check_digit),
    "email_without_at": ("customers", _no_at),
    "literal_na": ("accounts", _customer(trading_name="#N/A")),
    "empty_string": ("customers", _customer(preferred_name="")),
    "null_value": ("customers", _customer(preferred_name=None)),
    "absent_member": ("customers", _absent),
}
AWKWARD_KINDS = tuple(CHANGES)


def place_rows(layout: Layout, share: float, kinds: tuple[str, ...]) -> dict[Kind, dict[int, str]]:
    """Which record of which kind is awkward, and how: at most one in a block of accounts.

    Raises:
        ValueError: The share is not from 0 to 0.1, or a kind is unknown.
    """
    if not 0 <= share <= LARGEST_SHARE:
        raise ValueError(f"awkward is a share from 0 to {LARGEST_SHARE} of the accounts, not {share}")
    if unknown := set(kinds) - set(AWKWARD_KINDS):
        raise ValueError(f"No awkward row is called {', '.join(sorted(unknown))}; choose of {AWKWARD_KINDS}")
    rows = min(round(share * layout.accounts), layout.blocks) if kinds else 0
    placed: dict[Kind, dict[int, str]] = {"customers": {}, "accounts": {}, "service_points": {}}
    for at in range(rows):
        block = (2 * at + 1) * layout.blocks // (2 * rows)
        kind = kinds[at % len(kinds)]
        record = CHANGES[kind][0]
        placed[record][_index(record, block, mix(layout.seed + 4, block) % (BLOCK - 1))] = kind
    return placed


def _index(record: Kind, block: int, at: int) -> int:
    size = {"customers": CUSTOMERS, "accounts": BLOCK, "service_points": POINTS}[record]
    return block * size + at
