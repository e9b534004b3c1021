"""Which versions of the billing systems the connector works with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from salesbridge.billing.port import System

_OLDEST: Final[Mapping[str, tuple[int, ...]]] = {"Velocity": (4, 13), "Junifer": (6,)}
_NUMBERS: Final = re.compile(r"[vV]?(\d+(?:\.\d+)*)")


def supported(system: System) -> str | None:
    """Tells what to do if a system is too old or unknown; None if it is supported."""
    if system.product == "Extract":
        return None
    oldest = _OLDEST.get(system.product)
    if oldest is None:
        return f"{system.product} is not supported: connect a Velocity or Junifer system."
    needed = f"{system.product} {'.'.join(map(str, oldest))} or later"
    match = _NUMBERS.match(system.version.strip())
    if match is None:
        return f"{system.product} tells the version {system.version!r}, which cannot be read: make sure it is {needed}."
    if tuple(map(int, match[1].split("."))) < oldest:
        return f"{system.product} {system.version} is too old: upgrade it to {needed}."
    return None
