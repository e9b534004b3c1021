"""How Django knows this room."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.db.models import QuerySet
from django.db.models.signals import post_migrate

from salesbridge.store.names import DEFAULT_ORGANISATION


class StoreConfig(AppConfig):
    """The application ``store``: our tables."""

    name = "salesbridge.store"
    label = "store"
    verbose_name = "Store"

    def ready(self) -> None:
        """Have the organisation Default whenever there are tables, also after they were emptied."""
        post_migrate.connect(_default_organisation, sender=self, dispatch_uid="default organisation")


def _default_organisation(apps: Apps = installed, **_: Any) -> None:
    if "organisation" in apps.all_models["store"]:
        rows: QuerySet[Any] = QuerySet(apps.get_model("store", "Organisation"))
        rows.get_or_create(pk=DEFAULT_ORGANISATION, defaults={"name": "Default"})
