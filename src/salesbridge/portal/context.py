"""What every template finds: the navigation, and what the person may do."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from salesbridge.portal import areas
from salesbridge.portal.access import chosen_organisation, organisation_role, person
from salesbridge.portal.areas import Entry
from salesbridge.portal.roles import Role
from salesbridge.portal.standing import State, state_of
from salesbridge.store.door import Door

THEMES = ("auto", "light", "dark")


def layout(request: HttpRequest) -> dict[str, Any]:
    """The variables of the layout.

    They are ``theme``, ``navigation``, ``tabs``, ``instance_state``, ``may`` and ``organisation``.
    """
    theme = request.COOKIES.get(settings.THEME_COOKIE_NAME, "")
    role: Role | None = getattr(request, "role", None)
    known = getattr(request, "user", None) is not None and request.user.is_authenticated
    return {
        "theme": theme if theme in THEMES else "auto",
        "themes": THEMES,
        "navigation": SimpleLazyObject(lambda: _navigation(request)) if known else [],
        "organisation": SimpleLazyObject(lambda: chosen_organisation(request)) if known else None,
        "tabs": SimpleLazyObject(lambda: _tabs(request)),
        "instance_state": SimpleLazyObject(lambda: _state(request)),
        "may": {each.value: role is not None and role.allows(each) for each in Role},
    }


def _page(request: HttpRequest) -> str:
    return request.resolver_match.view_name if request.resolver_match else ""


def _navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of lines, without those that the person's role in the organisation does not reach."""
    organisation = chosen_organisation(request)
    role = organisation_role(person(request), organisation) if organisation else None
    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in areas.menu():
        if entry.role is None or (role is not None and role.allows(entry.role)):
            groups.setdefault(entry.group, []).append(_line(request, entry))
    return [{"heading": heading, "entries": entries} for heading, entries in groups.items()]


def _tabs(request: HttpRequest) -> list[dict[str, Any]]:
    role: Role | None = getattr(request, "role", None)
    return [_line(request, tab) for tab in areas.tabs() if tab.role is None or (role and role.allows(tab.role))]


def _state(request: HttpRequest) -> State | None:
    instance = getattr(request, "instance", None)
    return state_of(Door(instance.tenant_id), instance) if instance is not None else None


def _line(request: HttpRequest, entry: Entry) -> dict[str, Any]:
    inside = entry in areas.menu() and entry.url == "connectors" and hasattr(request, "instance")
    return {"entry": entry, "current": entry.is_current(_page(request)) or inside}
