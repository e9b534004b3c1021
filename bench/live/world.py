"""Two simulated systems in step: everything that a measurement needs around it."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr

from bench.live.processes import Running, start, started
from bench.meter import postgres_cpu_s

USERNAME = "salesbridge"
#: Seconds for which anything is waited for.
PATIENCE_S = 900.0
_COLLECTION = 200


@dataclass
class World:
    """One instance that is live, with its worker and its edge.

    Args:
        folder: Where everything is kept.
        org: The simulated org.
        billing: The simulated billing system.
        edge: The process that hears billing.
        worker: The worker.
        door: Door of the tenant.
        instance: The instance.
        person: Salesforce, as a sales person sees it.
    """

    folder: Path
    org: Running
    billing: Running
    edge: Running
    worker: Running
    door: Any = None
    instance: Any = None
    person: Any = None
    person_calls: int = 0

    def start_worker(self) -> None:
        """Start a worker afresh."""
        self.worker = start(self.folder, "bench.live.worker")

    def stop_worker(self) -> None:
        """Stop the worker that runs now."""
        self.worker.stop()

    def cpu(self) -> dict[str, float]:
        """CPU seconds so far, by process."""
        clusters = sorted((self.folder / "data").rglob("postmaster.pid"))
        told = {"worker": self.worker.cpu_s, "edge": self.edge.cpu_s, "org": self.org.cpu_s}
        told["billing"] = self.billing.cpu_s
        told["postgres"] = (postgres_cpu_s(clusters[0].parent) or 0.0) if clusters else 0.0
        return told

    def calls(self) -> int:
        """API calls that the org has counted, without those of the person."""
        state = httpx2.get(f"{self.org.said['url']}/sandbox/state").raise_for_status().json()
        return int(state["api_requests"]) - self.person_calls

    def keys(self, entity: str, count: int) -> list[tuple[str, str]]:
        """Linked records as (external id, Salesforce id)."""
        links = self.door.links(self.instance).filter(entity=entity).order_by("billing_key")
        return list(links.values_list("billing_key", "salesforce_id")[:count])

    def edit_salesforce(self, ids: Sequence[str], **values: Any) -> None:
        """A person edits contacts, 200 a call."""
        for first in range(0, len(ids), _COLLECTION):
            records = [{"Id": sfid, **values} for sfid in ids[first : first + _COLLECTION]]
            results = self.person.collections("update", "Contact", records)
            self.person_calls += 1
            refused = [result for result in results if not result.success]
            if refused:
                raise SystemExit(f"An edit was refused: {refused[0]}")

    def edit_billing(self, keys: Sequence[str], **values: Any) -> int:
        """A person edits service points; the number of billing's last change before that."""
        told = self.billing.ask({"kind": "service_points", "keys": list(keys), "values": values})
        if told["edited"] != len(keys):
            raise SystemExit(f"{told['edited']} of {len(keys)} records were edited.")
        return int(told["after"])


def until(true: Callable[[], Any], every_s: float = 0.1, patience_s: float = PATIENCE_S) -> None:
    """Wait for something.

    Args:
        true: Whether it has come.
        every_s: Seconds between two looks.
        patience_s: Longest wait.

    Raises:
        SystemExit: It does not come.
    """
    ends = time.monotonic() + patience_s
    while not true():
        if time.monotonic() > ends:
            raise SystemExit("What was waited for did not come.")
        time.sleep(every_s)


@contextmanager
def live_world(folder: Path, accounts: int) -> Iterator[World]:
    """Start everything, load so many billing accounts, and go live."""
    kept = {"SALESBRIDGE_DATA_DIR": str(folder / "data"), "SALESBRIDGE_SANDBOX": "true"}
    os.environ |= {**kept, "SALESBRIDGE_LOG_LEVEL": "WARNING"}
    os.environ.pop("DATABASE_URL", None)
    key = secrets.token_hex(16)
    with ExitStack() as stack:
        from salesbridge import store  # noqa: PLC0415 - reads its settings from the environment

        store.setup()
        options = ("--port", 0, "--pubsub-port", 0, "--config", _config(folder))
        org = stack.enter_context(started(folder, "salesbridge.sandbox.salesforce", *options))
        options = ("--accounts", accounts, "--api-key", key, "--username", USERNAME)
        billing = stack.enter_context(started(folder, "bench.live.billing_system", *options, orders=True))
        edge = stack.enter_context(started(folder, "salesbridge", "edge", "--port", 0))
        world = World(folder, org, billing, edge, start(folder, "bench.live.worker"))
        stack.callback(world.stop_worker)
        _set_up(world, key)
        _load(world)
        stack.enter_context(_as_person(world))
        _go_live(world)
        yield world


