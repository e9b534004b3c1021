r"""Links of billing turned into ours, in a stream of JSON that may be cut anywhere.

Billing's links name the host under which it knows itself, which nobody outside can reach: the host and the base path
are exchanged for the gateway's address. Only a whole JSON string is a link: prose that mentions an address stays as it
is. Slashes may be escaped (``http:\/\/``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

_LONGEST_HOST: Final = 260
_HOST: Final = rb"[A-Za-z0-9._~:@\[\]%-]"
_SLASH: Final = rb"\\?/"
_END: Final = rb'(?=[/?#"\\])'


class Links:
    """Exchanges billing's addresses for ours.

    Args:
        base_path: Path of billing's API, such as ``/rest/v1``.
        ours: Address that takes its place, without a slash at its end.
        hosts: Hosts (``name`` or ``name:port``) whose links these are; every host when there are none.
    """

    def __init__(self, base_path: str, ours: str, hosts: Sequence[str] = ()) -> None:
        self._whole, self._begun = _patterns(base_path, tuple(sorted(hosts)))
        self._ours = ours.encode("ascii")
        self._longest = _LONGEST_HOST + 4 * len(base_path) + 32

    def stream(self) -> Stream:
        """Begin with a text."""
        return Stream(self)

    def exchange(self, text: bytes, end: int | None = None) -> bytes:
        """Exchange every link of a text up to a place that lies in no link; what follows it is looked at only."""
        if b"http" not in text:
            return text[:end]
        parts, at, last = [], 0, len(text) if end is None else end
        for found in self._whole.finditer(text):
            if found.start() >= last:
                break
            parts += [text[at : found.start()], self._exchanged(found)]
            at = found.end()
        return b"".join([*parts, text[at:last]])

    def _exchanged(self, found: re.Match[bytes]) -> bytes:
        escaped = b"\\/" in found.group()
        return b'"' + (self._ours.replace(b"/", b"\\/") if escaped else self._ours)

    def unfinished(self, text: bytes) -> int:
        """Where a link begins that the end of the text cuts; the text's length if none is cut."""
        found = self._begun.search(text, max(0, len(text) - self._longest))
        return found.start() if found else len(text)


class Stream:
    """A text that comes in pieces.

    Args:
        links: What is exchanged.
    """

    def __init__(self, links: Links) -> None:
        self._links = links
        self._kept = b""

    def feed(self, piece: bytes) -> bytes:
        """Take a piece; give what is certain, and keep the beginning of a link whose end has not come yet."""
        text = self._kept + piece
        cut = self._links.unfinished(text)
        self._kept = text[cut:]
        return self._links.exchange(text, cut)

    def end(self) -> bytes:
        """Give what was kept: nothing more will come."""
        kept, self._kept = self._kept, b""
        return self._links.exchange(kept)


@cache
def _patterns(base_path: str, hosts: tuple[str, ...]) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """The pattern of a link with its opening quote, and that of its beginning at the end of a text."""
    steps = [b'"', b"h", b"t", b"t", b"p", b"s?", b":", _SLASH, _SLASH, None]
    path = [_SLASH if letter == "/" else re.escape(letter.encode()) for letter in base_path]
    host = b"|".join(re.escape(each.encode()) for each in hosts) or _HOST + b"{1,%d}" % _LONGEST_HOST
    whole = b"".join(b"(?:" + host + b")" if step is None else step for step in [*steps, *path]) + _END
    part = _HOST + b"{0,%d}" % _LONGEST_HOST
    begun = _nested(path, rb"\Z")
    begun = part + b"(?:" + begun + rb")"
    for step in reversed(steps[:-1]):
        assert step is not None  # noqa: S101 - the host is the last
        begun = _step(step, begun)
    return re.compile(whole), re.compile(begun)


def _nested(steps: Sequence[bytes], end: bytes) -> bytes:
    """A pattern of any beginning of some steps, up to the end of the text."""
    pattern = end
    for step in reversed(steps):
        pattern = _step(step, pattern, optional=True)
    return pattern


def _step(step: bytes, rest: bytes, *, optional: bool = True) -> bytes:
    r"""One step and the rest, or the end of the text before it; half of ``\/`` counts as its beginning."""
    ends = rb"\Z|\\\Z|" if step == _SLASH else rb"\Z|"
    return b"(?:" + (ends if optional else b"") + step + rest + b")"
