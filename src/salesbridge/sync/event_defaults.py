"""Which events of billing are surfaced in Salesforce unless somebody says otherwise, and how. Pure.

The names of the events and which of them are published are those of the vendor's page *Event Model Reference*; the
members of ``data`` are assumed (docs/billing-dialects.md, Events).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from salesbridge.sync.event_mapping import Attribute, EventMapping

#: Subscribed where nobody has chosen: those whose publication the reference supports.
SUBSCRIBED: Final = ("switch-loss-started", "switch-loss-cancelled", "switch-loss-finished")
_ORDER = ("Order", ("orderNumber", "accountNumber", "status"))
_SERVICE_POINT = ("Service Point", ("identifier", "accountNumber", "identifierType"))
#: What the events of a group are about: Event Context, and the members of data in the order of External Context Id,
#: External Reference and attributes. The group's name is the Event Type, what happened the Event Subtype.
_GROUPS: Final[Mapping[tuple[str, str], tuple[str, tuple[str, ...]]]] = {
    ("quote", "created updated ready accepted cancelled"): _ORDER,
    ("contract", "created active completed cancelled"): _ORDER,
    ("switch-gain", "started finished cancelled objected"): _SERVICE_POINT,
    ("switch-loss", "started cancelled finished"): _SERVICE_POINT,
    ("location-address", "updated"): _SERVICE_POINT,
    ("service", "created"): _SERVICE_POINT,
    ("service-point", "updated"): _SERVICE_POINT,
    ("service-location", "updated"): _SERVICE_POINT,
    ("service-address", "updated"): _SERVICE_POINT,
    ("account", "created updated"): ("Account", ("accountNumber",)),
    ("customer", "created updated"): ("Customer", ("customerNumber",)),
    ("account-customer", "created updated deleted"): ("Account Customer", ("accountNumber", "customerNumber")),
    ("product", "created updated"): ("Product", ("productCode",)),
    ("agreement", "created updated"): ("Agreement", ("agreementNumber", "accountNumber")),
}


def _defaults() -> Iterator[tuple[str, EventMapping]]:
    for (group, happened), (context, members) in _GROUPS.items():
        context_id, reference, *others = (*members, "")[: max(len(members), 2)]
        attributes = tuple(Attribute(name, f"$.{name}") for name in others)
        for what in happened.split():
            yield f"{group}-{what}", EventMapping(
                group.replace("-", " ").title(), f"$.{context_id}", what.title(), context,
                f"$.{reference}" if reference else "", attributes,
            )  # fmt: skip


#: Event type to the mapping that holds until somebody gives another.
DEFAULTS: Final[Mapping[str, EventMapping]] = dict(_defaults())
#: What ``data`` of such an event looks like, for trying a mapping where none was heard yet.
_EXAMPLES: Final[Mapping[str, str]] = {
    "orderNumber": "O-1001", "accountNumber": "A-1001", "status": "accepted", "identifier": "0000012345TR8A1",
    "identifierType": "ICP", "customerNumber": "C-1001", "productCode": "E-STD", "agreementNumber": "AG-1001",
}  # fmt: skip


def sample(event_type: str) -> dict[str, str]:
    """Documented members of ``data`` of an event type with made-up values; empty where none are documented."""
    for (group, happened), (_, members) in _GROUPS.items():
        if event_type in {f"{group}-{what}" for what in happened.split()}:
            return {name: _EXAMPLES[name] for name in members}
    return {}
