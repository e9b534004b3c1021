"""Named credentials as the portal shows them: which there are, what is being done to them, who called with them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms

from salesbridge.engine import credentials
from salesbridge.engine.credentials.book import STEPS
from salesbridge.engine.credentials.places import DEFAULT_NAME, LONGEST
from salesbridge.portal.standing import State
from salesbridge.settings import settings
from salesbridge.store.door import Door
from salesbridge.store.models import ApiClient, CredentialOperation, Instance

_STATES: Mapping[str, State] = {
    CredentialOperation.State.QUEUED: State("Waiting", "wait", "It waits for a worker."),
    CredentialOperation.State.RUNNING: State("Under way", "busy"),
    CredentialOperation.State.DONE: State("Done", "ok"),
    CredentialOperation.State.FAILED: State("Failed", "bad"),
    CredentialOperation.State.STOPPED: State("Ended", "idle", "It ended because the credential was revoked."),
}
_KINDS: Mapping[str, str] = {"add": "Add", "rotate": "Rotate", "revoke": "Revoke", "cut_off": "Cut off"}
#: What is left of a revoked credential on the page.
_REVOKED_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Line:
    """A named credential with what was done to it last.

    Attributes:
        client: The credential.
        secrets: Its secrets that are accepted, latest first.
        last_used_at: When it last got a token.
        operation: What is under way, or was done last.
    """

    client: ApiClient
    secrets: tuple[credentials.SecretStatus, ...]
    last_used_at: datetime | None
    operation: CredentialOperation | None

    @property
    def active(self) -> bool:
        """Whether it may ask for tokens."""
        return self.client.state == ApiClient.State.ACTIVE

    @property
    def busy(self) -> bool:
        """Whether something is under way."""
        return self.operation is not None and self.operation.finished_at is None

    @property
    def state(self) -> State:
        """How it stands."""
        if not self.active:
            return State("Revoked", "idle", "It gets no new access tokens.")
        if self.busy and self.operation is not None:
            return State(f"{_KINDS[self.operation.kind]}: under way", "busy", STEPS.get(self.operation.step, ""))
        if self.operation is not None and self.operation.state == CredentialOperation.State.FAILED:
            return State(f"{_KINDS[self.operation.kind]} failed", "bad", self.operation.message)
        return State("Active", "ok", "Salesforce gets access tokens with it.")


@dataclass(frozen=True, slots=True)
class Told:
    """An operation as the page tells it.

    Attributes:
        row: The operation.
        what: What was done.
        state: How it stands.
        trail: Its steps so far: sentence, moment, message.
    """

    row: CredentialOperation
    what: str
    state: State
    trail: tuple[tuple[str, datetime, str], ...]


def shown(door: Door, instance: Instance) -> dict[str, Any]:
    """The section of *Salesforce Basic Information*; three queries, however many credentials there are."""
    lines = _lines(door, instance)
    active = [line for line in lines if line.active]
    revoked = [line for line in lines if not line.active]
    return {
        "credentials": active, "revoked_credentials": revoked[:_REVOKED_SHOWN],
        "credentials_busy": any(line.busy for line in lines), "token_minutes": settings().token_life_s // 60,
    }  # fmt: skip


def _lines(door: Door, instance: Instance) -> list[Line]:
    found = credentials.status(door, instance)
    ids = [each.client.pk for each in found]
    rows = door.rows(CredentialOperation).filter(client_id__in=ids).order_by("client", "-created_at")
    latest: dict[uuid.UUID, CredentialOperation] = {}
    for row in rows.defer("trail", "options", "made"):
        known = latest.setdefault(row.client_id, row)
        if row.finished_at is None and known.finished_at is not None:
            latest[row.client_id] = row
    return [Line(each.client, each.secrets, each.last_used_at, latest.get(each.client.pk)) for each in found]


def told(rows: Iterable[CredentialOperation]) -> list[Told]:
    """Operations for the page, in the order they come in."""
    return [_told(row) for row in rows]


def _told(row: CredentialOperation) -> Told:
    trail = tuple(
        (STEPS.get(each["step"], each["step"]), datetime.fromisoformat(each["at"]), each.get("message", ""))
        for each in row.trail
    )
    return Told(row, _KINDS[row.kind], _STATES[CredentialOperation.State(row.state)], trail)


class AddForm(forms.Form):
    """A new named credential."""

    name = forms.CharField(
        label="Name", max_length=LONGEST, initial=DEFAULT_NAME,
        help_text="Its name in Salesforce too: letters, digits and single underscores. Apex calls it as callout:Name.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    scope = forms.ChoiceField(
        label="What it may do", initial="write", widget=forms.RadioSelect,
        choices=[("write", "Read and write through Gentrack APIs"), ("read", "Read only")],
    )  # fmt: skip
    users = forms.CharField(
        label="Who may call", required=False,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text="Usernames in the org, one a line, that get its permission set. It can be assigned in Setup later.",
    )  # fmt: skip

    def scopes(self) -> tuple[str, ...]:
        """Scopes of what was chosen."""
        return credentials.SCOPES if self.cleaned_data["scope"] == "write" else credentials.SCOPES[:1]

    def usernames(self) -> tuple[str, ...]:
        """Usernames that were entered."""
        return tuple(self.cleaned_data["users"].split())


class RotateForm(forms.Form):
    """An exchange of the secret."""

    grace = forms.FloatField(
        label="Seconds for which the old secret still works afterwards", initial=30, min_value=0, max_value=86_400,
        help_text="Salesforce was seen to use the new one by then. Choose 0 when the old secret is compromised.",
    )  # fmt: skip
