"""Business keys as one text, and the paths that they are filled into."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from salesbridge.billing.port import KEYS, BillingError

_PLACE: Final = re.compile(r"\{(\w*)\}")


def parts_of(kind: str, key: str) -> dict[str, str]:
    """Takes a business key apart, as the external id has it: parts joined by a colon.

    Raises:
        BillingError: It has not as many parts as the kind's key, or one that no path can hold.
    """
    names = KEYS[kind]
    texts = key.split(":") if len(names) > 1 else [key]
    if len(texts) != len(names) or any(not text.strip(" .") or not text.isprintable() for text in texts):
        raise BillingError(
            f"{key!r} is not a key of {kind.replace('_', ' ')} records.",
            kind="permanent",
            code="BAD_KEY",
            mend=f"It is made of {' and '.join(names)}, joined by a colon; look at the record in the billing system.",
        )
    return dict(zip(names, texts, strict=True))


def key_of(kind: str, row: Mapping[str, Any]) -> str | None:
    """Joins the business key of some attributes; None where a part is missing."""
    texts = [row.get(name) for name in KEYS[kind]]
    return ":".join(texts) if all(isinstance(text, str) and text for text in texts) else None  # type: ignore[arg-type]


def places(template: str) -> frozenset[str]:
    """Tells which values a path needs."""
    return frozenset(_PLACE.findall(template))


def filled(template: str, values: Mapping[str, Any]) -> str:
    """Puts values into a path, each quoted so that it stays one segment of it."""
    return _PLACE.sub(lambda place: quote(str(values[place[1]]), safe=""), template)


def alike(one: str, other: str) -> bool:
    """Whether two spellings may be of one key: systems overlook case and spaces in what they are asked for."""
    return "".join(one.split()).casefold() == "".join(other.split()).casefold()
