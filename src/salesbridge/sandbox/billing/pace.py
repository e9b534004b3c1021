"""Orders that go their way by themselves, a step whenever its time has come by the sandbox's clock."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesbridge.sandbox.billing.dice import draws
from salesbridge.sandbox.billing.problems import RefusedError
from salesbridge.sandbox.billing.provisioning import OBJECTED, Provisioning
from salesbridge.sandbox.billing.supply import gaining

if TYPE_CHECKING:
    from collections.abc import Callable

    from salesbridge.sandbox.billing.records import Record
    from salesbridge.sandbox.billing.store import Billing, Change

_MOVING = ("accepted", "provisioning", "active")
_SHORTEST_LOOK, _LONGEST_LOOK = 0.01, 0.5
_STOP_SECONDS = 5.0
_CHANCES = 65536
_LONGEST_REASON = 255


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast orders are provisioned without anybody's doing, and what befalls them.

    Args:
        seconds: What passes on the sandbox's clock before each next step; 0: nothing happens by itself.
        objections: Share, 0 to 1, of the orders with a switch to which the losing retailer objects once.
        cancellations: Share, 0 to 1, of the objections that stand: the order is cancelled; the others are resolved.

    Raises:
        ValueError: A negative time, or a share beyond 0 to 1.
    """

    seconds: float = 0.0
    objections: float = 0.0
    cancellations: float = 0.0

    def __post_init__(self) -> None:
        if self.seconds < 0:
            raise ValueError(f"seconds is 0 or more, not {self.seconds}")
        for name, share in (("objections", self.objections), ("cancellations", self.cancellations)):
            if not 0 <= share <= 1:
                raise ValueError(f"{name} is a share from 0 to 1, not {share}")


class Provisioner:
    """Takes every order that was touched since the seed from accepted to completed.

    Which orders are objected to is drawn from the seed and the order, so a repeated run does the same. Seeded orders
    that nobody touched stay as they are.

    Args:
        billing: The records.
        pace: When which step is taken.
    """

    def __init__(self, billing: Billing, pace: Pace) -> None:
        self._billing = billing
        self._pace = pace
        self._steps = Provisioning(billing)
        self._since: dict[str, int] = {}
        self._objected: set[str] = set()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._end_listening: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin, on a thread of its own; does nothing without a pace, or when it runs already."""
        if not self._pace.seconds or self._thread:
            return
        self.watch()
        self._ended.clear()
        self._thread = threading.Thread(target=self._run, name="billing-provisioner", daemon=True)
        self._thread.start()

    def watch(self) -> None:
        """Note which orders are under way, from now on too, without taking steps."""
        with self._billing.lock:
            self._end_listening = self._billing.on_change(self._hear)
            for order in self._billing.edited("orders"):
                self._note(order, order["modified"])

    def stop(self) -> None:
        """End, after the step under way."""
        if self._end_listening:
            self._end_listening()
        self._ended.set()
        if self._thread:
            self._thread.join(_STOP_SECONDS)
        self._thread = None

    def take_due_steps(self) -> int:
        """Take the next step of every order whose time has come; answers how many were taken."""
        with self._billing.lock:
            latest = self._billing.clock.now() - self._pace.seconds * 1000
            due = [number for number, since in self._since.items() if since <= latest]
        for number in due:
            self._step(number)
        return len(due)

    def _run(self) -> None:
        look = min(max(self._pace.seconds / 4, _SHORTEST_LOOK), _LONGEST_LOOK)
        while not self._ended.wait(look):
            self.take_due_steps()

    def _hear(self, change: Change) -> None:
        if change.kind == "orders" and change.after:
            self._note(change.after, change.at)
        elif change.kind == "service_points":
            for number in (order["number"] for order in self._billing.orders_at(change.key)):
                if number in self._since:
                    self._since[number] = change.at

    def _note(self, order: Record, at: int) -> None:
        if order["status"] in _MOVING:
            self._since[order["number"]] = at
        else:
            self._since.pop(order["number"], None)
            self._objected.discard(order["number"])

    def _step(self, number: str) -> None:
        with self._billing.lock:
            order = self._billing.find("orders", number)
            if order is None or number not in self._since:
                self._since.pop(number, None)
                return
            self._since[number] = self._billing.clock.now()
            try:
                self._next(order)
            except RefusedError as error:
                self._steps.cancel(number, str(error)[:_LONGEST_REASON])

    def _next(self, order: Record) -> None:
        number = order["number"]
        if order["status"] == "accepted":
            self._steps.provision(number)
        elif order["status"] == "active":
            self._steps.complete(number)
        elif points := gaining(self._billing, order):
            self._go_on_with_switches(order, {point["switch_status"] for point in points})
        else:
            self._steps.activate(number)

    def _go_on_with_switches(self, order: Record, switches: set[str]) -> None:
        number = order["number"]
        if "Gain Objected" in switches:
            if self._happens("stands", order, self._pace.cancellations):
                self._steps.cancel(number, OBJECTED)
            else:
                self._steps.resolve(number)
        elif number not in self._objected and self._happens("objection", order, self._pace.objections):
            self._objected.add(number)
            self._steps.object(number)
        else:
            self._steps.finish_switches(number)

    def _happens(self, what: str, order: Record, share: float) -> bool:
        return draws(self._billing.seed.seed, what, order["id"])[0] < share * _CHANCES
