"""Overview of an instance: how it stands, what goes through, what happened last; pause and resume."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from salesbridge.engine.live import control
from salesbridge.engine.live.site import site
from salesbridge.engine.live.states import live_of
from salesbridge.engine.live.status import Allowance, Standing, allowances, standing, told_last
from salesbridge.portal import orders, overview
from salesbridge.portal.access import View, instance_page
from salesbridge.portal.acting import audited
from salesbridge.portal.areas import Area, Entry, at_instance
from salesbridge.portal.roles import Role
from salesbridge.portal.trends import trends
from salesbridge.salesforce import SalesforceError
from salesbridge.store.door import Door
from salesbridge.store.models import Instance
from salesbridge.store.secrets import NoSecret
from salesbridge.sync.life import InstanceState, TransitionError

_WORDS = {
    "DailyApiRequests": "API calls, 24 h",
    "DailyDeliveredPlatformEvents": "Events delivered, 24 h",
    "HourlyPublishedPlatformEvents": "Events published, 1 h",
    "MonthlyPlatformEventsUsageEntitlement": "Events of the month",
}


@instance_page(Role.VIEWER)
def page(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """How the instance stands; the figures alone for a page that renews them."""
    now = datetime.now(UTC)
    found = standing(door, instance, now)
    shown = {**_figures(door, found, now), "now": now}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "portal/overview/_figures.html", shown)
    return render(request, "portal/overview/page.html", {**shown, "state": found.live.state})


def _figures(door: Door, found: Standing, now: datetime) -> dict[str, Any]:
    charts = trends(door, found.instance, now)
    return {
        "standing": found, "flow": found.flow, "live": found.live, "trends": charts,
        "remarks": overview.remarks(door, found, now), "latest": overview.latest(door, found.instance),
        "waiting": sum(found.flow.parked.values()), "per_minute": sum(found.flow.per_minute.values()),
        "budgets": [_budget(each) for each in told_last(found.live)], "pausable": overview.pausable(found.live.state),
        "paused": found.live.state == InstanceState.PAUSED,
        "orders": orders.open_and_late(door, found.instance, now),
        "events": sum(charts.from_salesforce), "from_billing": sum(charts.from_billing),
    }  # fmt: skip


def _budget(each: Allowance) -> dict[str, Any]:
    share = each.used / each.limit if each.limit else 0
    tone = "bad" if share >= 0.9 else "warn" if share >= 0.7 else "busy"  # noqa: PLR2004 - a tenth is left to others
    return {"name": each.name, "label": _WORDS.get(each.name, each.name), "used": each.used, "limit": each.limit,
            "tone": tone}  # fmt: skip


@instance_page(Role.VIEWER)
def budget(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """What Salesforce grants of calls and events, asked now where somebody says so."""
    told, problem, asked = told_last(live_of(door, instance.pk)), "", None
    if request.GET.get("ask"):
        try:
            told, asked = allowances(site(door, instance.pk)), datetime.now(UTC)
        except SalesforceError as error:
            problem = f"{error.message} {error.mend}".strip()
        except NoSecret:
            problem = "The instance has no credentials. Enter them on its Salesforce page."
    shown = {"budgets": [_budget(each) for each in told], "problem": problem, "asked": asked}
    return render(request, "portal/overview/budget.html", shown)


def _moving(verb: str, act: Callable[[Door, Instance, str], None], done: str) -> View:
    """The page that asks before an instance is paused or resumed, and does it."""

    @instance_page(Role.OPERATOR)
    def asked(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
        if request.method != "POST":
            return render(request, f"portal/overview/{verb}.html", {"live": live_of(door, instance.pk)})
        try:
            with audited(request, door, f"instance:{verb}d", instance.name, {"reason": _reason(request)}) as who:
                act(door, instance, who)
            messages.success(request, done.format(name=instance.name))
        except TransitionError:
            state = live_of(door, instance.pk).state
            messages.error(request, f"{instance.name} is {state}: this cannot be done now.")
        return redirect("instance", tenant=door.tenant_id, instance=instance.pk)

    return asked


def _reason(request: HttpRequest) -> str | None:
    return request.POST.get("reason", "").strip()[:300] or None


pause = _moving("pause", control.pause, "{name} is paused. What happens meanwhile is heard and kept.")
resume = _moving("resume", control.resume, "{name} goes on.")

AREA = Area(
    urls=[
        at_instance("", page, "instance"),
        at_instance("budget/", budget, "budget"),
        at_instance("pause/", pause, "pause"),
        at_instance("resume/", resume, "resume"),
    ],
    tabs=[Entry("Overview", "instance", order=10, also=("budget", "pause", "resume"))],
)
