"""The users, permission sets, apps and sessions of an org."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .access import ConnectedApp, PermissionSet, Session, User, new_token

if TYPE_CHECKING:
    from .org import Org


class Directory:
    """Who may call an org.

    Args:
        org: The org; its lock guards this directory too.
    """

    def __init__(self, org: Org) -> None:
        self._org = org
        self.users: dict[str, User] = {}
        self.apps: dict[str, ConnectedApp] = {}
        self.permission_sets: dict[str, PermissionSet] = {}
        self.sessions: dict[str, Session] = {}

    def add_user(self, username: str, **details: object) -> User:
        """Add a user, and its row when the org has the User object.

        Args:
            username: Log-in name, an e-mail address.
            **details: Any other attribute of :class:`User`.
        """
        known = self._org.schema.sobject("User") is not None
        rows = self._org.find("User", "Username", username) if known else []
        id_ = rows[0]["Id"] if rows else self._org.new_id("005")
        user = User(id_, username, **details)  # type: ignore[arg-type]
        self.users[user.id] = user
        if known and not rows:
            self._org.seed("User", _user_row(user, self._org))
        user.permission_sets |= self._assigned(user.id)
        return user

    def _assigned(self, user_id: str) -> set[str]:
        """The names of the permission sets that assignment rows (of an org loaded from its file) give the user."""
        org = self._org
        if org.schema.sobject("PermissionSetAssignment") is None:
            return set()
        found = org.find("PermissionSetAssignment", "AssigneeId", user_id)
        sets = [org.get("PermissionSet", row.get("PermissionSetId", "")) for row in found]
        return {str(each["Name"]) for each in sets if each is not None}

    def user_named(self, username: str) -> User | None:
        """The user of that log-in name, whatever the case of its letters."""
        wanted = username.casefold()
        return next((user for user in self.users.values() if user.username.casefold() == wanted), None)

    def add_app(self, app: ConnectedApp) -> ConnectedApp:
        """Register an app under its consumer key."""
        self.apps[app.client_id] = app
        return app

    def add_permission_set(self, permission_set: PermissionSet) -> None:
        """Add a permission set, or replace the one of that name."""
        self.permission_sets[permission_set.name] = permission_set
        self._org.forget_access()
        self._org.keep_permission_set(permission_set)

    def assign(self, user_id: str, permission_set: str) -> None:
        """Assign a permission set to a user.

        Raises:
            KeyError: No such user or permission set.
        """
        self.users[user_id].permission_sets.add(self.permission_sets[permission_set].name)
        self._org.forget_access()

    def granted(self, user_id: str) -> list[PermissionSet]:
        """The permission sets assigned to a user."""
        user = self.users.get(user_id)
        names = sorted(user.permission_sets) if user is not None else []
        return [self.permission_sets[name] for name in names if name in self.permission_sets]

    def allows(self, user_id: str, permission: str) -> bool:
        """Whether the user has a permission such as ``ViewAllData``, directly or by a permission set."""
        user = self.users.get(user_id)
        held = user.permissions if user is not None else set()
        return permission in held or any(permission in each.permissions for each in self.granted(user_id))

    def custom_permissions(self, user_id: str) -> frozenset[str]:
        """The custom permissions that a user's permission sets grant."""
        return frozenset().union(*(each.custom for each in self.granted(user_id)))

    def open_session(self, user: User, app: ConnectedApp | None = None, *, introspectable: bool = True) -> Session:
        """Give the user an access token."""
        now = self._org.clock().timestamp()
        session = Session(new_token(self._org.id), user.id, app, now, now, introspectable)
        self.sessions[session.token] = session
        return session

    def session(self, token: str) -> Session | None:
        """The live session of a token; sessions die by inactivity or with their user."""
        found = self.sessions.get(token)
        if found is None:
            return None
        idle = self._org.clock().timestamp() - found.last_used
        user = self.users.get(found.user_id)
        if idle > self._org.settings.session_timeout or user is None or not user.active:
            del self.sessions[token]
            return None
        return found

    def close_session(self, token: str) -> bool:
        """End a session; whether there was one."""
        return self.sessions.pop(token, None) is not None


def _user_row(user: User, org: Org) -> dict[str, object]:
    settings = org.settings
    return {
        "Id": user.id,
        "Username": user.username,
        "FirstName": user.first_name or None,
        "LastName": user.last_name,
        "Name": user.name,
        "Email": user.email or user.username,
        "Alias": user.username[:8],
        "IsActive": user.active,
        "TimeZoneSidKey": settings.timezone,
        "LocaleSidKey": settings.locale,
        "LanguageLocaleKey": settings.language,
        "EmailEncodingKey": "UTF-8",
        "UserType": "Standard",
    }
