"""The command line. The portal and the docs say the same things in the same words."""

from __future__ import annotations

from salesbridge.cli.main import main as main
