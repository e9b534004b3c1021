"""Every component of the pages, in all its states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from salesbridge.portal.access import signed_in
from salesbridge.portal.areas import Area
from salesbridge.portal.charts import Share
from salesbridge.portal.life_picture import life_cycle
from salesbridge.portal.standing import INSTANCE_STATES, PROBLEM_STATES, RUN_STATES, SALE_STATES, STAGE_STATES
from salesbridge.sync.sale_life import SaleState

TONES = ("ok", "busy", "wait", "warn", "bad", "idle")
ICONS = (
    "check", "cross", "alert", "info", "clock", "dot", "pause", "play", "refresh", "plug", "store", "people", "person",
    "audit", "list", "search", "download", "upload", "plus", "minus", "key", "lock", "settings", "mail", "activity",
    "chart", "external", "copy", "trash", "edit", "inbox", "home", "cloud", "database", "scale", "swap", "bell",
    "arrow", "back", "logout", "sun", "moon", "flag", "history", "filter", "book", "palette",
)  # fmt: skip
#: What entries of a record's story are about.
HAPPENINGS = ("heard", "decided", "conflict", "waits", "problem", "person", "load")


class _Example(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label="Text", help_text="Help stands below the field.")
    secret = forms.CharField(label="Secret", widget=forms.PasswordInput, required=False)
    refused = forms.EmailField(label="Refused")
    kind = forms.ChoiceField(label="Choice", choices=[("a", "Client credentials"), ("b", "JWT bearer")])
    way = forms.ChoiceField(
        label="One of few", choices=[("none", "Never"), ("errors", "With errors"), ("all", "Always")],
        widget=forms.RadioSelect, initial="errors",
    )  # fmt: skip
    agreed = forms.BooleanField(label="A switch with a sentence", required=False)
    text = forms.CharField(label="Long text", widget=forms.Textarea({"rows": 3, "class": "mono"}), required=False)


class _Filters(forms.Form):
    """What to look for."""

    text = forms.CharField(required=False, label="Record", widget=forms.TextInput({"type": "search"}))
    side = forms.ChoiceField(required=False, label="Side", choices=[("", "Either"), ("billing", "Billing")])


def _values() -> dict[str, Any]:
    now = datetime.now(UTC)
    line = [3, 5, 4, 8, 13, 9, 7, 11, 16, 12, 9, 14, 18, 15, 12, 9, 6, 8, 12, 10]
    return {
        "tones": TONES,
        "icons": ICONS,
        "states": [
            ("Instance", INSTANCE_STATES.values()), ("Run", RUN_STATES.values()), ("Stage", STAGE_STATES.values()),
            ("Problem", PROBLEM_STATES.values()), ("Order", SALE_STATES.values()),
        ],
        "line": line,
        "labels": [f"{minute} minutes ago" for minute in reversed(range(len(line)))],
        "happenings": HAPPENINGS,
        "filters": _Filters({}, prefix="sought"),
        "parts": [
            Share("unchanged", 9120, "idle"), Share("written", 740, "ok"), Share("parked", 90, "wait"),
            Share("rejected", 50, "bad"),
        ],
        "steps": [
            {"label": "Prepare", "state": "done"}, {"label": "Customers", "state": "done", "note": "12,400 records"},
            {"label": "Accounts", "state": "current", "note": "4,100 of 9,800"},
            {"label": "Contracts", "state": "waiting"},
        ],
        "failed_steps": [
            {"label": "Prepare", "state": "done"},
            {"label": "Customers", "state": "failed", "note": "Storage is full"},
        ],
        "rows": [
            ("0012", "Changed in Salesforce", 1284, now - timedelta(seconds=40)),
            ("0013", "Changed in billing", 7, now - timedelta(hours=5)),
        ],
        "life": life_cycle(SaleState.READY, {SaleState.PLACED: now - timedelta(days=1), SaleState.READY: now}),
        "durations": [0.042, 4.23, 200, 7500, 273_000],
        "page": Paginator(range(240), 50).get_page(2),
    }  # fmt: skip


@signed_in
def style(request: HttpRequest) -> HttpResponse:
    """The style page."""
    form = _Example({"name": "Retailer", "refused": "no address", "kind": "a", "way": "errors", "agreed": "on"})
    return render(request, "portal/style/page.html", {**_values(), "form": form})


AREA = Area(urls=[path("style/", style, name="style")])
