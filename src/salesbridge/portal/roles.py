"""What a person may do: the three roles, each of which may do what the one before may."""

from __future__ import annotations

from django.db.models import TextChoices


class Role(TextChoices):
    """What a membership allows."""

    VIEWER = "viewer", "Viewer"
    OPERATOR = "operator", "Operator"
    ADMINISTRATOR = "administrator", "Administrator"

    @property
    def rank(self) -> int:
        """Place in the order of what is allowed, from 0."""
        return list(Role).index(self)

    @property
    def meaning(self) -> str:
        """What it allows, for people."""
        return _MEANING[self]

    def allows(self, needed: Role | str) -> bool:
        """Whether somebody with this role may do what needs another."""
        return self.rank >= Role(needed).rank


_MEANING = {
    Role.VIEWER: "Sees instances, runs and problems.",
    Role.OPERATOR: "Sees all that, starts runs, and clears problems and conflicts.",
    Role.ADMINISTRATOR: "Does all that, and sets up instances, credentials, settings and people.",
}
