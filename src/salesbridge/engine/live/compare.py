"""One entity compared in full: listings matched in the database, and every suspect looked at again before it counts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import orjson

from salesbridge.engine.live.judge import TO_MEND, Judged, Standing, changed_since, judge, listed_standing
from salesbridge.engine.live.sides import Progress, Sides
from salesbridge.engine.live.site import Site
from salesbridge.model import Entity, Side
from salesbridge.store.comparison import Comparison, Matched, Suspect, under_way
from salesbridge.store.live_links import Linked, links_by_key
from salesbridge.store.models import Parked

#: Suspects that are looked at together: as many as one call to Salesforce answers.
BATCH = 200
#: Seconds for which changes that are under way may arrive before the records are looked at once more.
SETTLE_S = 5.0


@dataclass(slots=True)
class Counts:
    """What the comparison of an entity has found; the standings add up to ``compared``.

    Args:
        compared: Records on either side, and links without any.
        standings: Records by standing.
        fields: Drifted records by the column that differs.
        reasons: Refused records by code.
    """

    compared: int = 0
    standings: Counter[Standing] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def closes(self) -> bool:
        """Whether every record has exactly one standing."""
        return self.compared == self.standings.total()

    def told(self, **more: int) -> dict[str, Any]:
        """The counts as JSON."""
        by_standing = {standing.value: self.standings[standing] for standing in Standing}
        details = {"fields": dict(self.fields), "reasons": dict(self.reasons)}
        return {"compared": self.compared, **by_standing, **details, **more}

    def matched(self, found: Matched, unnamed: Mapping[str, int]) -> None:
        """Count what needs no second look."""
        self.reasons.update(found.refused)
        self.reasons.update(unnamed)
        self.compared = found.total + sum(unnamed.values())
        self.standings[Standing.EQUAL] += found.equal
        self.standings[Standing.PROSPECT] += found.prospects
        self.standings[Standing.REFUSED] += self.reasons.total()

    def count(self, judged: Judged) -> None:
        """Count a suspect."""
        self.standings[judged.standing] += 1
        self.fields.update(judged.fields)
        if judged.standing is Standing.REFUSED:
            self.reasons[judged.code] += 1


@dataclass(frozen=True, slots=True)
class _Asked:
    """A suspect with the key by which it is looked at."""

    number: int
    side: Side
    key: str
    names: tuple[str, ...]


class EntityComparison:
    """The comparison of one entity.

    Args:
        site: The instance.
        entity: What to compare.
        comparison: Its tables, open and empty.
        settle: Seconds for which changes that are under way may arrive.
    """

    def __init__(self, site: Site, entity: Entity, comparison: Comparison, settle: float = SETTLE_S) -> None:
        self._site = site
        self._entity = entity
        self._comparison = comparison
        self._settle = settle
        self._again: list[_Asked] = []
        self.counts = Counts()

    def run(self, tell: Progress) -> Counts:
        """Compare; what delivery is to see to is noted in the comparison.

        Raises:
            SalesforceError: Salesforce refuses or does not answer.
            BillingError: The billing system refuses or does not answer.
        """
        sides = Sides(self._site, self._entity, self._site.today(_now()), tell)
        sides.read(self._comparison)
        self.counts.matched(self._comparison.match(), sides.unnamed)
        for suspects in self._comparison.suspects(BATCH):
            self._look(self._not_settled(suspects))
        if self._again:
            time.sleep(self._settle)
            for batch in _batches(self._again):
                self._look_again(batch)
        return self.counts

    def _not_settled(self, suspects: Sequence[Suspect]) -> list[Suspect]:
        """Those whose listings do not say already that nothing is to be done."""
        links = links_by_key(
            self._site.door, self._site.instance.pk, [(self._entity.name, suspect.key) for suspect in suspects]
        )
        left = []
        for suspect in suspects:
            standing = self._listed(suspect, links.get((self._entity.name, suspect.key)))
            if standing is None:
                left.append(suspect)
            else:
                self.counts.standings[standing] += 1
        return left

    def _listed(self, suspect: Suspect, link: Linked | None) -> Standing | None:
        if suspect.salesforce is None or suspect.billing is None or link is None or link.salesforce_id != suspect.id:
            return None
        salesforce, billing = orjson.loads(suspect.salesforce), orjson.loads(suspect.billing)
        return listed_standing(self._site, self._entity, salesforce, billing, link.agreed)

    def _look(self, suspects: Sequence[Suspect]) -> None:
        asked = [_asked(suspect) for suspect in suspects]
        moving = self._moving(asked)
        certain = []
        for suspect, ask, judged in zip(suspects, asked, self._judge(asked), strict=True):
            differs = judged.standing in TO_MEND
            if differs and (moving & set(ask.names) or changed_since(judged, *_cells(suspect))):
                self._again.append(ask)
            else:
                certain.append((ask, judged))
        self._count(certain)

    def _look_again(self, asked: Sequence[_Asked]) -> None:
        judged = self._judge(asked)
        moving = self._moving(asked)
        certain = []
        for ask, found in zip(asked, judged, strict=True):
            if found.standing in TO_MEND and moving & set(ask.names):
                self.counts.standings[Standing.UNDER_WAY] += 1
            else:
                certain.append((ask, found))
        self._count(certain)

    def _judge(self, asked: Sequence[_Asked]) -> list[Judged]:
        if not asked:
            return []
        return judge(self._site, [(self._entity.name, ask.side, ask.key) for ask in asked], _now())

    def _moving(self, asked: Sequence[_Asked]) -> set[str]:
        """Names of records of which a change was heard that delivery has not decided yet."""
        names = [name for ask in asked for name in ask.names]
        return under_way(self._site.door, self._site.instance.pk, self._entity.name, names) if names else set()

    def _count(self, certain: Sequence[tuple[_Asked, Judged]]) -> None:
        for _, judged in certain:
            self.counts.count(judged)
        differing = [(ask, judged) for ask, judged in certain if judged.standing in TO_MEND]
        parked = parked_of(self._site, self._entity.name, [judged.record for _, judged in differing])
        self._comparison.hand_over(
            {ask.number: ask.side.value for ask, judged in differing if judged.record not in parked}
        )


def parked_of(site: Site, entity: str, names: Sequence[str]) -> set[str]:
    """Names of records that are parked: they are looked at again by themselves."""
    if not names:
        return set()
    parked = site.door.rows(Parked).filter(instance=site.instance, entity=entity, record__in=list(names))
    return set(parked.values_list("record", flat=True))


def _asked(suspect: Suspect) -> _Asked:
    """By which side's key a suspect is looked at: Salesforce's where billing has no such record, or two claim it."""
    by_id = suspect.id is not None and (suspect.rival or not suspect.in_billing)
    names = (suspect.key, *([suspect.id] if suspect.id is not None else []))
    if by_id and suspect.id is not None:
        return _Asked(suspect.number, Side.SALESFORCE, suspect.id, names)
    return _Asked(suspect.number, Side.BILLING, suspect.key, names)


def _cells(suspect: Suspect) -> tuple[Any, Any]:
    return tuple(orjson.loads(text) if text else None for text in (suspect.salesforce, suspect.billing))  # type: ignore[return-value]


def _batches(asked: Sequence[_Asked]) -> Iterator[list[_Asked]]:
    left = iter(asked)
    while batch := list(islice(left, BATCH)):
        yield batch


def _now() -> datetime:
    return datetime.now(UTC)
