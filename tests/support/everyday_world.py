"""Rows that the everyday pages show: a day of changes with their stories, events, links, conflicts, audits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from salesbridge.engine.live.hooks import add_key, fingerprints
from salesbridge.engine.live.names import long_id
from salesbridge.engine.surface import subscribing
from salesbridge.store.journal import raise_problem, record
from salesbridge.store.models import Change, Conflict, HeardEvent, Lease, Live, Problem, Reconciliation, Surfaced
from salesbridge.sync.event_mapping import Attribute, EventMapping

_NOW = datetime.now(UTC)
_PEM = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)


def everyday(world):
    """Add the rows to a world; returns the arguments of addresses that lead to them."""
    _links(world)
    _changes(world)
    _events(world)
    _attention(world)
    _reconciliation(world)
    rows = world.door.rows(Live).filter(instance=world.instance)
    rows.update(
        webhook_at=_NOW - timedelta(minutes=3), polled_until=_NOW - timedelta(seconds=50),
        reconciled_at=_NOW - timedelta(hours=7), audited_at=_NOW - timedelta(minutes=12), next_number=61,
    )  # fmt: skip
    for role in ("deliver", "listen"):
        until = _NOW + timedelta(hours=4)
        world.door.rows(Lease).create(instance=world.instance, role=role, owner=f"worker-{role}-7", until=until)
    world.instance.settings = {"calls_per_minute": 600.0}
    world.instance.save()
    _surfaced(world)
    return {
        "name": "A-1001", "number": 2, "setting": "deletes", "fingerprint": fingerprints([_PEM])[0],
        "event": "account-updated",
    }  # fmt: skip


def _links(world):
    for number in range(7):
        world.door.links(world.instance).create(
            instance=world.instance, entity="Account", billing_key=f"A-{1000 + number}",
            salesforce_id=long_id(f"0015g00000AbC{number:02}"), agreed={"Phone": f"+64 9 555 01{number:02}"},
        )  # fmt: skip
    operator_tenants = world.door.tenant
    operator_tenants.link_templates = {"*": "https://billing.example/#/accounts/{key}"}
    operator_tenants.zone, operator_tenants.country = "Pacific/Auckland", "NZ"
    operator_tenants.event_overrides = {"account-closed": "account:accountNumber"}
    operator_tenants.model_overrides = {"Account": {"fields": {"Fax": {"master": "billing"}}}}
    operator_tenants.save()


def _changes(world):
    """Spread the changes over a day, and let some tell what was decided."""
    for change in world.door.rows(Change).filter(instance=world.instance).order_by("number"):
        back = (60 - change.number) * 22
        change.heard_at = _NOW - (timedelta(minutes=back) if change.outcome else timedelta(seconds=back // 22 + 2))
        if change.outcome:
            change.decided_at = change.heard_at + timedelta(seconds=1 + change.number % 5)
            change.reason = "WRITE" if change.outcome == "applied" else "EQUAL"
            change.story = _story(change) if change.outcome == "applied" else {}
        change.before, change.after = {"Phone": "+64 9 555 0100"}, {"Phone": f"+64 9 555 01{change.number:02}"}
        change.save()


def _story(change):
    salesforce, billing = f"+64 9 555 01{change.number:02}", "+64 9 555 0100"
    rule = "master changed" if change.side == "salesforce" else "restored"
    fields = [
        {"field": "Phone", "rule": rule, "master": "salesforce", "salesforce": salesforce, "billing": billing},
    ]
    return {"fields": fields, "written": {"billing": {"Phone": salesforce}}, "created": []}


def _events(world):
    told = [("integration:ping", {}), ("account-closed", {"accountNumber": "A-1004"}), ("customer-created", {})]
    told += [("account-updated", {"accountNumber": f"A-{1000 + n}", "by": world.canary}) for n in range(5)]
    for number, (kind, data) in enumerate(told):
        at = _NOW - timedelta(minutes=3 + number * 9)
        world.door.rows(HeardEvent).create(
            event_id=f"{world.canary}-{number}", type=kind, created_at=at - timedelta(seconds=2), heard_at=at, data=data
        )
    add_key(world.door, _PEM, by=f"{world.canary} engineer")


def _surfaced(world):
    """Events that appear in Salesforce: one as somebody mapped it, and one that nobody has mapped yet."""
    unmapped = f"{world.canary.lower()}-ready"
    reference = [Attribute("status", "$.status"), Attribute("told by", "$.by")]
    mapping = EventMapping(f"{world.canary} account", "$.accountNumber", "Changed", attributes=tuple(reference))
    for name in ("account-updated", unmapped):
        subscribing.subscribe(world.door, world.instance, name, f"{world.canary} engineer")
    subscribing.give(world.door, world.instance, "account-updated", mapping, f"{world.canary} engineer")
    world.instance.refresh_from_db()
    rows = [("account-updated", "published"), ("account-updated", "waiting"), (unmapped, "held")]
    for number, (kind, state) in enumerate(rows):
        world.door.rows(Surfaced).create(
            instance=world.instance, event_id=f"{world.canary}-{number}", type=kind, state=state,
            code="NO_MAPPING" if state == "held" else "", message="it has no event mapping." if state == "held" else "",
        )  # fmt: skip


def _attention(world):
    for number in range(6):
        world.door.rows(Conflict).create(
            instance=world.instance, entity="Contact" if number % 2 else "Account", record=f"A-100{number}",
            field="MobilePhone" if number % 2 else "Phone", side="salesforce" if number % 2 else "billing",
            both=number % 3 == 0, number=10 + number, base="+64 21 555 000", lost=f"=1+1 {world.canary} {number}",
            won=None if number == 4 else "+64 21 555 123", by="0055g00000ABCDE" if number % 2 else "",
            at=_NOW - timedelta(hours=3 * number + 1),
        )  # fmt: skip
    for number in range(12):
        raise_problem(
            world.door, "record refused", f"{world.canary}: Contact C-{number} was refused by Salesforce",
            instance_id=world.instance.pk, entity="Contact", key=f"C-{number}", cause="STRING_TOO_LONG",
            mend="Shorten the name in billing, or lengthen the field, then retry.",
        )  # fmt: skip
    closed = world.door.problems.filter(instance=world.instance, cause="STRING_TOO_LONG").order_by("key")
    closed.filter(pk__in=list(closed.values_list("pk", flat=True)[:3])).update(state=Problem.State.SOLVED)
    detail = {"looked": 50, "drifted": [f"Account A-1003 {world.canary}"]}
    record(world.door, "audit:drift", actor="salesbridge", instance_id=world.instance.pk, detail=detail)
    record(
        world.door, "problem:retried", actor=f"{world.canary} operator", subject="Account A-1001",
        instance_id=world.instance.pk, detail={"kind": "record refused"},
    )  # fmt: skip


def _reconciliation(world):
    counts = {
        "Account": {
            "compared": 9800, "equal": 9790, "drifted": 7, "only_in_billing": 2, "refused": 1, "handed": 9, "calls": 4,
            "fields": {"Phone": 5, "Name": 2}, "reasons": {"BAD_EMAIL": 1},
        },
        "Contact": {"compared": 12_400, "equal": 12_400, "handed": 0, "calls": 3, "fields": {}, "reasons": {}},
    }  # fmt: skip
    world.door.rows(Reconciliation).create(
        instance=world.instance, number=2, cause="on demand", started_by=f"{world.canary} operator", state="finished",
        started_at=_NOW - timedelta(hours=2), finished_at=_NOW - timedelta(hours=1, minutes=52), counts=counts,
        message="22,200 records were compared, 9 differ; 9 were handed to delivery.", first_number=40, last_number=48,
    )  # fmt: skip
