"""Who may call: users, permission sets, connected apps and the sessions they were given."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class FieldPermission:
    """What a permission set grants on one field."""

    readable: bool
    editable: bool


@dataclass(frozen=True, slots=True)
class PermissionSet:
    """A named bundle of grants; ``fields`` goes from ``Object.Field`` to what is granted.

    ``custom`` are the custom permissions it grants.
    """

    name: str
    label: str = ""
    fields: Mapping[str, FieldPermission] = field(default_factory=dict)
    permissions: frozenset[str] = frozenset()
    custom: frozenset[str] = frozenset()


@dataclass(slots=True)
class User:
    """A person or an integration that can hold sessions. The security token is glued to the password."""

    id: str
    username: str
    password: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)
    first_name: str = ""
    last_name: str = "Integration"
    email: str = ""
    active: bool = True
    api_enabled: bool = True
    permission_sets: set[str] = field(default_factory=set)
    permissions: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """First and last name, as the ``Name`` field gives it."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(slots=True)
class ConnectedApp:
    """A connected app or external client app.

    ``run_as`` is the user id client credentials act for, ``certificate`` the PEM X.509 certificate (or public key) that
    JWT bearer assertions are checked with, ``preauthorized`` the user ids an administrator approved. ``refresh_tokens``
    goes from each refresh token the app was given in a browser to the id of the user who approved it.
    """

    name: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    scopes: tuple[str, ...] = ("api", "id")
    client_credentials: bool = True
    run_as: str | None = None
    password_flow: bool = True
    certificate: str | None = field(default=None, repr=False)
    preauthorized: frozenset[str] | None = None
    introspect_all: bool = False
    refresh_tokens: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class Session:
    """An access token and whom it speaks for. ``last_used`` and ``issued_at`` are seconds since the epoch."""

    token: str = field(repr=False)
    user_id: str
    app: ConnectedApp | None
    issued_at: float
    last_used: float
    introspectable: bool = True
    calls: int = 0


def new_token(org_id: str) -> str:
    """A session id of the usual shape: the org's 15-character id, ``!`` and about 96 opaque characters."""
    return f"{org_id[:15]}!AQ{secrets.token_urlsafe(69).replace('-', '.')}{secrets.token_hex(1)}"
