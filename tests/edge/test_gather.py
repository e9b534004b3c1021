"""Group commit at the edge: together when busy, at once when idle, each with its own answer."""

from __future__ import annotations

import asyncio
import threading

import pytest

from salesbridge.edge import gather
from salesbridge.edge.gather import FullError, Gathering


@pytest.fixture
def gate():
    return threading.Event()


def test_what_comes_while_the_first_is_written_is_written_together(gate):
    groups = []

    def work(group, pieces):
        groups.append((group, list(pieces)))
        gate.wait(5)
        return [piece * 10 for piece in pieces]

    async def asked():
        gathering = Gathering(work)
        first = asyncio.create_task(gathering.put("a", 1))
        await asyncio.sleep(0.05)
        rest = [asyncio.create_task(gathering.put("a", n)) for n in (2, 3, 4)]
        await asyncio.sleep(0.05)
        gate.set()
        return await asyncio.gather(first, *rest)

    assert asyncio.run(asked()) == [10, 20, 30, 40]
    assert groups == [("a", [1]), ("a", [2, 3, 4])]


def test_groups_do_not_wait_for_one_another(gate):
    def work(group, pieces):
        if group == "slow":
            gate.wait(5)
        return list(pieces)

    async def asked():
        gathering = Gathering(work)
        slow = asyncio.create_task(gathering.put("slow", 1))
        quick = await asyncio.wait_for(gathering.put("quick", 2), 2)
        gate.set()
        return await slow, quick

    assert asyncio.run(asked()) == (1, 2)


def test_a_failure_reaches_everybody_who_was_part_of_it_and_nobody_else():
    def work(group, pieces):
        if "bad" in pieces:
            raise OSError("disk")
        return list(pieces)

    async def asked():
        gathering = Gathering(work)
        with pytest.raises(OSError, match="disk"):
            await gathering.put("a", "bad")
        return await gathering.put("a", "good")

    assert asyncio.run(asked()) == "good"


def test_when_too_many_wait_the_next_is_told_to_come_again(gate, monkeypatch):
    monkeypatch.setattr(gather, "WAITING", 1)

    def work(group, pieces):
        gate.wait(5)
        return list(pieces)

    async def asked():
        gathering = Gathering(work)
        first = asyncio.create_task(gathering.put("a", 1))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(gathering.put("a", 2))
        await asyncio.sleep(0.01)
        with pytest.raises(FullError):
            await gathering.put("a", 3)
        gate.set()
        return await first, await second

    assert asyncio.run(asked()) == (1, 2)
