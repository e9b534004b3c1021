"""Rows that the seed's pages show: inspections, a run under way, a named credential; part of ``portal_world``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from salesbridge.store.models import ApiCall, ApiClient, ClientSecret, CredentialOperation, Inspection, Live

_NOW = datetime.now(UTC)


def add_seed_pages(world):
    """Inspections, a credential with what was done to it, and an instance whose load is under way."""
    _inspections(world)
    _loading(world)
    world.subjects["credential"] = _credential(world).pk


def _finding(canary, severity, code, *, entity="Account", field="GentrackId__c", fix=True):
    place = f"{entity}.{field}"
    return {
        "severity": severity, "entity": entity, "field": field, "code": code, "message": f"{canary}: it is missing",
        "mend": "Deploy the package, or choose Fix it.", "where": "Setup > Object Manager > Account > Fields",
        "fix": {"deploy": [f"CustomField:{place}"], "assign": []} if fix else None, "place": place,
    }  # fmt: skip


def _inspections(world):
    def done(instance, kind, result):
        world.door.rows(Inspection).create(
            instance=instance, kind=kind, by=f"ops@{world.canary.lower()}.example", state="done", result=result,
            finished_at=_NOW - timedelta(minutes=3),
        )  # fmt: skip

    findings = [
        _finding(world.canary, "error", "field-missing"),
        _finding(world.canary, "warning", "trigger-missing", entity="Contact", field="ContactTrigger"),
        _finding(world.canary, "note", "validation-rule-active", entity="Contact", field="Phone_needed", fix=False),
        _finding(world.canary, "warning", "api-calls-low", entity="", field="", fix=False),
    ]
    limits = [
        {"name": "DailyApiRequests", "used": 23_410, "limit": 100_000},
        {"name": "DailyDeliveredPlatformEvents", "used": 9_100, "limit": 10_000},
    ]
    org = {
        "org_id": "00D5g000004XyZEA0", "name": f"{world.canary} Energy", "edition": "Enterprise Edition",
        "sandbox": False, "instance_name": "AUS94", "host": "kowhai.my.salesforce.com", "limits": limits,
        "username": f"connector@{world.canary.lower()}.example", "versions": ["31.0", "66.0"], "another": "",
    }  # fmt: skip
    done(world.instance, "org", org)
    report = {"passed": False, "summary": "9 objects, 84 fields and 16 settings were checked.", "findings": findings}
    done(world.instance, "data_model", report)
    checks = [
        {"name": "Salesforce", "state": "passed", "message": "signed in", "mend": ""},
        {
            "name": "Data model",
            "state": "failed",
            "message": f"{world.canary}: a field is missing",
            "mend": "Deploy it.",
        },
        {"name": "Billing events", "state": "warning", "message": "the billing system publishes", "mend": "Off."},
    ]
    sizes = [{"entity": "Contact", "records": 12_400, "jobs": 2, "calls": 14, "seconds": 95.0}]
    plan = {"checks": checks, "sizes": sizes, "records": 12_400, "jobs": 2, "calls": 34, "seconds": 95, "passed": False}
    done(world.fresh, "before_load", plan)


def _loading(world):
    world.loading = world.door.instances.create(
        name=f"{world.fresh.name} two", login_url="https://test.salesforce.com", org_id="00D5g000004XyZEA1"
    )
    world.door.rows(Live).create(instance=world.loading, state="loading")
    began = _NOW - timedelta(seconds=90)
    run = world.door.runs.create(
        instance=world.loading, number=1, state="loading", started_by=f"{world.canary} engineer", started_at=began,
        plan={"passed": True, "seconds": 300},
    )  # fmt: skip
    rows = [
        ("Contact", "done", 12_400, 12_400),
        ("Account", "sending", 9_800, 9_800),
        ("Contract", "waiting", 8_000, 0),
    ]
    for position, (entity, state, total, read) in enumerate(rows):
        stage = world.door.stages.create(
            run=run, position=position, entity=entity, state=state, total=total, read=read,
            started_at=began if read else None, finished_at=_NOW if state == "done" else None,
        )  # fmt: skip
        if read:
            world.door.parts.create(stage=stage, number=1, rows=read, processed=read // 2, state="sent", job_id="750x")


def _credential(world):
    client = world.door.rows(ApiClient).create(
        instance=world.instance, name=f"{world.canary}Quotes", client_id=f"{world.canary.lower()}-client",
        scopes=["billing.read", "billing.write"],
    )  # fmt: skip
    world.door.rows(ClientSecret).create(client=client, digest=b"x", state="current", last_used_at=_NOW)
    world.door.rows(CredentialOperation).create(
        client=client, kind="add", state="done", step="finish", message=f"{world.canary}: it works", by="Aroha Ngata",
        finished_at=_NOW, trail=[{"step": "check", "at": _NOW.isoformat(), "message": ""}],
    )  # fmt: skip
    world.door.rows(ApiCall).create(
        instance=world.instance, client_id=client.client_id, at=_NOW, request_id="r1", trace_id="0" * 32, method="GET",
        path=f"/accounts/{world.canary}", status=200, outcome="passed", received=0, sent=900, milliseconds=41,
    )  # fmt: skip
    return client
