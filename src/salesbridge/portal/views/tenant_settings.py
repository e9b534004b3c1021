"""Settings of a tenant: its billing system, its place, its paths, its data model and its context links."""

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
from salesbridge.engine import context, tenants
from salesbridge.engine.instances import SetupRefusedError
from salesbridge.model import TABLE, Table, merge
from salesbridge.model.context import ASSUMED, EVERY, LINK_FIELD, PLACEHOLDERS, checked, place
from salesbridge.model.kinds.settings import OverrideError
from salesbridge.portal import masters
from salesbridge.portal.access import tenant_page
from salesbridge.portal.acting import audited, changed
from salesbridge.portal.areas import Area, at_tenant
from salesbridge.portal.roles import Role
from salesbridge.store.door import Door
from salesbridge.store.models import Link, Tenant
from salesbridge.store.secrets import NoSecret

_LONG = 100_000  # characters of overrides: more is none


def _tenant(request: HttpRequest) -> Tenant:
    return request.tenant  # type: ignore[attr-defined,no-any-return]


def _back(door: Door) -> HttpResponse:
    return redirect("tenant_settings", tenant=door.tenant_id)


@tenant_page(Role.VIEWER)
def page(request: HttpRequest, door: Door) -> HttpResponse:
    """Everything that is set for the tenant."""
    tenant = _tenant(request)
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
    tenant = _tenant(request)
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
            return _back(door)
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
    tenant = _tenant(request)
    kept = {"zone": tenant.zone, "country": tenant.country}

    def save(told: dict[str, Any]) -> str:
        with audited(request, door, "tenant:place_changed", tenant.name, changed(kept, told)) as who:
            tenants.change_place(door, told["zone"], told["country"], who)
        return "Time zone and country were saved."

    form = PlaceForm(request.POST or None, initial=kept)
    return _form_page(request, door, form, save, "place", zones=sorted(available_timezones()))


class Json(forms.Form):
    """An object of JSON."""

    text = forms.CharField(
        label="Overrides", required=False, max_length=_LONG,
        widget=forms.Textarea({"rows": 16, "spellcheck": "false", "class": "mono"}),
    )  # fmt: skip

    def clean_text(self) -> dict[str, Any]:
        """The object."""
        try:
            found = json.loads(self.cleaned_data["text"] or "{}")
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(f"This is not JSON: {error}.") from error
        if not isinstance(found, dict):
            raise forms.ValidationError("This is not a JSON object, {...}.")
        return found


@tenant_page(Role.ADMINISTRATOR, confirm=True)
def paths(request: HttpRequest, door: Door) -> HttpResponse:
    """Change API paths that differ from the product's own; billing is asked with them before they are kept."""
    tenant = _tenant(request)
    kept = dict(tenant.path_overrides)

    def save(told: dict[str, Any]) -> str:
        with audited(request, door, "tenant:paths_changed", tenant.name, changed(kept, told["text"])) as who:
            system = tenants.change_paths(door, told["text"], who)
        return f"{system.product} {system.version} answered; the paths were saved."

    form = Json(request.POST or None, initial={"text": json.dumps(kept, indent=2)})
    form.fields["text"].help_text = 'Name of a path to the path, such as {"customer.list": "/people"}.'
    return _form_page(request, door, form, save, "paths")


