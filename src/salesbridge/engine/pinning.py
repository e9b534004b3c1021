"""Which org an instance writes to: remembered at set-up, compared at every sign-in, changed only by a person's word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models.functions import Now

from salesbridge.engine.live.states import RUNNING, live_of, move
from salesbridge.model.check_facts import Pin
from salesbridge.model.check_org import another_org, described
from salesbridge.salesforce import OrgInfo, Salesforce, SalesforceError
from salesbridge.salesforce.tokens import Token
from salesbridge.store.door import Door
from salesbridge.store.former import exchange_links
from salesbridge.store.journal import LIVE, raise_problem, record
from salesbridge.store.models import Change, Instance, Live, Parked, Problem
from salesbridge.sync.life import InstanceState

#: Kind of the problem, and code of the error, while the credentials lead to another org.
ANOTHER, CODE = "another org", "ANOTHER_ORG"
_MEND = (
    "Nothing is written until somebody decides. If the other org is meant, for example a refreshed sandbox: "
    "salesbridge instance confirm-org NAME. If not, correct the login URL and the credentials."
)
_SALESFORCE = "salesforce"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What accepting another org did.

    Args:
        former: The org that the instance was set up for.
        org: The one that it writes to now.
        put_away: Links of the former org, which are kept apart.
        brought_back: Links of this org from an earlier time.
    """

    former: Pin
    org: Pin
    put_away: int
    brought_back: int


def pinned_of(instance: Instance) -> Pin:
    """The org that an instance was set up for."""
    host = urlsplit(instance.instance_url).hostname or ""
    return Pin(instance.org_id, instance.org_sandbox, instance.org_instance, host)


def pin_of(info: OrgInfo) -> Pin:
    """Which org it is that answered."""
    return Pin(info.org_id, info.sandbox, info.instance_name, urlsplit(info.instance_url).hostname or "")


def admission(door: Door, instance: Instance) -> Callable[[Token], None]:
    """What looks at each new token of an instance: one of another org is refused before anything is sent with it."""
    pinned = pinned_of(instance)

    def admit(token: Token) -> None:
        if pinned.org_id and token.org_id[:15] != pinned.org_id[:15]:
            raise stopped(door, instance, Pin(token.org_id))

    return admit


def verify(door: Door, instance: Instance, salesforce: Salesforce) -> None:
    """Ask which org it is, and stop where it is another one.

    Raises:
        SalesforceError: It is another org (code ``ANOTHER_ORG``), or Salesforce does not answer.
    """
    if not instance.org_id:
        return
    info = salesforce.org()
    pinned, org = pinned_of(instance), pin_of(info)
    if another_org(pinned, org):
        raise stopped(door, instance, org)
    _solved(door, instance)
    if org != pinned:
        _note_move(door, instance, pinned, info)


def stopped(door: Door, instance: Instance, org: Pin) -> SalesforceError:
    """Tell a person that it is another org, pause the instance, and give the error that ends the work at hand."""
    message = (
        f"This is another org: {described(org)}, but the instance was set up for {described(pinned_of(instance))}."
    )
    with transaction.atomic():
        raise_problem(door, ANOTHER, message, instance_id=instance.pk, cause=CODE, mend=_MEND)
        if live_of(door, instance.pk).state in RUNNING:
            move(door, instance.pk, InstanceState.PAUSED)
            record(door, "live:paused", actor="salesbridge", subject=instance.name, instance_id=instance.pk,
                   detail={"reason": message})  # fmt: skip
    return SalesforceError(message, kind="authentication", code=CODE, mend=_MEND)


def _note_move(door: Door, instance: Instance, pinned: Pin, info: OrgInfo) -> None:
    """The same org elsewhere: remember where, and say so once.

    ``updated_at`` stays, by which connections are told apart: nothing that they depend on has changed.
    """
    org = pin_of(info)
    instance.org_sandbox, instance.org_instance = org.sandbox, org.instance_name
    instance.instance_url = info.instance_url if org.host != pinned.host else instance.instance_url
    values = {name: getattr(instance, name) for name in ("org_sandbox", "org_instance", "instance_url")}
    door.instances.filter(pk=instance.pk).update(**values)
    if pinned.instance_name and (pinned.instance_name, pinned.host) != (org.instance_name, org.host):
        told = {"from": described(pinned), "to": described(org), "host": org.host}
        record(door, "org:moved", actor="salesbridge", subject=instance.name, instance_id=instance.pk, detail=told)


def confirm(door: Door, instance: Instance, salesforce: Salesforce, by: str) -> Confirmed:
    """Accept the org that the credentials lead to.

    Ids of records mean nothing in another org, not even in a refreshed sandbox, of which only the copied records keep
    theirs. So the links of the former org are put away, position and undecided changes of its event stream are
    dropped, and the next reconciliation links records anew by their external ids. Links that this org had once are
    brought back, and compared as well.

    Args:
        door: Door of the tenant.
        instance: The instance; paused or not live.
        salesforce: A connection that takes any org.
        by: Who says so.

    Raises:
        SalesforceError: Salesforce refuses or does not answer.
        ValueError: It is the same org, or the instance is live or being loaded.
    """
    info = salesforce.org()
    former, org = pinned_of(instance), pin_of(info)
    if not another_org(former, org):
        raise ValueError(f"The credentials lead to {described(org)}, which the instance was set up for already.")
    with transaction.atomic():
        state = live_of(door, instance.pk).state
        if state in {*RUNNING, InstanceState.LOADING}:
            raise ValueError("The instance is at work: pause it first (salesbridge sync pause).")
        row = door.instances.select_for_update().get(pk=instance.pk)
        same = former.org_id == org.org_id
        away, back = (0, 0) if same else exchange_links(door, row.pk, former.org_id, org.org_id)
        row.org_id, row.org_sandbox, row.org_instance = org.org_id, org.sandbox, org.instance_name
        row.instance_url = info.instance_url
        row.save()
        _start_anew(door, row)
        told = {"from": described(former), "to": described(org), "put_away": away, "brought_back": back}
        record(door, "org:confirmed", actor=by, subject=row.name, instance_id=row.pk, detail=told)
    return Confirmed(former, org, away, back)


def _start_anew(door: Door, instance: Instance) -> None:
    """Forget the former org's event stream; everything is to be compared."""
    door.rows(Live).filter(instance=instance).update(
        replay_id=None, replay_at=None, gap_since=datetime(1970, 1, 1, tzinfo=UTC), gap_reason="turned to another org"
    )
    heard = door.rows(Change).filter(instance_id=instance.pk, side=_SALESFORCE)
    heard.filter(outcome=None).update(outcome=Change.Outcome.DISMISSED, reason="another org", decided_at=Now())
    parked = heard.filter(outcome=Change.Outcome.PARKED)
    names = list(parked.values_list("entity", "record").distinct())
    parked.update(outcome=Change.Outcome.DISMISSED, reason="another org", decided_at=Now())
    for entity, name in names:
        door.rows(Parked).filter(instance=instance, entity=entity, record=name).update(next_at=Now())
    _solved(door, instance)


def _solved(door: Door, instance: Instance) -> None:
    open_ones = door.problems.filter(instance=instance, kind=ANOTHER, state__in=LIVE)
    open_ones.update(state=Problem.State.SOLVED)
