"""The log of deletes: what went when, and together with what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deletion:
    """A deleted record and when it went, as a wire datetime."""

    sobject: str
    id: str
    stamp: str


class DeletionLog:
    """Remembers every delete, and which record's delete took which others along."""

    def __init__(self) -> None:
        self._entries: dict[str, Deletion] = {}
        self._together: dict[str, list[tuple[str, str]]] = {}

    def __contains__(self, id_: object) -> bool:
        return id_ in self._entries

    def entries(self, sobject: str) -> list[Deletion]:
        """The deletes of one object, oldest first."""
        return [each for each in self._entries.values() if each.sobject == sobject]

    def note(self, deletion: Deletion, cause: str) -> None:
        """Remember a delete and the record (possibly itself) whose delete caused it."""
        self._entries[deletion.id] = deletion
        self._together.setdefault(cause, []).append((deletion.sobject, deletion.id))

    def gone_with(self, cause: str) -> list[tuple[str, str]]:
        """The object and id of every record that went with that one, parents first."""
        return list(reversed(self._together.get(cause, ())))

    def forget(self, cause: str) -> None:
        """Forget a delete that was taken back."""
        for _, id_ in self._together.pop(cause, ()):
            self._entries.pop(id_, None)
