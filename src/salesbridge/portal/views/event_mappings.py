"""Which events of billing appear in Salesforce, and how: subscriptions, and each mapping as a form or as JSON."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from salesbridge.engine.live.site import Site
from salesbridge.engine.surface import outbox, subscribing
from salesbridge.engine.surface.preview import Preview, preview
from salesbridge.portal import event_subscriptions
from salesbridge.portal.access import instance_page
from salesbridge.portal.acting import audited, changed
from salesbridge.portal.areas import Area, at_instance
from salesbridge.portal.roles import Role
from salesbridge.store.door import Door
from salesbridge.store.models import Instance
from salesbridge.sync.event_mapping import (
    LITERAL_LENGTH,
    MEMBERS,
    MOST_ATTRIBUTES,
    PATH_LENGTH,
    EventMapping,
    MappingError,
    parse,
    read,
)
from salesbridge.sync.subscriptions import checked_type

_LONGEST = 60_000  # characters of a mapping as JSON
_HELP = {
    "eventType": "What sort of thing happened. Your flows look at it.",
    "eventSubtype": "What happened to it.",
    "eventContext": "What External Context Id is a number of.",
    "externalContextId": "JSON path to the number of what it happened to; $ is the event's data: $.identifier",
    "externalReference": "JSON path to a further number, such as $.accountNumber",
}
_OPTIONAL = frozenset({"eventSubtype", "eventContext", "externalReference"})
_MONO = {"spellcheck": "false", "class": "mono", "autocomplete": "off"}


def _back(door: Door, instance: Instance) -> HttpResponse:
    return redirect("events", tenant=door.tenant_id, instance=instance.pk)


class Chosen(forms.Form):
    """Which events are subscribed."""

    types = forms.MultipleChoiceField(
        label="Subscribed events", required=False, widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    other = forms.CharField(
        label="Other events", required=False, max_length=1000,
        widget=forms.TextInput(_MONO),
        help_text="Event types as billing writes them, separated by spaces. They need a mapping before they appear.",
    )  # fmt: skip

    def __init__(self, lines: list[event_subscriptions.Line], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(line.type, line.type if line.mapping else f"{line.type} (without a mapping)") for line in lines]
        self.fields["types"].choices = choices  # type: ignore[attr-defined]

    def clean_other(self) -> list[str]:
        """The other events, once each is an event type."""
        try:
            return [checked_type(name) for name in self.cleaned_data["other"].split()]
        except MappingError as error:
            raise forms.ValidationError(str(error)) from error


@instance_page(Role.ADMINISTRATOR)
def edit_subscription(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Choose the events that appear in Salesforce."""
    lines = event_subscriptions.lines(door, instance, every=True)
    before = {line.type for line in lines if line.subscribed}
    form = Chosen(lines, request.POST or None, initial={"types": sorted(before)})
    if request.method != "POST" or not form.is_valid():
        held = {line.type: line.held + line.waiting for line in lines if line.held or line.waiting}
        return render(request, "portal/events/subscription.html", {"form": form, "held": held})
    after = {*form.cleaned_data["types"], *form.cleaned_data["other"]}
    if after == before:
        messages.info(request, "Nothing was changed.")
        return _back(door, instance)
    detail = {"subscribed": sorted(after - before), "unsubscribed": sorted(before - after)}
    with audited(request, door, "event:subscription_changed", instance.name, detail) as who:
        subscribing.choose(door, instance, frozenset(after), who)
    messages.success(request, "The subscription was saved. It holds for the next event.")
    return _back(door, instance)


class Written(forms.Form):
    """A mapping in its JSON form."""

    mapping = forms.CharField(
        label="Event mapping", max_length=_LONGEST,
        widget=forms.Textarea({"rows": 18, **_MONO}),
        help_text="For copying from one connector to another. $ is the event's data.",
    )  # fmt: skip


