"""The command line. The portal and the docs say the same things in the same words."""

from __future__ import annotations

import os

import django


def main() -> None:
    """Run the command line; Django's models can be imported only after it is set up."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salesbridge.store.django_settings")
    django.setup()
    from salesbridge.cli.main import app  # noqa: PLC0415 - see above

    app()
