"""An hour in which one side cannot be reached, told in half a minute: pauses are cut short."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from contextlib import contextmanager

from mapped import MAPPED, B, S

from torture.people import People
from torture.run import settle
from torture.verdict import violations

#: What leads to a side.
JOINTS = {S: ("salesforce", "pubsub"), B: ("billing", "hooks")}


@contextmanager
def unreachable(scene, side):
    """A side that nobody but its own people can reach."""
    for joint in JOINTS[side]:
        scene.network.refuse(joint, refusing=True)
    try:
        yield
    finally:
        for joint in JOINTS[side]:
            scene.network.refuse(joint, refusing=False)


@contextmanager
def hurried(scene, every_s=0.4):
    """Pauses of delivery end after some moments."""
    over = threading.Event()

    def hurry():
        while not over.wait(every_s):
            scene.sql("UPDATE store_live SET held_until = now() WHERE held_until > now()")

    thread = threading.Thread(target=hurry, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=30)


def hour_without(scene, side, *, edits=200, seconds=25.0, seed=1):
    """An outage of a side with edits on both sides meanwhile; what happened, and what does not hold afterwards."""
    begin = scene.held(), len(scene.saves())
    dice = random.Random(seed)  # noqa: S311 - repeatable choices
    began = time.monotonic()
    with People(scene, seed) as people, hurried(scene), unreachable(scene, side):
        for _ in range(edits):
            mapped = dice.choice(MAPPED)
            people.edit(mapped, dice.choice(people.keys(mapped)), mapped.master, dice.choice(mapped.values))
        time.sleep(max(0.0, seconds - (time.monotonic() - began)))
        attempts = scene.sql("SELECT outages FROM store_live")[0][0]
        told = [kind for (kind,) in scene.sql("SELECT kind FROM store_problem WHERE state = 'open'")]
    ended = time.monotonic()
    settle(scene)
    saves = scene.saves()[begin[1] :]
    ours = Counter((save.side, save.entity, save.key) for save in saves if save.ours)
    return {
        "edited": sum(not save.ours for save in saves),
        "changed records": len({(save.entity, save.key) for save in saves if not save.ours and save.fields}),
        "written records": len(ours),
        "written more than once": sorted(str(name) for name, count in ours.items() if count > 1),
        "attempts": attempts,
        "told meanwhile": told,
        "caught up after s": round(time.monotonic() - ended, 1),
        "violations": violations(scene, begin, disturbances=0),
    }
