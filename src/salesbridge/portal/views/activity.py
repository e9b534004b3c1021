"""Activity of an instance: every change, found by record; the story of one record; what people and workers did."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from salesbridge.engine.live.site import Site, site
from salesbridge.engine.live.story import story
from salesbridge.engine.live.words import decision_words, heard_words
from salesbridge.portal import journal, live_sides, record_story
from salesbridge.portal.access import instance_page
from salesbridge.portal.areas import Area, Entry, at_instance
from salesbridge.portal.roles import Role
from salesbridge.portal.standing import outcome_state
from salesbridge.portal.words import happened
from salesbridge.store.door import Door
from salesbridge.store.models import Activity, Change, Instance

_WHEN = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
_OUTCOMES = [
    ("", "Any"),
    (journal.OPEN, "Not decided yet"),
    *((o.value, outcome_state(o).label) for o in Change.Outcome),
]
_SIDES = [("", "Either"), ("salesforce", "Salesforce"), ("billing", "Billing")]


class Filters(forms.Form):
    """What to look for in the journal."""

    record = forms.CharField(
        required=False, label="Record", max_length=300,
        widget=forms.TextInput({"type": "search", "placeholder": "1001, 001…, Account:1001, Account"}),
    )  # fmt: skip
    object = forms.ChoiceField(required=False, label="Object")
    side = forms.ChoiceField(required=False, label="Side", choices=_SIDES)
    outcome = forms.ChoiceField(required=False, label="Outcome", choices=_OUTCOMES)
    since = forms.DateTimeField(required=False, label="From (UTC)", widget=_WHEN)
    until = forms.DateTimeField(required=False, label="Until (UTC)", widget=_WHEN)

    def __init__(self, where: Site, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["object"].choices = [("", "Any"), *((name, name) for name in where.entities)]  # type: ignore[attr-defined]

    def wanted(self) -> journal.Wanted:
        """What is asked for; nothing of what is not valid."""
        self.is_valid()
        told = self.cleaned_data
        return journal.Wanted(
            told.get("record", ""), told.get("object", ""), told.get("side", ""), told.get("outcome", ""),
            told.get("since"), told.get("until"),
        )  # fmt: skip


@instance_page(Role.VIEWER)
def page(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """The journal of changes, the latest first."""
    form = Filters(site(door, instance.pk), request.GET)
    wanted = form.wanted()
    found = journal.found(door, instance, wanted, _number(request, "before"), _number(request, "after"))
    lines = [_line(change) for change in found.changes]
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    kept = query.urlencode()
    shown = {
        "form": form, "lines": lines, "found": found, "kept": f"{kept}&" if kept else "",
        "filtered": any(query.values()), "asked": _record_of(wanted, found),
    }  # fmt: skip
    return render(request, "portal/activity/page.html", shown)


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0  # noqa: PLR2004 - what a bigint holds


def _line(change: Change) -> dict[str, Any]:
    heard, decided = heard_words(change), decision_words(change) if change.outcome else ()
    fields = [each["field"] for each in change.story.get("fields", [])] or [
        text.partition(":")[0] for text in heard[1:]
    ]
    return {
        "change": change, "state": outcome_state(change.outcome), "heard": heard[0],
        "decided": decided[0] if decided else "", "fields": fields, "more": [*heard[1:], *decided[1:]],
        "record": change.record or change.key,
    }  # fmt: skip


def _record_of(wanted: journal.Wanted, found: journal.Slice) -> dict[str, str] | None:
    """The one record that was asked for, where all that was found is about it."""
    records = {(change.entity, change.record or change.key) for change in found.changes}
    if not wanted.text or len(records) != 1:
        return None
    entity, key = records.pop()
    return {"entity": entity, "key": key}


@instance_page(Role.VIEWER)
def record(request: HttpRequest, door: Door, instance: Instance, entity: str, name: str) -> HttpResponse:
    """The story of one record; both sides' values are read when somebody asks for them."""
    where = site(door, instance.pk)
    if entity not in where.entities:
        raise Http404
    told = story(where, f"{entity}:{name}")
    link = next(iter(told.links), None)
    key = link.billing_key if link else name
    shown: dict[str, Any] = {
        "entity": entity, "name": key, "link": link, "names": told.names,
        "salesforce_id": link.salesforce_id if link else "", "total": len(told.entries),
        "reading": live_sides.read(door, instance, entity, key) if request.GET.get("now") else None,
        "self": request.path,
    }  # fmt: skip
    if request.htmx and shown["reading"]:  # type: ignore[attr-defined]
        return render(request, "portal/activity/_sides.html", shown)
    everything = bool(request.GET.get("all"))
    shown["entries"] = told.entries if everything else told.entries[-record_story.SHOWN :]
    shown["hidden"] = len(told.entries) - len(shown["entries"])
    shown["fields"] = record_story.by_field(told)
    return render(request, "portal/activity/record.html", shown)


class LogFilters(forms.Form):
    """What to look for among acts."""

    text = forms.CharField(required=False, label="Who or which", widget=forms.TextInput({"type": "search"}))
    what = forms.CharField(required=False, label="What", widget=forms.TextInput({"placeholder": "problem:retried"}))
    since = forms.DateField(required=False, label="From", widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput({"type": "date"}))


@instance_page(Role.VIEWER)
def log(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """What people and the engine did with the instance, the latest first."""
    form = LogFilters(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = door.activities.filter(instance=instance)
    if text := wanted.get("text"):
        rows = rows.filter(actor__icontains=text) | rows.filter(subject__icontains=text)
    if what := wanted.get("what"):
        rows = rows.filter(tag__startswith=what.strip().lower().replace(" ", ":", 1))
    if since := wanted.get("since"):
        rows = rows.filter(at__gte=datetime.combine(since, time(), UTC))
    if until := wanted.get("until"):
        rows = rows.filter(at__lt=datetime.combine(until, time(), UTC) + timedelta(days=1))
    if before := _moment(request.GET.get("before", "")):
        rows = rows.filter(at__lt=before)
    found: list[Activity] = list(rows.order_by("-at", "-pk")[: journal.A_PAGE + 1])
    older = found[journal.A_PAGE - 1].at if len(found) > journal.A_PAGE else None
    query = request.GET.copy()
    query.pop("before", None)
    shown = {
        "form": form, "rows": [(each, happened(each.tag)) for each in found[: journal.A_PAGE]],
        "kept": query.urlencode(),
        "older": older.isoformat() if older else "", "later": "before" in request.GET,
    }  # fmt: skip
    return render(request, "portal/activity/log.html", shown)


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


AREA = Area(
    urls=[
        at_instance("activity/", page, "activity"),
        at_instance("activity/record/<str:entity>/<path:name>/", record, "record"),
        at_instance("activity/log/", log, "log"),
    ],
    tabs=[Entry("Activity", "activity", order=40, also=("record", "log"))],
)
