"""The path of a call: understood in one way only, or refused.

What the gateway allows and what the billing system does must be the same resource. Whatever servers are known to read
in different ways is therefore not passed on: dot segments, encoded slashes, backslashes, path parameters, characters
encoded twice, empty segments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from salesbridge.edge.gateway.refusal import bad_path

LONGEST: Final = 2_000
_PLAIN: Final = re.compile(rb"[A-Za-z0-9\-._~!$&'()*+,=:@%/]*\Z")
_ENCODED: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_AMBIGUOUS: Final = re.compile(rb"%(?:2f|5c|25|3b|00|0[0-9a-f]|1[0-9a-f]|7f)", re.IGNORECASE)
_QUERY: Final = re.compile(rb"[\x21-\x7e]*\Z")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes.

    Attributes:
        product: First segment.
        raw: The rest as it came, with the query: what the billing system is sent.
        segments: The rest's segments, decoded: what is judged.
    """

    product: str
    raw: bytes
    segments: tuple[str, ...]

    @property
    def path(self) -> str:
        """The rest without the query, decoded."""
        return "/" + "/".join(self.segments)


def target(raw_path: bytes, query: bytes) -> Target:
    """Take a path apart.

    Args:
        raw_path: What stands behind ``/api/``, not decoded.
        query: The query, not decoded.

    Raises:
        Refusal: It may be read in more ways than one.
    """
    if len(raw_path) + len(query) > LONGEST * 4:
        raise bad_path("The address is too long.")
    if not _PLAIN.match(raw_path) or _ENCODED.search(raw_path) or _AMBIGUOUS.search(raw_path):
        raise bad_path("The path has characters that cannot be passed on.")
    if not _QUERY.match(query):
        raise bad_path("The query has characters that must be encoded.")
    product, _, rest = raw_path.partition(b"/")
    segments = tuple(_segment(each) for each in rest.split(b"/")) if rest else ()
    return Target(product.decode(), b"/" + rest + (b"?" + query if query else b""), segments)


def _segment(raw: bytes) -> str:
    try:
        text = unquote(raw.decode("ascii"), errors="strict")
    except UnicodeDecodeError:
        raise bad_path("The path is not UTF-8.") from None
    if text in {"", ".", ".."} or not text.isprintable():
        raise bad_path("The path has an empty segment, a dot segment or a control character.")
    return text
