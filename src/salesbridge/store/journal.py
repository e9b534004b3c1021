"""What happened, and what a person must see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from salesbridge.store.models import Problem

if TYPE_CHECKING:
    import uuid

    from salesbridge.store.door import Door
    from salesbridge.store.models import Activity

_TITLE = 300  # characters of a problem's title
LIVE = (Problem.State.OPEN, Problem.State.RETRYING)
"""States of a problem that still needs somebody."""


def record(
    door: Door,
    tag: str,
    *,
    actor: str,
    subject: str = "",
    instance_id: uuid.UUID | None = None,
    detail: dict[str, Any] | None = None,
) -> Activity:
    """Write down what happened, for ever.

    Args:
        door: Door of the tenant.
        tag: ``subject:action``, such as ``run:started``.
        actor: Who did it.
        subject: Which one, such as ``run 7``.
        instance_id: Instance concerned, if one is.
        detail: Facts worth keeping, never a secret.

    Raises:
        OutsideTheDoor: If the instance is another tenant's.
        django.db.IntegrityError: If the tag is not of that form.
    """
    return door.activities.create(tag=tag, actor=actor, subject=subject, instance_id=instance_id, detail=detail or {})


def raise_problem(
    door: Door,
    kind: str,
    title: str,
    *,
    instance_id: uuid.UUID | None = None,
    entity: str = "",
    key: str = "",
    **values: Any,
) -> Problem:
    """Put a problem before people, or count it up if it is there and still live.

    Args:
        door: Door of the tenant.
        kind: What sort of problem; with instance, entity and key it tells one from another.
        title: One sentence.
        instance_id: Instance concerned, if one is.
        entity: Entity concerned.
        key: Key of the record concerned.
        values: Further fields: ``cause``, ``mend``, ``run_id``.
    """
    title = title if len(title) <= _TITLE else title[: _TITLE - 3] + "..."
    same = {"kind": kind, "instance_id": instance_id, "entity": entity, "key": key}
    with transaction.atomic():
        problem, new = door.problems.get_or_create(
            **same, state__in=LIVE, defaults={"title": title, "state": Problem.State.OPEN, **values}
        )
        if not new:
            seen = door.problems.filter(pk=problem.pk)
            seen.update(title=title, count=F("count") + 1, last_at=Now(), **{"state": Problem.State.OPEN, **values})
            problem.refresh_from_db()
    return problem
