"""Problems of an instance: by cause, one by one, both sides of one; trying again and letting go."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from salesbridge.engine.live.problems import OF_RECORDS, UNLINKS, ProblemError, grouped
from salesbridge.engine.live.words import reason_words
from salesbridge.engine.sales.book import LATE_SALE, REFUSED_SALE
from salesbridge.portal import clearing, live_sides
from salesbridge.portal.access import instance_page
from salesbridge.portal.areas import Area, Entry, at_instance
from salesbridge.portal.clearing import Cause
from salesbridge.portal.journal import links_named
from salesbridge.portal.roles import Role
from salesbridge.portal.standing import PROBLEM_STATES
from salesbridge.store.door import Door, Rows
from salesbridge.store.journal import LIVE
from salesbridge.store.models import Instance, Problem

_A_PAGE = 50
_CLOSED = (Problem.State.SOLVED, Problem.State.DISMISSED)
_STATES = [("", "Need somebody"), ("closed", "Solved or dismissed"), ("all", "All")]


class Filters(forms.Form):
    """What to look for."""

    text = forms.CharField(required=False, label="Record or words", widget=forms.TextInput({"type": "search"}))
    object = forms.ChoiceField(required=False, label="Object")
    state = forms.ChoiceField(required=False, label="State", choices=_STATES)

    def __init__(self, objects: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["object"].choices = [("", "Any"), *((name, name) for name in objects)]  # type: ignore[attr-defined]

    def of(self, rows: Rows[Problem]) -> Rows[Problem]:
        """Those of some problems that are asked for."""
        told = self.cleaned_data if self.is_valid() else {}
        if told.get("state", "") != "all":
            rows = rows.filter(state__in=_CLOSED if told.get("state") == "closed" else LIVE)
        if told.get("object"):
            rows = rows.filter(entity=told["object"])
        if text := told.get("text"):
            rows = rows.filter(
                Q(key=text) | Q(title__icontains=text) | Q(cause__icontains=text) | Q(kind__icontains=text)
            )
        return rows


def _form(request: HttpRequest, rows: Rows[Problem]) -> Filters:
    objects = rows.exclude(entity="").values_list("entity", flat=True).distinct().order_by("entity")
    return Filters(list(objects), request.GET)


@instance_page(Role.VIEWER)
def page(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """The problems by cause, the most frequent first."""
    rows = clearing.of(door, instance)
    form = _form(request, rows)
    groups = [{"group": group, "query": _query(group.kind, group.cause, group.entity, form),
               "meaning": _meaning(group.cause)} for group in grouped(form.of(rows))]  # fmt: skip
    shown = {"form": form, "groups": groups, "each": False, "filtered": any(request.GET.values())}
    return render(request, "portal/problems/page.html", shown)


def _query(kind: str, cause: str, entity: str, form: Filters) -> str:
    told = form.cleaned_data if form.is_valid() else {}
    named = {"kind": kind, "cause": cause, "entity": entity}
    return urlencode({**named, **{name: value for name, value in told.items() if value}})


def _meaning(cause: str) -> str:
    """The sentence of a cause; empty for a code of which there is none."""
    told = reason_words(cause)
    return "" if told == f"{cause}." else told


@instance_page(Role.VIEWER)
def each(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """The problems one by one, or those of one cause."""
    rows = clearing.of(door, instance)
    form = _form(request, rows)
    cause = _cause(request.GET)
    rows = form.of(cause.of(rows) if cause else rows)
    found = Paginator(rows.order_by("-last_at", "pk"), _A_PAGE).get_page(request.GET.get("page"))
    live = cause.of(clearing.live_of(door, instance)).count() if cause else 0
    shown = {
        "form": form, "page": found, "states": PROBLEM_STATES, "cause": cause, "live": live, "each": True,
        "meaning": _meaning(cause.cause) if cause else "", "at_once": clearing.AT_ONCE,
        "rows": [(problem, PROBLEM_STATES[Problem.State(problem.state)]) for problem in found],
        "query": urlencode({"kind": cause.kind, "cause": cause.cause, "entity": cause.entity}) if cause else "",
    }  # fmt: skip
    return render(request, "portal/problems/each.html", shown)


def _cause(told: Any) -> Cause | None:
    return Cause(told["kind"], told.get("cause", ""), told.get("entity", "")) if told.get("kind") else None


@instance_page(Role.VIEWER)
def one(request: HttpRequest, door: Door, instance: Instance, problem: uuid.UUID) -> HttpResponse:
    """One problem: why it happened, what to do, and both sides of its record when somebody asks."""
    found = _find(door, instance, problem)
    of_record = found.kind in OF_RECORDS and found.instance_id is not None
    asked = of_record and request.GET.get("now")
    shown = {
        "problem": found, "state": PROBLEM_STATES[Problem.State(found.state)], "live": found.state in LIVE,
        "meaning": _meaning(found.cause), "of_record": of_record, "self": request.path,
        "reading": live_sides.read(door, instance, found.entity, found.key) if asked else None,
        "links": links_named(door, instance, found.entity, found.key) if of_record else [],
        "history": _history(door, found), "unlinks": found.cause in UNLINKS,
        "of_sale": found.kind in {REFUSED_SALE, LATE_SALE},
    }  # fmt: skip
    partial = request.htmx and shown["reading"]  # type: ignore[attr-defined]
    return render(request, "portal/activity/_sides.html" if partial else "portal/problems/one.html", shown)


def _find(door: Door, instance: Instance, problem: uuid.UUID) -> Problem:
    found = clearing.of(door, instance).filter(pk=problem).first()
    if found is None:
        raise Http404
    return found


def _history(door: Door, found: Problem) -> list[Any]:
    """What people did about it, the latest first."""
    rows = door.activities.filter(instance=found.instance, at__gte=found.first_at, tag__startswith="problem:")
    rows = rows.filter(detail__problem=str(found.pk))
    return list(rows.order_by("-at")[:_A_PAGE])


@instance_page(Role.OPERATOR)
@require_POST
def retry(request: HttpRequest, door: Door, instance: Instance, problem: uuid.UUID) -> HttpResponse:
    """Try one problem again."""
    found = _find(door, instance, problem)
    try:
        clearing.retry_one(request, door, found)
        messages.success(request, "It is tried again. The problem is solved once that succeeds.")
    except ProblemError as error:
        messages.error(request, str(error))
    return redirect("problem", tenant=door.tenant_id, instance=instance.pk, problem=found.pk)


@instance_page(Role.OPERATOR)
def dismiss(request: HttpRequest, door: Door, instance: Instance, problem: uuid.UUID) -> HttpResponse:
    """Let go of one problem, once somebody has said why."""
    found = _find(door, instance, problem)
    form = Reason(request.POST or None)
    if not form.is_valid():
        shown = {"form": form, "problem": found, "unlinks": found.cause in UNLINKS, "count": 1}
        return render(request, "portal/problems/dismiss.html", shown)
    try:
        clearing.dismiss_one(request, door, found, form.cleaned_data["reason"])
        messages.success(request, "It was dismissed. The next change of the record is decided as ever.")
    except ProblemError as error:
        messages.error(request, str(error))
    return redirect("problem", tenant=door.tenant_id, instance=instance.pk, problem=found.pk)


class Reason(forms.Form):
    """Why somebody lets go."""

    reason = forms.CharField(
        max_length=300, label="Why", help_text="Kept with your name in the activity and the audit.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )  # fmt: skip


@instance_page(Role.OPERATOR)
@require_POST
def retry_cause(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Try all problems of a cause again."""
    return _all(request, door, instance, "tried again", lambda found: clearing.retry_one(request, door, found))


