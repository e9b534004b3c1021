"""Beginning a run: numbered, and never two at once for an instance."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import Max

if TYPE_CHECKING:
    from salesbridge.store.door import Door
    from salesbridge.store.models import Run


class RunActive(RuntimeError):  # noqa: N818 - names the state, as the message does
    """The instance has a run that has not finished.

    Attributes:
        run_id: That run, None if it finished while we looked.
    """

    def __init__(self, run_id: uuid.UUID | None) -> None:
        super().__init__("A run of this instance has not finished yet: wait for it, or cancel it.")
        self.run_id = run_id


def begin_run(
    door: Door,
    instance_id: uuid.UUID,
    *,
    state: str,
    started_by: str,
    run_id: uuid.UUID | None = None,
    **values: Any,
) -> Run:
    """Make the next run of an instance.

    Args:
        door: Door of the instance's tenant.
        instance_id: The instance.
        state: State the run begins in.
        started_by: Who asked for it.
        run_id: Id to give it; makes a repeated call harmless, because the run that has it is returned.
        values: Further fields of the run.

    Returns:
        The run, numbered one above the instance's last.

    Raises:
        RunActive: If the instance has a run without ``finished_at``.
        Instance.DoesNotExist: If the tenant has no such instance.
    """
    with transaction.atomic():
        # numbers are given out one at a time an instance
        instance = door.instances.select_for_update().get(pk=instance_id)
        runs = door.runs.filter(instance=instance)
        if run_id is not None and (known := runs.filter(pk=run_id).first()):
            return known
        last = runs.aggregate(last=Max("number"))["last"] or 0
        run = door.runs.new(
            id=run_id or uuid.uuid4(),
            instance=instance,
            number=last + 1,
            state=state,
            started_by=started_by,
            **values,
        )
        try:
            with transaction.atomic():
                run.save(force_insert=True)
        except IntegrityError as error:
            if "one_active_run" not in str(error):
                raise
            active = runs.filter(finished_at=None).values_list("pk", flat=True).first()
            raise RunActive(active) from error
        return run
