"""The row of an operation: written before each thing that is done, so that it says the truth whenever it is read."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.db import IntegrityError, transaction

from salesbridge.engine.live.points import point
from salesbridge.store.door import Door, Rows
from salesbridge.store.journal import LIVE, raise_problem, record
from salesbridge.store.models import ApiClient, CredentialOperation, Problem
from salesbridge.telemetry import mask

Kind, State = CredentialOperation.Kind, CredentialOperation.State
#: Steps with what people read; in the order in which an addition or a rotation takes them.
STEPS: Final[Mapping[str, str]] = {
    "queued": "Waiting for a worker.",
    "check": "Looking whether it can be done.",
    "look": "Looking which secret Salesforce holds.",
    "setup": "Setting up the external and the named credential in Salesforce.",
    "access": "Deploying the permission set of the callers.",
    "push": "Giving Salesforce the new secret.",
    "verify": "Having Salesforce fetch a token with the new secret.",
    "promote": "Making the new secret the current one.",
    "retire": "The new secret is in use. The old one still works for a moment.",
    "revoke": "Refusing new tokens.",
    "remove": "Removing the credential from Salesforce.",
    "rollback": "Taking back what was done.",
    "finish": "Writing down how it ended.",
}
#: Kinds of the problems that operations raise.
PROBLEMS: Final[Mapping[str, str]] = {
    Kind.ADD: "credential not added",
    Kind.ROTATE: "credential not rotated",
    Kind.REVOKE: "credential not removed",
}
_LONGEST = 1000


class OperationActiveError(RuntimeError):
    """The credential has an operation that has not ended."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"The credential is being worked on ({kind}): wait until that has ended.")


class OperationStoppedError(Exception):
    """The operation was stopped from outside: its credential was revoked."""


@dataclass(frozen=True, slots=True)
class Book:
    """The row of one operation.

    Attributes:
        door: Door of the tenant.
        pk: Id of the operation.
    """

    door: Door
    pk: uuid.UUID

    @property
    def rows(self) -> Rows[CredentialOperation]:
        """The row as a query, with its credential."""
        return self.door.rows(CredentialOperation).filter(pk=self.pk)

    def row(self) -> CredentialOperation:
        """The row as it is now.

        Raises:
            OperationStoppedError: It has been stopped.
        """
        row = self.rows.select_related("client").get()
        if row.state == State.STOPPED:
            raise OperationStoppedError
        return row

    def begin(self, step: str) -> CredentialOperation:
        """A step begins, or begins again after a crash.

        Raises:
            OperationStoppedError: The operation has been stopped.
        """
        point(f"before {step}")
        with transaction.atomic():
            row = self._locked()
            if row.finished_at is None and row.step != step:
                now = datetime.now(UTC)
                row.state, row.step, row.since, row.message = State.RUNNING, step, now, STEPS[step]
                row.code = row.mend = ""
                row.trail = [*row.trail, {"step": step, "at": now.isoformat(), "message": STEPS[step]}]
                row.save()
        return self.row()

    def tell(self, message: str, code: str = "", mend: str = "") -> None:
        """Say how things stand within a step, and what is wrong if something is."""
        told = {"message": _plain(message), "code": code, "mend": _plain(mend)}
        self.rows.filter(finished_at=None).update(**told)

    def note(self, **values: Any) -> None:
        """Keep facts of the operation: ``secret_id``, ``sent_at``, ``pushes``."""
        self.rows.update(**values)

    def made(self, part: str) -> None:
        """Remember a part that was made in Salesforce."""
        with transaction.atomic():
            row = self._locked()
            if part not in row.made:
                row.made = [*row.made, part]
                row.save(update_fields=["made"])

    def end(self, state: str, message: str, code: str = "", mend: str = "") -> None:
        """The operation has ended; a second end changes nothing."""
        with transaction.atomic():
            row = self._locked()
            if row.finished_at is not None:
                return
            now = datetime.now(UTC)
            row.state, row.finished_at, row.message = state, now, _plain(message)
            row.code, row.mend = code, _plain(mend)
            row.trail = [*row.trail, {"step": row.step, "at": now.isoformat(), "message": row.message}]
            row.save()
            self._tell_people(row)

    def _tell_people(self, row: CredentialOperation) -> None:
        client = row.client
        told = {"operation": row.kind, "client_id": client.client_id, "message": row.message}
        ended = {State.DONE: "finished", State.FAILED: "failed"}.get(State(row.state), "stopped")
        record(self.door, f"credential:{row.kind}_{ended}", actor=row.by, subject=client.name,
               instance_id=client.instance_id, detail=told)  # fmt: skip
        if row.state == State.FAILED:
            raise_problem(
                self.door, PROBLEMS[row.kind], f"{client.name}: {row.message}", instance_id=client.instance_id,
                key=client.name, cause=row.code, mend=row.mend,
            )  # fmt: skip
        else:
            solve(self.door, client)

    def _locked(self) -> CredentialOperation:
        row = self.rows.select_related("client").select_for_update(of=("self",)).get()
        if row.state == State.STOPPED:
            raise OperationStoppedError
        return row


def solve(door: Door, client: ApiClient) -> None:
    """An operation has ended well: what failed before is mended."""
    kinds = list(PROBLEMS.values())
    open_ones = door.problems.filter(instance=client.instance_id, kind__in=kinds, key=client.name, state__in=LIVE)
    open_ones.update(state=Problem.State.SOLVED)


def open_operation(door: Door, client: ApiClient, kind: str, by: str, **options: Any) -> CredentialOperation:
    """Write an operation down, inside the transaction that also enqueues its work.

    Raises:
        OperationActiveError: The credential has one that has not ended.
    """
    message = STEPS["queued"]
    row = door.rows(CredentialOperation).new(client=client, kind=kind, by=by, message=message, options=options)
    row.step = "queued"
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "one_active_credential_work" not in str(error):
            raise
        raise OperationActiveError(_active(door, client)) from error
    record(door, f"credential:{kind}_started", actor=by, subject=client.name, instance_id=client.instance_id,
           detail={"client_id": client.client_id})  # fmt: skip
    return row


def stop_active(door: Door, client: ApiClient, why: str) -> None:
    """End whatever is under way for a credential; its worker notices at its next step."""
    active = door.rows(CredentialOperation).filter(client=client, finished_at=None)
    active.update(state=State.STOPPED, finished_at=datetime.now(UTC), message=why, code="", mend="")


def _active(door: Door, client: ApiClient) -> str:
    row = door.rows(CredentialOperation).filter(client=client, finished_at=None).first()
    return row.kind if row else "an operation"


def _plain(text: str) -> str:
    text = mask(text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
