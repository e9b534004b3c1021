"""The API versions this org speaks, and what it answers to the others."""

from __future__ import annotations

import re

from .results import ApiError

OLDEST = 31
NEWEST = 66
_FIRST_EVER = 7
_SHAPE = re.compile(r"v(\d{1,2})\.0\Z")
_NEWEST_SPRING = 26
_SEASONS = ("Spring", "Winter", "Summer")


def label(number: int) -> str:
    """The release a version came with, e.g. ``Spring '26`` for 66."""
    back, season = divmod(NEWEST - number, len(_SEASONS))
    year = _NEWEST_SPRING - back - (1 if season == len(_SEASONS) - 1 else 0)
    return f"{_SEASONS[season]} '{year}"


def listing() -> list[dict[str, str]]:
    """The body of ``GET /services/data``."""
    return [
        {"label": label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in range(OLDEST, NEWEST + 1)
    ]


def parse(segment: str) -> float:
    """The version number in a path segment such as ``v66.0``.

    Versions 7.0 to 30.0 are retired. Source: Salesforce's *API End-of-Life Policy* and the REST API Developer Guide,
    *Status Codes and Error Responses*; the exact body is general knowledge, not verified.

    Raises:
        ApiError: 410 for a retired version, 404 for one that never was.
    """
    match = _SHAPE.match(segment)
    number = int(match.group(1)) if match else 0
    if _FIRST_EVER <= number < OLDEST:
        message = f"API version {number}.0 has been retired; use {OLDEST}.0 or later"
        raise ApiError(410, "GONE", message)
    if not OLDEST <= number <= NEWEST:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return float(number)
