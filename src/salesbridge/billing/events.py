"""What billing publishes: an event tells that something happened to a record, not what the record is now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from salesbridge.billing.paths import Mark
from salesbridge.billing.port import KEYS, BillingError

PING: Final = "integration:ping"
_LONGEST_ID: Final = 200
_RULE: Final = re.compile(r"(\w+):([^\s:,]+(?:,[^\s:,]+)*)(:deleted)?")


@dataclass(frozen=True, slots=True)
class BillingEvent:
    """A published event.

    Attributes:
        event_id: The same in every repeat.
        type: In kebab case, such as ``account-updated``; native ones have two colons.
        tenant: The platform's tenant; empty where it is not told.
        app: The platform's app; empty where it is not told.
        created_at: When it happened; None where it is not told.
        data: What it is about.
    """

    event_id: str
    type: str
    tenant: str
    app: str
    created_at: datetime | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Touch:
    """A record that an event says has changed.

    Attributes:
        kind: One of ``KINDS``.
        key: Its business key, parts joined by a colon.
        deleted: It is there no more.
    """

    kind: str
    key: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Which record an event of a type is about.

    Attributes:
        kind: One of ``KINDS``.
        members: Dotted paths in ``data`` of the parts of its business key, in the key's order.
        deleted: The event says that it is there no more.
        mark: How sure we are that an event of this name exists; the members of ``data`` are assumed for all.
    """

    kind: str
    members: tuple[str, ...]
    deleted: bool = False
    mark: Mark = "assumed"


def _rules() -> Iterator[tuple[str, tuple[Rule, ...]]]:
    """Yields the table of events of docs/billing-dialects.md."""
    relation = ("accountNumber", "customerNumber")
    for record, members in (
        ("account", ("accountNumber",)),
        ("customer", ("customerNumber",)),
        ("account-customer", relation),
        ("product", ("productCode",)),
        ("agreement", ("agreementNumber",)),
    ):
        for happened in ("created", "updated"):
            yield f"{record}-{happened}", (Rule(record.replace("-", "_"), members),)
    yield "account-customer-deleted", (Rule("account_customer", relation, deleted=True),)
    for name in (
        "quote-created", "quote-updated", "quote-ready", "quote-accepted", "quote-cancelled", "contract-created",
        "contract-active", "contract-completed", "contract-cancelled",
    ):  # fmt: skip
        yield name, (Rule("order", ("orderNumber",), mark="documented"),)
    for name in (
        "switch-gain-started", "switch-gain-finished", "switch-gain-cancelled", "switch-gain-objected",
        "switch-loss-started", "switch-loss-cancelled", "switch-loss-finished", "service-created",
        "service-point-updated", "service-address-updated", "service-location-updated", "location-address-updated",
    ):  # fmt: skip
        yield name, (Rule("service_point", ("identifier",), mark="documented"),)


EVENTS: Final[Mapping[str, tuple[Rule, ...]]] = dict(_rules())


def parse(raw: bytes) -> BillingEvent:
    """Reads an event's body; members that it need not have may be missing, others may be added.

    Raises:
        BillingError: It is no event: no JSON object, or without ``eventId``, ``eventType`` or an object ``data``.
    """
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise _bad("The event is not JSON in UTF-8.") from None
    if not isinstance(body, dict):
        raise _bad("The event is not a JSON object.")
    data = body.get("data")
    if not isinstance(data, dict):
        raise _bad("The event's data is not an object.")
    return BillingEvent(
        event_id=_name(body, "eventId"),
        type=_name(body, "eventType"),
        tenant=_text(body.get("tenantId")) or "",
        app=_text(body.get("appId")) or "",
        created_at=_instant(body.get("createdAt")),
        data=data,
    )


def touched(event: BillingEvent, overrides: Mapping[str, str] | None = None) -> tuple[Touch, ...]:
    """Tells which records an event is about; none if its type is not known, or is the connectivity test.

    Args:
        event: The event.
        overrides: The tenant's own rules, see ``rules``.

    Raises:
        BillingError: The event's type is known, but ``data`` lacks a part of the key; or an override cannot be.
    """
    table = rules(overrides) if overrides else EVENTS
    return tuple(Touch(rule.kind, _key(event, rule), rule.deleted) for rule in table.get(event.type, ()))


def rules(overrides: Mapping[str, str] | None) -> dict[str, tuple[Rule, ...]]:
    """Lays a tenant's rules over the table.

    Args:
        overrides: Event type to ``kind:member,member``, several separated by spaces, ``:deleted`` behind one that says
            that the record is gone: ``{"account-closed": "account:accountNumber"}``. An empty text takes a type away.

    Raises:
        BillingError: A rule cannot be read, or names no kind or another number of members than its key has parts.
    """
    own = {name: tuple(_rule(name, text) for text in _split(name, spec)) for name, spec in (overrides or {}).items()}
    return {**EVENTS, **own}


def _split(name: str, spec: Any) -> Iterable[str]:
    if not isinstance(spec, str) or not name:
        raise _bad_rule(name, spec)
    return spec.split()


def _rule(name: str, text: str) -> Rule:
    match = _RULE.fullmatch(text)
    members = tuple(match[2].split(",")) if match else ()
    if match is None or match[1] not in KEYS or len(members) != len(KEYS[match[1]]):
        raise _bad_rule(name, text)
    return Rule(match[1], members, deleted=bool(match[3]), mark="tenant")


def _bad_rule(name: str, spec: Any) -> BillingError:
    return BillingError(
        f"event {name}: {spec!r} is not a rule.",
        kind="permanent",
        code="BAD_OVERRIDE",
        mend="Write it like account:accountNumber or account_customer:accountNumber,customerNumber:deleted.",
    )


def _key(event: BillingEvent, rule: Rule) -> str:
    parts = [_part(event, member) for member in rule.members]
    if len(parts) > 1 and any(":" in part for part in parts):
        raise _bad(f"The event {event.type} has a colon in a part of its key, which joins the parts.")
    return ":".join(parts)


def _part(event: BillingEvent, member: str) -> str:
    value: Any = event.data
    for name in member.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    text = _text(value)
    if text is None:
        raise _bad(f"The event {event.type} does not tell which record it is about: data.{member} is missing.")
    return text


def _name(body: Mapping[str, Any], member: str) -> str:
    value = body.get(member)
    text = _text(value) if isinstance(value, str) else None
    if text is None or len(text) > _LONGEST_ID:
        raise _bad(f"The event's {member} is missing or is not a short text.")
    return text


def _text(value: Any) -> str | None:
    """A text in one line, or a whole number as one; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value).strip()
    return text if text and text.isprintable() else None


def _instant(value: Any) -> datetime | None:
    """An instant of ISO 8601; UTC where it names no zone. None where it cannot be read."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return instant.replace(tzinfo=UTC) if instant and instant.tzinfo is None else instant


def _bad(message: str) -> BillingError:
    return BillingError(
        message,
        kind="permanent",
        code="BAD_EVENT",
        mend="Look at it in the integration platform; if its members are called otherwise, give it a rule of your own.",
    )
