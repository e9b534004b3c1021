"""People: members of the organisation and invitations."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST

from salesbridge.engine import mail
from salesbridge.portal import people
from salesbridge.portal.access import organisation_page, person
from salesbridge.portal.areas import Area, Entry
from salesbridge.portal.errors import too_many
from salesbridge.portal.models import Invitation, Membership
from salesbridge.portal.roles import Role
from salesbridge.store.door import Door
from salesbridge.store.models import Organisation, Tenant

_log = structlog.get_logger(__name__)
_LINK = "invitation_link"


class InviteForm(forms.Form):
    """Whom to invite, as what."""

    email = forms.EmailField(label="E-mail address", help_text="They will sign in with it.")
    role = forms.ChoiceField(choices=Role, initial=Role.VIEWER)
    tenant: forms.ModelChoiceField[Tenant] = forms.ModelChoiceField(
        queryset=None, required=False, empty_label="All tenants", label="Tenant",
        help_text="Leave it at all tenants for people who also look after people and the audit.",
    )  # fmt: skip

    def __init__(self, organisation: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tenants = Door.operator(reason="the tenants of an organisation").tenants
        self.fields["tenant"].queryset = tenants.filter(organisation=organisation).order_by("name")  # type: ignore[attr-defined]


@organisation_page(Role.ADMINISTRATOR)
def members(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Who belongs to the organisation."""
    rows = Membership.objects.filter(organisation=organisation).select_related("user", "tenant")
    shown = {
        "members": rows.order_by("user__email", "tenant__name"),
        "invitations": people.standing_invitations(organisation),
        "link": request.session.pop(_LINK, None),
        "roles": list(Role),
        "form": InviteForm(organisation),
    }
    return render(request, "portal/people/list.html", shown)


@organisation_page(Role.ADMINISTRATOR)
def invite(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Invite somebody by e-mail."""
    form = InviteForm(organisation, request.POST or None)
    if form.is_valid():
        if not ratelimit.consume(request, action="invite", user=person(request)):
            return too_many(request)
        entered = form.cleaned_data
        try:
            made, url = people.invite(
                organisation,
                entered["email"],
                Role(entered["role"]),
                by=person(request).email,
                tenant=entered["tenant"],
            )
        except people.PeopleError as error:
            form.add_error("email", str(error))
        else:
            request.session[_LINK] = {"email": made.email, "url": url, "sent": _send(made, url)}
            return redirect("people")
    return render(request, "portal/people/invite.html", {"form": form})


def _send(invitation: Invitation, url: str) -> bool:
    what = invitation.tenant.name if invitation.tenant else invitation.organisation.name
    body = (
        f"{invitation.invited_by} invites you to {what} in Salesbridge as {invitation.get_role_display().lower()}.\n\n"
        f"Open this link to join. It works once, until {invitation.expires_at:%d %B %Y %H:%M} UTC:\n\n{url}\n\n"
        "If you did not expect this, do nothing."
    )
    try:
        mail.send(f"invitation-{invitation.pk}", f"Your invitation to {what}", body, [invitation.email])
    except OSError as error:  # a refusing or missing mail server must not lose the invitation
        _log.warning("invitation not sent", error=type(error).__name__)
        return False
    return True


@organisation_page(Role.ADMINISTRATOR)
@require_POST
def change_role(request: HttpRequest, organisation: Organisation, membership: uuid.UUID) -> HttpResponse:
    """Change what a member may do."""
    found = _member(organisation, membership)
    wanted = request.POST.get("role", "")
    if wanted not in Role.values:
        raise Http404
    try:
        people.change_role(found, Role(wanted), by=person(request).email)
        messages.success(request, f"{found.user} is {Role(wanted).label.lower()} now.")
    except people.PeopleError as error:
        messages.error(request, str(error))
    return redirect("people")


@organisation_page(Role.ADMINISTRATOR, confirm=True)
def remove(request: HttpRequest, organisation: Organisation, membership: uuid.UUID) -> HttpResponse:
    """End a membership, once asked for twice."""
    found = _member(organisation, membership)
    if request.method != "POST":
        return render(request, "portal/people/remove.html", {"membership": found})
    try:
        people.remove(found, by=person(request).email)
        _out_if_oneself(request, found)
        messages.success(request, f"{found.user} was removed.")
    except people.PeopleError as error:
        messages.error(request, str(error))
    return redirect("people")


@organisation_page(Role.ADMINISTRATOR)
@require_POST
def sign_out(request: HttpRequest, organisation: Organisation, membership: uuid.UUID) -> HttpResponse:
    """End every session of a member."""
    found = _member(organisation, membership)
    ended = people.sign_out(found, by=person(request).email)
    _out_if_oneself(request, found)
    messages.success(request, f"{found.user} is signed out everywhere ({ended} session{'s' * (ended != 1)}).")
    return redirect("people")


@organisation_page(Role.ADMINISTRATOR)
@require_POST
def take_back(request: HttpRequest, organisation: Organisation, invitation: uuid.UUID) -> HttpResponse:
    """Take an invitation back."""
    found = Invitation.objects.filter(organisation=organisation, pk=invitation).first()
    if found is None:
        raise Http404
    people.take_back(found, by=person(request).email)
    messages.success(request, f"The invitation of {found.email} was taken back.")
    return redirect("people")


def _out_if_oneself(request: HttpRequest, ended: Membership) -> None:
    """Leave a session that was ended beneath this request: it cannot be saved any more."""
    if ended.user == person(request):
        logout(request)


def _member(organisation: Organisation, membership: uuid.UUID) -> Membership:
    rows = Membership.objects.filter(organisation=organisation, pk=membership)
    found = rows.select_related("user", "tenant", "organisation").first()
    if found is None:
        raise Http404
    return found


AREA = Area(
    urls=[
        path("people/", members, name="people"),
        path("people/invite/", invite, name="invite"),
        path("people/<uuid:membership>/role/", change_role, name="change_role"),
        path("people/<uuid:membership>/remove/", remove, name="remove_member"),
        path("people/<uuid:membership>/sign-out/", sign_out, name="sign_out_member"),
        path("people/invitations/<uuid:invitation>/take-back/", take_back, name="take_back"),
    ],
    menu=[
        Entry(
            "People", "people", "people", order=70, group="Organisation", role=Role.ADMINISTRATOR,
            also=("invite", "remove_member"),
        )
    ],
)  # fmt: skip
