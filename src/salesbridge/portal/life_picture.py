"""The life cycle of an order as a picture, drawn from its table of transitions.

The way of an order whose customer is supplied runs from left to right; beside it lie the states that it may leave for,
each as a bar along the states from which or to which that happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from salesbridge.portal.standing import SALE_STATES
from salesbridge.sync.sale_life import SALE
from salesbridge.sync.sale_life import SaleState as S

#: The way of an order that goes well.
WAY = (S.OFFERED, S.PLACED, S.DRAFT, S.READY, S.ACCEPTED, S.PROVISIONING, S.ACTIVE, S.COMPLETED)
_ABOVE, _BELOW = (S.REFUSED,), (S.WITHDRAWN, S.CANCELLED)
_WIDE, _GAP, _PAD = 104, 22, 2  # of a box, between two, around all
_TALL, _HIGH = 46, 34  # of a box of the way, of a bar
_ROWS = {"above": _PAD, "way": _PAD + _HIGH + 26, "below": _PAD + _HIGH + 26 + _TALL + 26}
_SIZE = (2 * _PAD + len(WAY) * (_WIDE + _GAP) - _GAP, _ROWS["below"] + _HIGH + _PAD)
_TIP = 4


@dataclass(frozen=True, slots=True)
class _Box:
    state: S
    x: int
    y: int
    wide: int
    tall: int


def life_cycle(now: S, entered: Mapping[S, datetime]) -> SafeString:
    """The picture.

    Args:
        now: The present state.
        entered: States that the order has been in, and when it entered them last.
    """
    boxes = _boxes()
    drawn = format_html_join("", "{}", ((_box(box, now, entered),) for box in boxes.values()))
    return format_html(
        '<svg class="life" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>',
        *_SIZE, _spoken(now, entered), _arrows(boxes), drawn,
    )  # fmt: skip


def _boxes() -> dict[S, _Box]:
    way = {state: _Box(state, _PAD + at * (_WIDE + _GAP), _ROWS["way"], _WIDE, _TALL) for at, state in enumerate(WAY)}
    bars = {}
    for row, states in (("above", _ABOVE), ("below", _BELOW)):
        for state in states:
            beside = [way[each] for each in _beside(state)]
            wide = beside[-1].x + _WIDE - beside[0].x
            bars[state] = _Box(state, beside[0].x, _ROWS[row], wide, _HIGH)
    return way | bars


def _beside(bar: S) -> list[S]:
    """States of the way from which an order comes to a bar, or to which it goes from there."""
    return [each for each in WAY if bar in SALE[each] or each in SALE[bar]]


def _arrows(boxes: Mapping[S, _Box]) -> SafeString:
    found = []
    for left, right in pairwise(WAY):
        y = boxes[left].y + _TALL // 2
        found.append(_arrow((boxes[left].x + _WIDE, y), (boxes[right].x, y), right in SALE[left], left in SALE[right]))
    for bar in (*_ABOVE, *_BELOW):
        above = boxes[bar].y < _ROWS["way"]
        for each in _beside(bar):
            x = boxes[each].x + _WIDE // 2
            own = (x, _ROWS["way"] if above else _ROWS["way"] + _TALL)
            its = (x, boxes[bar].y + _HIGH if above else boxes[bar].y)
            found.append(_arrow(own, its, bar in SALE[each], each in SALE[bar]))
    return format_html_join("", "{}", ((each,) for each in found))


def _arrow(start: tuple[int, int], end: tuple[int, int], there: bool, back: bool) -> SafeString:  # noqa: FBT001 - a pair
    (x1, y1), (x2, y2) = start, end
    tips = [_tip(end, start)] * there + [_tip(start, end)] * back
    line = format_html('<line x1="{}" y1="{}" x2="{}" y2="{}"/>', x1, y1, x2, y2)
    return format_html("{}{}", line, format_html_join("", '<polygon points="{}"/>', ((tip,) for tip in tips)))


def _tip(at: tuple[int, int], behind: tuple[int, int]) -> str:
    """The three corners of an arrow's tip."""
    (x, y), (bx, by) = at, behind
    dx, dy = (bx > x) - (bx < x), (by > y) - (by < y)
    base = (x + dx * 2 * _TIP, y + dy * 2 * _TIP)
    return f"{x},{y} {base[0] + dy * _TIP},{base[1] + dx * _TIP} {base[0] - dy * _TIP},{base[1] - dx * _TIP}"


def _box(box: _Box, now: S, entered: Mapping[S, datetime]) -> SafeString:
    shown, at = SALE_STATES[box.state], entered.get(box.state)
    kind = f"now tone-{shown.tone}" if box.state is now else "been" if at else "ahead"
    note = _day(at) if at else ""
    x, y = box.x + box.wide // 2, box.y + box.tall // 2
    words = format_html('<text x="{}" y="{}">{}</text>', x, y - 2 if note else y + 4, shown.label)
    small = format_html('<text class="note" x="{}" y="{}">{}</text>', x, y + 12, note) if note else SafeString()
    return format_html(
        '<g class="{}"><title>{}</title><rect x="{}" y="{}" width="{}" height="{}" rx="6"/>{}{}</g>',
        kind, shown.meaning, box.x, box.y, box.wide, box.tall, words, small,
    )  # fmt: skip


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%d %b %H:%M}"


def _spoken(now: S, entered: Mapping[S, datetime]) -> str:
    been = [SALE_STATES[state].label for state in sorted(entered, key=entered.__getitem__) if state is not now]
    before = f", after {', '.join(been)}" if been else ""
    return f"Life cycle of the order: it is {SALE_STATES[now].label} now{before}."