@instance_page(Role.OPERATOR)
def dismiss_cause(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Let go of all problems of a cause, once somebody has said why."""
    form, cause = Reason(request.POST or None), _cause(request.POST or request.GET)
    if cause is None:
        return redirect("problems", tenant=door.tenant_id, instance=instance.pk)
    if not form.is_valid():
        count = cause.of(clearing.live_of(door, instance)).count()
        shown = {"form": form, "cause": cause, "count": count, "unlinks": cause.cause in UNLINKS}
        return render(request, "portal/problems/dismiss.html", shown)
    reason = form.cleaned_data["reason"]
    return _all(request, door, instance, "dismissed", lambda one: clearing.dismiss_one(request, door, one, reason))


def _all(
    request: HttpRequest, door: Door, instance: Instance, done: str, act: Callable[[Problem], None]
) -> HttpResponse:
    cause = _cause(request.POST)
    if cause is None:
        raise Http404
    rows = cause.of(clearing.live_of(door, instance))
    if done == "tried again":
        rows = rows.filter(state=Problem.State.OPEN)
    came = clearing.all_of(rows.order_by("-last_at", "pk")[: clearing.AT_ONCE], act)
    if came.done:
        messages.success(request, f"{came.done:,} {'problem was' if came.done == 1 else 'problems were'} {done}.")
    for words, count in came.refused.items():
        messages.error(request, f"{count:,} could not be {done}: {words}")
    left = rows.count() - sum(came.refused.values())
    if left > 0:
        messages.warning(request, f"{left:,} of this cause are left: do the same again.")
    named = urlencode({"kind": cause.kind, "cause": cause.cause, "entity": cause.entity})
    return redirect(reverse("problems_each", kwargs={"tenant": door.tenant_id, "instance": instance.pk}) + f"?{named}")


AREA = Area(
    urls=[
        at_instance("problems/", page, "problems"),
        at_instance("problems/each/", each, "problems_each"),
        at_instance("problems/cause/retry/", retry_cause, "retry_cause"),
        at_instance("problems/cause/dismiss/", dismiss_cause, "dismiss_cause"),
        at_instance("problems/<uuid:problem>/", one, "problem"),
        at_instance("problems/<uuid:problem>/retry/", retry, "retry_problem"),
        at_instance("problems/<uuid:problem>/dismiss/", dismiss, "dismiss_problem"),
    ],
    tabs=[
        Entry(
            "Problems", "problems", order=50, also=("problems_each", "problem", "dismiss_problem", "dismiss_cause"),
        )
    ],
)  # fmt: skip