def _config(folder: Path) -> Path:
    """An org that has bought more deliveries of events than the 25,000 a day that come with it."""
    file = folder / "org.json"
    file.write_text(json.dumps({"bus": {"daily_deliveries": 10_000_000}}), encoding="utf-8")
    return file


def _set_up(world: World, key: str) -> None:
    from salesbridge.engine import connections, instances, prepare  # noqa: PLC0415 - needs Django set up
    from salesbridge.salesforce import ClientCredentials  # noqa: PLC0415 - as above

    url, org = world.billing.said["url"], world.org.said
    entered = instances.BillingSystem("Bench", "junifer", url, SecretStr(key), USERNAME, "Europe/London")
    world.door, _ = instances.add_tenant(entered, by="bench")
    app = ClientCredentials(org["url"], org["Consumer key"], SecretStr(org["Consumer secret"]))
    settings = {"pubsub": f"http://{org['Pub/Sub API']}", "reconcile_at": None}
    world.instance, _ = instances.add_instance(world.door, "bench", app, by="bench", settings=settings)
    done = prepare.deploy_package(connections.salesforce(world.door, world.instance), world.door.tenant)
    if not done.success:
        raise SystemExit(str(done.findings))


def _load(world: World) -> None:
    from salesbridge.engine import connections, prepare  # noqa: PLC0415 - needs Django set up
    from salesbridge.engine.load import control  # noqa: PLC0415 - as above

    connections.billing(world.door, world.door.tenant).set_publishing(on=False)
    org = connections.salesforce(world.door, world.instance)
    prepare.bypass(org, on=True)
    choices = control.Choices(outage_acknowledged=True, accept_triggers=True)
    run = control.start(world.door, world.instance, choices, started_by="bench")
    until(lambda: control.ended(world.door.runs.get(pk=run.pk)), 0.5)
    prepare.bypass(org, on=False)


@contextmanager
def _as_person(world: World) -> Iterator[None]:
    from salesbridge.engine import connections  # noqa: PLC0415 - needs Django set up
    from salesbridge.package import PERMISSION_SET  # noqa: PLC0415 - as above
    from salesbridge.salesforce import PasswordToken  # noqa: PLC0415 - as above

    said, admin = world.org.said, connections.salesforce(world.door, world.instance)
    (granted,) = admin.query(f"SELECT Id FROM PermissionSet WHERE Name = '{PERMISSION_SET}'")
    (user,) = admin.query(f"SELECT Id FROM User WHERE Username = '{said['Username']}'")
    admin.create("PermissionSetAssignment", {"AssigneeId": user["Id"], "PermissionSetId": granted["Id"]})
    signing_in = PasswordToken(
        said["url"], said["Username"], SecretStr(said["Password"]), SecretStr(said["Security token"]),
        said["Consumer key"], SecretStr(said["Consumer secret"]),
    )  # fmt: skip
    with connections.connect_salesforce(signing_in, world.instance.api_version) as world.person:
        yield


def _go_live(world: World) -> None:
    from salesbridge.engine import connections  # noqa: PLC0415 - needs Django set up
    from salesbridge.engine.live import control, hooks  # noqa: PLC0415 - as above
    from salesbridge.engine.live.states import live_of  # noqa: PLC0415 - as above

    address = f"{world.edge.said['url']}/hooks/{world.door.tenant.hook}"
    hooks.add_key(world.door, world.billing.ask({"webhook": address})["key"], by="bench")
    connections.billing(world.door, world.door.tenant).set_publishing(on=True)
    control.go_live(world.door, world.instance, "bench", confirmed=True)
    until(lambda: live_of(world.door, world.instance.pk).state == "live", 0.5)