class Filled(forms.Form):
    """A mapping as fields.

    Args:
        rows: Lines for attributes.
    """

    def __init__(self, rows: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows
        for name, label in MEMBERS.items():
            if name != "attributes":
                length = PATH_LENGTH if name.startswith("external") else LITERAL_LENGTH
                self.fields[name] = forms.CharField(
                    label=label, max_length=length, required=name not in _OPTIONAL, help_text=_HELP[name],
                    widget=forms.TextInput(_MONO if name.startswith("external") else {"autocomplete": "off"}),
                )  # fmt: skip
        for number in range(rows):
            self._attribute(number)

    def _attribute(self, number: int) -> None:
        for part, label, length in (("name", "name", LITERAL_LENGTH), ("value", "JSON path", PATH_LENGTH)):
            self.fields[f"{part}_{number}"] = forms.CharField(
                label=f"Attribute {number + 1}: {label}", required=False, max_length=length,
                widget=forms.TextInput(_MONO),
            )  # fmt: skip

    @property
    def members(self) -> list[forms.BoundField]:
        """The fields besides the attributes."""
        return [self[name] for name in MEMBERS if name != "attributes"]

    @property
    def attributes(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Name and path of each attribute."""
        return [(self[f"name_{number}"], self[f"value_{number}"]) for number in range(self.rows)]


@instance_page(Role.VIEWER)
def show_mapping(request: HttpRequest, door: Door, instance: Instance, event: str) -> HttpResponse:
    """The mapping of an event, with what it makes of the event that was heard last."""
    kept = outbox.subscriptions(instance)
    mapping = kept.mapping(_known(event))
    shown = {
        "event": event, "mapping": mapping, "own": event in kept.own, "subscribed": event in kept.types,
        "json": _json(mapping), "preview": _preview(door, instance, event, mapping),
    }  # fmt: skip
    return render(request, "portal/events/mapping.html", shown)


@instance_page(Role.ADMINISTRATOR)
def edit_mapping(request: HttpRequest, door: Door, instance: Instance, event: str) -> HttpResponse:
    """Change the mapping of an event: tried on a real event before it is saved."""
    kept = outbox.subscriptions(instance)
    now, act = kept.mapping(_known(event)), request.POST.get("act", "")
    if act == "default" and event in kept.own:
        return _save(request, door, instance, event, None)
    as_json = (request.POST.get("view") or request.GET.get("view")) == "json"
    form = _form(request, now, as_json=as_json)
    tried = _tried(form) if request.method == "POST" and act != "more" else None
    if tried is not None and act == "save":
        return _save(request, door, instance, event, tried)
    shown = {
        "event": event, "form": form, "as_json": as_json, "own": event in kept.own, "tried": tried is not None,
        "preview": _preview(door, instance, event, tried or now),
    }  # fmt: skip
    return render(request, "portal/events/edit_mapping.html", shown)


def _known(event: str) -> str:
    try:
        return checked_type(event)
    except MappingError as error:
        raise Http404 from error


def _json(mapping: EventMapping | None) -> str:
    form = mapping.form() if mapping is not None else dict.fromkeys(MEMBERS, "") | {"attributes": []}
    return json.dumps(form, indent=2, ensure_ascii=False)


def _form(request: HttpRequest, now: EventMapping | None, *, as_json: bool) -> Written | Filled:
    if as_json:
        return Written(request.POST or None, initial={"mapping": _json(now)})
    rows = (len(now.attributes) if now is not None else 0) + event_subscriptions.SPARE
    if request.method != "POST":
        return Filled(min(rows, MOST_ATTRIBUTES), initial=event_subscriptions.filled(now))
    sent = sum(1 for name in request.POST if name.startswith("name_"))
    if request.POST.get("act") != "more":
        return Filled(min(sent, MOST_ATTRIBUTES), request.POST)
    # more lines are asked for: what is filled in so far stays, and is not judged yet
    return Filled(min(sent + event_subscriptions.SPARE, MOST_ATTRIBUTES), initial=request.POST.dict())


def _tried(form: Written | Filled) -> EventMapping | None:
    """The mapping that somebody entered; None where it cannot be, which the form then tells."""
    if not form.is_valid():
        return None
    try:
        if isinstance(form, Written):
            return read(form.cleaned_data["mapping"])
        return parse(event_subscriptions.entered(form.cleaned_data, form.rows))
    except MappingError as error:
        for member, sentence in error.faults:
            form.add_error(member if member in form.fields else None, sentence)
        return None


def _preview(door: Door, instance: Instance, event: str, mapping: EventMapping | None) -> Preview:
    return preview(Site(door, instance, door.tenant), event, mapping)


def _save(
    request: HttpRequest, door: Door, instance: Instance, event: str, mapping: EventMapping | None
) -> HttpResponse:
    before = outbox.subscriptions(instance)
    detail: dict[str, Any] = {"instance": instance.name}
    with audited(request, door, "event:mapping_changed", event, detail) as who:
        after = subscribing.give(door, instance, event, mapping, who)
        then, now = (kept.mapping(event) for kept in (before, after))
        detail.update(changed(then.form() if then else {}, now.form() if now else {}))
    words = "is the default again" if mapping is None else "was saved; it holds for the next event"
    messages.success(request, f"The mapping of {event} {words}.")
    if event not in after.types:
        messages.info(request, f"{event} is not subscribed yet: its events do not appear in Salesforce.")
    return _back(door, instance)


AREA = Area(
    urls=[
        at_instance("events/subscription/", edit_subscription, "edit_subscription"),
        at_instance("events/mappings/<str:event>/", show_mapping, "event_mapping"),
        at_instance("events/mappings/<str:event>/edit/", edit_mapping, "edit_event_mapping"),
    ],
)
