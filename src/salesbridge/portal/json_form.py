"""A form for an object of JSON."""

from __future__ import annotations

import json
from typing import Any

from django import forms

_LONG = 100_000  # characters of overrides: more is none


class JsonForm(forms.Form):
    """An object of JSON."""

    text = forms.CharField(
        label="Overrides", required=False, max_length=_LONG,
        widget=forms.Textarea({"rows": 16, "spellcheck": "false", "class": "mono"}),
    )  # fmt: skip

    def clean_text(self) -> dict[str, Any]:
        """The object."""
        try:
            found = json.loads(self.cleaned_data["text"] or "{}")
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(f"This is not JSON: {error}.") from error
        if not isinstance(found, dict):
            raise forms.ValidationError("This is not a JSON object, {...}.")
        return found
