"""Rejected rows in bulk, and their causes counted."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Count, Max

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from salesbridge.store.door import Door

_COPY = """
COPY store_rowerror
    (id, tenant_id, run_id, stage_id, entity, wave, source, resolved,
     key, code, fields, message, mend, row)
FROM STDIN
"""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that was refused, by us or by the other side.

    Attributes:
        key: Billing key, or the record's position if it is too broken to have one.
        code: Kind of cause, stable enough to group by.
        message: What the refusing side said.
        mend: What a person can do.
        fields: Fields concerned.
        row: The record as JSON text.
    """

    key: str
    code: str
    message: str = ""
    mend: str = ""
    fields: tuple[str, ...] = field(default=())
    row: str = "{}"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why rows of an entity were refused, and how many.

    Attributes:
        message: One of the messages, as an example.
        mend: What a person can do.
    """

    entity: str
    code: str
    count: int
    message: str
    mend: str


def write_row_errors(
    door: Door, stage_id: uuid.UUID, rows: Iterable[Rejected], *, wave: int = 0, source: str = ""
) -> int:
    """Write the rejected rows of one step of a stage, replacing what that step wrote before.

    Replacing makes the step repeatable without losing two refusals of one key.

    Args:
        door: Door of the stage's tenant.
        stage_id: Stage in which they were refused.
        rows: The rejected rows.
        wave: Wave in which they were refused.
        source: Name of the step within stage and wave, such as ``"part 3"``.

    Returns:
        How many rows were written.

    Raises:
        Stage.DoesNotExist: If the tenant has no such stage.
    """
    stage = door.stages.get(pk=stage_id)
    common = (str(door.tenant_id), str(stage.run_id), str(stage.pk), stage.entity, wave, source, False)
    written = 0
    with transaction.atomic(), connection.cursor() as cursor:
        door.row_errors.filter(stage=stage, wave=wave, source=source).delete()
        with cursor.copy(_COPY) as copy:
            for row in rows:
                copy.write_row((
                    str(uuid.uuid4()), *common,
                    row.key, row.code, _array(row.fields), row.message, row.mend, row.row,
                ))  # fmt: skip
                written += 1
    return written


def causes(door: Door, run_id: uuid.UUID, *, resolved: bool = False) -> list[Cause]:
    """Return why rows of a run were refused, the most frequent cause first.

    Args:
        door: Door of the run's tenant.
        run_id: The run.
        resolved: Whether to count the rows that a later wave carried, or those still refused.
    """
    grouped = (
        door.row_errors.filter(run_id=run_id, resolved=resolved)
        .values("entity", "code")
        .annotate(rows=Count("pk"), example=Max("message"), hint=Max("mend"))
        .order_by("-rows", "entity", "code")
    )
    return [Cause(each["entity"], each["code"], each["rows"], each["example"], each["hint"]) for each in grouped]


def resolve(door: Door, stage_id: uuid.UUID, keys: Sequence[str], *, before_wave: int) -> int:
    """Mark the refusals of keys that a later wave has carried.

    Args:
        door: Door of the stage's tenant.
        stage_id: Stage of the rows.
        keys: Keys that went through.
        before_wave: The wave that carried them; refusals in earlier waves are resolved.

    Returns:
        How many refusals were marked.
    """
    rows = door.row_errors.filter(stage_id=stage_id, wave__lt=before_wave, key__in=list(keys), resolved=False)
    return rows.update(resolved=True)


@lru_cache(maxsize=1024)
def _array(values: tuple[str, ...]) -> str:
    """PostgreSQL's notation of an array of texts; few combinations occur, so each is made once."""
    escaped = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in escaped) + "}"
