from __future__ import annotations

from datetime import UTC, datetime

import pytest

from salesbridge.store.journal import raise_problem, record
from salesbridge.store.models import (
    Activity,
    ApiCall,
    ApiClient,
    ApiPolicy,
    Change,
    ClientSecret,
    Conflict,
    CredentialOperation,
    FormerLink,
    HeardEvent,
    Inspection,
    Instance,
    Lease,
    Link,
    Live,
    Parked,
    Part,
    Problem,
    Reconciliation,
    RevokedToken,
    RowError,
    Run,
    Sale,
    SaleStep,
    Secret,
    Stage,
    Surfaced,
)
from salesbridge.store.runs import begin_run


@pytest.fixture
def new_world(new_door):
    """Make a tenant with one row in every table, and return its door and those rows."""

    def make():
        door = new_door()
        instance = door.instances.create(name="Sales org", login_url="http://127.0.0.1:9")
        run = begin_run(door, instance.pk, state="running", started_by="Ada")
        stage = door.stages.create(run=run, position=0, entity="Account", state="running")
        one = {"entity": "Account", "key": "A1"}
        link = {"entity": "Account", "billing_key": "A1", "salesforce_id": "001000000000001AAA"}
        rows = {
            Instance: instance,
            Run: run,
            Stage: stage,
            Part: door.parts.create(stage=stage, number=1, state="new"),
            RowError: door.row_errors.create(run=run, stage=stage, code="BAD", **one),
            Problem: raise_problem(door, "refused", "Bad", instance_id=instance.pk, **one),
            Activity: record(door, "run:started", actor="Ada", instance_id=instance.pk),
            Secret: door.secrets.create(instance=instance, name="consumer_secret", sealed=b"x", key_id="k"),
            Link: door.links(instance).create(instance=instance, **link),
            Inspection: door.rows(Inspection).create(instance=instance, kind="org", by="Ada"),
            **_live(door, instance),
            **_access(door, instance),
        }
        return door, rows

    return make


def _live(door, instance):
    record = {"instance": instance, "entity": "Account", "record": "A1"}
    said = {"side": "billing", "key": "A1", "op": "save", "event_id": "e1", "origin": "event"}
    lost = {"field": "Phone", "side": "billing", "both": True, "number": 1}
    event = {"event_id": "e1", "type": "account-updated", "created_at": datetime.now(UTC)}
    sale = door.rows(Sale).create(instance=instance, origin="salesforce", order_id="801000000000001AAA", state="placed")
    did = {"number": 1, "state": "placed", "step": "make account", "outcome": "done"}
    why = {"number": 1, "cause": "gap", "started_by": "Ada"}
    return {
        Live: door.rows(Live).create(instance=instance),
        Lease: door.rows(Lease).create(instance=instance, role="deliver"),
        Change: door.rows(Change).create(number=1, **record, **said),
        Parked: door.rows(Parked).create(**record, hold="parent"),
        Conflict: door.rows(Conflict).create(**record, **lost),
        HeardEvent: door.rows(HeardEvent).create(**event),
        Surfaced: door.rows(Surfaced).create(instance=instance, event_id="e1", type="account-updated"),
        Sale: sale,
        SaleStep: door.rows(SaleStep).create(sale=sale, **did),
        Reconciliation: door.rows(Reconciliation).create(instance=instance, **why),
    }


def _access(door, instance):
    client = door.rows(ApiClient).create(instance=instance, name="Gentrack", client_id=f"sbc_{instance.pk}")
    call = {"client_id": client.client_id, "request_id": "r", "trace_id": "t", "method": "GET", "path": "/version"}
    counted = {"status": 200, "outcome": "passed", "received": 0, "sent": 1, "milliseconds": 1}
    now = datetime.now(UTC)
    former = {"org_id": "00D000000000001EAA", "entity": "Account", "billing_key": "A1", "salesforce_id": "001"}
    return {
        ApiClient: client,
        ClientSecret: door.rows(ClientSecret).create(client=client, digest=b"x"),
        RevokedToken: door.rows(RevokedToken).create(client=client, jti="j", expires_at=now),
        ApiPolicy: door.rows(ApiPolicy).create(),
        ApiCall: door.rows(ApiCall).create(instance=instance, at=now, **call, **counted),
        CredentialOperation: door.rows(CredentialOperation).create(client=client, kind="rotate", by="Ada"),
        FormerLink: door.rows(FormerLink).create(instance=instance, **former),
    }


@pytest.fixture
def world(new_world):
    return new_world()


@pytest.fixture
def strangers_world(new_world):
    return new_world()
