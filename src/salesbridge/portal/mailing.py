"""Who is told the result of a run by e-mail."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from salesbridge.engine.live.options import TOLD
from salesbridge.store.door import Door
from salesbridge.store.journal import record
from salesbridge.store.models import Instance

_MOST = 50
_WORDS = {"all": "Every result", "errors": "Only when something went wrong", "none": "Nothing"}


class MailForm(forms.Form):
    """Which results are sent, and to whom."""

    told = forms.ChoiceField(
        label="What is sent", choices=[(each, _WORDS[each]) for each in reversed(TOLD)], widget=forms.RadioSelect
    )
    to = forms.CharField(
        label="To", required=False, help_text="E-mail addresses, one a line.",
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip

    def clean_to(self) -> list[str]:
        """The addresses, each once."""
        found = list(dict.fromkeys(each for each in re.split(r"[\s,;]+", self.cleaned_data["to"]) if each))
        if len(found) > _MOST:
            raise ValidationError(f"Enter at most {_MOST} addresses; use a mailing list for more.")
        for each in found:
            try:
                validate_email(each)
            except ValidationError as error:
                raise ValidationError(f"{each} is no e-mail address.") from error
        return found


def known(instance: Instance) -> dict[str, Any]:
    """What is chosen now."""
    return {"told": instance.settings.get("result_mail", "all"), "to": "\n".join(instance.notify_emails)}


def keep(door: Door, instance: Instance, *, told: str, to: list[str], by: str) -> None:
    """Keep what was chosen; inside the transaction of the act."""
    row = door.instances.select_for_update().get(pk=instance.pk)
    row.notify_emails, row.settings = to, {**row.settings, "result_mail": told}
    row.save()
    record(door, "instance:changed", actor=by, subject=row.name, instance_id=row.pk,
           detail={"result_mail": told, "notify_emails": to})  # fmt: skip
