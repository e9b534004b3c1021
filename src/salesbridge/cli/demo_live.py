"""The second part of the demo: the instance goes live, people edit records on both sides, and each edit arrives."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from pydantic import SecretStr

from salesbridge.cli import show
from salesbridge.cli.demo_sale import show_sales
from salesbridge.engine import connections, prepare
from salesbridge.engine.live import control, hooks
from salesbridge.engine.live.site import Site, site
from salesbridge.engine.live.states import live_of
from salesbridge.package import PERMISSION_SET
from salesbridge.salesforce import PasswordToken, Salesforce
from salesbridge.salesforce.soql import quote
from salesbridge.sandbox.beside import Sandbox
from salesbridge.store.door import Door
from salesbridge.store.models import Change, Conflict, Instance, Link, Reconciliation
from salesbridge.sync.life import InstanceState

_PATIENCE_S = 60.0
_LOOK_S = 0.02


@dataclass(frozen=True, slots=True)
class Stage:
    """Who acts in the demo, and on what.

    Args:
        where: The instance.
        person: Salesforce, as a sales person sees it.
    """

    where: Site
    person: Salesforce


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit that is about to be made.

    Args:
        link: The record.
        side: Where it is to arrive.
        began: When, by the monotonic clock.
        number: Number of the next change in the journal.
    """

    link: Link
    side: str
    began: float
    number: int


def show_live(door: Door, instance: Instance, org: Sandbox, billing: Sandbox) -> bool:
    """Go live, edit on both sides, show each edit arrive, and sell; whether everything went as it should."""
    show.out.rule("[bold]Ongoing synchronisation")
    _subscribe(door, billing)
    prepare.bypass(connections.salesforce(door, instance), on=False)
    connections.billing(door, door.tenant).set_publishing(on=True)
    show.out.print("The triggers tell of the connector's writes again, and billing publishes. Going live.")
    for check in control.go_live(door, instance, "demo", confirmed=True):
        show.out.print(f"  {check.name}: {check.message}")
    _compared(door, instance)
    where = site(door, instance.pk)
    with _sales_person(where, org) as person:
        return _edits(Stage(where, person)) and show_sales(where, person)


def _subscribe(door: Door, billing: Sandbox) -> None:
    """Have billing call the edge, and know the key that billing signs with."""
    tenant = door.tenant
    asked = {"endpoint": hooks.address(tenant)}
    subscribed = httpx2.post(f"{billing.url}/sandbox/subscriptions", json=asked).raise_for_status().json()
    tenant.hook_keys = [subscribed["publicKey"]]
    tenant.save()


def _compared(door: Door, instance: Instance) -> None:
    """Wait for the comparison with which an instance goes live."""
    began = time.monotonic()
    _until(lambda: live_of(door, instance.pk).state == InstanceState.LIVE)
    done = door.rows(Reconciliation).filter(instance=instance).order_by("-number").first()
    counts = done.counts if done else {}
    compared = sum(found.get("compared", 0) for found in counts.values() if isinstance(found, dict))
    drifted = sum(found.get("drifted", 0) for found in counts.values() if isinstance(found, dict))
    took = time.monotonic() - began
    show.out.print(f"Live. {compared:,} records were compared in {took:.0f} s, {drifted} differed.\n")


@contextmanager
def _sales_person(where: Site, org: Sandbox) -> Iterator[Salesforce]:
    """Somebody else than the connector, who may edit the mapped fields."""
    said, admin = org.said, where.salesforce
    (granted,) = admin.query(f"SELECT Id FROM PermissionSet WHERE Name = {quote(PERMISSION_SET)}")
    (user,) = admin.query(f"SELECT Id FROM User WHERE Username = {quote(said['Username'])}")
    admin.create("PermissionSetAssignment", {"AssigneeId": user["Id"], "PermissionSetId": granted["Id"]})
    signing_in = PasswordToken(
        org.url, said["Username"], SecretStr(said["Password"]), SecretStr(said["Security token"]),
        said["Consumer key"], SecretStr(said["Consumer secret"]),
    )  # fmt: skip
    with connections.connect_salesforce(signing_in, where.instance.api_version) as person:
        yield person


def _edits(stage: Stage) -> bool:
    edits = (_phone, _supply_status, _put_back, _conflict, _echo)
    arrived = [edit(stage) for edit in edits]
    return all([*arrived, _no_echo(stage)])


def _phone(stage: Stage) -> bool:
    contact = _some(stage, "Contact")
    phone = "+44 20 7946 0123"
    show.out.print(f"[bold]1.[/] A sales person changes the phone of contact {contact.billing_key} to {phone}.")
    edit = _edit(stage, contact, "billing")
    stage.person.update("Contact", contact.salesforce_id, {"Phone": phone})
    arrived = _until(lambda: _digits(_record(stage, "customer", contact).get("phone")) == _digits(phone))
    return _told(stage, edit, arrived=arrived)


def _supply_status(stage: Stage) -> bool:
    point = _some(stage, "Asset")
    show.out.print(f"[bold]2.[/] Billing de-energises service point {point.billing_key}.")
    edit = _edit(stage, point, "Salesforce")
    _in_billing(stage, "service_point", point, {"supply_status": "De-energised"})
    arrived = _until(lambda: _row(stage, point)["Gentrack_Supply_Status__c"] == "De-energised")
    return _told(stage, edit, arrived=arrived)


