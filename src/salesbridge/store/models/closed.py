"""Why ``Model.objects`` does not open: rows of tenants come through the door only."""
# ruff: noqa: D106 - Meta is Django's own word

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from django.db import models

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

M_co = TypeVar("M_co", bound=models.Model, covariant=True)


class OutsideTheDoor(RuntimeError):  # noqa: N818 - names the act, as DoesNotExist does
    """A row was reached, changed or moved without saying whose it is.

    Use ``Door(tenant_id)``, or ``Door.operator(reason=...)`` for the few needs across tenants.
    """


class ClosedManager(models.Manager[M_co]):
    """A default manager that refuses every query.

    Reverse accessors (``tenant.run_set``) inherit from it, so they refuse too. Django's own base
    manager stays open: saving, refreshing and following a foreign key start from a row in hand.
    """

    def get_queryset(self) -> models.QuerySet[M_co]:
        """Refuse.

        Raises:
            OutsideTheDoor: Always.
        """
        raise OutsideTheDoor(
            f"{self.model.__name__} rows are reached through salesbridge.store.door.Door(tenant_id), "
            "or through Door.operator(reason=...) for the few needs across tenants."
        )


class Closed(models.Model):
    """A table whose rows are made and found by a door only."""

    objects: ClassVar[ClosedManager[Self]] = ClosedManager()

    class Meta:
        abstract = True


class Owned(Closed):
    """A row of one tenant: it enters through a door and never changes hands.

    Attributes:
        entered_for: Tenant of the door that made or found this row; None if there was no door, or
            if the tenant was left out by ``only()``: such a row can be read but not saved.
        unguarded: Foreign keys that the database does not hold to the tenant, so a query does.
    """

    tenant = models.ForeignKey("store.Tenant", on_delete=models.CASCADE, related_name="+")

    entered_for: uuid.UUID | None = None
    unguarded: ClassVar[tuple[str, ...]] = ()

    class Meta(Closed.Meta):
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **kwargs: Any) -> Self:
        """Build the row that a query found, remembering whose it is."""
        row = super().from_db(db, field_names, values, **kwargs)
        row.entered_for = row.__dict__.get("tenant_id")  # asking for a deferred one would be a query a row
        return row

    def save(self, *args: Any, **kwargs: Any) -> None:  # noqa: DJ012 - from_db is Django's too
        """Write the row.

        Raises:
            OutsideTheDoor: If it was not made or found by a door, or if its tenant was changed.
        """
        self.stay_home()
        self.ask_for_pointers()
        super().save(*args, **kwargs)

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:  # noqa: FBT001, FBT002 - Django's signature
        """Delete the row and what hangs on it.

        Raises:
            OutsideTheDoor: If it was not made or found by a door, or if its tenant was changed.
        """
        self.stay_home()
        return super().delete(using=using, keep_parents=keep_parents)

    def stay_home(self) -> None:
        """Check that this row and the rows it points at are one tenant's.

        Raises:
            OutsideTheDoor: If not.
        """
        if self.entered_for is None or self.tenant_id != self.entered_for:
            raise OutsideTheDoor(
                f"This {type(self).__name__} was not made by a door of its tenant: use Door(tenant_id)."
            )
        for other in self._loaded_relations():
            if other.tenant_id != self.tenant_id:
                raise OutsideTheDoor(
                    f"This {type(self).__name__} points at a {type(other).__name__} of another tenant."
                )

    def unguarded_pointers(self) -> tuple[Any, ...]:
        """Return what the foreign keys hold that the database does not guard."""
        return tuple(getattr(self, f"{name}_id") for name in self.unguarded)

    def ask_for_pointers(self) -> None:
        """Ask the database whether unguarded foreign keys lead to rows of this tenant.

        Raises:
            OutsideTheDoor: If one does not.
        """
        for name, key in zip(self.unguarded, self.unguarded_pointers(), strict=True):
            rows: models.QuerySet[Any] = models.QuerySet(self._meta.get_field(name).related_model)
            if key is not None and not rows.filter(pk=key, tenant_id=self.tenant_id).exists():
                raise OutsideTheDoor(f"The {name} of this {type(self).__name__} is not this tenant's.")

    def _loaded_relations(self) -> Sequence[Owned]:
        """Rows in hand that this one points at; ids without rows are checked by the database."""
        return [row for row in self._state.fields_cache.values() if isinstance(row, Owned)]


class Row(Owned):
    """An owned row with an id of its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta(Owned.Meta):
        abstract = True


def of_same_tenant(to: str, **options: Any) -> Any:
    """Return a foreign key whose constraint is written by hand in the migration.

    Args:
        to: Model pointed at, such as ``"store.Run"``.
        options: Further options of the field.

    The constraint there spans ``(tenant, id)``, so that not even SQL can point at another tenant's
    row; Django's own, on the id alone, would be checked beside it for nothing.
    """
    options.setdefault("on_delete", models.CASCADE)
    return models.ForeignKey(to, db_constraint=False, **options)
