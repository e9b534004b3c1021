"""How Django knows this room."""

from __future__ import annotations

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """The application ``store``: our tables."""

    name = "salesbridge.store"
    label = "store"
    verbose_name = "Store"
