"""Settings of a tenant: its billing system, its place and its paths."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from pydantic import SecretStr

from salesbridge.billing import BillingError
from salesbridge.engine import tenants
from salesbridge.engine.instances import SetupRefusedError
from salesbridge.model.kinds.settings import OverrideError
from salesbridge.portal import masters
from salesbridge.portal.access import tenant_page
from salesbridge.portal.acting import audited, changed
from salesbridge.portal.areas import Area, at_tenant
from salesbridge.portal.json_form import JsonForm
from salesbridge.portal.roles import Role
from salesbridge.store.door import Door
from salesbridge.store.models import Tenant
from salesbridge.store.secrets import NoSecret


def tenant_of(request: HttpRequest) -> Tenant:
    """The tenant of a page that ``tenant_page`` let somebody into."""
    return request.tenant  # type: ignore[attr-defined,no-any-return]


def back(door: Door) -> HttpResponse:
    """To the settings of the tenant."""
    return redirect("tenant_settings", tenant=door.tenant_id)


@tenant_page(Role.VIEWER)
def page(request: HttpRequest, door: Door) -> HttpResponse:
    """Everything that is set for the tenant."""
    tenant = tenant_of(request)
    shown = {
        "instances": door.instances.order_by("name"), "own": masters.flat(tenant.model_overrides),
        "has_key": door.secrets.filter(instance=None, name="api_key").values_list("updated_at", flat=True).first(),
    }  # fmt: skip
    return render(request, "portal/tenant_settings/page.html", shown)


class BillingForm(forms.Form):
    """Where the billing system is, and what it is called with."""

    base_url = forms.CharField(
        label="Address of the API", max_length=500, widget=forms.URLInput({"spellcheck": "false"})
    )
    username = forms.CharField(label="API user", max_length=200, required=False, help_text="Junifer needs one.")
    api_key = forms.CharField(
        label="New API key", required=False, max_length=5000,
        widget=forms.PasswordInput({"autocomplete": "off"}),
        help_text="Leave it empty to go on with the present key. It is kept sealed and never shown again.",
    )  # fmt: skip


@tenant_page(Role.ADMINISTRATOR, confirm=True)
def billing(request: HttpRequest, door: Door) -> HttpResponse:
    """Change where billing is or its credentials; it is asked before anything is kept."""
    tenant = tenant_of(request)
    kept = {"base_url": tenant.base_url, "username": tenant.username}
    form = BillingForm(request.POST or None, initial=kept)

    def save(told: dict[str, Any]) -> str:
        made, key = {"base_url": told["base_url"], "username": told["username"]}, told["api_key"]
        detail = {**changed(kept, made), "key_replaced": bool(key)}
        with audited(request, door, "tenant:billing_changed", tenant.name, detail) as who:
            system = tenants.change_billing(
                door, told["base_url"], told["username"], SecretStr(key) if key else None, who
            )
        return f"{system.product} {system.version} answered; the connection was saved."

    return _form_page(request, door, form, save, "billing")


def _form_page(
    request: HttpRequest, door: Door, form: forms.Form, save: Callable[[dict[str, Any]], str], name: str, **more: Any
) -> HttpResponse:
    """The page of a form, which saves what it can; what cannot be saved is told above it."""
    if form.is_valid():
        try:
            messages.success(request, save(form.cleaned_data))
        except BillingError as error:
            form.add_error(None, f"{error.message} {error.mend}".strip())
        except NoSecret:
            form.add_error(None, "The tenant has no API key yet: enter one.")
        except (SetupRefusedError, OverrideError) as error:
            form.add_error(None, str(error))
        else:
            return back(door)
    return render(request, f"portal/tenant_settings/{name}.html", {"form": form, **more})


class PlaceForm(forms.Form):
    """When and where billing's times and phone numbers are meant."""

    zone = forms.CharField(
        label="Time zone", max_length=64, widget=forms.TextInput({"list": "zones", "autocomplete": "off"}),
        help_text="IANA name, such as Pacific/Auckland. It is meant where billing tells no offset, and sets the night.",
    )  # fmt: skip
    country = forms.CharField(
        label="Country",
        max_length=2,
        required=False,
        help_text="Two letters such as NZ: lets local phone numbers be read.",
    )

    def clean_country(self) -> str:
        """In capital letters."""
        return str(self.cleaned_data["country"]).strip().upper()


@tenant_page(Role.ADMINISTRATOR)
def place_of(request: HttpRequest, door: Door) -> HttpResponse:
    """Change time zone and country."""
    tenant = tenant_of(request)
    kept = {"zone": tenant.zone, "country": tenant.country}

    def save(told: dict[str, Any]) -> str:
        with audited(request, door, "tenant:place_changed", tenant.name, changed(kept, told)) as who:
            tenants.change_place(door, told["zone"], told["country"], who)
        return "Time zone and country were saved."

    form = PlaceForm(request.POST or None, initial=kept)
    return _form_page(request, door, form, save, "place", zones=sorted(available_timezones()))


@tenant_page(Role.ADMINISTRATOR, confirm=True)
def paths(request: HttpRequest, door: Door) -> HttpResponse:
    """Change API paths that differ from the product's own; billing is asked with them before they are kept."""
    tenant = tenant_of(request)
    kept = dict(tenant.path_overrides)

    def save(told: dict[str, Any]) -> str:
        with audited(request, door, "tenant:paths_changed", tenant.name, changed(kept, told["text"])) as who:
            system = tenants.change_paths(door, told["text"], who)
        return f"{system.product} {system.version} answered; the paths were saved."

    form = JsonForm(request.POST or None, initial={"text": json.dumps(kept, indent=2)})
    form.fields["text"].help_text = 'Name of a path to the path, such as {"customer.list": "/people"}.'
    return _form_page(request, door, form, save, "paths")


AREA = Area(
    urls=[
        at_tenant("settings/", page, "tenant_settings"),
        at_tenant("settings/billing/", billing, "tenant_billing"),
        at_tenant("settings/place/", place_of, "tenant_place"),
        at_tenant("settings/paths/", paths, "tenant_paths"),
    ]
)
