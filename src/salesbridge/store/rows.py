"""Query sets that know whose rows they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

from django.db.models import QuerySet

from salesbridge.store.models import OutsideTheDoor, Owned

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Iterable, Mapping

O_co = TypeVar("O_co", bound=Owned, covariant=True)


class Rows(QuerySet[O_co, O_co]):
    """The rows of one tenant: filtered when read, stamped when made.

    Attributes:
        tenant_id: Whose rows they are; None for the operator, who reads and changes but makes none.
    """

    tenant_id: uuid.UUID | None = None

    @classmethod
    def of(cls, model: type[O_co], tenant_id: uuid.UUID) -> Self:
        """Return the rows of a tenant in a table."""
        rows = cls(model)
        rows.tenant_id = tenant_id
        return rows.filter(tenant_id=tenant_id)

    def _clone(self) -> Self:
        clone = super()._clone()  # type: ignore[misc]
        clone.tenant_id = self.tenant_id
        return clone  # type: ignore[no-any-return]

    def new(self, **values: Any) -> O_co:
        """Return an unsaved row of this tenant.

        Raises:
            OutsideTheDoor: If the values name another tenant.
        """
        row: O_co = self.model(**values)
        self._stamp(row)
        return row

    def create(self, **values: Any) -> O_co:
        """Make and save a row of this tenant.

        Raises:
            OutsideTheDoor: If the values name another tenant, or a row of another tenant.
        """
        row = self.new(**values)
        row.save(force_insert=True, using=self.db)
        return row

    def get_or_create(self, defaults: Mapping[str, Any] | None = None, **kwargs: Any) -> tuple[O_co, bool]:
        """Find a row of this tenant, or make it."""
        self._own(kwargs)
        return super().get_or_create(defaults=defaults, **kwargs)

    def bulk_create(self, objs: Iterable[O_co], *args: Any, **kwargs: Any) -> list[O_co]:
        """Save many rows, each stamped with this tenant."""
        rows = list(objs)
        for row in rows:
            self._stamp(row)
            row.stay_home()
        for row in {row.unguarded_pointers(): row for row in rows}.values():
            row.ask_for_pointers()
        if kwargs.get("update_conflicts"):
            raise OutsideTheDoor("A conflict may be with another tenant's row: find it first, then save it.")
        return super().bulk_create(rows, *args, **kwargs)

    def bulk_update(self, objs: Iterable[O_co], fields: Iterable[str], *args: Any, **kwargs: Any) -> int:
        """Save some fields of many rows of this tenant."""
        rows = list(objs)
        for row in rows:
            row.stay_home()
        names = set(fields)
        self._keep_owner(names)
        return super().bulk_update(rows, names, *args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        """Change the rows; whose they are cannot be changed."""
        self._keep_owner(kwargs.keys())
        self._refuse_strangers(kwargs)
        return super().update(**kwargs)

    def raw(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse: nobody filters the SQL of others.

        Raises:
            OutsideTheDoor: Always.
        """
        raise OutsideTheDoor("SQL of your own belongs into salesbridge.store, with the tenant in its WHERE.")

    def _stamp(self, row: Owned) -> None:
        if self.tenant_id is None:
            raise OutsideTheDoor("The operator makes no tenant's rows: use Door(tenant_id).")
        if row.tenant_id not in {None, self.tenant_id}:
            raise OutsideTheDoor(f"This {type(row).__name__} names another tenant than its door.")
        row.tenant_id = row.entered_for = self.tenant_id

    def _own(self, values: dict[str, Any]) -> None:
        if values.get("tenant_id", self.tenant_id) != self.tenant_id or "tenant" in values:
            raise OutsideTheDoor("The door names the tenant; the values must not.")

    def _keep_owner(self, names: Collection[str]) -> None:
        if {"tenant", "tenant_id"} & set(names):
            raise OutsideTheDoor("A row never changes hands: its tenant cannot be changed.")
        for name in self.model.unguarded:
            if {name, f"{name}_id"} & set(names):
                raise OutsideTheDoor(f"Change the {name} of one row at a time, by save().")

    def _refuse_strangers(self, values: Mapping[str, Any]) -> None:
        for value in values.values():
            if isinstance(value, Owned) and self.tenant_id is not None and value.tenant_id != self.tenant_id:
                raise OutsideTheDoor(f"This {type(value).__name__} is another tenant's.")
