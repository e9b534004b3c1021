"""Who may see a page.

Every view is declared with exactly one of ``public``, ``signed_in``, ``tenant_page`` (or ``instance_page``, which finds
the instance too) and ``organisation_page``; a view that is not is never run.

Somebody without any membership of a tenant or organisation is answered 404, because existence is not told; somebody
whose role is too low is answered 403 with what it takes.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.account.decorators import reauthentication_required
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase

from salesbridge.portal.models import Membership, User
from salesbridge.portal.roles import Role
from salesbridge.store.door import Door
from salesbridge.store.models import Instance, Organisation, Tenant

View = Callable[..., HttpResponseBase]
V = TypeVar("V", bound=View)


@dataclass(frozen=True, slots=True)
class Declared:
    """How a view was declared.

    Attributes:
        kind: ``public``, ``signed in``, ``tenant`` or ``organisation``.
        role: Least role, for the last two.
        confirm: Whether the password is asked again.
    """

    kind: str
    role: Role | None = None
    confirm: bool = False


class RoleTooLow(PermissionDenied):
    """Somebody may see the tenant or organisation, but not do this.

    Attributes:
        needed: Role it takes.
    """

    def __init__(self, needed: Role) -> None:
        super().__init__(f"This needs the role {needed.label.lower()}. Ask an administrator of your organisation.")
        self.needed = needed


def declared(view: Any) -> Declared | None:
    """How a view was declared; None if it was not."""
    return getattr(view, "declared_access", None)


def _declare(view: View, how: Declared) -> None:
    view.declared_access = how  # type: ignore[attr-defined]


def public(view: V) -> V:
    """Anybody may see it, signed in or not."""

    @wraps(view)
    def seen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    _declare(seen, Declared("public"))
    return cast("V", seen)


def signed_in(view: V) -> V:
    """Everybody who is signed in may see it; what it shows it must ask ``may_see`` and its like for."""

    @wraps(view)
    def known(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    seen = login_required(known)
    _declare(seen, Declared("signed in"))
    return cast("V", seen)


def tenant_page(role: Role | str, *, confirm: bool = False) -> Callable[[View], View]:
    """A page of one tenant, under ``/tenants/<uuid:tenant>/``: ``view(request, door, ...)``.

    Args:
        role: Least role.
        confirm: Whether the password is asked again when it was not given for five minutes. Ask for it at the page
            of a form that takes a secret, not only where it is sent to: what is sent waits in the session meanwhile.
    """
    needed = Role(role)

    def decorate(view: View) -> View:
        asked = _asked_again(view, confirm=confirm)

        @wraps(view)
        def inside(request: HttpRequest, *, tenant: uuid.UUID, **kwargs: Any) -> HttpResponseBase:
            enter(request, tenant, needed)
            return asked(request, Door(tenant), **kwargs)

        return _guarded(inside, Declared("tenant", needed, confirm))

    return decorate


def instance_page(role: Role | str, *, confirm: bool = False) -> Callable[[View], View]:
    """A page of one instance, under ``/tenants/<uuid:tenant>/instances/<uuid:instance>/``.

    The view is called ``view(request, door, instance, ...)``; arguments as for ``tenant_page``.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def inside(request: HttpRequest, door: Door, *, instance: uuid.UUID, **kwargs: Any) -> HttpResponseBase:
            return view(request, door, instance_of(request, door, instance), **kwargs)

        return tenant_page(role, confirm=confirm)(inside)

    return decorate


