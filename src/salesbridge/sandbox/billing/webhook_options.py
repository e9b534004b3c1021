"""The command's options for a webhook."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from salesbridge.sandbox.billing.publisher import DEFAULT_TENANT
from salesbridge.sandbox.billing.signing import SigningKey

if TYPE_CHECKING:
    import argparse

    from salesbridge.sandbox.billing.publisher import Publisher

_OWNER_ONLY = 0o600


def add_webhook_options(parser: argparse.ArgumentParser) -> None:
    """Let the command subscribe one app when it starts."""
    add = parser.add_argument
    add("--webhook", default="", help="URL on this machine to which events are posted")
    add("--webhook-app-id", default="", help="UUID of the subscribed app; default a new one")
    add("--webhook-tenant", default=DEFAULT_TENANT, help="the tenant that events name")
    add("--webhook-public-key", type=Path, help="file to write the public key (PEM) to; default shown")
    add(
        "--webhook-private-key",
        type=Path,
        help="file that keeps the private key, made where missing; default a new key",
    )
    add("--webhook-ca", type=Path, help="certificates (PEM) to trust for an https webhook")
    add("--webhook-retry-scale", type=float, default=1.0, help="factor of the pauses before repeats")


def subscribed_by(chosen: argparse.Namespace, publisher: Publisher) -> list[str]:
    """Subscribe the app that the options name; answers the lines that tell its receiver what it needs.

    Raises:
        ValueError: The URL is not one of this machine, or a key file holds no RSA key.
    """
    if not chosen.webhook:
        return []
    made = publisher.subscribe(
        chosen.webhook,
        app_id=chosen.webhook_app_id,
        tenant_id=chosen.webhook_tenant,
        key=_kept_key(chosen.webhook_private_key),
        context=ssl.create_default_context(cafile=chosen.webhook_ca) if chosen.webhook_ca else None,
    )
    lines = [f"webhook  {made.endpoint}", f"app id   {made.app_id}", f"tenant   {made.tenant_id}"]
    if chosen.webhook_public_key is None:
        return [*lines, "public key", *made.key.public_pem.splitlines()]
    chosen.webhook_public_key.write_text(made.key.public_pem)
    return [*lines, f"public key in {chosen.webhook_public_key}"]


def _kept_key(file: Path | None) -> SigningKey:
    if file is None:
        return SigningKey()
    if file.exists():
        return SigningKey(file.read_text())
    key = SigningKey()
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "w") as opened:
        opened.write(key.private_pem())
    return key
