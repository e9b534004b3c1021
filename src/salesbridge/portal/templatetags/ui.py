"""The components of the portal's pages; every template finds them without loading anything.

``/style/`` shows each of them in all its states.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BoundField
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from salesbridge.engine.sales.standing import actor
from salesbridge.portal import charts, words
from salesbridge.portal.standing import State
from salesbridge.store.models import Run

register = template.Library()

register.filter("number", words.number)
register.filter("duration", words.duration)
register.filter("size", words.size)
register.filter("happened", words.happened)
register.filter("cell", words.cell)
register.filter("side", words.side)
register.filter("actor", actor)
register.simple_tag(charts.sparkline, name="sparkline")
register.simple_tag(charts.bars, name="bars")
register.simple_tag(charts.shares, name="shares")

_MARK = {"ok": "check", "busy": "refresh", "wait": "clock", "warn": "alert", "bad": "cross", "idle": "dot"}


@register.filter
def ago(at: datetime | None) -> SafeString | str:
    """How long ago a moment was, with the moment itself for who points at it."""
    if at is None:
        return "never"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), words.moment(at), words.ago(at))


@register.filter
def moment(at: datetime | None) -> SafeString | str:
    """A moment in UTC."""
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), words.moment(at)) if at else words.moment(at)


@register.filter
def money(value: Any) -> str:
    """An amount with two decimals; the currency stands in the heading of the column."""
    return words.number(None) if value is None else f"{value:,.2f}"


@register.simple_tag
def took(run: Run) -> str:
    """How long a run took, from its first step to its end; nothing while it goes on."""
    if run.started_at is None or run.finished_at is None:
        return words.duration(None)
    return words.duration((run.finished_at - run.started_at).total_seconds())


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A symbol of the sprite; say what it means when it stands alone."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html('<svg class="icon" {}><use href="{}#{}"/></svg>', spoken, static("portal/icons.svg"), name)


@register.simple_tag
def badge(label: str, tone: str = "idle", symbol: str = "") -> SafeString:
    """A status: a symbol and a word, never colour alone.

    Args:
        label: The word.
        tone: ``ok``, ``busy``, ``wait``, ``warn``, ``bad`` or ``idle``.
        symbol: Symbol that differs from the tone's own.
    """
    return format_html('<span class="badge tone-{}">{}{}</span>', tone, icon(symbol or _MARK[tone]), label)


@register.simple_tag
def state(what: State) -> SafeString:
    """The badge of a state, with its meaning for who points at it."""
    return format_html('<span title="{}">{}</span>', what.meaning, badge(what.label, what.tone, what.symbol))


@register.inclusion_tag("portal/ui/progress.html")
def progress(value: float, total: float | None, label: str, tone: str = "busy") -> dict[str, Any]:
    """How far something is; a total of None says that nobody knows how much there is."""
    share = None if total is None else words.percent(value, total)
    return {"value": value, "total": total, "label": label, "tone": tone, "share": share}


@register.inclusion_tag("portal/ui/empty.html")
def empty(title: str, text: str = "", symbol: str = "inbox", url: str = "", action: str = "") -> dict[str, Any]:
    """What stands where there is nothing yet: what would be here, and how to get there."""
    return {"title": title, "text": text, "symbol": symbol, "url": url, "action": action}


@register.inclusion_tag("portal/ui/notice.html")
def notice(text: str, tone: str = "busy", title: str = "") -> dict[str, Any]:
    """A paragraph that must not be overlooked."""
    return {"text": text, "tone": tone, "title": title, "symbol": {"busy": "info"}.get(tone, _MARK[tone])}


@register.inclusion_tag("portal/ui/stepper.html")
def stepper(steps: list[dict[str, Any]], label: str = "Steps") -> dict[str, Any]:
    """Steps in order.

    Args:
        steps: Each with ``label``, ``state`` (``done``, ``current``, ``waiting``, ``failed``) and perhaps ``note``.
        label: What they are steps of.
    """
    return {"steps": steps, "label": label}


@register.inclusion_tag("portal/ui/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """A form field with label, help and errors, tied together for screen readers."""
    checkbox = getattr(bound.field.widget, "input_type", "") == "checkbox"
    attrs: dict[str, Any] = {}
    described = [
        f"{bound.id_for_label}_{part}" for part, there in (("help", bound.help_text), ("error", bound.errors)) if there
    ]
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    group = bound.use_fieldset
    return {"bound": bound, "widget": bound.as_widget(attrs=attrs), "checkbox": checkbox and not group, "group": group}


@register.inclusion_tag("portal/ui/fields.html")
def fields(form: Any) -> dict[str, Any]:
    """All fields of a form, with what is wrong with it as a whole above them."""
    return {"form": form}


@register.inclusion_tag("portal/ui/pages.html", takes_context=True)
def pages(context: template.Context, page: Page[Any]) -> dict[str, Any]:
    """Links to the neighbouring pages of a list; the filters in the address are kept."""
    request: HttpRequest = context["request"]

    def at(found: int) -> str:
        query = request.GET.copy()
        query["page"] = str(found)
        return f"?{query.urlencode()}"

    earlier = at(page.previous_page_number()) if page.has_previous() else ""
    later = at(page.next_page_number()) if page.has_next() else ""
    return {"page": page, "earlier": earlier, "later": later}
