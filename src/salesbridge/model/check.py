"""Validate Data Model: compare what the connector needs with what an org says of itself, and tell every difference.

Pure: what was asked of the org, the billing system and the clock comes in as plain values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from salesbridge.model.check_codes import found
from salesbridge.model.check_facts import Expected, OrgFacts
from salesbridge.model.check_fields import Describe, Seen, check_object
from salesbridge.model.check_finding import Finding
from salesbridge.model.check_org import check_features, check_org, check_surroundings
from salesbridge.model.check_package import check_apex, check_event, check_objects, check_permissions, check_surfaced
from salesbridge.model.entity import Entity, Table

#: Code of a feature that is off -> the objects that are not there then, the first of which tells it.
_FEATURES = {
    "contacts-to-multiple-accounts-off": ("AccountContactRelation",),
    "quotes-off": ("Quote", "QuoteLineItem"),
    "orders-off": ("Order", "OrderItem"),
}
_UNSEEN = "Salesforce does not show this object to the connector's user"


def check(
    table: Table,
    describes: Mapping[str, Describe | None],
    *,
    initial: bool = False,
    facts: OrgFacts | None = None,
    expected: Expected | None = None,
) -> list[Finding]:
    """All findings of an org.

    Args:
        table: The tenant's data model.
        describes: sObject describe by object name; None where Salesforce answered that there is none.
        initial: Check only the objects that the initial data synchronisation loads.
        facts: What else was asked of the org; what was not asked is not checked.
        expected: What the package puts into the org besides fields.
    """
    entities = [entity for entity in table.entities if entity.initial or not initial]
    facts, expected = facts or OrgFacts(), expected or Expected()
    return [
        *_objects(entities, describes, facts, expected),
        *check_features(entities, describes),
        *check_event(facts, expected),
        *check_surfaced(facts, expected),
        *check_objects(facts, expected),
        *check_apex(facts, expected, _absent(entities, describes)),
        *check_permissions(facts, expected),
        *check_org(entities, facts),
        *check_surroundings(entities, facts),
    ]


def _objects(
    entities: list[Entity], describes: Mapping[str, Describe | None], facts: OrgFacts, expected: Expected
) -> Iterator[Finding]:
    off = features_off(entities, describes)
    absent = _absent(entities, describes)
    absent |= {parent.entity for e in entities for parent in e.parents} - {e.name for e in entities}
    seen = Seen(facts.custom_fields, expected.permission_set, absent)
    telling = {names[0]: code for code, names in off.items()}
    for entity in entities:
        describe = describes.get(entity.name)
        if describe is not None:
            yield from check_object(entity, describe, seen)
        elif entity.name in telling:
            yield found(telling[entity.name], entity.name, "", f"{_UNSEEN}: {', '.join(off[telling[entity.name]])}")
        elif entity.name not in absent:
            yield found("object-missing", entity.name, "", _UNSEEN, mend=entity.feature, fix=seen.access())


def _absent(entities: Iterable[Entity], describes: Mapping[str, Describe | None]) -> frozenset[str]:
    """Objects that are not there since a feature is off."""
    return frozenset(name for names in features_off(entities, describes).values() for name in names)


def features_off(entities: Iterable[Entity], describes: Mapping[str, Describe | None]) -> dict[str, tuple[str, ...]]:
    """Features that are off, by code: none of their objects that are asked for is there.

    A user who sees no object at all lacks rights rather than features.
    """
    asked = {entity.name for entity in entities}
    if all(describes.get(name) is None for name in asked):
        return {}
    wanted = {code: tuple(name for name in names if name in asked) for code, names in _FEATURES.items()}
    return {code: names for code, names in wanted.items() if names and all(describes.get(n) is None for n in names)}
