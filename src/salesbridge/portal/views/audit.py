"""Audit: what people did in an organisation or for one of its tenants; filtered, exported and verified."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST

from salesbridge.portal.access import organisation_page, person, tenant_page
from salesbridge.portal.areas import Area, Entry, at_tenant
from salesbridge.portal.roles import Role
from salesbridge.portal.tabular import download, lines
from salesbridge.store import audit
from salesbridge.store.door import Door
from salesbridge.store.models import Audit, Organisation, Tenant

_A_PAGE = 50
_COLUMNS = ("number", "at", "actor", "action", "subject", "detail", "tenant_id", "previous", "hash")


class Filters(forms.Form):
    """What to look for."""

    text = forms.CharField(required=False, label="Who or what", widget=forms.TextInput({"type": "search"}))
    action = forms.ChoiceField(required=False, label="Action")
    tenant = forms.ChoiceField(required=False, label="Tenant")
    since = forms.DateField(required=False, label="From", widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput({"type": "date"}))

    def __init__(self, rows: QuerySet[Audit], tenants: Sequence[Tenant] | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        actions = rows.values_list("action", flat=True).distinct().order_by("action")
        self.fields["action"].choices = [("", "Any"), *((name, name) for name in actions)]  # type: ignore[attr-defined]
        if tenants is None:
            del self.fields["tenant"]
        else:
            self.fields["tenant"].choices = [("", "All"), *((str(each.pk), each.name) for each in tenants)]  # type: ignore[attr-defined]

    def of(self, rows: QuerySet[Audit]) -> QuerySet[Audit]:
        """Those of some entries that are asked for."""
        wanted = self.wanted()
        if text := wanted.get("text"):
            rows = rows.filter(Q(actor__icontains=text) | Q(action__icontains=text) | Q(subject__icontains=text))
        if wanted.get("action"):
            rows = rows.filter(action=wanted["action"])
        if wanted.get("tenant"):
            rows = rows.filter(tenant_id=wanted["tenant"])
        if since := wanted.get("since"):
            rows = rows.filter(at__gte=datetime.combine(since, time(), UTC))
        if until := wanted.get("until"):
            rows = rows.filter(at__lt=datetime.combine(until, time(), UTC) + timedelta(days=1))
        return rows

    def wanted(self) -> dict[str, Any]:
        """What is asked for; nothing of what is not valid."""
        self.is_valid()
        return self.cleaned_data


def _tenants(organisation: Organisation) -> list[Tenant]:
    rows = Door.operator(reason="the tenants of an organisation").tenants
    return list(rows.filter(organisation=organisation).order_by("name"))


def _of_tenant(door: Door) -> QuerySet[Audit]:
    return audit.entries(door.tenant.organisation).filter(tenant_id=door.tenant_id)


def _list(request: HttpRequest, template: str, rows: QuerySet[Audit], tenants: Sequence[Tenant] | None) -> HttpResponse:
    form = Filters(rows, tenants, request.GET)
    page = Paginator(form.of(rows).order_by("-number"), _A_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    names = {each.pk: each.name for each in tenants or []}
    found = [(each, names.get(each.tenant_id, "") if each.tenant_id else "") for each in page]
    shown = {"form": form, "page": page, "found": found, "kept": query.urlencode(), "of_tenant": tenants is None}
    return render(request, template, shown)


@organisation_page(Role.ADMINISTRATOR)
def entries(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """What people did, the latest first."""
    return _list(request, "portal/audit/list.html", audit.entries(organisation), _tenants(organisation))


@tenant_page(Role.ADMINISTRATOR)
def tenant_entries(request: HttpRequest, door: Door) -> HttpResponse:
    """What people did for one tenant, the latest first."""
    return _list(request, "portal/audit/tenant.html", _of_tenant(door), None)


@organisation_page(Role.ADMINISTRATOR)
def export(request: HttpRequest, organisation: Organisation) -> HttpResponseBase:
    """The entries found, with their hashes; that somebody took them is an entry too."""
    return _export(request, organisation, audit.entries(organisation), _tenants(organisation))


@tenant_page(Role.ADMINISTRATOR)
def tenant_export(request: HttpRequest, door: Door) -> HttpResponseBase:
    """The same of one tenant."""
    return _export(request, door, _of_tenant(door), None)


def _export(
    request: HttpRequest, where: Organisation | Door, rows: QuerySet[Audit], tenants: Sequence[Tenant] | None
) -> HttpResponseBase:
    form = Filters(rows, tenants, request.GET)
    ending = "csv" if request.GET.get("as") == "csv" else "ndjson"
    found = form.of(rows)
    if request.method == "GET":
        asked = json.loads(json.dumps(form.wanted(), default=str))
        detail = {"as": ending, **{name: value for name, value in asked.items() if value}}
        audit.write(where, person(request).email, "audit:exported", "", detail)
    return download(audit.export(found) if ending == "ndjson" else lines(_COLUMNS, _lines(found)), "audit", ending)


def _lines(rows: QuerySet[Audit]) -> Iterator[list[Any]]:
    for entry in rows.order_by("number").iterator():
        told = json.dumps(entry.detail, ensure_ascii=False, sort_keys=True)
        yield [told if name == "detail" else getattr(entry, name) for name in _COLUMNS]


@organisation_page(Role.ADMINISTRATOR)
@require_POST
def verify(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Follow the chain from its beginning."""
    _verify(request, organisation, audit.entries(organisation).count())
    return redirect("audit")


@tenant_page(Role.ADMINISTRATOR)
@require_POST
def tenant_verify(request: HttpRequest, door: Door) -> HttpResponse:
    """Follow the chain that the tenant's entries are in, from its beginning."""
    _verify(request, door.tenant.organisation, _of_tenant(door).count())
    return redirect("tenant_audit", tenant=door.tenant_id)


def _verify(request: HttpRequest, organisation: Organisation, count: int) -> None:
    broken = audit.verify(organisation)
    if broken:
        first = broken[0]
        messages.error(
            request,
            f"The chain does not hold at entry {first.number}: {first.reason}. Compare with a backup or export.",
        )
    else:
        messages.success(request, f"The chain holds: {count:,} entries, none missing, none changed.")


AREA = Area(
    urls=[
        path("audit/", entries, name="audit"),
        path("audit/export/", export, name="audit_export"),
        path("audit/verify/", verify, name="audit_verify"),
        at_tenant("audit/", tenant_entries, "tenant_audit"),
        at_tenant("audit/export/", tenant_export, "tenant_audit_export"),
        at_tenant("audit/verify/", tenant_verify, "tenant_audit_verify"),
    ],
    menu=[Entry("Audit", "audit", "audit", order=80, group="Organisation", role=Role.ADMINISTRATOR)],
)
