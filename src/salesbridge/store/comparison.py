"""Two listings of an entity's records, matched inside the database, so that millions need no memory of ours.

Both sides are copied into temporary tables of this connection and matched there by link, then by external id. Records
whose hashes are alike are never looked at again; of the others the cells are compared, and what is left is suspect.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from django.db import DatabaseError, connection, transaction

from salesbridge.store.copying import copied
from salesbridge.store.door import Door

_TABLES = ("told_salesforce", "told_billing", "told_link", "told_pair", "told_suspect")
_DROP = f"DROP TABLE IF EXISTS {', '.join('pg_temp.' + name for name in _TABLES)}"
_CREATE = """
CREATE TEMP TABLE told_salesforce (
    position bigint GENERATED ALWAYS AS IDENTITY, id text, key text, hash bigint, cells text, code text
);
CREATE TEMP TABLE told_billing (
    position bigint GENERATED ALWAYS AS IDENTITY, key text, hash bigint, cells text, code text
)
"""
_COPY = {
    "told_salesforce": "COPY told_salesforce (id, key, hash, cells, code) FROM STDIN",
    "told_billing": "COPY told_billing (key, hash, cells, code) FROM STDIN",
}
# a page may be shown twice while billing's listing changes; the last mention counts
_ONCE = """
DELETE FROM told_billing earlier USING (
    SELECT key, max(position) AS last FROM told_billing GROUP BY key HAVING count(*) > 1
) twice WHERE earlier.key = twice.key AND earlier.position < twice.last
"""
#: For hash joins of millions that need not go through files.
_ROOM = "SET LOCAL work_mem = '64MB'"
# copied, since right after a first load the table of links has no statistics: joins with it would be planned badly
_LINKS = """
CREATE TEMP TABLE told_link AS
SELECT billing_key, salesforce_id FROM store_link WHERE tenant_id = %s AND instance_id = %s AND entity = %s
"""
_PAIR = """
CREATE TEMP TABLE told_pair AS
WITH told AS (
    SELECT s.position, s.id, s.hash, s.code, coalesce(l.billing_key, s.key) AS name, l.billing_key IS NOT NULL AS linked
    FROM told_salesforce s LEFT JOIN told_link l ON l.salesforce_id = s.id
)
SELECT coalesce(told.name, b.key) AS key, told.id, told.position AS salesforce, b.position AS billing,
    coalesce(told.linked, false) AS linked, rival.billing_key IS NOT NULL AS rival,
    coalesce(told.linked AND told.hash = b.hash, false) AS alike, coalesce(b.code, told.code) AS code
FROM told FULL JOIN told_billing b ON b.key = told.name
LEFT JOIN told_link rival ON rival.billing_key = told.name AND rival.salesforce_id <> told.id AND NOT told.linked
"""
_NOWHERE = """
INSERT INTO told_pair (key, linked, rival, alike)
SELECT l.billing_key, true, false, false FROM told_link l
WHERE NOT EXISTS (SELECT FROM told_salesforce s WHERE s.id = l.salesforce_id)
    AND NOT EXISTS (SELECT FROM told_billing b WHERE b.key = l.billing_key)
"""
_COUNTS = """
SELECT count(*), count(*) FILTER (WHERE key IS NULL), count(*) FILTER (WHERE key IS NOT NULL AND code IS NULL AND alike)
FROM told_pair
"""
_REFUSED = "SELECT code, count(*) FROM told_pair WHERE key IS NOT NULL AND code IS NOT NULL GROUP BY code"
_SUSPECT = """
CREATE TEMP TABLE told_suspect AS
SELECT row_number() OVER () AS number, p.key, p.id, p.rival, p.billing IS NOT NULL AS in_billing,
    s.cells AS salesforce, b.cells AS billing, NULL::text AS hand,
    p.linked AND coalesce(s.cells::jsonb @> b.cells::jsonb, false) AS contained
