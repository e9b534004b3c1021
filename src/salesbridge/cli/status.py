"""``salesbridge status``: how ongoing synchronisation stands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from salesbridge import store
from salesbridge.cli import show
from salesbridge.engine import instances
from salesbridge.engine.live.site import Site
from salesbridge.engine.live.states import live_of
from salesbridge.engine.live.status import Allowance, Standing, allowances, last_word, standing, told_last
from salesbridge.store.door import Door
from salesbridge.store.models import Instance

_TIMES = ("heard_at", "webhook_at", "polled_until", "gap_since", "reconciled_at", "audited_at", "held_until")


def status(
    name: Annotated[str | None, typer.Argument(help="Instance, or tenant/instance; all when not given.")] = None,
    *,
    live: Annotated[bool, typer.Option("--live", help="Ask Salesforce what it still grants (one API call).")] = False,
    as_json: show.Json = False,
) -> None:
    """Show how ongoing synchronisation stands: state, lag, rates, backlog, what waits, problems."""
    with show.clear_errors():
        store.setup()
        now = datetime.now(UTC)
        found = [(standing(door, instance, now), _granted(door, instance, ask=live)) for door, instance in _named(name)]
    if as_json:
        told = [_as_dict(each, granted, now) for each, granted in found]
        show.as_json(told[0] if name else told)
    elif name:
        for each, granted in found:
            _details(each, granted, now)
    else:
        _overview([each for each, _ in found], now)


def _named(name: str | None) -> list[tuple[Door, Instance]]:
    if name:
        return [instances.find(name)]
    operator = Door.operator(reason="show how every instance stands")
    rows = operator.instances.select_related("tenant").order_by("tenant__name", "name")
    return [(Door(row.tenant_id), row) for row in rows]


def _granted(door: Door, instance: Instance, *, ask: bool) -> list[Allowance]:
    return allowances(Site(door, instance, door.tenant)) if ask else told_last(live_of(door, instance.pk))


def _as_dict(each: Standing, granted: list[Allowance], now: datetime) -> dict[str, Any]:
    live, flow = each.live, each.flow
    return {
        "tenant": each.tenant, "instance": each.instance.name, "state": live.state,
        "since": live.since if each.started else None,
        "lag_s": round(flow.lag_s, 1), "backlog": flow.backlog, "per_minute": flow.per_minute, "parked": flow.parked,
        "events": flow.events,
        "problems": each.problems, "conflicts_today": flow.conflicts, "workers": each.workers,
        "last_change_at": each.last_change_at, "last_word_s": _seconds(last_word(live), now),
        **{field: getattr(live, field) for field in _TIMES}, "held_reason": live.held_reason,
        "gap_reason": live.gap_reason, "allowances": {a.name: {"used": a.used, "limit": a.limit} for a in granted},
    }  # fmt: skip


def _seconds(at: datetime | None, now: datetime) -> float | None:
    return round((now - at).total_seconds(), 1) if at else None


def _overview(found: list[Standing], now: datetime) -> None:
    columns = {
        "Tenant": "left", "Instance": "left", "State": "left", "Lag": "right", "Backlog": "right", "per min": "right",
        "Waiting": "right", "Problems": "right", "Heard": "right", "Held": "left",
    }  # fmt: skip
    rows = [
        (
            each.tenant, each.instance.name, each.live.state, show.age(each.flow.lag_s), each.flow.backlog,
            f"{sum(each.flow.per_minute.values()):,.1f}", sum(each.flow.parked.values()), each.problems,
            show.ago(last_word(each.live), now), _held(each, now),
        )
        for each in found
    ]  # fmt: skip
    show.table(columns, rows)


def _held(each: Standing, now: datetime) -> str:
    until = each.live.held_until
    return each.live.held_reason if until is not None and until > now else ""


def _details(each: Standing, granted: list[Allowance], now: datetime) -> None:
    live, flow = each.live, each.flow
    rows: list[tuple[str, Any]] = [
        ("State", live.state),
        ("Lag", f"{show.age(flow.lag_s)} ({flow.backlog:,} changes not decided yet)"),
        ("Decided a minute", _counted(flow.per_minute)),
        ("Waiting", _counted(flow.parked)),
        ("Events for Salesforce", _counted(flow.events)),
        ("Problems", each.problems),
        ("Conflicts today", flow.conflicts),
        ("Salesforce heard", show.ago(live.heard_at, now)),
        ("Billing's webhook", show.ago(live.webhook_at, now)),
        ("Billing asked", show.ago(live.polled_until, now)),
        ("Last change", show.ago(each.last_change_at, now)),
        ("Compared in full", show.ago(live.reconciled_at, now)),
        ("Worked on by", ", ".join(f"{role}: {owner}" for role, owner in sorted(each.workers.items())) or "nobody"),
        *((allowance.name, f"{allowance.used:,} of {allowance.limit:,} used") for allowance in granted),
    ]
    if _held(each, now):
        rows.insert(1, ("Held", f"until {show.moment(live.held_until)}: {live.held_reason}"))
    if live.gap_since is not None:
        rows.insert(1, ("May have missed", f"changes since {show.moment(live.gap_since)}: {live.gap_reason}"))
    show.table({each.tenant: "name", each.instance.name: "left"}, rows)


def _counted(counts: Any) -> str:
    return ", ".join(f"{count:,g} {name}" for name, count in counts.items()) or "none"
