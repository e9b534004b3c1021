"""My Connectors and the Connector Store."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from salesbridge.portal.access import person, signed_in, tenants_of
from salesbridge.portal.areas import Area, Entry
from salesbridge.portal.connecting import zones
from salesbridge.portal.standing import connectors
from salesbridge.portal.views.setup import may_set_up, setup_form


@signed_in
def my_connectors(request: HttpRequest) -> HttpResponse:
    """Every instance the person may see, with how it stands."""
    shown = {"connectors": connectors(tenants_of(person(request))), "may_set_up": may_set_up(request), "steps": _STEPS}
    return render(request, "portal/connectors/list.html", shown)


_STEPS = [
    {"label": "Setup new instance", "state": "current", "note": "credentials are verified"},
    {"label": "Validate Data Model", "state": "waiting", "note": "Fix it deploys what is missing"},
    {"label": "Initial data synchronisation", "state": "waiting", "note": "in an outage window"},
    {"label": "Go live", "state": "waiting", "note": "changes arrive by themselves"},
]


@signed_in
def store(request: HttpRequest) -> HttpResponse:
    """The connectors there are: one."""
    allowed = may_set_up(request)
    shown = {"may_set_up": allowed, **({"form": setup_form(request), "zones": zones()} if allowed else {})}
    return render(request, "portal/connectors/store.html", shown)


AREA = Area(
    urls=[
        path("", my_connectors, name="connectors"),
        path("connectors/", my_connectors, name="my_connectors"),
        path("connectors/store/", store, name="store"),
    ],
    menu=[
        Entry("My Connectors", "connectors", "plug", order=10, group="Connectors", also=("my_connectors",)),
        Entry("Connector Store", "store", "store", order=20, group="Connectors", also=("setup",)),
    ],
)
