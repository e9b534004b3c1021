"""When a record that could not be carried over is looked at again, and when a person is told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Hold(StrEnum):
    """Why a record waits. What is heard of it meanwhile waits behind it and makes it be looked at at once."""

    UNCOMMITTED = "uncommitted"
    PARENT = "parent"
    TRANSIENT = "transient"
    THROTTLED = "throttled"
    PERMANENT = "permanent"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Patience:
    """How a kind of waiting goes.

    Args:
        first: Time until the first look.
        longest: Longest time between two looks; each is twice as long as the one before.
        told_after: Looks in vain after which a person is told; None: never.
    """

    first: timedelta
    longest: timedelta
    told_after: int | None


#: A record also wakes up when its cause disappears: its parent is linked, a change of it is heard, a person retries it.
PATIENCE: Mapping[Hold, Patience] = {
    Hold.UNCOMMITTED: Patience(timedelta(seconds=0.5), timedelta(seconds=8), None),
    Hold.PARENT: Patience(timedelta(minutes=1), timedelta(hours=1), 2),
    Hold.TRANSIENT: Patience(timedelta(seconds=1), timedelta(minutes=5), 8),
    Hold.THROTTLED: Patience(timedelta(seconds=15), timedelta(minutes=10), 8),
    Hold.PERMANENT: Patience(timedelta(minutes=5), timedelta(hours=6), 0),
    Hold.PERSON: Patience(timedelta(minutes=30), timedelta(hours=6), 0),
}


def pause(hold: Hold, looks: int, asked_for: timedelta | None = None) -> timedelta:
    """Time until the next look.

    Args:
        hold: Why the record waits.
        looks: How often it was looked at in vain, this time included; from 1.
        asked_for: What the other side asked us to wait.
    """
    patience = PATIENCE[hold]
    doublings = min(max(looks - 1, 0), 32)
    wait = min(patience.first * (1 << doublings), patience.longest)
    return max(wait, asked_for) if asked_for is not None else wait


def tell(hold: Hold, looks: int) -> bool:
    """Whether a person is to be told."""
    after = PATIENCE[hold].told_after
    return after is not None and looks > after


def hold_of(kind: str) -> Hold:
    """How a record waits after an error of a kind: permanent, transient, throttled, or authentication.

    An authentication error concerns the connection and is handled there; a record held by one waits like a transient.
    """
    known = {"permanent": Hold.PERMANENT, "throttled": Hold.THROTTLED}
    return known.get(kind, Hold.TRANSIENT)