FROM told_pair p
LEFT JOIN told_salesforce s ON s.position = p.salesforce LEFT JOIN told_billing b ON b.position = p.billing
WHERE p.key IS NOT NULL AND p.code IS NULL AND NOT p.alike
"""
_CONTAINED = "DELETE FROM told_suspect WHERE contained"
_INDEX = "ALTER TABLE told_suspect ADD PRIMARY KEY (number)"
_SUSPECTS = """
SELECT number, key, id, rival, in_billing, salesforce, billing FROM told_suspect
WHERE number > %s ORDER BY number LIMIT %s
"""
_HAND = """
UPDATE told_suspect SET hand = told.side FROM unnest(%s::bigint[], %s::text[]) AS told (number, side)
WHERE told_suspect.number = told.number
"""
_HANDED = """
SELECT number, hand, CASE hand WHEN 'billing' THEN key ELSE id END FROM told_suspect
WHERE hand IS NOT NULL AND number > %s ORDER BY number LIMIT %s
"""
_UNDECIDED = """
SELECT key FROM store_change WHERE tenant_id = %s AND instance_id = %s AND entity = %s AND outcome IS NULL
    AND key = ANY(%s)
UNION SELECT record FROM store_parked WHERE tenant_id = %s AND instance_id = %s AND entity = %s AND hold = 'uncommitted'
    AND record = ANY(%s)
