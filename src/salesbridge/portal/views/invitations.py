"""Opening an invitation: join with the account one has, or make one."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from salesbridge.portal.access import public
from salesbridge.portal.areas import Area
from salesbridge.portal.errors import too_many
from salesbridge.portal.models import Invitation, User
from salesbridge.portal.people import PeopleError, accept, invitation_of


class JoinForm(forms.Form):
    """Name and password of somebody who is new."""

    name = forms.CharField(max_length=150, label="Your name", widget=forms.TextInput({"autocomplete": "name"}))
    password = forms.CharField(
        widget=forms.PasswordInput({"autocomplete": "new-password"}), strip=False, max_length=200,
        help_text="At least 12 characters; a few words are best.",
    )  # fmt: skip
    again = forms.CharField(
        widget=forms.PasswordInput({"autocomplete": "new-password"}), strip=False, label="Password again"
    )

    def __init__(self, invitation: Invitation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation

    def clean(self) -> dict[str, Any]:
        """Check the password as a whole."""
        entered = super().clean() or self.cleaned_data
        password = entered.get("password", "")
        if password and password != entered.get("again"):
            self.add_error("again", "The two passwords differ.")
        if password:
            who = User(email=self.invitation.email, name=entered.get("name", ""))
            who.joins = self.invitation.organisation
            try:
                password_validation.validate_password(password, who)
            except ValidationError as error:
                self.add_error("password", error)
        return entered


@public
def open_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the invitation is to, and accept it."""
    if not ratelimit.consume(request, action="open_invitation"):
        return too_many(request)
    invitation = invitation_of(token)
    if invitation is None:
        return render(request, "portal/invitations/open.html", {"invitation": None}, status=410)
    known = User.objects.filter(email__iexact=invitation.email).first()
    if known is not None:
        return _join(request, invitation, known)
    form = JoinForm(invitation, request.POST or None)
    if form.is_valid():
        return _begin(request, invitation, form)
    return render(request, "portal/invitations/open.html", {"invitation": invitation, "form": form})


def _join(request: HttpRequest, invitation: Invitation, known: User) -> HttpResponse:
    if request.method == "POST" and request.user == known:
        return _accepted(request, invitation)
    return render(request, "portal/invitations/open.html", {"invitation": invitation, "known": known})


def _begin(request: HttpRequest, invitation: Invitation, form: JoinForm) -> HttpResponse:
    entered = form.cleaned_data
    return _accepted(request, invitation, name=entered["name"], password=entered["password"])


def _accepted(request: HttpRequest, invitation: Invitation, **new: str) -> HttpResponse:
    try:
        user = accept(invitation, **new)
    except PeopleError as error:
        messages.error(request, str(error))
        return redirect("account_login")
    messages.success(request, f"Welcome. You are a member of {invitation.organisation.name} now.")
    if not new:
        return redirect("connectors")
    record_authentication(request, user, method="password")
    signed_in: HttpResponse = perform_login(request, user)
    return signed_in


AREA = Area(urls=[path("invitations/<str:token>/", open_invitation, name="invitation")])
