"""Conflicts of an instance: values that somebody entered and that did not prevail."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from salesbridge.engine.live.site import site
from salesbridge.portal.access import instance_page
from salesbridge.portal.acting import audited
from salesbridge.portal.areas import Area, Entry, at_instance
from salesbridge.portal.journal import A_PAGE, links_named
from salesbridge.portal.roles import Role
from salesbridge.portal.tabular import download, lines
from salesbridge.store.door import Door, Rows
from salesbridge.store.models import Conflict, Instance

_SIDES = [("", "Either"), ("salesforce", "Salesforce"), ("billing", "Billing")]
_RULES = [("", "Any"), ("both", "Both sides had changed it"), ("master", "That side is not master of it")]
_COLUMNS = ("at", "entity", "record", "field", "side", "by", "base", "lost", "won", "both", "number")
#: Most lines of a download.
MOST = 100_000


class Filters(forms.Form):
    """What to look for."""

    record = forms.CharField(required=False, label="Record", widget=forms.TextInput({"type": "search"}))
    object = forms.ChoiceField(required=False, label="Object")
    field = forms.CharField(required=False, label="Field")
    side = forms.ChoiceField(required=False, label="Entered in", choices=_SIDES)
    rule = forms.ChoiceField(required=False, label="Why", choices=_RULES)
    since = forms.DateField(required=False, label="From", widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput({"type": "date"}))


def _found(request: HttpRequest, door: Door, instance: Instance) -> tuple[Filters, Rows[Conflict]]:
    form = Filters(request.GET)
    entities = list(site(door, instance.pk).entities)
    form.fields["object"].choices = [("", "Any"), *((name, name) for name in entities)]  # type: ignore[attr-defined]
    told: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    rows = door.rows(Conflict).filter(instance=instance)
    if record := told.get("record"):
        rows = rows.filter(record__in=_names(door, instance, entities, record))
    same = {"object": "entity", "field": "field", "side": "side"}
    rows = rows.filter(**{column: told[name] for name, column in same.items() if told.get(name)})
    if told.get("rule"):
        rows = rows.filter(both=told["rule"] == "both")
    if told.get("since"):
        rows = rows.filter(at__gte=datetime.combine(told["since"], datetime.min.time(), UTC))
    if told.get("until"):
        rows = rows.filter(at__lt=datetime.combine(told["until"], datetime.min.time(), UTC) + timedelta(days=1))
    return form, rows


def _names(door: Door, instance: Instance, entities: list[str], asked: str) -> set[str]:
    """Every name of the records that somebody calls by one."""
    entity, colon, rest = asked.strip().partition(":")
    chosen, key = ([entity], rest) if colon and entity in entities else (entities, asked.strip())
    found = [link for name in chosen for link in links_named(door, instance, name, key)] if len(chosen) == 1 else []
    return {key, *(name for link in found for name in (link.billing_key, link.salesforce_id))}


@instance_page(Role.VIEWER)
def page(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Values that did not prevail, the latest first."""
    form, rows = _found(request, door, instance)
    if place := _place(request.GET.get("before", "")):
        at, pk = place
        rows = rows.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk))
    found = list(rows.order_by("-at", "-pk")[: A_PAGE + 1])
    shown, more = found[:A_PAGE], len(found) > A_PAGE
    query = request.GET.copy()
    query.pop("before", None)
    told = {
        "form": form, "rows": shown, "kept": query.urlencode(), "later": "before" in request.GET,
        "older": f"{shown[-1].at.isoformat()}~{shown[-1].pk}" if more else "", "filtered": any(query.values()),
    }  # fmt: skip
    return render(request, "portal/conflicts/page.html", told)


def _place(text: str) -> tuple[datetime, uuid.UUID] | None:
    at, _, pk = text.partition("~")
    try:
        return datetime.fromisoformat(at), uuid.UUID(pk)
    except ValueError:
        return None


@instance_page(Role.VIEWER)
def export(request: HttpRequest, door: Door, instance: Instance) -> HttpResponseBase:
    """What is found, as a table for spreadsheets; that somebody took it is audited."""
    _, rows = _found(request, door, instance)
    asked = {name: value for name, value in request.GET.items() if value}
    with audited(request, door, "conflicts:exported", instance.name, asked):
        content = lines(_COLUMNS, _lines(rows.order_by("-at", "-pk")[:MOST]))
    return download(content, "conflicts")


def _lines(rows: Rows[Conflict]) -> Iterator[tuple[Any, ...]]:
    yield from rows.values_list(*_COLUMNS).iterator(chunk_size=1000)


AREA = Area(
    urls=[
        at_instance("conflicts/", page, "conflicts"),
        at_instance("conflicts/export/", export, "conflicts_export"),
    ],
    tabs=[Entry("Conflicts", "conflicts", order=60)],
)
