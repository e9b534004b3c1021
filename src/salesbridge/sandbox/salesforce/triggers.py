"""What the connector's Apex triggers do to a save: publish an event with the record before and after it.

Apex is never run. A trigger counts as the connector's when its body names the class ``GentrackCallout``, or a deployed
class that leads there; its header says what it listens to. Sources: Apex Developer Guide, *Triggers and Order of
Execution*, *Operations That Don't Invoke Triggers*, *Trigger Context Variables*, *JSON Support*; the vendor's
published sample for the event's fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import orjson

from .metadata_store import metadata_store
from .results import SaveError, SaveResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .bus_log import Event
    from .metadata_apex import Apex
    from .org import Org, Undo
    from .results import Row

CALLOUT = "GentrackCallout"
EVENT = "Gentrack_Object_Event__e"
EXTERNAL_ID = "Gentrack_External_Id__c"
PAYLOAD_LIMIT = 32_768
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

    Attributes:
        bypass: Tells of a user's id whether triggers shall publish nothing for that user's saves.
    """

    def __init__(self, org: Org) -> None:
        self._org = org
        self.bypass: Callable[[str], bool] = lambda _user: False
        self._pending: list[tuple[int, Event]] = []

    # -- which triggers ----------------------------------------------------------------------------------------

    def listening(self, sobject: str) -> list[Apex]:
        """The active triggers on an object that publish; none while class or event are missing."""
        store = metadata_store(self._org)
        found = [each for each in store.triggers.values() if each.table == sobject and each.status == "Active"]
        if not found or self._org.schema.sobject(EVENT) is None:
            return []
        publishers = self._publishers(store.classes)
        return [each for each in found if _names(each.body, publishers)]

    @staticmethod
    def _publishers(classes: dict[str, Apex]) -> set[str]:
        """The active classes that publish, by themselves or through one another."""
        active = {name: each for name, each in classes.items() if each.status == "Active"}
        found: set[str] = set()
        wider = {CALLOUT} & set(active)
        while wider - found:
            found |= wider
            wider = {name for name, each in active.items() if _names(each.body, found)}
        return found

    def switch(self, *sobjects: str, active: bool) -> None:
        """Switch triggers on or off as deploying them with another status does, without the deployment.

        Args:
            *sobjects: The objects whose triggers are meant; all when none is named.
            active: Whether they are to be active.
        """
        with self._org.lock:
            store = metadata_store(self._org)
            status = "Active" if active else "Inactive"
            store.triggers = {
                name: replace(each, status=status) if not sobjects or each.table in sobjects else each
                for name, each in store.triggers.items()
            }

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
            user: Who saves.

        Returns:
            The results to answer when the fault ``event_before_commit`` lets the events out and the save fail.
        """
        watched = (sobject, _RELATION) if sobject == "Contact" else (sobject,)
        heard = {name: found for name in watched if (found := self.listening(name))}
        if not heard or self.bypass(user):
            return None
        saved = {each.id for each in results if each.success}
        seen = firings(self._org, sobject, saved, journal)
        events = [self._event(each, user) for each in seen for _ in _hearing(heard.get(each.sobject, ()), each)]
        if events and self._org.faults.strikes("event_before_commit", sobject):
            self._org.bus.publish(events)
            return [_failed(each) for each in results]
        self._pending += [(place, each) for each in events]
        return None

    def _event(self, firing: Firing, user: str) -> Event:
        shows_old, shows_new = _SHOWN[firing.what]
        values = {"Operation_Type__c": firing.what, "Object_Type__c": firing.sobject}
        if shows_old and firing.old is not None:
            values["Old_Payload__c"] = payload(firing.sobject, firing.old)
        if shows_new and firing.new is not None:
            values["New_Payload__c"] = payload(firing.sobject, firing.new)
        return self._org.bus.event(EVENT, values, user)

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


def _names(body: str, classes: set[str]) -> bool:
    return any(re.search(rf"\b{re.escape(each)}\b", body, re.IGNORECASE) for each in classes)


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


def payload(sobject: str, row: Row) -> str:
    """A record as ``JSON.serialize`` writes it, null fields left out; only its keys when that is too long."""
    attributes = {"type": sobject, "url": f"/services/data/v66.0/sobjects/{sobject}/{row['Id']}"}
    whole = {"attributes": attributes, "Id": row["Id"], **row}
    text = orjson.dumps(whole).decode()
    if len(text) <= PAYLOAD_LIMIT:
        return text
    keys: dict[str, Any] = {"attributes": attributes, "Id": row["Id"]}
    if EXTERNAL_ID in row:
        keys[EXTERNAL_ID] = row[EXTERNAL_ID]
    return orjson.dumps({**keys, "Truncated": True}).decode()
