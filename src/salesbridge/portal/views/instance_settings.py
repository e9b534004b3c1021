"""Settings of an instance: each with what it means, its unit and its default; changing one is asked for twice."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from salesbridge.engine.instances import SetupRefusedError
from salesbridge.engine.live import options
from salesbridge.engine.live.options import OPTIONS, Option
from salesbridge.portal.access import instance_page
from salesbridge.portal.acting import audited
from salesbridge.portal.areas import Area, Entry, at_instance
from salesbridge.portal.roles import Role
from salesbridge.store.door import Door
from salesbridge.store.models import Instance


@instance_page(Role.VIEWER)
def page(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:  # noqa: ARG001 - the instance has them
    """All settings as they are."""
    lines = [_line(name, option, instance) for name, option in OPTIONS.items()]
    return render(request, "portal/instance_settings/page.html", {"lines": lines})


def _line(name: str, option: Option, instance: Instance) -> dict[str, Any]:
    own = name in instance.settings
    return {
        "name": name,
        "option": option,
        "own": own,
        "value": _told(instance.settings[name]) if own else option.default,
    }


def _told(value: Any) -> str:
    """A kept value as people enter it."""
    return "never" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


class Setting(forms.Form):
    """One setting; what it may be is told by the engine."""

    def __init__(self, name: str, option: Option, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.setting = name
        known: dict[str, Any] = {"label": name, "help_text": option.help, "max_length": 200}
        if option.choices:
            known.pop("max_length")
            self.fields["value"] = forms.ChoiceField(choices=[(each, each) for each in option.choices], **known)
        else:
            self.fields["value"] = forms.CharField(widget=forms.TextInput({"autocomplete": "off"}), **known)
        if option.warning:
            self.fields["understood"] = forms.BooleanField(label="I know what this does", help_text=option.warning)

    def clean_value(self) -> str:
        """The value, once the engine can read it."""
        try:
            options.read(self.setting, self.cleaned_data["value"].strip())
        except SetupRefusedError as error:
            raise forms.ValidationError(str(error)) from error
        return str(self.cleaned_data["value"]).strip()


@instance_page(Role.ADMINISTRATOR, confirm=True)
def change(request: HttpRequest, door: Door, instance: Instance, setting: str) -> HttpResponse:
    """Change one setting, or take it back to its default."""
    option = OPTIONS.get(setting)
    if option is None:
        raise Http404
    line = _line(setting, option, instance)
    if request.POST.get("act") == "default":
        return _keep(request, door, instance, setting, None)
    form = Setting(setting, option, request.POST or None, initial={"value": line["value"] if line["own"] else ""})
    if form.is_valid():
        return _keep(request, door, instance, setting, form.cleaned_data["value"])
    return render(request, "portal/instance_settings/change.html", {"form": form, **line})


def _keep(request: HttpRequest, door: Door, instance: Instance, name: str, text: str | None) -> HttpResponse:
    before = instance.settings.get(name)
    after = None if text is None else options.read(name, text)
    detail = {"instance": instance.name, "before": before, "after": after, "default": text is None}
    with audited(request, door, "setting:changed", name, detail) as who:
        options.change(door, instance, name, text, who)
    told = "its default" if text is None else _told(after)
    messages.success(request, f"{name} is {told} now.")
    return redirect("instance_settings", tenant=door.tenant_id, instance=instance.pk)


AREA = Area(
    urls=[
        at_instance("settings/", page, "instance_settings"),
        at_instance("settings/<str:setting>/", change, "change_setting"),
    ],
    tabs=[Entry("Settings", "instance_settings", order=90, also=("change_setting",))],
)