def organisation_page(role: Role | str, *, confirm: bool = False) -> Callable[[View], View]:
    """A page of the organisation somebody has chosen: ``view(request, organisation, ...)``.

    It takes a membership for all tenants of the organisation; arguments as for ``tenant_page``.
    """
    needed = Role(role)

    def decorate(view: View) -> View:
        asked = _asked_again(view, confirm=confirm)

        @wraps(view)
        def inside(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            organisation = chosen_organisation(request)
            if organisation is None:
                raise Http404
            found = organisation_role(person(request), organisation)
            if found is None or not found.allows(needed):
                raise RoleTooLow(needed)
            request.role = found  # type: ignore[attr-defined]
            return asked(request, organisation, **kwargs)

        return _guarded(inside, Declared("organisation", needed, confirm))

    return decorate


def _asked_again(view: View, *, confirm: bool) -> View:
    """Ask for the password, of those only who may do it: others are told nothing, or what it takes."""
    return cast("View", reauthentication_required(view)) if confirm else view


def _guarded(inside: View, how: Declared) -> View:
    seen = login_required(inside)
    _declare(seen, how)
    return seen


def enter(request: HttpRequest, tenant_id: uuid.UUID, needed: Role) -> None:
    """Let somebody into a tenant; templates then find ``request.tenant`` and ``request.role``.

    Raises:
        Http404: There is no such tenant, or they have nothing to do with it.
        RoleTooLow: Their role does not suffice.
    """
    tenant = Door.operator(reason="enter a tenant").tenants.filter(pk=tenant_id).select_related("organisation").first()
    found = tenant_role(person(request), tenant) if tenant else None
    if found is None:
        raise Http404
    request.tenant, request.role = tenant, found  # type: ignore[attr-defined]
    if not found.allows(needed):
        raise RoleTooLow(needed)


def instance_of(request: HttpRequest, door: Door, instance_id: uuid.UUID) -> Instance:
    """The instance a page is about; templates then find ``request.instance``.

    Raises:
        Http404: The tenant has no such instance.
    """
    found = door.instances.filter(pk=instance_id).first()
    if found is None:
        raise Http404
    request.instance = found  # type: ignore[attr-defined]
    return found


def person(request: HttpRequest) -> User:
    """Who is signed in, on a page that is not public."""
    return cast("User", request.user)


def tenant_role(who: User, tenant: Tenant) -> Role | None:
    """The highest role somebody has for a tenant; None for a stranger."""
    here = Q(tenant=None) | Q(tenant_id=tenant.pk)
    return _highest(Membership.objects.filter(here, user=who, organisation=tenant.organisation))


def organisation_role(who: User, organisation: Organisation) -> Role | None:
    """The role somebody has for all of an organisation; None when they have one for single tenants only."""
    return _highest(Membership.objects.filter(user=who, organisation_id=organisation.pk, tenant=None))


def _highest(memberships: QuerySet[Membership]) -> Role | None:
    found = [Role(role) for role in memberships.values_list("role", flat=True)]
    return max(found, key=lambda role: role.rank, default=None)


def tenants_of(who: User, least: Role = Role.VIEWER) -> QuerySet[Tenant]:
    """The tenants somebody may see, or do more in, by name."""
    roles = [role for role in Role if role.allows(least)]
    mine = Membership.objects.filter(user=who, role__in=roles)
    whole, single = mine.filter(tenant=None), mine.exclude(tenant=None)
    everything = Door.operator(reason="the tenants of a person").tenants
    allowed = Q(organisation__in=whole.values("organisation")) | Q(pk__in=single.values("tenant"))
    return everything.filter(allowed).select_related("organisation").order_by("name")


def organisations_of(who: User) -> QuerySet[Organisation]:
    """The organisations somebody belongs to, by name."""
    mine = Membership.objects.filter(user=who).values("organisation")
    return Door.operator(reason="the organisations of a person").organisations.filter(pk__in=mine).order_by("name")


CHOSEN = "organisation"


def chosen_organisation(request: HttpRequest) -> Organisation | None:
    """The organisation somebody works in: the one they chose, else their first; None when they have none."""
    if not hasattr(request, "organisations"):
        request.organisations = list(organisations_of(person(request)))  # type: ignore[attr-defined]
    found: list[Organisation] = request.organisations  # type: ignore[attr-defined]
    chosen = request.session.get(CHOSEN)
    return next((each for each in found if str(each.pk) == chosen), found[0] if found else None)
