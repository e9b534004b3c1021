"""Addresses of static files that change with their content, so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage


class Fingerprinted(StaticFilesStorage):
    """Static files at their own name, with a fingerprint behind it."""

    def url(self, name: str | None) -> str:
        """The address of a file."""
        address = super().url(name)
        mark = _fingerprint(name or "")
        return f"{address}?v={mark}" if mark else address


@cache
def _fingerprint(name: str) -> str:
    found = finders.find(name)
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:10] if isinstance(found, str) else ""
