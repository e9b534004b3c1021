"""Salesforce Basic Information of an instance: org, user, budgets, Validate Data Model and Fix it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from salesbridge.engine import connections, pinning
from salesbridge.model import Finding
from salesbridge.portal import asking, inspections, looks, org_page, tabular
from salesbridge.portal import findings as found
from salesbridge.portal.access import instance_page, person
from salesbridge.portal.acting import audited
from salesbridge.portal.areas import Area, Entry, at_instance
from salesbridge.portal.named_credentials import shown as credentials_shown
from salesbridge.portal.roles import Role
from salesbridge.salesforce import SalesforceError
from salesbridge.store.door import Door
from salesbridge.store.models import Inspection, Instance


def _back(instance: Instance, anchor: str = "") -> HttpResponse:
    answer = redirect("salesforce", tenant=instance.tenant_id, instance=instance.pk)
    answer["Location"] += anchor
    return answer


@instance_page(Role.VIEWER)
def page(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """The page."""
    shown = {**org_page.shown(door, instance), **credentials_shown(door, instance)}
    return render(request, "portal/salesforce/page.html", shown)


@instance_page(Role.VIEWER)
def looking(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """The part of the page that changes while something is being looked at."""
    if not request.htmx:  # type: ignore[attr-defined]
        return _back(instance)
    return render(request, "portal/salesforce/_org.html", org_page.shown(door, instance))


@instance_page(Role.OPERATOR)
@require_POST
def refresh(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Ask Salesforce again for the facts of the org."""
    asking.begin(request, door, instance, Inspection.Kind.ORG, looks.org)
    return _back(instance)


@instance_page(Role.OPERATOR)
@require_POST
def validate(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Validate Data Model."""
    asked = (Inspection.Kind.DATA_MODEL, looks.data_model, "data_model:validated")
    asking.begin_audited(request, door, instance, asked)
    return _back(instance, "#data-model")


@instance_page(Role.ADMINISTRATOR)
def fix(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Fix it: what is going to be done, and the word to do it."""
    shown = org_page.last_report(door, instance)
    only = (request.POST if request.method == "POST" else request.GET).get("only", "")
    planned = found.plan_of(shown.get("findings", []), only)
    if request.method == "POST" and not planned.empty:
        replace = request.POST.get("replace") == "on"
        detail = {"deploy": list(planned.deploy), "assign": list(planned.assign), "replace": replace}
        carry = looks.fixing(person(request).email, replace=replace, only={only} if only else ())
        asking.begin_audited(request, door, instance, (Inspection.Kind.FIX, carry, "data_model:fixed"), detail)
        return _back(instance, "#data-model")
    latest = inspections.latest(door, instance).get(Inspection.Kind.FIX)
    foreign = latest.result.get("foreign", []) if latest else []
    return render(request, "portal/salesforce/fix.html", {"plan": planned, "only": only, "foreign": foreign, **shown})


@instance_page(Role.VIEWER)
def findings_csv(request: HttpRequest, door: Door, instance: Instance) -> HttpResponseBase:  # noqa: ARG001 - as every view
    """The findings as a table for a spreadsheet."""
    _, findings = _found_last(door, instance)
    return tabular.download(tabular.lines(found.HEADER, found.rows(findings)), "data-model")


@instance_page(Role.VIEWER)
def findings_json(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:  # noqa: ARG001 - as every view
    """The findings as JSON."""
    row, _ = _found_last(door, instance)
    told = {"instance": instance.name, "at": row.finished_at, **row.result.get("report", row.result)}
    answer = JsonResponse(told, json_dumps_params={"indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="data-model-{row.started_at:%Y%m%d-%H%M%S}.json"'
    return answer


def _found_last(door: Door, instance: Instance) -> tuple[Inspection, list[Finding]]:
    shown = org_page.last_report(door, instance)
    if shown["validated"] is None:
        raise Http404
    return shown["validated"], shown["findings"]


@instance_page(Role.ADMINISTRATOR, confirm=True)
def confirm_org(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Another org: accept that the instance writes to it from now on, once its id was typed."""
    shown: dict[str, Any] = {**org_page.shown(door, instance)}
    if request.method == "POST":
        try:
            done = _confirmed(request, door, instance)
        except SalesforceError as error:
            shown |= {"refused": error.message, "mend": error.mend}
        except ValueError as error:
            shown |= {"refused": str(error)}
        else:
            away, back = f"{done.put_away:,}", f"{done.brought_back:,}"
            kept = f"{away} links of the former org are kept apart, {back} are back."
            messages.success(request, f"Accepted. {kept} Validate Data Model next.")
            return _back(instance)
    return render(request, "portal/salesforce/confirm_org.html", shown)


def _confirmed(request: HttpRequest, door: Door, instance: Instance) -> pinning.Confirmed:
    typed = request.POST.get("word", "").strip()
    with connections.unpinned(door, instance) as salesforce:
        org = salesforce.org()
        if typed != org.org_id:
            raise ValueError(f"The id of the org that the credentials lead to is {org.org_id}. Type it to accept it.")
        with audited(request, door, "org:confirmed", instance.name, {"org": org.org_id}) as who:
            done = pinning.confirm(door, instance, salesforce, who)
            fresh = door.instances.get(pk=instance.pk)
            inspections.note(door, fresh, Inspection.Kind.ORG, looks.org_facts(salesforce, fresh), by=who)
    return done


_ALSO = (
    "fix", "confirm_org", "credentials", "delete_instance", "named_credential_add", "named_credential",
    "named_credential_rotate", "named_credential_revoke", "named_credential_cut_off",
)  # fmt: skip
AREA = Area(
    urls=[
        at_instance("salesforce/", page, "salesforce"),
        at_instance("salesforce/looking/", looking, "salesforce_looking"),
        at_instance("salesforce/refresh/", refresh, "salesforce_refresh"),
        at_instance("salesforce/validate/", validate, "validate"),
        at_instance("salesforce/fix/", fix, "fix"),
        at_instance("salesforce/findings.csv", findings_csv, "findings_export"),
        at_instance("salesforce/findings.json", findings_json, "findings_json_export"),
        at_instance("salesforce/org/", confirm_org, "confirm_org"),
    ],
    tabs=[Entry("Salesforce Basic Information", "salesforce", order=20, also=_ALSO)],
)
