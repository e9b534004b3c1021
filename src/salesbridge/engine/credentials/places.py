"""What a credential is called in Salesforce, and which addresses it leads to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from salesbridge.engine.credentials.clients import CredentialRefusedError
from salesbridge.package.apps import CREDENTIAL, PRINCIPAL
from salesbridge.package.callers import callers_set
from salesbridge.salesforce.hosts import is_loopback
from salesbridge.salesforce.named_credentials import External, Named
from salesbridge.settings import settings

#: What the first credential of an instance is called.
DEFAULT_NAME: Final = CREDENTIAL
#: Longest name; the permission set's and the principal's are made of it.
LONGEST: Final = 40
_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")


@dataclass(frozen=True, slots=True)
class Places:
    """A credential's parts in Salesforce.

    Attributes:
        external: The external credential with its principal.
        named: The named credential.
        permission_set: Whoever holds it may call.
    """

    external: External
    named: Named
    permission_set: str


def places(name: str, product: str, scopes: Iterable[str]) -> Places:
    """What a credential's parts in Salesforce are to be.

    Args:
        name: What the credential is called, see :func:`checked_name`.
        product: Billing product of the tenant.
        scopes: What its tokens may be good for.

    Raises:
        CredentialRefusedError: Salesforce could not reach the edge's address.
    """
    edge = _edge()
    label = name.replace("_", " ")
    external = External(name, f"{edge}/oauth2/token", PRINCIPAL, " ".join(scopes), label)
    return Places(external, Named(name, f"{edge}/api/{product}", name, label), callers_set(name))


def checked_name(name: str) -> str:
    """A name that Salesforce takes as a developer name (Object Reference, "NamedCredential", ``DeveloperName``).

    Raises:
        CredentialRefusedError: It does not.
    """
    if len(name) > LONGEST or not _NAME.fullmatch(name):
        raise CredentialRefusedError(
            f"{name!r} cannot be a name in Salesforce: use up to {LONGEST} letters and digits with single underscores "
            "between them, a letter first."
        )
    return name


def _edge() -> str:
    address = settings().edge_url.rstrip("/")
    parts = urlsplit(address)
    if parts.scheme == "https" or (settings().sandbox and is_loopback(parts.hostname or "")):
        return address
    raise CredentialRefusedError(
        f"Salesforce calls https addresses only, but the edge is at {address}. Set SALESBRIDGE_EDGE_URL to the address "
        "under which Salesforce reaches it."
    )
