"""Events of billing: where it sends them, by which keys they are checked, what came in, and what each type touches."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from salesbridge.billing import KEYS, BillingError
from salesbridge.engine import tenants
from salesbridge.engine.instances import SetupRefusedError
from salesbridge.engine.live import hooks
from salesbridge.portal import event_rules, event_subscriptions
from salesbridge.portal.access import instance_page
from salesbridge.portal.acting import audited, changed
from salesbridge.portal.areas import Area, Entry, at_instance
from salesbridge.portal.roles import Role
from salesbridge.store.door import Door
from salesbridge.store.models import Instance, Live, Tenant

_SHORT = 10_000  # characters of a key or of rules: more is neither


def _back(door: Door, instance: Instance) -> HttpResponse:
    return redirect("events", tenant=door.tenant_id, instance=instance.pk)


@instance_page(Role.VIEWER)
def page(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Everything about billing's events."""
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    shown = {
        "address": hooks.address(tenant), "keys": list(enumerate(hooks.fingerprints(tenant.hook_keys), 1)),
        "live": door.rows(Live).filter(instance=instance).first(), "ping": event_rules.last_ping(door),
        "heard": event_rules.heard(door, tenant.event_overrides), "rules": event_rules.table(tenant.event_overrides),
        "subscribed": event_subscriptions.lines(door, instance),
    }  # fmt: skip
    return render(request, "portal/events/page.html", shown)


class Key(forms.Form):
    """A public key of the integration platform's app."""

    pem = forms.CharField(
        label="Public key",
        max_length=_SHORT,
        widget=forms.Textarea({"rows": 9, "spellcheck": "false", "class": "mono"}),
        help_text="As the integration platform shows it, in PEM: from -----BEGIN PUBLIC KEY----- to the end.",
    )


