"""Which events of billing an instance surfaces in Salesforce, and how each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from salesbridge.sync.event_defaults import DEFAULTS, SUBSCRIBED
from salesbridge.sync.event_mapping import EventMapping, MappingError, parse

#: The connectivity test, which is about nothing.
_PING = "integration:ping"
#: Longest name of an event type.
TYPE_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Subscriptions of an instance.

    Attributes:
        types: Event types that are surfaced.
        own: Mappings that people gave, by event type; they may stand ready for types that are not subscribed.
    """

    types: frozenset[str] = frozenset(SUBSCRIBED)
    own: Mapping[str, EventMapping] = field(default_factory=dict)

    @classmethod
    def parse(cls, kept: Mapping[str, Any] | None) -> Self:
        """Reads what :meth:`form` wrote; the defaults where nothing was."""
        if not kept:
            return cls()
        own = {name: parse(form) for name, form in kept.get("mappings", {}).items()}
        return cls(frozenset(kept.get("subscribed", SUBSCRIBED)), own)

    def form(self) -> dict[str, Any]:
        """The same as JSON."""
        own = {name: mapping.form() for name, mapping in sorted(self.own.items())}
        return {"subscribed": sorted(self.types), "mappings": own}

    def mapping(self, event_type: str) -> EventMapping | None:
        """How events of a type are surfaced: as somebody said, else by default; None where nobody has said."""
        return self.own.get(event_type) or DEFAULTS.get(event_type)

    @property
    def known(self) -> tuple[str, ...]:
        """Event types that are subscribed or that have a mapping, in the order of their names."""
        return tuple(sorted({*self.types, *self.own, *DEFAULTS}))

    def subscribed(self, event_type: str) -> Subscriptions:
        """The same with one more type.

        Raises:
            MappingError: It is no event type.
        """
        return replace(self, types=self.types | {checked_type(event_type)})

    def unsubscribed(self, event_type: str) -> Subscriptions:
        """The same without a type; its mapping stays."""
        return replace(self, types=self.types - {event_type})

    def mapped(self, event_type: str, mapping: EventMapping | None) -> Subscriptions:
        """The same with another mapping of a type; None goes back to the default.

        Raises:
            MappingError: It is no event type.
        """
        others = {name: each for name, each in self.own.items() if name != event_type}
        if mapping is None or mapping == DEFAULTS.get(event_type):
            return replace(self, own=others)
        return replace(self, own={**others, checked_type(event_type): mapping})


def checked_type(event_type: str) -> str:
    """An event type as billing writes it.

    Raises:
        MappingError: It cannot be one.
    """
    name = event_type.strip()
    if name == _PING:
        raise MappingError([("", f"{_PING} is the connectivity test: it is about nothing and is not surfaced.")])
    if not name or len(name) > TYPE_LENGTH or not name.isprintable() or "/" in name or " " in name:
        raise MappingError(
            [("", f"{name[:50]!r} is no event type. Write it as billing does, such as switch-loss-started.")]
        )
    return name
