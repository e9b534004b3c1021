"""What goes wrong: named troubles, drawn at random, each of which ends by itself or is ended at last."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from functools import partial

#: Faults of the simulated systems: name, options; what has ``for_s`` is armed for so long.
SALESFORCE = (
    ("session_expires", {"path": "/services/data"}),
    ("unavailable", {"times": 3, "path": "/services/data"}),
    ("limit_exceeded", {"times": 1, "path": "/services/data"}),
    ("login_unavailable", {"times": 2}),
    ("cut_after_commit", {"times": 2, "path": "/composite/sobjects"}),
    ("lock_rows", {"times": 3, "share": 0.5}),
    ("pubsub_unavailable", {"times": 2}),
    ("stream_cut", {"after": 2}),
    ("stream_stall", {"seconds": 6}),
    ("stream_reset", {}),
    ("token_expired_stream", {}),
    ("replay_invalid", {}),
    ("duplicate_events", {"times": 10}),
    ("reorder_events", {"times": 5}),
    ("lost_events", {"times": 2}),
    ("event_before_commit", {"times": 2}),
)
BILLING = (
    ("unavailable", {"times": 4, "path": "/rest/"}),
    ("failed", {"times": 2, "path": "/rest/"}),
    ("slow", {"times": 4, "seconds": 2, "path": "/rest/"}),
    ("throttled", {"times": 2, "seconds": 1, "path": "/rest/"}),
    ("cut", {"times": 2, "when": "before", "path": "/rest/"}),
    ("cut", {"times": 2, "when": "after", "path": "/rest/"}),
    ("truncated_body", {"path": "/rest/"}),
    ("webhook_repeat", {"times": 6, "copies": 3}),
    ("webhook_reorder", {"times": 3}),
    ("webhook_lost", {"times": 2}),
    ("webhook_late", {"times": 3, "seconds": 4}),
    ("webhook_bad_signature", {"times": 2}),
    ("webhook_old_timestamp", {"times": 2}),
    ("webhook_down", {"for_s": 6.0}),
)
TOXICS = (
    ("latency", {"latency_s": 0.05, "jitter_s": 0.2}),
    ("little bandwidth", {"rate": 20_000}),
    ("cut after bytes", {"cut_after": 3_000}),
    ("slow close", {"slow_close_s": 2.0}),
)
#: Longer than a lease lasts: who comes back finds that another took over.
ZOMBIE_S = (6.5, 9.0)
#: A takeover that takes longer than this has been kept from happening.
_LONGEST_S = 60.0


class Nemesis:
    """Makes trouble until it is stopped.

    Args:
        scene: Where.
        seed: Of its choices.
        hands: How many troubles there are at once, at most.
        pause_s: Seconds between two troubles of one hand, about.
        kinds: Which troubles, by the beginning of their name; all by default.
    """

    def __init__(self, scene, seed, *, hands=2, pause_s=1.5, kinds=()):
        self.scene, self._pause_s = scene, pause_s
        self.counts, self.takeovers, self.failed = Counter(), [], []
        self._under_way = Counter()
        self._stopped, self._lock, self._database = threading.Event(), threading.Lock(), threading.Lock()
        chosen = [(n, t) for n, t in self._troubles() if not kinds or n.startswith(tuple(kinds))]
        self._deck = chosen
        self._hands = [
            threading.Thread(target=self._run, args=(random.Random(f"nemesis {seed} {hand}"),), daemon=True)  # noqa: S311
            for hand in range(hands)
        ]

    def __enter__(self):
        for hand in self._hands:
            hand.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """No more trouble; everything that was hurt is well again."""
        self._stopped.set()
        for hand in self._hands:
            hand.join(timeout=90)
        self.scene.network.heal()
        for side in ("salesforce", "billing"):
            self.scene.disarm(side)

    def _run(self, dice):
        while not self._stopped.wait(dice.expovariate(1 / self._pause_s)):
            name, trouble = dice.choice(self._deck)
            with self._lock:
                self.counts[name] += 1
                self._under_way[name] += 1
            try:
                trouble(dice)
            except Exception as error:  # noqa: BLE001 - told at the end
                self.failed.append(f"{name}: {error!r}")
            finally:
                with self._lock:
                    self._under_way[name] -= 1

    def _troubles(self):
        """Every trouble, as often as it is to be drawn."""
        for side, faults in (("salesforce", SALESFORCE), ("billing", BILLING)):
            for name, options in faults:
                yield f"{side}: {name}", partial(self._fault, side, name, options)
        for joint in self.scene.network.proxies:
            for name, toxics in TOXICS:
                yield f"network: {name} ({joint})", partial(self._toxic, joint, toxics)
            yield f"network: reset ({joint})", partial(self._reset, joint)
            yield f"network: silence ({joint})", partial(self._silence, joint)
            yield f"network: half open ({joint})", partial(self._half_open, joint)
        yield from self._deaths()

    def _deaths(self):
        for worker in self.scene.workers:
            yield from [("process: kill -9 worker", partial(self._kill, worker))] * 6
            yield from [("process: frozen worker", partial(self._freeze, worker))] * 3
        yield from [("process: kill -9 edge", partial(self._kill, self.scene.edge))] * 2
        yield "process: frozen edge", partial(self._freeze, self.scene.edge)
        for mode in ("fast", "immediate"):
            yield from [(f"postgres: {mode} stop", partial(self._postgres, mode))] * 2

    def _fault(self, side, name, options, dice):
        armed = {key: value for key, value in options.items() if key != "for_s"}
        self.scene.fault(side, name, **armed)
        if "for_s" in options:
            self._stopped.wait(dice.uniform(1.0, options["for_s"]))
            self.scene.disarm(side, name)
        if name == "replay_invalid":  # is only met by a subscription that begins
            self.scene.fault(side, "stream_cut")

    def _toxic(self, joint, toxics, dice):
        self.scene.network.poison(joint, **toxics)
        self._stopped.wait(dice.uniform(1.0, 6.0))
        self.scene.network.poison(joint)

    def _reset(self, joint, _dice):
        self.scene.network.reset(joint)

    def _half_open(self, joint, _dice):
        self.scene.network.forget(joint)

    def _silence(self, joint, dice):
        self.scene.network.silence(joint, silent=True)
        self._stopped.wait(dice.uniform(1.0, 8.0))
        self.scene.network.silence(joint, silent=False)

    def _freeze(self, child, dice):
        with child.hands_off:
            if child.lives:
                child.freeze(dice.uniform(*ZOMBIE_S))

    def _kill(self, child, dice):
        with child.hands_off:
            if not child.lives:
                return
            delivers = self._holder() == child.pid
            child.kill()
            if delivers:
                self._take_over(child.pid)
            self._stopped.wait(dice.uniform(0.0, 4.0))
            child.start()

    def _postgres(self, mode, dice):
        with self._database:
            self.scene.restart_postgres(mode, dice.uniform(0.2, 3.0))

    # how long nobody delivers

    def _holder(self):
        rows = self.scene.sql("SELECT owner FROM store_lease WHERE role = 'deliver' AND until > clock_timestamp()")
        return int(rows[0][0].split("-")[-2]) if rows and rows[0][0] else None

    def _take_over(self, dead):
        """Measure the time from a kill to the moment at which another worker may deliver, if one is there to do it."""
        others = [worker for worker in self.scene.workers if worker.lives and worker.pid != dead]
        ready = {int(owner.split("-")[-2]) for (owner,) in self.scene.sql("SELECT executor_id FROM store_worker")}
        if not any(worker.pid in ready for worker in others):
            return
        began, alone = time.monotonic(), self._alone()
        while (took := time.monotonic() - began) < _LONGEST_S:
            alone = alone and self._alone()
            if (holder := self._holder()) is not None and holder != dead:
                break
            time.sleep(0.05)
        self.takeovers.append((round(took, 2), alone))

    def _alone(self):
        """Whether nothing else goes wrong at this moment."""
        return sum(self._under_way.values()) == 1
