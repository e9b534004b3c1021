"""Records written: attributes to calls, and calls in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

from salesbridge.billing.body import body_of
from salesbridge.billing.keys import key_of, parts_of, places
from salesbridge.billing.paths import Native, Paths
from salesbridge.billing.port import BillingError
from salesbridge.billing.reading import Reading, is_missing
from salesbridge.billing.shape import Row
from salesbridge.billing.write_table import Call, WriteTable

T = TypeVar("T")


class Send(Protocol):
    """Sends a body to a path, again and again as far as that is harmless, and understands the decoded answer."""

    def __call__(
        self,
        call: Call,
        body: Mapping[str, Any] | None,
        understand: Callable[[Any], T] | None = None,
        *,
        at: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> T | None:
        """Does so; ``at`` fills the path's places. None where nothing is to be understood."""


class _Step(NamedTuple):
    call: Call
    attributes: Mapping[str, Any]


class Writing:
    """Writes the records of one tenant.

    Args:
        table: Which call carries what.
        paths: The tenant's paths.
        own: The dialect's paths; attributes that only the tenant has go with a kind's first call.
        reading: Finds internal ids, and reads back.
        send: How a call is made.
    """

    def __init__(
        self, table: WriteTable, paths: Mapping[str, Native], own: Paths, reading: Reading, send: Send
    ) -> None:
        self._table = table
        self._paths = paths
        self._own = own
        self._reading = reading
        self._send = send

    def writable(self, kind: str) -> frozenset[str]:
        """Tells which attributes some call carries."""
        return frozenset(name for call in self._table.changes.get(kind, ()) for name in self._carried(kind, call))

    def write(self, kind: str, key: str, attributes: Mapping[str, Any], known: Mapping[str, Any] | None) -> int:
        """Changes a record, and tells the number of calls."""
        self._require(kind, attributes, self.writable(kind), "write")
        steps = self._steps(kind, attributes)
        if not steps:
            return 0
        needed = frozenset[str]().union(*(places(self._paths[step.call.name].path) for step in steps))
        at, calls = self._at(kind, key, needed, known)
        if at is None:
            raise _gone(kind, key)
        for index, step in enumerate(steps):
            try:
                self._send(step.call, self._body(kind, step), at=at)
            except BillingError as exc:
                raise self._halfway(kind, exc, steps[:index], steps[index:]) from exc
        return calls + len(steps)

    def create(self, kind: str, attributes: Mapping[str, Any], idempotency_key: str) -> Row:
        """Creates a record, and reads it back where the answer does not tell it."""
        call = self._table.creations.get(kind)
        if call is None or call.name not in self._paths:
            raise _refused(kind, "created")
        self._require(kind, attributes, self._carried(kind, call), "create")
        if self._table.repeatable:
            return self._created(_Step(call, attributes), kind, idempotency_key)
        key = key_of(kind, attributes)
        if key and (there := self._reading.read(kind, key)):
            return self._brought_up(kind, key, attributes, there)
        return self._created_once(_Step(call, attributes), kind, key)

    def delete(self, kind: str, key: str) -> None:
        """Deletes a record; one that is gone already is fine."""
        call = self._table.deletions.get(kind)
        if call is None or call.name not in self._paths:
            raise _refused(kind, "deleted")
        at, _ = self._at(kind, key, places(self._paths[call.name].path), None)
        if at is None:
            return
        try:
            self._send(call, None, at=at)
        except BillingError as exc:
            if not is_missing(exc):
                raise

    def _carried(self, kind: str, call: Call) -> frozenset[str]:
        """The attributes that a call carries for this tenant: those it has left out are gone, its own are added."""
        if call.name not in self._paths:
            return frozenset()
        prefix = f"{kind}.attr."
        names = {name for name in call.attributes if prefix + name in self._paths}
        if call.name in {f"{kind}.write", f"{kind}.create"}:
            added = self._paths.keys() - self._own.keys()
            names |= {name.removeprefix(prefix) for name in added if name.startswith(prefix)}
        return frozenset(names)

    def _require(self, kind: str, attributes: Mapping[str, Any], allowed: frozenset[str], verb: str) -> None:
        names = sorted(attributes.keys() - allowed)
        if names:
            raise BillingError(
                f"No call can {verb} {', '.join(names)} of {kind.replace('_', ' ')} records in this billing system.",
                kind="permanent",
                code="NOT_WRITABLE",
                mend="Make billing the master of the field in the tenant's settings, or change it in billing.",
                fields=self._natives(kind, names),
            )

    def _natives(self, kind: str, names: Any) -> tuple[str, ...]:
        found = ((name, self._paths.get(f"{kind}.attr.{name}")) for name in names)
        return tuple(native.path if native else name for name, native in found)

    def _steps(self, kind: str, attributes: Mapping[str, Any]) -> list[_Step]:
        steps, left = [], dict(attributes)
        for call in self._table.changes.get(kind, ()):
            carried = {name: left.pop(name) for name in tuple(left) if name in self._carried(kind, call)}
            if carried:
                steps.append(_Step(call, carried))
        return steps

    def _body(self, kind: str, step: _Step) -> dict[str, Any]:
        return body_of(kind, step.call, step.attributes, self._paths)

    def _at(
        self, kind: str, key: str, needed: frozenset[str], known: Mapping[str, Any] | None
    ) -> tuple[dict[str, Any] | None, int]:
        """What fills the paths' places, and the calls it took; None where the record is not there."""
        at: dict[str, Any] = {**parts_of(kind, key)}
        if needed <= at.keys():
            return at, 0
        found, calls = known, 0
        if found is None or found.get("internal_id") is None:
            found, calls = self._reading.read(kind, key), 1
        if found is None:
            return None, calls
        if found.get("internal_id") is None:
            raise _no_id(kind)
        return {**at, "internal_id": found["internal_id"]}, calls

    def _created(self, step: _Step, kind: str, idempotency_key: str) -> Row:
        row = self._send(
            step.call,
            self._body(kind, step),
            lambda native: self._reading.row(kind, native),
            idempotency_key=idempotency_key,
        )
        assert row is not None  # noqa: S101  a reader gives a row or raises
        return row

    def _created_once(self, step: _Step, kind: str, key: str | None) -> Row:
        """Creates where a repeat would create another; a lost reply is looked for, where the key is known."""
        body = self._body(kind, step)
        try:
            if key:
                self._send(step.call, body)
            else:
                key = self._send(step.call, body, lambda native: key_of(kind, self._reading.row(kind, native)))
        except BillingError as exc:
            if not key or not exc.unknown_outcome:
                raise
            if (row := self._seen(kind, key)) is None:
                raise
            return row
        return self._read_back(kind, str(key))

    def _seen(self, kind: str, key: str) -> Row | None:
        try:
            return self._reading.read(kind, key)
        except BillingError:
            return None

    def _brought_up(self, kind: str, key: str, attributes: Mapping[str, Any], there: Row) -> Row:
        """Makes a record that an earlier, interrupted creation left behind what it should be."""
        wanted = {name: value for name, value in attributes.items() if name in self.writable(kind)}
        differing = {name: value for name, value in wanted.items() if there.get(name) != value}
        self.write(kind, key, differing, there)
        return self._read_back(kind, key) if differing else there

    def _read_back(self, kind: str, key: str) -> Row:
        try:
            row = self._reading.read(kind, key)
        except BillingError as exc:
            exc.message = f"The {kind.replace('_', ' ')} {key} was created, but cannot be read: {exc.message}"
            exc.unknown_outcome = True
            raise
        if row is None:
            raise _not_yet(kind, key)
        return row

    def _halfway(self, kind: str, exc: BillingError, done: list[_Step], left: list[_Step]) -> BillingError:
        """Tells in an error what an earlier call has already written."""
        if done:
            exc.written = tuple(name for step in done for name in step.attributes)
            failed = [name for step in left for name in step.attributes]
            exc.fields = exc.fields or self._natives(kind, failed)
            exc.message += f" Already written: {', '.join(exc.written)}; not written: {', '.join(failed)}."
            exc.mend += " The whole can be written again without harm."
        return exc


def _refused(kind: str, verb: str) -> BillingError:
    return BillingError(
        f"{kind.replace('_', ' ').capitalize()} records cannot be {verb} in this billing system from here.",
        kind="permanent",
        code=f"NOT_{verb.upper()}",
        mend="Do it in the billing system.",
    )


def _gone(kind: str, key: str) -> BillingError:
    return BillingError(
        f"The billing system has no {kind.replace('_', ' ')} {key}.",
        kind="permanent",
        code="NOT_FOUND",
        mend="Check in the billing system whether the record was removed or renumbered.",
    )


def _no_id(kind: str) -> BillingError:
    return BillingError(
        f"The billing system tells no internal id of its {kind.replace('_', ' ')} records.",
        kind="permanent",
        code="NO_INTERNAL_ID",
        mend=f"Set {kind}.attr.internal_id in the tenant's settings to the member that holds it.",
    )


def _not_yet(kind: str, key: str) -> BillingError:
    return BillingError(
        f"The {kind.replace('_', ' ')} {key} was created, but the billing system does not show it yet.",
        kind="transient",
        code="NOT_YET_THERE",
        mend="Nothing to do: it is read again by itself.",
        unknown_outcome=True,
    )
