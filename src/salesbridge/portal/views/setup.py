"""Setup new instance, other credentials for one, and taking one away."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from salesbridge.billing import BillingError
from salesbridge.engine import instances, reconnect
from salesbridge.engine.instances import SetupRefusedError
from salesbridge.engine.pinning import CODE as ANOTHER_ORG
from salesbridge.portal import inspections, looks
from salesbridge.portal.access import (
    RoleTooLow,
    chosen_organisation,
    instance_page,
    organisation_role,
    person,
    signed_in,
    tenants_of,
)
from salesbridge.portal.areas import Area, at_instance
from salesbridge.portal.connecting import CredentialsForm, SetupForm, zones
from salesbridge.portal.roles import Role
from salesbridge.salesforce import SalesforceError
from salesbridge.store import audit
from salesbridge.store.door import Door
from salesbridge.store.models import Inspection, Instance, Organisation


def _adds_tenants_to(request: HttpRequest) -> Organisation | None:
    """The organisation to which the person may add a billing system: the chosen one, for its administrators."""
    organisation = chosen_organisation(request)
    role = organisation_role(person(request), organisation) if organisation else None
    return organisation if role is Role.ADMINISTRATOR else None


def may_set_up(request: HttpRequest) -> bool:
    """Whether the person may set up an instance anywhere."""
    return _adds_tenants_to(request) is not None or tenants_of(person(request), Role.ADMINISTRATOR).exists()


def setup_form(request: HttpRequest) -> SetupForm:
    """The form of a new instance with the tenants that the person may use.

    Raises:
        RoleTooLow: There is none, and they may add none.
    """
    tenants, organisation = list(tenants_of(person(request), Role.ADMINISTRATOR)), _adds_tenants_to(request)
    if not tenants and organisation is None:
        raise RoleTooLow(Role.ADMINISTRATOR)
    return SetupForm(
        tenants, request.POST or None, may_add=organisation is not None,
        initial={"tenant": request.GET["tenant"]} if "tenant" in request.GET else {},
    )  # fmt: skip


@signed_in
def setup(request: HttpRequest) -> HttpResponse:
    """Connect an instance; Save verifies what was entered with both systems."""
    form = setup_form(request)
    shown: dict[str, Any] = {"form": form, "zones": zones()}
    if request.method == "POST" and form.is_valid():
        try:
            door = _door(request, form)
            instance = _add(request, door, form)
        except SetupRefusedError as error:
            _not_usable(form, error)
        except BillingError as error:
            form.billing_refused(error)
            shown |= {"refused": f"The billing system: {error.message}", "mend": error.mend}
        except SalesforceError as error:
            form.refused(error)
            shown |= {"refused": error.message, "mend": error.mend}
        else:
            messages.success(request, f"Salesforce has accepted the credentials: {instance.name} is connected.")
            return redirect("salesforce", tenant=instance.tenant_id, instance=instance.pk)
    return render(request, "portal/setup/page.html", shown)


def _door(request: HttpRequest, form: SetupForm) -> Door:
    """The tenant that was chosen, or a new one; it stays when Salesforce refuses what comes after it."""
    if not form.adds_tenant:
        return Door(form.tenants[form.cleaned_data["tenant"]].pk)
    organisation = _adds_tenants_to(request)
    if organisation is None:
        raise RoleTooLow(Role.ADMINISTRATOR)
    by = person(request).email
    door, system = instances.add_tenant(form.billing_system(organisation), by=by)
    audit.write(door, by, "tenant:added", door.tenant.name, {"product": system.product, "version": system.version})
    messages.success(request, f"{door.tenant.name}: {system.product} {system.version} has answered.")
    _choose(form, door)
    return door


def _choose(form: SetupForm, door: Door) -> None:
    """The form goes on with a tenant that it has just added."""
    tenant = door.tenant
    form.tenants[str(tenant.pk)] = tenant
    label = f"{tenant.name} ({tenant.get_product_display()})"
    form.fields["tenant"].choices = [(str(tenant.pk), label), *form.fields["tenant"].choices]  # type: ignore[attr-defined]
    form.data = {**form.data.dict(), "tenant": str(tenant.pk)}  # type: ignore[attr-defined]


def _add(request: HttpRequest, door: Door, form: SetupForm) -> Instance:
    by = person(request).email
    instance, org = instances.add_instance(
        door, form.cleaned_data["name"].strip(), form.credentials(), by=by, emails=[by]
    )
    audit.write(door, by, "instance:added", instance.name, {"org": org.org_id, "sign_in": instance.auth})
    _look(door, instance, by)
    return instance


def _look(door: Door, instance: Instance, by: str) -> None:
    """Have the facts of the org ready for its page."""
    try:
        inspections.begin(door, instance, Inspection.Kind.ORG, looks.org, by=by)
    except inspections.InspectionRefusedError:
        return  # the page has a button for it


def _not_usable(form: CredentialsForm, error: SetupRefusedError) -> None:
    text = str(error)
    name = next((field for word, field in _WORDS.items() if word in text and field in form.fields), None)
    form.add_error(name, text)


_WORDS = {"time zone": "zone", "A tenant": "tenant_name", "has an instance": "name", "cannot be used": "base_url"}


@instance_page(Role.ADMINISTRATOR, confirm=True)
def credentials(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Give an instance other credentials, or another name; Save verifies them."""
    known = {
        "name": instance.name, "auth": instance.auth, "login_url": instance.login_url,
        "consumer_key": instance.consumer_key, "username": instance.username,
    }  # fmt: skip
    form = CredentialsForm(request.POST or None, initial=known)
    shown: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        try:
            row = _change(request, door, instance, form)
        except SetupRefusedError as error:
            _not_usable(form, error)
        except SalesforceError as error:
            form.refused(error)
            shown |= {"refused": error.message, "mend": error.mend, "another": error.code == ANOTHER_ORG}
        else:
            messages.success(request, "Salesforce has accepted the credentials; the former ones are forgotten.")
            return redirect("salesforce", tenant=row.tenant_id, instance=row.pk)
    return render(request, "portal/setup/credentials.html", shown)


