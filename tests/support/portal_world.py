"""An organisation with rows in every table that pages show, each of them telling a word of its own.

Whoever adds a page adds the rows it shows here and, where an address names a row, its id to ``subjects``; the
two-tenant test, the accessibility test and the pictures then reach the page by themselves.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from everyday_world import everyday
from people_world import new_person
from portal_sale_rows import add_sales
from portal_seed_rows import add_seed_pages

from salesbridge.portal import people
from salesbridge.portal.roles import Role
from salesbridge.store import audit
from salesbridge.store.door import Door
from salesbridge.store.journal import raise_problem, record
from salesbridge.store.models import Change, Conflict, Live, Parked, Reconciliation, Tenant

_NOW = datetime.now(UTC)


@dataclass
class World:
    """What was made.

    Attributes:
        canary: A word that stands in every row.
        organisation: Whose it is.
        door: Door of the tenant.
        instance: A live instance with everything; ``fresh`` has just been set up.
        subjects: Arguments of addresses that lead to its rows.
    """

    canary: str
    organisation: object
    door: Door
    instance: object = None
    fresh: object = None
    subjects: dict = field(default_factory=dict)

    def person(self, role="administrator"):
        """A new member of the organisation."""
        return new_person(self.organisation, role)


def make_world(canary, *, names=None):
    """Make an organisation, a tenant, two instances, and rows of all kinds.

    Args:
        canary: A word nobody else uses.
        names: Names to show in place of those with the word in them, for pictures.
    """
    names = {
        "organisation": f"{canary} Energy",
        "tenant": f"{canary} billing",
        "instance": f"{canary} sales",
        **(names or {}),
    }
    operator = Door.operator(reason="test data")
    organisation = operator.organisations.create(name=names["organisation"])
    tenant = operator.tenants.create(
        name=names["tenant"], product=Tenant.Product.JUNIFER, base_url="http://127.0.0.1:9", organisation=organisation
    )
    world = World(canary, organisation, Door(tenant.pk))
    _instances(world, names["instance"])
    run = _runs(world)
    _ongoing(world)
    problem = _problems(world, run)
    world.subjects.update(
        tenant=tenant.pk, instance=world.instance.pk, run=run.number, problem=problem.pk,
        entity="Account", key="A-1001", **_people(world),
    )  # fmt: skip
    world.subjects.update(everyday(world))
    add_seed_pages(world)
    world.subjects["sale"] = add_sales(world).pk
    return world


def _instances(world, name):
    world.instance = world.door.instances.create(
        name=name, login_url="https://kowhai.my.salesforce.com", org_id="00D5g000004XyZEA0",
        consumer_key=f"3MVG9{world.canary}", instance_url="https://kowhai.my.salesforce.com",
        notify_emails=[f"ops@{world.canary.lower()}.example"],
    )  # fmt: skip
    world.fresh = world.door.instances.create(name=f"{name} rehearsal", login_url="https://test.salesforce.com")


def _runs(world):
    made = None
    for number, (state, failed) in enumerate([("failed", "Contact"), ("completed with errors", "")], 1):
        began = _NOW - timedelta(days=9 - 2 * number)
        made = world.door.runs.create(
            instance=world.instance, number=number, state=state, result=state, failed_stage=failed,
            started_by=f"{world.canary} engineer", message=f"{world.canary}: storage limit exceeded" if failed else "",
            started_at=began, finished_at=began + timedelta(minutes=42),
            report_url="" if failed else "https://kowhai.my.salesforce.com/069000000000001",
        )  # fmt: skip
        for position, entity in enumerate(["Contact", "Account", "AccountContactRelation"]):
            bad = 37 if entity == "Account" else 0
            stage = world.door.stages.create(
                run=made, position=position, entity=entity, state="failed" if entity == failed else "done",
                total=12_400, read=12_400, written_created=12_400 - bad, rejected=bad,
                started_at=began, finished_at=began + timedelta(minutes=9),
            )  # fmt: skip
            for row in range(3 if bad else 0):
                world.door.row_errors.create(
                    run=made, stage=stage, entity=entity, key=f"A-10{row:02}", code="DUPLICATE_VALUE", fields=["Name"],
                    message=f"{world.canary}: duplicate value found", mend="Merge the two accounts in Salesforce.",
                )  # fmt: skip
    return made


def _ongoing(world):
    live = world.door.rows(Live).create(
        instance=world.instance, state="live", next_number=200, heard_at=_NOW - timedelta(seconds=40),
        api_used=23_410, api_limit=100_000, api_at=_NOW,
    )  # fmt: skip
    for number in range(1, 61):
        _change(world, live, number)
    world.door.rows(Conflict).create(
        instance=world.instance, entity="Account", record="A-1001", field="Phone", side="billing", both=True, number=3,
        base="+64 9 555 0100", lost=f"+64 9 555 0199 {world.canary}", won="+64 9 555 0123",
    )  # fmt: skip
    world.door.rows(Parked).create(
        instance=world.instance, entity="Contact", record="C-77", hold="person", code="DUPLICATES_DETECTED",
        message=f"{world.canary}: use one of these records?", mend="Merge the duplicates.",
    )  # fmt: skip
    world.door.rows(Reconciliation).create(
        instance=world.instance, number=1, cause="nightly", started_by=f"{world.canary} scheduler", state="completed",
        started_at=_NOW - timedelta(hours=7), finished_at=_NOW - timedelta(hours=6, minutes=50),
        counts={"Account": {"compared": 9800, "equal": 9797, "drifted": 3}},
    )  # fmt: skip
    record(world.door, "run:started", actor=f"{world.canary} engineer", subject="run 2", instance_id=world.instance.pk)


def _change(world, live, number):
    at = _NOW - timedelta(minutes=60 - number)
    pending = number > 58
    world.door.rows(Change).create(
        instance_id=live.instance_id, number=number, side="salesforce" if number % 3 else "billing", entity="Account",
        key=f"A-{1000 + number % 7}", record=f"A-{1000 + number % 7}", op="save", event_id=f"e{number}", origin="event",
        by=f"{world.canary} person", heard_at=at, after={"Phone": f"+64 9 555 01{number:02}"},
        outcome=None if pending else ("applied" if number % 4 else "unchanged"), decided_at=None if pending else at,
    )  # fmt: skip


def _problems(world, run):
    made = None
    for number, kind in enumerate(["record refused", "record refused", "events lost"]):
        made = raise_problem(
            world.door, kind, f"{world.canary}: Account A-10{number:02} was refused", instance_id=world.instance.pk,
            entity="Account" if "record" in kind else "", key=f"A-10{number:02}", cause="DUPLICATE_VALUE",
            mend="Merge the two accounts in Salesforce, then retry.", run_id=run.pk,
        )  # fmt: skip
    return made


def _people(world):
    by = f"{world.canary} administrator"
    invitation, _ = people.invite(world.organisation, f"new@{world.canary.lower()}.example", Role.OPERATOR, by=by)
    member = new_person(
        world.organisation, "operator", email=f"olive-{uuid.uuid4().hex[:6]}@{world.canary.lower()}.example"
    )
    audit.write(world.door, by, "instance:added", world.instance.name, {"note": world.canary})
    return {"invitation": invitation.pk, "membership": member.memberships.get().pk}
