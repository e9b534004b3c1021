"""The command line. The portal and the docs say the same things in the same words."""

from __future__ import annotations

import os
import sys

import django

#: Commands that need people and their pages; the others start without them.
OF_THE_PORTAL = frozenset({"demo", "person", "portal", "serve"})


def main() -> None:
    """Run the command line; Django's models can be imported only after it is set up."""
    room = "portal" if OF_THE_PORTAL & set(sys.argv[1:2]) else "store"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"salesbridge.{room}.django_settings")
    django.setup()
    from salesbridge.cli.main import app  # noqa: PLC0415 - see above

    app()
