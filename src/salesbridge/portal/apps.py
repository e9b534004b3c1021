"""How Django knows this room."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PortalConfig(AppConfig):
    """The application ``portal``: people and their pages."""

    name = "salesbridge.portal"
    label = "portal"
    verbose_name = "Portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Audit sign-ins; and let Django's own permissions be, which nobody here uses."""
        from salesbridge.portal import signing_in  # noqa: PLC0415 - models are loaded after the applications

        signing_in.listen()
        post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