class FieldForm(forms.Form):
    """Who is master of one field."""

    field = forms.ChoiceField(label="Field")
    choice = forms.ChoiceField(
        label="Master",
        choices=[
            ("salesforce", "Salesforce"),
            ("billing", "Billing"),
            ("out", "Neither: leave the field out"),
            ("product", "As the product says"),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [f"{entity.name}.{field.name}" for entity in TABLE.entities for field in entity.fields]
        self.fields["field"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]

    def overrides(self, kept: dict[str, Any]) -> dict[str, Any]:
        """The tenant's overrides with this one among them."""
        entity, _, field = self.cleaned_data["field"].partition(".")
        return masters.with_field(kept, entity, field, self.cleaned_data["choice"])


@tenant_page(Role.ADMINISTRATOR, confirm=True)
def model(request: HttpRequest, door: Door) -> HttpResponse:
    """Change fields and masters; what that changes is shown before it is saved."""
    tenant = _tenant(request)
    kept = dict(tenant.model_overrides)
    act = request.POST.get("act", "")
    one = FieldForm(request.POST if act == "one" else None)
    form = Json(request.POST if act in {"try", "save"} else None, initial={"text": json.dumps(kept, indent=2)})
    if one.is_valid():
        form = Json({"text": json.dumps(one.overrides(kept), indent=2)})
    form.fields["text"].help_text = (
        'Object to fields: {"Account": {"fields": {"Phone": {"master": "billing"}, "Fax": null}}}. null leaves a field '
        "out; a new field needs a kind and a billing attribute."
    )
    trial = _trial(form)
    if trial is not None and act == "save":
        detail = changed(masters.flat(kept), masters.flat(form.cleaned_data["text"]))
        try:
            with audited(request, door, "tenant:model_changed", tenant.name, detail) as who:
                tenants.change_model(door, form.cleaned_data["text"], who)
        except OverrideError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The data model was saved. Validate Data Model tells whether the org fits it.")
            return _back(door)
    return render(
        request, "portal/tenant_settings/model.html", {"form": form, "one": one, **_preview(door, kept, trial)}
    )


def _trial(form: Json) -> Table | None:
    """The data model that somebody tries; None where it cannot be."""
    if not form.is_valid():
        return None
    try:
        return merge(TABLE, form.cleaned_data["text"])
    except OverrideError as error:
        form.add_error("text", f"{error}.")
    except (AttributeError, TypeError):
        form.add_error("text", 'Each object needs {"fields": {...}}, and each field an object or null.')
    return None


def _preview(door: Door, kept: dict[str, Any], trial: Table | None) -> dict[str, Any]:
    if trial is None:
        return {"tried": False}
    found = masters.differences(merge(TABLE, kept), trial)
    instances = list(door.instances.order_by("name"))
    return {
        "tried": True, "differences": found,
        "linked": masters.linked(door, instances, (each.entity for each in found)) if found else [],
    }  # fmt: skip


class LinksForm(forms.Form):
    """A template of addresses for every object that has a link field, and one for all."""

    def __init__(self, names: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in names:
            label = "Every other object" if name == EVERY else name
            self.fields[name] = forms.CharField(
                label=label, required=False, max_length=255, widget=forms.TextInput({"spellcheck": "false"})
            )

    def clean(self) -> dict[str, Any]:
        """Templates that can be used."""
        told: dict[str, Any] = super().clean() or {}
        for name, text in list(told.items()):
            try:
                told[name] = checked(text) if text else ""
            except OverrideError as error:
                self.add_error(name, str(error))
        return told


@tenant_page(Role.ADMINISTRATOR)
def links(request: HttpRequest, door: Door) -> HttpResponse:
    """Say where records are in billing; each template is shown with a record of the tenant."""
    tenant = _tenant(request)
    table = merge(TABLE, tenant.model_overrides)
    names = [e.name for e in table.entities if any(field.name == LINK_FIELD for field in e.fields)] + [EVERY]
    act = request.POST.get("act", "")
    form = LinksForm(names, request.POST or None, initial=dict(tenant.link_templates))
    if act == "assume":
        form = LinksForm(names, initial={**ASSUMED[tenant.product], **tenant.link_templates})
    elif act == "save" and form.is_valid():
        return _save_links(request, door, form.cleaned_data)
    told = (
        form.cleaned_data
        if form.is_bound and form.is_valid()
        else {n: form.get_initial_for_field(form.fields[n], n) for n in names}
    )
    samples = [_sample(door, tenant, table, name, told) for name in names if name != EVERY]
    shown = {"form": form, "samples": samples, "placeholders": PLACEHOLDERS, "assumed": act == "assume"}
    return render(request, "portal/tenant_settings/links.html", shown)


def _sample(door: Door, tenant: Tenant, table: Table, name: str, told: dict[str, Any]) -> dict[str, str]:
    """What a template makes of one record."""
    templates = {key: text for key, text in told.items() if text}
    found = place(table[name], templates, tenant.base_url, tenant.name)
    of_tenant = door.rows(Link).filter(instance__in=door.instances.values("pk"), entity=name)
    key = of_tenant.values_list("billing_key", flat=True).first() or ""
    return {"entity": name, "key": key or "1001", "real": key, "address": found.of(key or "1001") if found else ""}


def _save_links(request: HttpRequest, door: Door, told: dict[str, str]) -> HttpResponse:
    tenant = _tenant(request)
    made = {name: text for name, text in told.items() if text}
    detail = changed(tenant.link_templates, made)
    if detail:
        with audited(request, door, "tenant:links_changed", tenant.name, detail) as who:
            for name in detail:
                context.set_template(door, name, made.get(name), who)
        messages.success(request, "The templates were saved. Links change with each change, and with a reconciliation.")
    return _back(door)


@tenant_page(Role.VIEWER)
def data_model(request: HttpRequest, door: Door) -> HttpResponse:  # noqa: ARG001 - the decorator's argument
    """The tenant's data model: object, field, billing attribute, master and kind."""
    tenant = _tenant(request)
    found = masters.lines(merge(TABLE, tenant.model_overrides), TABLE)
    form = ModelFilters(sorted({line.entity for line in found}), request.GET)
    total, shown = len(found), form.of(found)
    return render(request, "portal/tenant_settings/data_model.html", {"form": form, "lines": shown, "total": total})


class ModelFilters(forms.Form):
    """What to look for in the data model."""

    text = forms.CharField(required=False, label="Field or attribute", widget=forms.TextInput({"type": "search"}))
    object = forms.ChoiceField(required=False, label="Object")
    master = forms.ChoiceField(
        required=False, label="Master", choices=[("", "Either"), ("salesforce", "Salesforce"), ("billing", "Billing")]
    )
    own = forms.BooleanField(required=False, label="Only this tenant's own")

    def __init__(self, objects: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["object"].choices = [("", "Any"), *((name, name) for name in objects)]  # type: ignore[attr-defined]

    def of(self, found: list[masters.Line]) -> list[masters.Line]:
        """The lines that are asked for."""
        told = self.cleaned_data if self.is_valid() else {}
        text = str(told.get("text") or "").lower()
        return [
            line
            for line in found
            if text in f"{line.entity} {line.field} {line.label} {line.billing} {line.record}".lower()
            and told.get("object", "") in {"", line.entity}
            and told.get("master", "") in {"", line.master}
            and (line.own or not told.get("own"))
        ]


AREA = Area(
    urls=[
        at_tenant("settings/", page, "tenant_settings"),
        at_tenant("settings/billing/", billing, "tenant_billing"),
        at_tenant("settings/place/", place_of, "tenant_place"),
        at_tenant("settings/paths/", paths, "tenant_paths"),
        at_tenant("settings/model/", model, "tenant_model"),
        at_tenant("settings/links/", links, "tenant_links"),
        at_tenant("model/", data_model, "data_model"),
    ]
)
