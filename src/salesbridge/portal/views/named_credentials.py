"""Named credentials of an instance: Add, Rotate, Revoke, Cut off now. Nobody ever sees a secret."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from salesbridge.engine.credentials import CredentialRefusedError, operations
from salesbridge.engine.credentials.book import OperationActiveError
from salesbridge.portal import named_credentials as named
from salesbridge.portal.access import instance_page
from salesbridge.portal.acting import audited
from salesbridge.portal.areas import Area, at_instance
from salesbridge.portal.roles import Role
from salesbridge.settings import settings
from salesbridge.store.door import Door
from salesbridge.store.models import ApiCall, ApiClient, Instance

_CALLS, _OPERATIONS = 20, 20
_REFUSALS = (CredentialRefusedError, OperationActiveError)


def _client(door: Door, instance: Instance, credential: uuid.UUID) -> ApiClient:
    found = door.rows(ApiClient).filter(instance=instance, pk=credential).first()
    if found is None:
        raise Http404
    return found


def _to(client: ApiClient) -> HttpResponse:
    return redirect("named_credential", tenant=client.tenant_id, instance=client.instance_id, credential=client.pk)


@instance_page(Role.VIEWER)
def section(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """The section of *Salesforce Basic Information* alone, while something is under way."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("salesforce", tenant=instance.tenant_id, instance=instance.pk)
    return render(request, "portal/salesforce/_credentials.html", named.shown(door, instance))


@instance_page(Role.VIEWER)
def page(request: HttpRequest, door: Door, instance: Instance, credential: uuid.UUID) -> HttpResponse:
    """One credential: what was done to it, and who called with it."""
    client = _client(door, instance, credential)
    rows = operations.history(door, instance, client.pk)[:_OPERATIONS]
    calls = door.rows(ApiCall).filter(instance=instance, client_id=client.client_id).order_by("-at")
    shown = {
        "client": client, "operations": named.told(rows), "busy": any(row.finished_at is None for row in rows),
        "active": client.state == ApiClient.State.ACTIVE,
    }  # fmt: skip
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "portal/salesforce/_operations.html", shown)
    return render(request, "portal/salesforce/named_credential.html", {**shown, "calls": list(calls[:_CALLS])})


@instance_page(Role.ADMINISTRATOR, confirm=True)
def add(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Add: enable API calls to Gentrack."""
    form = named.AddForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"].strip()
        detail = {"scopes": list(form.scopes()), "users": list(form.usernames())}
        try:
            with audited(request, door, "named_credential:added", name, detail) as who:
                row = operations.start_add(
                    door, instance, name, by=who, scopes=form.scopes(), users=form.usernames()
                )  # fmt: skip
        except CredentialRefusedError as error:
            form.add_error("name" if "name" in str(error) else None, str(error))
        else:
            return _to(row.client)
    return render(request, "portal/salesforce/credential_add.html", {"form": form})


@instance_page(Role.ADMINISTRATOR, confirm=True)
def rotate(request: HttpRequest, door: Door, instance: Instance, credential: uuid.UUID) -> HttpResponse:
    """Rotate: exchange the secret without a gap."""
    client, form = _client(door, instance, credential), named.RotateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        grace = form.cleaned_data["grace"]
        try:
            with audited(request, door, "named_credential:rotated", client.name, {"grace": grace}) as who:
                operations.start_rotate(door, client.pk, by=who, grace=grace)
        except _REFUSALS as error:
            form.add_error(None, str(error))
        else:
            return _to(client)
    return render(request, "portal/salesforce/credential_rotate.html", {"form": form, "client": client})


@instance_page(Role.ADMINISTRATOR, confirm=True)
def revoke(request: HttpRequest, door: Door, instance: Instance, credential: uuid.UUID) -> HttpResponse:
    """Revoke: no new access token from now on."""
    client, remove = _client(door, instance, credential), request.POST.get("remove") == "on"

    def act() -> str:
        with audited(request, door, "named_credential:revoked", client.name, {"remove": remove}) as who:
            operations.revoke(door, client.pk, by=who, remove=remove)
        return f"{client.name} is revoked: no new access token is issued."

    return _typed(request, client, "revoke", act)


@instance_page(Role.ADMINISTRATOR, confirm=True)
def cut_off(request: HttpRequest, door: Door, instance: Instance, credential: uuid.UUID) -> HttpResponse:
    """Cut off now: every access token issued until now is refused."""
    client = _client(door, instance, credential)

    def act() -> str:
        with audited(request, door, "named_credential:cut_off", client.name) as who:
            operations.cut_off(door, client.pk, by=who)
        return f"Every access token of {client.name} issued until now is refused within a second."

    return _typed(request, client, "cut_off", act)


def _typed(request: HttpRequest, client: ApiClient, what: str, act: Callable[[], str]) -> HttpResponse:
    """Act once the credential's name was typed."""
    shown: dict[str, Any] = {"client": client, "what": what, "token_minutes": settings().token_life_s // 60}
    if request.method == "POST":
        if request.POST.get("word", "").strip() != client.name:
            shown["refused"] = f"Type {client.name} to confirm."
        else:
            try:
                done = act()
            except _REFUSALS as error:
                shown["refused"] = str(error)
            else:
                messages.success(request, done)
                return _to(client)
    return render(request, "portal/salesforce/credential_end.html", shown)


AREA = Area(
    urls=[
        at_instance("salesforce/named-credentials/", section, "named_credentials"),
        at_instance("salesforce/named-credentials/add/", add, "named_credential_add"),
        at_instance("salesforce/named-credentials/<uuid:credential>/", page, "named_credential"),
        at_instance("salesforce/named-credentials/<uuid:credential>/rotate/", rotate, "named_credential_rotate"),
        at_instance("salesforce/named-credentials/<uuid:credential>/revoke/", revoke, "named_credential_revoke"),
        at_instance("salesforce/named-credentials/<uuid:credential>/cut-off/", cut_off, "named_credential_cut_off"),
    ]
)
