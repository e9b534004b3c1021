"""Reconciliations of an instance: compare everything now, watch it, read what was found; what sampling found."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from salesbridge.engine.live.audit import SAMPLE
from salesbridge.engine.live.options import OPTIONS
from salesbridge.engine.live.reconcile import ReconciliationActive, start_reconciliation
from salesbridge.engine.live.site import site
from salesbridge.portal import reconciling
from salesbridge.portal.access import instance_page
from salesbridge.portal.acting import audited
from salesbridge.portal.areas import Area, Entry, at_instance
from salesbridge.portal.roles import Role
from salesbridge.portal.standing import reconciliation_state
from salesbridge.store.door import Door
from salesbridge.store.models import Instance, Live, Reconciliation

_A_PAGE = 20
_AUDITS = 20


@instance_page(Role.VIEWER)
def page(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """All reconciliations, the latest first, and what sampling found."""
    rows = door.rows(Reconciliation).filter(instance=instance)
    found = Paginator(rows.order_by("-number"), _A_PAGE).get_page(request.GET.get("page"))
    active = rows.filter(finished_at=None).first()
    audits = door.activities.filter(instance=instance, tag="audit:drift").order_by("-at")[:_AUDITS]
    shown = {
        "page": found, "rows": [(row, reconciliation_state(row.state), reconciling.summary(row)) for row in found],
        "active": _progress(door, instance, active) if active else None,
        "live": door.rows(Live).filter(instance=instance).first(), "audits": list(audits), "sample": SAMPLE,
        "at_hour": instance.settings.get("reconcile_at", OPTIONS["reconcile_at"].default),
        "ever": "reconcile_at" not in instance.settings or instance.settings["reconcile_at"] is not None,
    }  # fmt: skip
    return render(request, "portal/reconciliations/page.html", shown)


def _progress(door: Door, instance: Instance, row: Reconciliation) -> dict[str, object]:
    """How far one is: objects that are compared, of all."""
    entities = site(door, instance.pk).entities
    return {"row": row, "state": reconciliation_state(row.state), "done": len(row.counts), "total": len(entities)}


@instance_page(Role.VIEWER)
def one(request: HttpRequest, door: Door, instance: Instance, number: int) -> HttpResponse:
    """One reconciliation: its progress, then its result by object and field."""
    row = door.rows(Reconciliation).filter(instance=instance, number=number).first()
    if row is None:
        raise Http404
    shown = {
        "row": row, "state": reconciliation_state(row.state), "found": reconciling.found(row),
        "active": _progress(door, instance, row) if row.finished_at is None else None,
        "took_s": (row.finished_at - row.started_at).total_seconds() if row.finished_at and row.started_at else None,
    }  # fmt: skip
    partial = request.htmx  # type: ignore[attr-defined]
    return render(request, f"portal/reconciliations/{'_one' if partial else 'one'}.html", shown)


@instance_page(Role.OPERATOR)
@require_POST
def start(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Compare everything now; what differs is delivered, unless it is only to be told."""
    repair = request.POST.get("only") != "report"
    try:
        with audited(request, door, "reconciliation:started", instance.name, {"repair": repair}) as who:
            row = start_reconciliation(door, instance.pk, "on demand", who, repair)
    except ReconciliationActive as error:
        messages.error(request, str(error))
        return redirect("reconciliations", tenant=door.tenant_id, instance=instance.pk)
    messages.success(request, f"Reconciliation {row.number} is queued for a worker.")
    return redirect("reconciliation", tenant=door.tenant_id, instance=instance.pk, number=row.number)


AREA = Area(
    urls=[
        at_instance("reconciliations/", page, "reconciliations"),
        at_instance("reconciliations/start/", start, "start_reconciliation"),
        at_instance("reconciliations/<int:number>/", one, "reconciliation"),
    ],
    tabs=[Entry("Reconciliations", "reconciliations", order=70, also=("reconciliation",))],
)