@instance_page(Role.ADMINISTRATOR, confirm=True)
def add_key(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Accept events signed with one more key."""
    form = Key(request.POST or None)
    if form.is_valid():
        detail: dict[str, Any] = {}
        try:
            with audited(request, door, "hook:key_added", request.tenant.name, detail) as who:  # type: ignore[attr-defined]
                detail["fingerprint"] = hooks.fingerprints([form.cleaned_data["pem"]])[0]
                hooks.add_key(door, form.cleaned_data["pem"], by=who)
        except SetupRefusedError as error:
            form.add_error("pem", str(error))
        else:
            messages.success(request, f"The key was added. Compare its fingerprint: {detail['fingerprint']}")
            return _back(door, instance)
    return render(request, "portal/events/add_key.html", {"form": form})


@instance_page(Role.ADMINISTRATOR, confirm=True)
def drop_key(request: HttpRequest, door: Door, instance: Instance, fingerprint: str) -> HttpResponse:
    """Accept no more events signed with a key, once asked for twice."""
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    known = hooks.fingerprints(tenant.hook_keys)
    if fingerprint not in known:
        raise Http404
    if request.method != "POST":
        return render(request, "portal/events/drop_key.html", {"fingerprint": fingerprint, "last": len(known) == 1})
    with audited(request, door, "hook:key_dropped", tenant.name, {"fingerprint": fingerprint}) as who:
        hooks.drop_key(door, known.index(fingerprint) + 1, by=who)
    messages.success(request, "The key was dropped. Events signed with it are refused from now on.")
    return _back(door, instance)


def _kind(kind: str) -> str:
    """A kind of record with the parts of its key."""
    return f"{kind.replace('_', ' ').capitalize()} ({', '.join(KEYS[kind])})"


class OneRule(forms.Form):
    """What one event type touches."""

    type = forms.CharField(
        label="Event type",
        max_length=100,
        widget=forms.TextInput({"list": "types", "autocomplete": "off"}),
        help_text="As billing calls it, such as account-updated.",
    )
    kind = forms.ChoiceField(
        label="Touches", required=False,
        choices=[("", "Nothing"), *((kind, _kind(kind)) for kind in KEYS)],
    )  # fmt: skip
    members = forms.CharField(
        label="Members of data that hold its key", required=False, max_length=300,
        help_text="One for each part of the key, in its order, separated by commas; dots lead into another member.",
    )  # fmt: skip
    deleted = forms.BooleanField(label="The event says that the record is gone", required=False)


class AllRules(forms.Form):
    """The tenant's own rules as JSON."""

    overrides = forms.CharField(
        label="The tenant's own rules", max_length=_SHORT, required=False,
        widget=forms.Textarea({"rows": 8, "spellcheck": "false", "class": "mono"}),
        help_text='Event type to kind:member,member, several separated by spaces, :deleted behind one that is gone. An '
        'empty text takes a type away: {"account-closed": "account:accountNumber"}.',
    )  # fmt: skip

    def clean_overrides(self) -> dict[str, str]:
        """The rules as an object."""
        try:
            found = json.loads(self.cleaned_data["overrides"] or "{}")
        except ValueError as error:
            raise forms.ValidationError(f"This is not JSON: {error}.") from error
        if not isinstance(found, dict):
            raise forms.ValidationError("This is not a JSON object, {...}.")
        return found


@instance_page(Role.ADMINISTRATOR)
def edit_rules(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Change what event types touch: tried on the events heard last before it is saved."""
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    kept = dict(tenant.event_overrides)
    act = request.POST.get("act", "")
    one = OneRule(request.POST if act == "one" else None, initial={"type": request.GET.get("type", "")})
    whole = AllRules(
        request.POST if act in {"try", "save"} else None, initial={"overrides": json.dumps(kept, indent=2)}
    )
    trial, preview = _tried(one, whole, kept, act), None
    if trial is not None:
        if act == "save":
            return _save_rules(request, door, instance, trial)
        whole = AllRules(initial={"overrides": json.dumps(trial, indent=2)})
        preview = event_rules.heard(door, kept, trial)
    shown = {
        "one": one, "all": whole, "trial": trial, "preview": preview, "types": event_rules.TYPES,
        "differences": changed(kept, trial) if trial is not None else {},
        "touched": [each for each in preview or [] if each.changes],
    }  # fmt: skip
    return render(request, "portal/events/rules.html", shown)


def _tried(one: OneRule, whole: AllRules, kept: dict[str, str], act: str) -> dict[str, str] | None:
    """The rules that somebody tries or saves; None where there are none, or none that can be."""
    form: forms.Form = one if act == "one" else whole
    if not form.is_valid():
        return None
    told = form.cleaned_data
    try:
        if act == "one":
            return event_rules.with_rule(kept, told["type"], told["kind"], told["members"], deleted=told["deleted"])
        event_rules.table(told["overrides"])
    except BillingError as error:
        form.add_error(None, f"{error.message} {error.mend}")
        return None
    return dict(told["overrides"])


def _save_rules(request: HttpRequest, door: Door, instance: Instance, made: dict[str, str]) -> HttpResponse:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    detail = changed(tenant.event_overrides, made)
    if detail:
        with audited(request, door, "tenant:events_changed", tenant.name, detail) as who:
            tenants.change_events(door, made, who)
        messages.success(request, "The rules were saved; they hold for the next event.")
    else:
        messages.info(request, "Nothing was changed.")
    return _back(door, instance)


AREA = Area(
    urls=[
        at_instance("events/", page, "events"),
        at_instance("events/keys/add/", add_key, "add_hook_key"),
        at_instance("events/keys/<str:fingerprint>/drop/", drop_key, "drop_hook_key"),
        at_instance("events/rules/", edit_rules, "event_rules"),
    ],
    tabs=[
        Entry(
            "Events",
            "events",
            order=80,
            also=(
                "add_hook_key",
                "drop_hook_key",
                "event_rules",
                "edit_subscription",
                "event_mapping",
                "edit_event_mapping",
            ),
        )
    ],
)
