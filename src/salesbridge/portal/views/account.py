"""What somebody may change of their own: the account, the colours, the organisation they work in."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from salesbridge.portal.access import CHOSEN, organisations_of, person, public, signed_in
from salesbridge.portal.areas import Area
from salesbridge.portal.context import THEMES
from salesbridge.portal.models import Membership
from salesbridge.portal.roles import Role

_A_YEAR = 31_536_000


@signed_in
def account(request: HttpRequest) -> HttpResponse:
    """The person's account: the ways to sign in, and what they may do."""
    rows = Membership.objects.filter(user=person(request)).select_related("organisation", "tenant")
    memberships = list(rows.order_by("organisation__name", "tenant__name"))
    for each in memberships:
        each.meaning = Role(each.role).meaning  # type: ignore[attr-defined]
    shown = {"memberships": memberships, "second_factor": is_mfa_enabled(person(request))}
    return render(request, "portal/account.html", shown)


@public
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Choose the colours; kept in a cookie, so that it needs no account."""
    response = HttpResponseRedirect(_back(request))
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(
            settings.THEME_COOKIE_NAME, chosen, max_age=_A_YEAR, secure=secure, httponly=True, samesite="Lax"
        )
    return response


@signed_in
@require_POST
def organisation(request: HttpRequest) -> HttpResponse:
    """Choose the organisation to work in."""
    chosen = request.POST.get("organisation", "")
    if chosen not in {str(each.pk) for each in organisations_of(person(request))}:
        raise Http404
    request.session[CHOSEN] = chosen
    return redirect("connectors")


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else "/"


AREA = Area(
    urls=[
        path("account/", account, name="account"),
        path("theme/", theme, name="theme"),
        path("organisation/", organisation, name="organisation"),
    ]
)