"""
_SAMPLE = """
SELECT entity, billing_key FROM store_link TABLESAMPLE SYSTEM (%s)
WHERE tenant_id = %s AND instance_id = %s ORDER BY random() LIMIT %s
"""
_PAGES = "SELECT pg_relation_size('store_link') / current_setting('block_size')::int"
_HANDED_AT_ONCE = 5_000


class ToldBySalesforce(NamedTuple):
    """A record as Salesforce lists it.

    Args:
        id: Salesforce id.
        key: External id, found or made of its parents; None for a prospect.
        hash: Of the cells that both sides tell; None where they must be compared one by one.
        cells: JSON text of its cells.
        code: Why its values cannot be compared; None where they can.
    """

    id: str
    key: str | None
    hash: int | None
    cells: str | None
    code: str | None = None


class ToldByBilling(NamedTuple):
    """A record as billing lists it.

    Args:
        key: External id.
        hash: Of the cells that both sides tell; None where they must be compared one by one.
        cells: JSON text of its cells.
        code: Why it cannot be carried over; None where it can.
    """

    key: str
    hash: int | None
    cells: str | None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Matched:
    """What matching has found.

    Args:
        total: Records in all, on either side or linked.
        equal: Those that agree.
        prospects: Salesforce records without an external id that nothing is linked to.
        refused: Records whose values cannot be compared, by code.
    """

    total: int
    equal: int
    prospects: int
    refused: Mapping[str, int] = field(default_factory=dict)


class Suspect(NamedTuple):
    """A record in which the two listings differ.

    Args:
        number: Its place, from 1.
        key: External id.
        id: Salesforce id; None where Salesforce does not list it.
        rival: Whether its external id is linked to another Salesforce record.
        in_billing: Whether billing lists it.
        salesforce: JSON text of Salesforce's cells.
        billing: JSON text of billing's cells.
    """

    number: int
    key: str
    id: str | None
    rival: bool
    in_billing: bool
    salesforce: str | None
    billing: str | None


class Comparison:
    """The comparison of one entity of an instance; its tables are gone once the block is left.

    Args:
        door: Door of the instance's tenant.
        instance_id: The instance.
        entity: Entity in the data model.
    """

    def __init__(self, door: Door, instance_id: uuid.UUID, entity: str) -> None:
        self._whose: list[Any] = [door.tenant_id, instance_id, entity]

    def __enter__(self) -> Self:
        with connection.cursor() as cursor:
            cursor.execute(_DROP)
            cursor.execute(_CREATE)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # a connection that is broken has lost its temporary tables already
        with suppress(*(() if kind is None else (DatabaseError,))), connection.cursor() as cursor:
            cursor.execute(_DROP)

    def take_salesforce(self, rows: Iterable[ToldBySalesforce]) -> None:
        """Add records that Salesforce lists."""
        self._take("told_salesforce", rows)

    def take_billing(self, rows: Iterable[ToldByBilling]) -> None:
        """Add records that billing lists."""
        self._take("told_billing", rows)

    def _take(self, table: str, rows: Iterable[tuple[str | int | None, ...]]) -> None:
        with connection.cursor() as cursor, cursor.copy(_COPY[table]) as copy:
            for lines in copied(rows):
                copy.write(lines)

    def match(self) -> Matched:
        """Match both listings, once both are complete."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_ROOM)
            cursor.execute(_ONCE)
            cursor.execute(_LINKS, self._whose)
            cursor.execute("ANALYZE told_salesforce, told_billing, told_link")
            cursor.execute(_PAIR)
            cursor.execute(_NOWHERE)
            cursor.execute("ANALYZE told_pair")
            cursor.execute(_SUSPECT)
            cursor.execute(_CONTAINED)
            contained = cursor.rowcount
            cursor.execute(_INDEX)
            total, prospects, alike = self._row(cursor, _COUNTS)
            cursor.execute(_REFUSED)
            return Matched(total, alike + contained, prospects, dict(cursor.fetchall()))

    @staticmethod
    def _row(cursor: Any, sql: str) -> tuple[int, int, int]:
        cursor.execute(sql)
        found: tuple[int, int, int] = cursor.fetchone()
        return found

    def suspects(self, size: int) -> Iterator[list[Suspect]]:
        """Records in which the listings differ, some at a time; nothing may be matched meanwhile."""
        last = 0
        while found := [Suspect(*row) for row in self._rows(_SUSPECTS, [last, size])]:
            yield found
            last = found[-1].number

    def hand_over(self, sides: Mapping[int, str]) -> None:
        """Note suspects that are to be delivered, by their number, with the side whose key names them."""
        if sides:
            with connection.cursor() as cursor:
                cursor.execute(_HAND, [list(sides), list(sides.values())])

    def handed(self) -> Iterator[list[tuple[str, str]]]:
        """What was noted for delivery, some at a time: the side and its key."""
        last = 0
        while found := self._rows(_HANDED, [last, _HANDED_AT_ONCE]):
            yield [(side, key) for _, side, key in found]
            last = found[-1][0]

    @staticmethod
    def _rows(sql: str, values: Sequence[Any]) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            found: list[Any] = cursor.fetchall()
            return found


def under_way(door: Door, instance_id: uuid.UUID, entity: str, keys: Sequence[str]) -> set[str]:
    """Those of the keys (external or Salesforce ids) of which a change was heard that is not decided yet."""
    whose: list[Any] = [door.tenant_id, instance_id, entity, list(keys)]
    with connection.cursor() as cursor:
        cursor.execute(_UNDECIDED, [*whose, *whose])
        return {key for (key,) in cursor.fetchall()}


def sampled_links(door: Door, instance_id: uuid.UUID, size: int) -> list[tuple[str, str]]:
    """A random sample of an instance's links, as (entity, external id).

    Random pages of the table are read, about two a link that is asked for, more only where other instances own most of
    them: the cost does not grow with the number of links.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PAGES)
        pages = max(1, int((cursor.fetchone() or (0,))[0]))
        share = min(100.0, 200.0 * size / pages)
        while True:
            cursor.execute(_SAMPLE, [share, door.tenant_id, instance_id, size])
            found = [(entity, key) for entity, key in cursor.fetchall()]
            if len(found) >= size or share >= 100.0:  # noqa: PLR2004 - all of them
                return found
            share = min(100.0, share * 8)
