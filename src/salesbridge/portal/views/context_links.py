"""Context links of a tenant: where a record is in billing, by templates of addresses."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from salesbridge.engine import context
from salesbridge.model import TABLE, Table, merge
from salesbridge.model.context import ASSUMED, EVERY, LINK_FIELD, PLACEHOLDERS, checked, place
from salesbridge.model.kinds.settings import OverrideError
from salesbridge.portal.access import tenant_page
from salesbridge.portal.acting import audited, changed
from salesbridge.portal.areas import Area, at_tenant
from salesbridge.portal.roles import Role
from salesbridge.portal.views.tenant_settings import back, tenant_of
from salesbridge.store.door import Door
from salesbridge.store.models import Link, Tenant


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
    tenant = tenant_of(request)
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
    tenant = tenant_of(request)
    made = {name: text for name, text in told.items() if text}
    detail = changed(tenant.link_templates, made)
    if detail:
        with audited(request, door, "tenant:links_changed", tenant.name, detail) as who:
            for name in detail:
                context.set_template(door, name, made.get(name), who)
        messages.success(request, "The templates were saved. Links change with each change, and with a reconciliation.")
    return back(door)


AREA = Area(urls=[at_tenant("settings/links/", links, "tenant_links")])
