"""Small charts as inline SVG, drawn here: they need no script, print well and follow the theme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_WIDTH, _HEIGHT, _PAD = 160.0, 36.0, 2.0


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole.

    Attributes:
        label: What it is.
        value: How much, at least 0.
        tone: Colour: ``ok``, ``busy``, ``wait``, ``warn``, ``bad`` or ``idle``.
    """

    label: str
    value: float
    tone: str = "idle"


def sparkline(values: Sequence[float], label: str, tone: str = "busy") -> SafeString:
    """A line of values over time, oldest first.

    Args:
        values: At least two, else an empty chart.
        label: What a screen reader says; tell the newest value in it.
        tone: Colour, as for ``Share``.
    """
    points = _points(values)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    area = f"{_PAD},{_HEIGHT - _PAD} {line} {_WIDTH - _PAD},{_HEIGHT - _PAD}" if points else ""
    return format_html(
        '<svg class="sparkline tone-{}" viewBox="0 0 {} {}" role="img" aria-label="{}" preserveAspectRatio="none">'
        '<polygon class="area" points="{}"/><polyline class="line" points="{}"/></svg>',
        tone, _WIDTH, _HEIGHT, label, area, line,
    )  # fmt: skip


def bars(values: Sequence[float], label: str, tone: str = "busy", names: Sequence[str] = ()) -> SafeString:
    """Bars of values over time, oldest first; the tallest fills the height.

    Args:
        values: At least 0 each.
        label: What a screen reader says.
        tone: Colour, as for ``Share``.
        names: What each bar stands for, such as its hour; told with the value to who points at it.
    """
    top, count = max([*values, 0]) or 1, len(values) or 1
    step = _WIDTH / count
    drawn = [
        (n * step + step * 0.1, max(value / top, 0) * (_HEIGHT - _PAD), step * 0.8) for n, value in enumerate(values)
    ]
    titles = [format_html("<title>{}: {}</title>", n, f"{v:,.6g}") for n, v in zip(names, values, strict=False)]
    titles += [SafeString()] * (len(drawn) - len(titles))
    rects = format_html_join(
        "", '<rect x="{}" y="{}" width="{}" height="{}">{}</rect>',
        (
            (f"{x:.1f}", f"{_HEIGHT - max(tall, 0.7):.1f}", f"{wide:.1f}", f"{max(tall, 0.7):.1f}", title)
            for (x, tall, wide), title in zip(drawn, titles, strict=True)
        ),
    )  # fmt: skip
    return format_html(
        '<svg class="bars tone-{}" viewBox="0 0 {} {}" role="img" aria-label="{}" preserveAspectRatio="none">{}</svg>',
        tone, _WIDTH, _HEIGHT, label, rects,
    )  # fmt: skip


def shares(parts: Sequence[Share], label: str) -> SafeString:
    """One bar divided into parts; what each means stands beside it as a legend of the page's own."""
    total, at, drawn = sum(part.value for part in parts) or 1, 0.0, []
    for part in parts:
        wide = part.value / total * _WIDTH
        drawn.append((part.tone, f"{at:.2f}", f"{wide:.2f}", part.label, f"{part.value:,.0f}"))
        at += wide
    rects = format_html_join(
        "", '<rect class="tone-{}" x="{}" y="0" width="{}" height="10"><title>{}: {}</title></rect>', drawn
    )
    return format_html(
        '<svg class="shares" viewBox="0 0 {} 10" role="img" aria-label="{}" preserveAspectRatio="none">{}</svg>',
        _WIDTH, label, rects,
    )  # fmt: skip


def _points(values: Sequence[float]) -> list[tuple[float, float]]:
    if len(values) < 2:  # noqa: PLR2004 - a line has two ends
        return []
    low, high = min([*values, 0]), max(values)
    span = (high - low) or 1
    wide, tall = _WIDTH - 2 * _PAD, _HEIGHT - 2 * _PAD
    return [
        (_PAD + n / (len(values) - 1) * wide, _HEIGHT - _PAD - (value - low) / span * tall)
        for n, value in enumerate(values)
    ]