def _put_back(stage: Stage) -> bool:
    contact = _some(stage, "Contact", skip=1)
    before = _row(stage, contact)["LastName"]
    show.out.print(f"[bold]3.[/] Somebody changes the surname of customer {contact.billing_key} in billing.")
    edit = _edit(stage, contact, "billing")
    _in_billing(stage, "customer", contact, {"surname": "Mistyped"})
    arrived = _until(
        lambda: _record(stage, "customer", contact).get("surname") == before and _decided(stage, edit.number)
    )
    return _told(stage, edit, arrived=arrived)


def _conflict(stage: Stage) -> bool:
    account = _some(stage, "Account", skip=2)
    show.out.print(f"[bold]4.[/] Both sides change the trading name of account {account.billing_key} at once.")
    edit = _edit(stage, account, "billing")
    _in_billing(stage, "account", account, {"trading_name": "Entered in billing"})
    stage.person.update("Account", account.salesforce_id, {"Trading_Name__c": "Entered in Salesforce"})
    wanted = "Entered in Salesforce"
    arrived = _until(lambda: _record(stage, "account", account).get("trading_name") == wanted)
    told = _told(stage, edit, arrived=arrived)
    lost = stage.where.door.rows(Conflict).filter(instance=stage.where.instance, record=account.billing_key).last()
    if lost is not None:
        show.out.print(f"   Kept for people to see: {lost.lost!r}, entered in {lost.side}, did not prevail.")
    return told and lost is not None


def _echo(stage: Stage) -> bool:
    """A write of ours that Salesforce tells us of: a customer joins an account in billing."""
    account, contact = _some(stage, "Account", skip=3), _some(stage, "Contact", skip=4)
    show.out.print(f"[bold]5.[/] Customer {contact.billing_key} joins account {account.billing_key} in billing.")
    relation = Link(entity="AccountContactRelation", billing_key=f"{account.billing_key}:{contact.billing_key}")
    edit = _edit(stage, relation, "Salesforce")
    members = {"account_number": account.billing_key, "customer_number": contact.billing_key, "active": True}
    stage.where.billing.create("account_customer", members, idempotency_key=relation.billing_key)
    links = stage.where.door.links(stage.where.instance)
    arrived = _until(links.filter(entity=relation.entity, billing_key=relation.billing_key).exists)
    return _told(stage, edit, arrived=arrived)


def _no_echo(stage: Stage) -> bool:
    """Writes of ours come back as events; none of them may lead to a write."""
    rows = stage.where.door.rows(Change).filter(instance=stage.where.instance, side="salesforce", ours=True)
    _until(lambda: rows.exists() and _decided(stage, 0))
    heard, written = rows.count(), rows.filter(outcome="applied").count()
    show.out.print(f"   {heard} of our own writes came back as events; {written} of them led to a write.")
    return heard > 0 and written == 0


def _some(stage: Stage, entity: str, skip: int = 0) -> Link:
    """A linked record."""
    found: Link = stage.where.door.links(stage.where.instance).filter(entity=entity).order_by("billing_key")[skip]
    return found


def _record(stage: Stage, kind: str, link: Link) -> dict[str, Any]:
    return stage.where.billing.read(kind, link.billing_key) or {}


def _row(stage: Stage, link: Link) -> dict[str, Any]:
    return stage.person.get(link.entity, link.salesforce_id)


def _in_billing(stage: Stage, kind: str, link: Link, values: dict[str, Any]) -> None:
    """Somebody at the billing system's own screen; service points change there only."""
    url = stage.where.tenant.base_url
    said = {"kind": f"{kind}s", "key": link.billing_key, "values": values}
    httpx2.put(f"{url}/sandbox/records", json=said).raise_for_status()


def _digits(text: Any) -> str:
    return "".join(character for character in str(text) if character.isdigit())[-10:]


def _edit(stage: Stage, link: Link, side: str) -> Edit:
    return Edit(link, side, time.monotonic(), live_of(stage.where.door, stage.where.instance.pk).next_number)


def _decided(stage: Stage, number: int) -> bool:
    rows = stage.where.door.rows(Change).filter(instance=stage.where.instance, number__gte=number)
    return rows.exists() and not rows.filter(outcome=None).exists()


def _told(stage: Stage, edit: Edit, *, arrived: bool) -> bool:
    """Say how long it took and which rule decided."""
    took = time.monotonic() - edit.began
    if not arrived:
        show.out.print(f"   [red]It has not arrived in {edit.side} after {took:.0f} s.[/]")
        return False
    rows = stage.where.door.rows(Change).filter(
        instance=stage.where.instance, number__gte=edit.number, record=edit.link.billing_key, outcome="applied"
    )
    _until(rows.exclude(story={}).exists)
    rules = [f"{m['field']}: {m['rule']} (master: {m['master']})" for r in rows for m in r.story.get("fields", [])]
    if any(row.story.get("created") for row in rows):
        rules.append("created")
    show.out.print(f"   [green]In {edit.side} after {took:.2f} s.[/] {'; '.join(dict.fromkeys(rules))}")
    return True


def _until(true: Callable[[], Any]) -> bool:
    ends = time.monotonic() + _PATIENCE_S
    while time.monotonic() < ends:
        if true():
            return True
        time.sleep(_LOOK_S)
    return False