def _change(request: HttpRequest, door: Door, instance: Instance, form: CredentialsForm) -> Instance:
    by, said = person(request).email, form.cleaned_data
    row, org = reconnect.change_credentials(
        door, instance, form.credentials(), by=by, name=said["name"].strip(), elsewhere=said["elsewhere"]
    )
    detail = {"org": org.org_id, "sign_in": row.auth, "login_url": row.login_url}
    audit.write(door, by, "instance:credentials_changed", row.name, detail)
    _look(door, row, by)
    return row


@instance_page(Role.ADMINISTRATOR, confirm=True)
def delete(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Take an instance away, once its name was typed."""
    shown: dict[str, Any] = {"runs": door.runs.filter(instance=instance).count()}
    if request.method == "POST":
        try:
            _delete(request, door, instance)
        except SetupRefusedError as error:
            shown["refused"] = str(error)
        else:
            messages.success(request, f"{instance.name} was deleted. Nothing was changed in Salesforce or billing.")
            return redirect("connectors")
    shown["links"] = door.links(instance).count()
    return render(request, "portal/setup/delete.html", shown)


def _delete(request: HttpRequest, door: Door, instance: Instance) -> None:
    if request.POST.get("word", "").strip() != instance.name:
        raise SetupRefusedError(f"Type {instance.name} to delete it.")
    by, name = person(request).email, instance.name
    with transaction.atomic():
        reconnect.remove_instance(door, instance, by=by)
        audit.write(door, by, "instance:deleted", name, {"org": instance.org_id})


AREA = Area(
    urls=[
        path("connectors/store/setup/", setup, name="setup"),
        at_instance("salesforce/credentials/", credentials, "credentials"),
        at_instance("salesforce/delete/", delete, "delete_instance"),
    ]
)
