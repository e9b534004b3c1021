"""A ready-made org: standard objects, an integration user, a person and an app they may use."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from .access import ConnectedApp, User
from .org import Org
from .person_accounts import enable_person_accounts
from .seed import seed
from .standard import standard_sobjects

if TYPE_CHECKING:
    from pathlib import Path

    from .schema import SObject
    from .settings import OrgSettings

CLIENT_ID = "3MVG9sandboxIntegrationConsumerKey00000000000000000000000000000000000000000000000000"
CLIENT_SECRET = "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"  # noqa: S105 - of a simulator
PASSWORD = "sandbox-password"  # noqa: S105 - of a simulator
SECURITY_TOKEN = "SandboxSecurityToken0000"  # noqa: S105 - of a simulator


@dataclass(frozen=True, slots=True)
class Demo:
    """A ready-made org and the credentials to call it with."""

    org: Org
    app: ConnectedApp = field(repr=False)
    integration: User = field(repr=False)
    person: User = field(repr=False)


def new_org(path: Path | None = None, *, settings: OrgSettings | None = None) -> Org:
    """An org with the standard objects and what every org is born with, but nobody who could call.

    Args:
        path: A file to keep its rows in; by default they live in memory only.
        settings: What is switched on in Setup.
    """
    sobjects = _sobjects()
    org = Org(sobjects, settings=settings) if path is None else Org.open(path, sobjects, settings=settings)
    seed(org)
    return org


@cache
def _sobjects() -> tuple[SObject, ...]:
    """The standard objects, read once: they are immutable, and an org replaces those it changes."""
    return tuple(standard_sobjects())


def demo_org(
    path: Path | None = None,
    *,
    settings: OrgSettings | None = None,
    certificate: str | None = None,
) -> Demo:
    """An org with one app (client credentials with a run-as user, and the password flow) and two users.

    Args:
        path: A file to keep its rows in; by default they live in memory only.
        settings: What is switched on in Setup.
        certificate: PEM certificate (or public key) that JWT bearer assertions are checked with.
    """
    org = new_org(path, settings=settings)
    integration = org.directory.add_user("integration@sandbox.example", last_name="Integration", permissions=_admin())
    person = org.directory.add_user(
        "admin@sandbox.example",
        password=PASSWORD,
        security_token=SECURITY_TOKEN,
        first_name="Ada",
        last_name="Admin",
        permissions=_admin(),
    )
    app = ConnectedApp("Sandbox Integration", CLIENT_ID, CLIENT_SECRET, run_as=integration.id, certificate=certificate)
    return Demo(org, org.directory.add_app(app), integration, person)


def _admin() -> set[str]:
    return {
        "ApiEnabled",
        "ViewAllData",
        "ModifyAllData",
        "ModifyMetadata",
        "ViewSetup",
        "CustomizeApplication",
        "ManageNamedCredentials",
        "BulkApiHardDelete",
    }


def configure(org: Org, path: Path) -> None:
    """Add the users and apps, and set the settings, that a JSON file names.

    The file holds ``{"settings": {...}, "bus": {...}, "users": [{"username": ...}], "apps": [{"client_id": ...,
    "run_as": "username"}]}`` with the attributes of :class:`OrgSettings`, :class:`BusSettings`, :class:`User` and
    :class:`ConnectedApp`.

    Raises:
        ValueError: A setting, user or app in the file can't be understood.
    """
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for kind, settings in (("settings", org.settings), ("bus", org.bus.settings)):
        for name, value in content.get(kind, {}).items():
            if not hasattr(settings, name):
                raise ValueError(f"{path}: there is no setting {name!r}")
            setattr(settings, name, value)
    if org.settings.person_accounts:
        enable_person_accounts(org)
    for user in content.get("users", []):
        _add_user(org, dict(user))
    for app in content.get("apps", []):
        _add_app(org, dict(app), path)


def _add_user(org: Org, user: dict[str, Any]) -> None:
    listed = {key: set(user.pop(key)) for key in ("permission_sets", "permissions") if key in user}
    org.directory.add_user(user.pop("username"), **user, **listed)


def _add_app(org: Org, app: dict[str, Any], path: Path) -> None:
    username = app.pop("run_as", None)
    run_as = org.directory.user_named(username) if username else None
    if username and run_as is None:
        raise ValueError(f"{path}: the app {app.get('name')!r} runs as {username!r}, who is not among the users")
    certificate = app.pop("certificate_file", None)
    if certificate is not None:
        app["certificate"] = (path.parent / certificate).read_text(encoding="utf-8")
    if "scopes" in app:
        app["scopes"] = tuple(app["scopes"])
    org.directory.add_app(ConnectedApp(**app, run_as=run_as.id if run_as else None))
