"""Python's collector of reference cycles, kept from looking through rows that hold none."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: Containers that must have been made, less those that went, before the collector looks; Python's own figure is 700.
#: Well above what the rows of a page or of a batch come to, so that they go before it looks.
_ROWS_AT_ONCE = 100_000


class _Steps:
    """The steps of this process that want it so at this moment."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.under_way = 0
        self.usual = gc.get_threshold()


_steps = _Steps()


@contextmanager
def rarely_collecting() -> Iterator[None]:
    """Look for reference cycles seldom until the block is left, and not among what was there before it.

    Rows are lists of text, which reference counting frees. Python would look through all that live every few hundred
    rows: about a fifth of the time of a load, measured; and from time to time through all that the libraries made when
    they were loaded. Several steps may be in such a block at once.
    """
    with _steps.lock:
        if _steps.under_way == 0:
            _steps.usual = gc.get_threshold()
            gc.set_threshold(_ROWS_AT_ONCE, *_steps.usual[1:])
            gc.freeze()
        _steps.under_way += 1
    try:
        yield
    finally:
        with _steps.lock:
            _steps.under_way -= 1
            if _steps.under_way == 0:
                gc.unfreeze()
                gc.set_threshold(*_steps.usual)
