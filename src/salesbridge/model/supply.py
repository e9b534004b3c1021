"""Checks of what an order would supply, before billing is asked: identifiers, days, and one supply per service point.

Pure. Each fault is told in words of those who sell, with what to do about it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from salesbridge.model.kinds import RefusedError
from salesbridge.model.kinds.market import SCHEMES, normal, verify

#: Supply statuses in which a service point is supplied, or about to be (docs/billing-dialects.md, meter point).
LIVE_STATUSES = frozenset({"Registered", "Pending", "De-energised"})


@dataclass(frozen=True, slots=True)
class Supply:
    """That a service point is, or would be, supplied.

    Args:
        point: Identifier of the service point; None for what needs none.
        start: First day; None: from the beginning.
        end: Last day; None: without end.
        by: What supplies it, as people call it: ``product 2``, ``order O-00012``.
    """

    point: str | None
    start: date | None = None
    end: date | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A service point as billing has it.

    Args:
        identifier: Its market identifier.
        scheme: ICP, NMI, MPAN or MPRN; None where it is not known.
        account: Number of the account that it is supplied for; None for none.
        status: Its supply status.
        end: Last day of its supply; None while no end is set.
    """

    identifier: str
    scheme: str | None = None
    account: str | None = None
    status: str | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an order.

    Args:
        code: Groups equal causes.
        reason: What is wrong, in a sentence.
        mend: What to do, in a sentence.
    """

    code: str
    reason: str
    mend: str


def schemes_of(zone: str) -> tuple[str, ...]:
    """The identifier types of the market that a tenant is in, by the time zone of its billing system; else all."""
    region = zone.partition("/")[0]
    by_region = {"Australia": ("NMI",)}
    by_zone = {"Europe/London": ("MPAN", "MPRN"), "Pacific/Auckland": ("ICP",), "Pacific/Chatham": ("ICP",)}
    return by_zone.get(zone) or by_region.get(region) or tuple(SCHEMES)


def check_supplies(
    wanted: Sequence[Supply],
    points: Iterable[Point],
    others: Iterable[Supply],
    account: str | None,
    schemes: Collection[str] = tuple(SCHEMES),
) -> tuple[Fault, ...]:
    """What is wrong with what an order would supply; nothing where all is well.

    Args:
        wanted: What each line would supply.
        points: What billing knows of those service points.
        others: What other open orders would supply.
        account: Number of the account that it would be supplied for; None for a prospect.
        schemes: Identifier types of the market.
    """
    known = {normal(point.identifier): point for point in points}
    taken = list(others)
    faults: list[Fault] = []
    for supply in wanted:
        point = known.get(normal(supply.point)) if supply.point else None
        faults += _identifier(supply, point, schemes)
        faults += _period(supply)
        faults += _supplied(supply, point, account)
        faults += (_overlap(supply, other) for other in taken if _clash(supply, other))
    faults += (_overlap(one, other) for one, other in combinations(wanted, 2) if _clash(one, other))
    return tuple(dict.fromkeys(faults))


def _identifier(supply: Supply, point: Point | None, schemes: Collection[str]) -> Iterator[Fault]:
    if not supply.point:
        return
    allowed = (point.scheme,) if point is not None and point.scheme else tuple(schemes)
    if not any(_valid(scheme, supply.point) for scheme in allowed):
        reason = f"The service point {supply.point} of {supply.by} is no valid {' or '.join(allowed)}."
        mend = "A character is wrong or missing: compare it with the customer's last bill."
        yield Fault("INVALID_SERVICE_POINT", reason, mend)


def _valid(scheme: str, identifier: str) -> bool:
    try:
        verify(scheme, normal(identifier))
    except RefusedError:
        return False
    return True


def _period(supply: Supply) -> Iterator[Fault]:
    if supply.start is not None and supply.end is not None and supply.end < supply.start:
        reason = f"{_first_upper(supply.by)} ends on {supply.end}, before it starts on {supply.start}."
        yield Fault("INVALID_PERIOD", reason, "Correct its dates.")


def _supplied(supply: Supply, point: Point | None, account: str | None) -> Iterator[Fault]:
    """One live supply per service point: that of another account has to end before the new one starts."""
    if point is None or point.account in {None, account} or point.status not in LIVE_STATUSES:
        return
    if point.end is not None and supply.start is not None and point.end < supply.start:
        return
    reason = f"The service point {supply.point} is supplied by us already, for the account {point.account}."
    yield Fault("SERVICE_POINT_SUPPLIED", reason, "Check the service point, or have that supply ended first.")


def _clash(one: Supply, other: Supply) -> bool:
    if not one.point or not other.point or normal(one.point) != normal(other.point):
        return False
    return _not_after(one.start, other.end) and _not_after(other.start, one.end)


def _not_after(start: date | None, end: date | None) -> bool:
    return start is None or end is None or start <= end


def _overlap(one: Supply, other: Supply) -> Fault:
    reason = f"{_first_upper(one.by)} and {other.by} would supply {one.point} on the same days."
    return Fault("SUPPLY_OVERLAP", reason, "Take one of them away, or change the dates.")


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
