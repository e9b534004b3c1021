"""A simulated org, the edge and a billing system in this process, and operations that may die anywhere."""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx2
from pydantic import SecretStr

from salesbridge.engine import connections, instances
from salesbridge.engine.credentials import operations, status, steps, workflow
from salesbridge.engine.live.points import watched
from salesbridge.salesforce import ClientCredentials
from salesbridge.salesforce.named_credentials import NamedCredentials
from salesbridge.sandbox.salesforce import demo
from salesbridge.store.models import ClientSecret, CredentialOperation

KEY = "sandbox-key"
CALLER = "admin@sandbox.example"
_WORK = {"add": workflow.add_by, "rotate": workflow.rotate_by, "revoke": workflow.remove_by}
_GIVE_UP = {"add": workflow._taken_back, "rotate": workflow._as_it_stands, "revoke": workflow._as_it_stands}


class Died(BaseException):
    """The process was killed."""


class Chronicle(workflow.Caller):
    """What a durable engine remembers of one workflow: finished steps are not done again, and pauses take no time."""

    def __init__(self, tenant_id, operation_id, slept=lambda _: None):
        super().__init__(tenant_id, operation_id)
        self.kept = []
        self.place = 0
        self.slept = slept

    def __call__(self, step, *args):
        if self.place == len(self.kept):
            self.kept.append(step(*self._ids, *args))
        answer = self.kept[self.place]
        self.place += 1
        if "stopped" in answer:
            raise workflow._Stopped(answer["stopped"])
        return answer["ok"]

    def sleep(self, seconds):
        self.slept(seconds)

    def again(self):
        """The workflow starts over, with what is remembered."""
        self.place, self.truth = 0, ""
        return self


@dataclass
class CredentialWorld:
    """Everything that a callout passes through.

    Args:
        door: Door of the tenant.
        instance: The instance.
        org: The simulated org.
        edge: The edge.
        control: A client of the org's control routes.
        passed: Points that the last operation passed.
    """

    door: Any
    instance: Any
    org: Any
    edge: Any
    control: httpx2.Client
    passed: list[str] = field(default_factory=list)
    between: list[Any] = field(default_factory=list)

    @property
    def client(self):
        return operations.find(self.door, self.instance, "Gentrack")

    @property
    def named(self):
        return NamedCredentials(connections.salesforce(self.door, self.instance))

    @property
    def secrets(self):
        """States of the secrets that are accepted."""
        (found,) = [each for each in status(self.door, self.instance) if each.client.pk == self.client.pk]
        return sorted(each.state for each in found.secrets)

    def run(self, row, die_at=None, slept=lambda _: None) -> CredentialOperation:
        """Carry an operation out as a worker would, dying once at a point, or wherever a test says."""
        chronicle, self.passed = Chronicle(str(self.door.tenant_id), str(row.pk), slept), []
        with watched(self._watch(die_at)):
            while True:
                with contextlib.suppress(Died):
                    self._whole(row.kind, chronicle.again())
                    return operations.operation(self.door, row.pk)
                for each in self.between:
                    each()

    @staticmethod
    def _whole(kind, call):
        workflow._run(call, _WORK[kind], _GIVE_UP[kind])

    def _watch(self, die_at):
        def listen(name):
            self.passed.append(name)
            if die_at is not None and len(self.passed) == die_at + 1:
                raise Died(name)

        return listen

    def add(self, **options) -> CredentialOperation:
        row = operations.start_add(self.door, self.instance, "Gentrack", by="Ada", users=[CALLER])
        return self.run(row, **options)

    def rotate(self, **options) -> CredentialOperation:
        return self.run(operations.start_rotate(self.door, self.client.pk, by="Ada"), **options)

    def callout(self, path="/version", **options):
        """One callout of Apex; what Apex gets."""
        asked = {"user": CALLER, "namedCredential": "Gentrack", "path": path, **options}
        return self.control.post("/sandbox/callout", json=asked).raise_for_status().json()

    def calls_well(self):
        answer = self.callout()
        return answer["ok"] and answer["status"] == 200

    def forget_tokens(self):
        """Every token that the org holds is refused, so that its next callout has to fetch one."""
        operations.clients.cut_off(self.door, self.client.pk, by="test")

    def fault(self, name, **options):
        return self.org.org.faults.arm(name, **options)

    def settings(self, **changes):
        self.control.put("/sandbox/callout/settings", json=changes).raise_for_status()

    def load(self, rate, seconds, **options):
        """Callouts at a steady rate; gives the report so far, waiting for the end at most so long."""
        asked = {"user": CALLER, "namedCredential": "Gentrack", "path": "/version", "rate": rate, "seconds": seconds}
        made = self.control.post("/sandbox/callout/load", json={**asked, **options}).raise_for_status().json()
        return lambda wait: self.control.get(f"/sandbox/callout/load/{made['id']}", params={"wait": wait}).json()


def connected(running_org, running_billing):
    """A tenant and an instance that have been set up; their door and row."""
    entered = instances.BillingSystem(
        f"Retailer {uuid.uuid4()}", "junifer", running_billing.url, SecretStr(KEY), "sandbox", "Europe/London"
    )
    door, _ = instances.add_tenant(entered, by="test")
    app = ClientCredentials(running_org.url, demo.CLIENT_ID, SecretStr(demo.CLIENT_SECRET))
    instance, _ = instances.add_instance(door, "sales", app, by="test")
    return door, instance


def all_secrets(door):
    """Every secret of a tenant, whatever became of it."""
    return list(door.rows(ClientSecret))


__all__ = ["CALLER", "CredentialWorld", "Died", "all_secrets", "connected", "steps"]
