"""Named points of a delivery: before and after every commit and every call to another system.

They do nothing. The proof of ongoing synchronisation dies at each of them in turn (tests/proof), and a simulation
counts them, so a crash is not sampled but enumerated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_listeners: list[Callable[[str], None]] = []


def point(name: str) -> None:
    """Tell whoever listens that a point has been reached."""
    for listener in _listeners:
        listener(name)


@contextmanager
def watched(listener: Callable[[str], None]) -> Iterator[None]:
    """Call a listener at every point until the block is left; what it raises goes through."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
