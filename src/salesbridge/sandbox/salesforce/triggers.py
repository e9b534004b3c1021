"""What the connector's Apex triggers do to a save: publish an event with the record before and after it.

Apex is never run. A trigger counts as the connector's when its body names the class ``GentrackCallout``, or a deployed
class that leads there; its header says what it listens to. Sources: Apex Developer Guide, *Triggers and Order of
Execution*, *Operations That Don't Invoke Triggers*, *Trigger Context Variables*; the vendor's published sample for the
event's fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .metadata_store import metadata_store
from .results import SaveError, SaveResult
from .trigger_apex import Publisher, Publishing, publishing
from .trigger_payload import changed, mapped, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .bus_log import Event
    from .metadata_apex import Apex
    from .org import Org, Undo
    from .results import Row

EVENT = "Gentrack_Object_Event__e"
_RELATION = "AccountContactRelation"
_SHOWN: dict[str, tuple[bool, bool]] = {
    "insert": (False, True),
    "update": (True, True),
    "delete": (True, False),
    "undelete": (False, True),
}
What = Literal["insert", "update", "delete", "undelete"]


@dataclass(frozen=True, slots=True)
class Firing:
    """One record that triggers get to see: ``old`` and ``new`` as in ``Trigger.old`` and ``Trigger.new``."""

    sobject: str
    what: What
    old: Row | None
    new: Row | None


class Triggers:
    """The active triggers of an org and the events they are about to publish; used under the org's lock.

    Args:
        org: The org.
    """

    def __init__(self, org: Org) -> None:
        self._org = org
        self._pending: list[tuple[int, Event]] = []
        self._read: tuple[Mapping[str, Apex], Mapping[str, Apex], Publishing] | None = None

    # -- which triggers ----------------------------------------------------------------------------------------

    def listening(self, sobject: str) -> list[Apex]:
        """The active triggers on an object that publish; none while class or event are missing."""
        return [each.trigger for each in self._publishers(sobject)]

    def _publishers(self, sobject: str) -> tuple[Publisher, ...]:
        found = self._publishing().publishers.get(sobject, ())
        return found if found and self._org.schema.sobject(EVENT) is not None else ()

    def _publishing(self) -> Publishing:
        """What the Apex says; read once for each deployment, since every deployment brings other dictionaries."""
        store = metadata_store(self._org)
        known = self._read
        if known is None or known[0] is not store.classes or known[1] is not store.triggers:
            known = self._read = (store.classes, store.triggers, publishing(store.classes, store.triggers))
        return known[2]

    # -- what they publish -------------------------------------------------------------------------------------

    def fire(
        self, sobject: str, results: Sequence[SaveResult], journal: Sequence[Undo], place: int, user: str
    ) -> Sequence[SaveResult] | None:
        """Note the events of one save, to be published when its transaction commits.

        Args:
            sobject: The saved object's canonical name.
            results: What became of its records.
            journal: What the save wrote.
            place: Where the transaction stands after the save; :meth:`forget` goes back behind it.
            user: Who saves; with a custom permission that a trigger's handler asks for, that trigger tells nothing.

        Returns:
            The results to answer when the fault ``event_before_commit`` lets the events out and the save fail.
        """
        watched = (sobject, _RELATION) if sobject == "Contact" else (sobject,)
        heard = {name: found for name in watched if (found := self._heard(name, user))}
        if not heard:
            return None
        saved = {each.id for each in results if each.success}
        seen = firings(self._org, sobject, saved, journal)
        events = [event for each in seen for event in self._events(heard.get(each.sobject, ()), each, user)]
        if events and self._org.faults.strikes("event_before_commit", sobject):
            self._org.bus.publish(events)
            return [_failed(each) for each in results]
        self._pending += [(place, each) for each in events]
        return None

    def _heard(self, sobject: str, user: str) -> list[Apex]:
        granted = self._org.directory.custom_permissions
        found = self._publishers(sobject)
        return [each.trigger for each in found if not (each.bypass and each.bypass & granted(user))]

    def _events(self, triggers: Iterable[Apex], firing: Firing, user: str) -> Iterator[Event]:
        for _ in _hearing(triggers, firing):
            payloads = self._payloads(firing)
            if payloads is not None:
                values = {"Operation_Type__c": firing.what, "Object_Type__c": firing.sobject, **payloads}
                yield self._org.bus.event(EVENT, values, user)

    def _payloads(self, firing: Firing) -> dict[str, str] | None:
        """The payloads of an event; None when there is nothing to tell, as of an update of unmapped fields."""
        shows_old, shows_new = _SHOWN[firing.what]
        old, new = firing.old if shows_old else None, firing.new if shows_new else None
        rows = {name: row for name, row in (("Old_Payload__c", old), ("New_Payload__c", new)) if row is not None}
        listed = self._publishing().fields
        if not listed:
            return {name: whole(firing.sobject, row) for name, row in rows.items()}
        told = changed(listed.get(firing.sobject, ()), old, new)
        sobject = self._org.sobject(firing.sobject)
        return {name: mapped(sobject, row, told) for name, row in rows.items()} if told else None

    # -- with the transaction ----------------------------------------------------------------------------------

    def publish_at_commit(self, events: Sequence[Event]) -> None:
        """Publish events when the running transaction commits, unless what it just wrote is undone."""
        place = self._org.savepoint()
        self._pending += [(place, each) for each in events]

    def forget(self, point: int) -> None:
        """Forget the events of what was saved behind a savepoint, because it is undone."""
        if self._pending:
            self._pending = [each for each in self._pending if each[0] <= point]

    def commit(self) -> None:
        """Publish the events of a committed transaction."""
        if self._pending:
            events, self._pending = [each for _, each in self._pending], []
            self._org.bus.publish(events)


def _hearing(triggers: Iterable[Apex], firing: Firing) -> list[Apex]:
    return [each for each in triggers if f"after {firing.what}" in each.events]


def _failed(result: SaveResult) -> SaveResult:
    if not result.success:
        return result
    message = "execution of AfterUpdate caused by: System.LimitException: Apex CPU time limit exceeded"
    error = SaveError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)
    return SaveResult(None if result.created else result.id, success=False, errors=(error,))


def firings(org: Org, sobject: str, saved: set[str | None], journal: Sequence[Undo]) -> list[Firing]:
    """What triggers see of one save: its own records, and the relations that saving contacts made or turned.

    What a delete takes along or clears, what an undelete brings back besides, and values derived in other records
    invoke no triggers (Apex Developer Guide, *Operations That Don't Invoke Triggers*). Relations come before their
    contact: their triggers run "immediately after the contact is saved" (Object Reference, *AccountContactRelation*),
    which is before the contact's after triggers.
    """
    before: dict[tuple[str, str], Row | None] = {}
    for name, id_, row in journal:
        before.setdefault((name, id_), row)
    own = [_firing(org, sobject, id_, row) for (name, id_), row in before.items() if name == sobject and id_ in saved]
    found = [each for each in own if each is not None]
    if sobject != "Contact" or not any(each.what in ("insert", "update") for each in found):
        return found
    others = [_firing(org, name, id_, row) for (name, id_), row in before.items() if name == _RELATION]
    return [each for each in others if each is not None] + found


def _firing(org: Org, sobject: str, id_: str, old: Row | None) -> Firing | None:
    now = org.table(sobject).get(id_)
    was_live = old is not None and not old["IsDeleted"]
    is_live = now is not None and not now["IsDeleted"]
    if old is not None and was_live:
        merged = {"MasterRecordId": now["MasterRecordId"]} if now is not None and "MasterRecordId" in now else {}
        return Firing(sobject, "update", old, now) if is_live else Firing(sobject, "delete", old | merged, None)
    if not is_live:
        return None
    return Firing(sobject, "insert" if old is None else "undelete", old, now)
