"""A play from one number: the same seed makes the same steps, the same decisions and the same writes."""

from __future__ import annotations

import random
from dataclasses import dataclass

from judge import judge
from steps import STEPS, Seeded

from salesbridge.engine.live import act, billing_rows


@dataclass(frozen=True)
class Played:
    """What became of a simulated play.

    Args:
        seed: Its seed.
        hash: What two plays of the same seed share.
        violations: What was wrong; nothing, if all is well.
        trace: Every step.
        events: Events that were heard.
        edits: Fields that people changed.
        writes: Fields that the connector changed.
        faults: Faults that were ordered, deaths and takeovers among them.
        steps: How many steps were played.
    """

    seed: int
    hash: str
    violations: list
    trace: list
    events: int
    edits: int
    writes: int
    faults: int
    steps: int

    def __str__(self):
        told = f"seed {self.seed}: {self.steps} steps, {self.events} changes heard, {self.edits} edits, "
        return told + f"{self.writes} writes, {self.faults} faults, {len(self.violations)} violations, {self.hash[:16]}"


def simulate(stage, seed, *, steps=30, chosen=STEPS, unlink=False):
    """Play some steps that a seed chooses, let everything end well, and judge.

    Args:
        stage: Where.
        seed: What chooses.
        steps: How many.
        chosen: Weights and steps to choose from.
        unlink: Whether deletes take links away.
    """
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    names = [step for weight, step in chosen for _ in range(weight)]
    with one_after_another(), stage.play(seed=seed, unlink=unlink) as play:
        try:
            for _ in range(steps):
                chance.choice(names)(play, Seeded(chance))
                play.later(seconds=1)
            play.drain()
            found = judge(play)
        except Exception as error:  # noqa: BLE001 - whatever is raised is a finding, told with its seed
            found = [f"{type(error).__name__}: {error}"]
        moved = play.history
        trouble = play.faulted + play.crashes + play.zombies
        return Played(
            seed, play.hash, found, list(play.trace), len(play.changes()), len(moved.edits), len(moved.writes), trouble,
            steps,
        )  # fmt: skip


class one_after_another:  # noqa: N801 - reads as a statement
    """The engine's threads one at a time, so that nothing depends on which is faster."""

    def __enter__(self):
        self._kept = act._THREADS, billing_rows._THREADS
        act._THREADS = billing_rows._THREADS = 1

    def __exit__(self, *_):
        act._THREADS, billing_rows._THREADS = self._kept
