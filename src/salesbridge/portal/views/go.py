"""Context linking: from a record to where it is in billing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from salesbridge.engine.context import NoTargetError, target
from salesbridge.portal.access import tenant_page
from salesbridge.portal.areas import Area
from salesbridge.portal.roles import Role
from salesbridge.store.door import Door


@tenant_page(Role.VIEWER)
def go(request: HttpRequest, door: Door, entity: str, key: str) -> HttpResponse:
    """Lead on to the record in billing, or explain why that cannot be."""
    try:
        return redirect(target(door, entity, key))
    except NoTargetError as error:
        shown = {"reason": str(error), "entity": entity, "key": key}
        return render(request, "portal/go/nowhere.html", shown, status=404)


AREA = Area(urls=[path("go/<uuid:tenant>/<str:entity>/<str:key>", go, name="go")])
