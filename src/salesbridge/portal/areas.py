"""The pages of the portal, found by themselves: every module of ``salesbridge.portal.views`` names its area.

A module there has ``AREA = Area(...)`` with its URLs and where they appear in the navigation; nothing else needs
to be touched to add one.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from django.http import HttpResponseBase
from django.urls import URLPattern, URLResolver, path

from salesbridge.portal.roles import Role


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the navigation.

    Attributes:
        label: What people read.
        url: Name of the URL it leads to; a tab's URL takes ``tenant`` and ``instance``.
        icon: Symbol of the icon sprite.
        order: Place among its neighbours.
        group: Heading it stands under, in the side navigation.
        role: Role it needs: of the organisation in the side navigation, of the tenant in a tab.
        also: Names of further URLs that belong to it, for marking where one is.
    """

    label: str
    url: str
    icon: str = ""
    order: int = 50
    group: str = ""
    role: Role | None = None
    also: tuple[str, ...] = ()

    def is_current(self, name: str) -> bool:
        """Whether a page is this entry's."""
        return name == self.url or name in self.also


@dataclass(frozen=True, slots=True)
class Area:
    """What one module of views brings.

    Attributes:
        urls: Its URLs, from the root of the portal.
        menu: Its lines of the side navigation.
        tabs: Its tabs of an instance.
    """

    urls: Sequence[URLPattern | URLResolver]
    menu: Sequence[Entry] = ()
    tabs: Sequence[Entry] = ()


@cache
def areas() -> tuple[Area, ...]:
    """All areas, in the order of their modules' names."""
    views = importlib.import_module("salesbridge.portal.views")
    found = [importlib.import_module(f"{views.__name__}.{each.name}") for each in pkgutil.iter_modules(views.__path__)]
    return tuple(module.AREA for module in found if hasattr(module, "AREA"))


@cache
def menu() -> tuple[Entry, ...]:
    """The side navigation, in order."""
    return tuple(sorted((entry for area in areas() for entry in area.menu), key=lambda entry: entry.order))


@cache
def tabs() -> tuple[Entry, ...]:
    """The tabs of an instance, in order."""
    return tuple(sorted((entry for area in areas() for entry in area.tabs), key=lambda entry: entry.order))


def at_tenant(route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
    """A URL below a tenant: ``/tenants/<tenant>/<route>``."""
    return path(f"tenants/<uuid:tenant>/{route}", view, name=name)


def at_instance(route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
    """A URL below an instance: ``/tenants/<tenant>/instances/<instance>/<route>``."""
    return at_tenant(f"instances/<uuid:instance>/{route}", view, name)
