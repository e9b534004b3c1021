"""The data model of a tenant: who is master of which field, and what changing that would change."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from salesbridge.engine import tenants
from salesbridge.model import TABLE, Table, merge
from salesbridge.model.kinds.settings import OverrideError
from salesbridge.portal import masters
from salesbridge.portal.access import tenant_page
from salesbridge.portal.acting import audited, changed
from salesbridge.portal.areas import Area, at_tenant
from salesbridge.portal.json_form import JsonForm
from salesbridge.portal.roles import Role
from salesbridge.portal.views.tenant_settings import back, tenant_of
from salesbridge.store.door import Door


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
    tenant = tenant_of(request)
    kept = dict(tenant.model_overrides)
    act = request.POST.get("act", "")
    one = FieldForm(request.POST if act == "one" else None)
    form = JsonForm(request.POST if act in {"try", "save"} else None, initial={"text": json.dumps(kept, indent=2)})
    if one.is_valid():
        form = JsonForm({"text": json.dumps(one.overrides(kept), indent=2)})
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
            return back(door)
    return render(
        request, "portal/tenant_settings/model.html", {"form": form, "one": one, **_preview(door, kept, trial)}
    )


def _trial(form: JsonForm) -> Table | None:
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


@tenant_page(Role.VIEWER)
def data_model(request: HttpRequest, door: Door) -> HttpResponse:  # noqa: ARG001 - the decorator's argument
    """The tenant's data model: object, field, billing attribute, master and kind."""
    tenant = tenant_of(request)
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
        at_tenant("settings/model/", model, "tenant_model"),
        at_tenant("model/", data_model, "data_model"),
    ]
)
