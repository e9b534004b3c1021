"""Settings of an instance that people may change: what they are, what they mean, what they may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from salesbridge.engine.connections import PUBSUB_ADDRESS
from salesbridge.engine.instances import SetupRefusedError
from salesbridge.store.door import Door
from salesbridge.store.journal import record
from salesbridge.store.models import Instance

_HOURS = 24


@dataclass(frozen=True, slots=True)
class Option:
    """A setting.

    Args:
        read: Reads it from text; raises ValueError where it is none.
        default: What holds where it is not set, in words.
        help: What it means.
        unit: What its number counts; empty where it is no number.
        choices: What it may be, where that is a list.
        warning: What somebody must know before it is changed; empty where a wrong value does no lasting harm.
    """

    read: Callable[[str], Any]
    default: str
    help: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    warning: str = ""


def _deletes(text: str) -> str:
    if text not in {"ask", "unlink"}:
        raise ValueError("ask or unlink")
    return text


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share < 1:
        raise ValueError("a share from 0 to below 1")
    return share


def _at_least_one(text: str) -> float:
    number = float(text)
    if number < 1:
        raise ValueError("a number, at least 1")
    return number


def _hour(text: str) -> int | None:
    if text == "never":
        return None
    hour = int(text)
    if not 0 <= hour < _HOURS:
        raise ValueError("an hour from 0 to 23, or never")
    return hour


def _yes_or_no(text: str) -> str:
    if text not in {"yes", "no"}:
        raise ValueError("yes or no")
    return text


def _told(text: str) -> str:
    if text not in TOLD:
        raise ValueError(", ".join(TOLD))
    return text


#: Results of an initial data synchronisation that are sent by e-mail.
TOLD = ("none", "errors", "all")
OPTIONS: Mapping[str, Option] = {
    "deletes": Option(
        _deletes,
        "ask",
        "What a delete of a linked record on one side means: ask a person, or unlink.",
        choices=("ask", "unlink"),
        warning="With unlink nobody is asked any more: a deleted record is let go, and billing's next change of it "
        "creates it in Salesforce anew.",
    ),
    "api_reserve": Option(
        _share,
        "0.1",
        "Share of the day's Salesforce API calls that is left to others.",
        "share, 0 to below 1",
        warning="With less in reserve other integrations of the org may be refused, with more delivery may be held.",
    ),
    "calls_per_minute": Option(
        _at_least_one, "1200", "Salesforce API calls that delivery makes in a minute at most.", "calls a minute"
    ),
    "poll_s": Option(
        _at_least_one, "60 where billing calls us, else 5", "Seconds between two questions to billing.", "seconds"
    ),
    "reconcile_at": Option(
        _hour,
        "2",
        "Hour of the tenant's night in which both sides are compared, or never.",
        "hour, 0 to 23",
        warning="With never, what neither side tells us of is found by sampling only.",
    ),
    "orders_from_quotes": Option(
        _yes_or_no,
        "yes",
        "Whether an accepted quote without an order gets one from the connector, rather than from Salesforce.",
        choices=("yes", "no"),
    ),
    "placed_status": Option(
        str,
        "none: only the checkbox Placed in Gentrack does",
        "Status of an order in Salesforce that places it in billing, beside the checkbox.",
        warning="Every order that has this status is placed in billing, and one that leaves it before it is active is "
        "cancelled there.",
    ),
    "pubsub": Option(
        str,
        PUBSUB_ADDRESS,
        "Address of Salesforce's Pub/Sub API, host:port.",
        warning="The connector sends its access token there. It must be Salesforce's own.",
    ),
}


def change(door: Door, instance: Instance, name: str, text: str | None, by: str) -> None:
    """Change a setting of an instance; None takes it back to its default.

    Raises:
        SetupRefusedError: There is no such setting, or it may not have that value.
    """
    value = None if text is None else read(name, text)
    with transaction.atomic():
        row = door.instances.select_for_update().get(pk=instance.pk)
        kept = {key: held for key, held in row.settings.items() if key != name}
        row.settings = kept if text is None else {**kept, name: value}
        row.save()
        record(door, "instance:changed", actor=by, subject=row.name, instance_id=row.pk, detail={name: value})


def read(name: str, text: str) -> Any:
    """The value of a setting from its text.

    Raises:
        SetupRefusedError: There is no such setting, or it may not have that value.
    """
    option = OPTIONS.get(name)
    if option is None:
        raise SetupRefusedError(f"There is no setting {name!r}. There are: {', '.join(OPTIONS)}.")
    try:
        return option.read(text)
    except ValueError as error:
        raise SetupRefusedError(f"{name} cannot be {text!r}: {error}.") from error
