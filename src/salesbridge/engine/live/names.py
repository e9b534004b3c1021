"""Finding a record by any name that people have for it: external id, Salesforce id, or ``Entity:key``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db.models import Q

from salesbridge.engine.live.site import Site
from salesbridge.store.models import Change, Link

_SHORT = re.compile(r"[A-Za-z0-9]{15}")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a record by one of its names.

    Args:
        entities: Entities it may belong to.
        names: Every name of it, external ids and Salesforce ids.
        links: Its links.
        changes: What was heard of it, oldest first.
    """

    entities: frozenset[str]
    names: frozenset[str]
    links: tuple[Link, ...]
    changes: tuple[Change, ...]


def known(site: Site, asked: str) -> Known:
    """Everything that goes by a name at an instance; nothing where nobody has heard of it.

    Args:
        site: The instance.
        asked: An external id, a Salesforce id of 15 or 18 characters, or either behind ``Entity:``.
    """
    entities, names = called(site, asked)
    links: tuple[Link, ...] = ()
    changes: tuple[Change, ...] = ()
    while True:  # a record that was merged or unlinked is known by its other names from what was heard of it only
        links, changes = links_of(site, entities, names), _changes(site, entities, names)
        found = {name for link in links for name in (link.billing_key, link.salesforce_id)}
        found |= {name for change in changes for name in (change.key, change.record) if name}
        if found <= names:
            return Known(_entities(links, changes) or entities, frozenset(names), links, changes)
        names |= found
        entities = _entities(links, changes)


def _entities(links: tuple[Link, ...], changes: tuple[Change, ...]) -> frozenset[str]:
    return frozenset({*(link.entity for link in links), *(change.entity for change in changes)})


def called(site: Site, asked: str) -> tuple[frozenset[str], set[str]]:
    """The entities that a name may belong to, and how the record may be spelt; see :func:`known`."""
    word, _, rest = asked.partition(":")
    entities = frozenset({word}) if rest and word in site.entities else frozenset(site.entities)
    key = rest if rest and word in site.entities else asked
    return entities, {key, long_id(key)}


def links_of(site: Site, entities: frozenset[str], names: set[str]) -> tuple[Link, ...]:
    """The links of records that go by some names, whichever side calls them so."""
    of_entities = site.door.links(site.instance).filter(entity__in=entities)
    found = [*of_entities.filter(billing_key__in=names), *of_entities.filter(salesforce_id__in=names)]
    return tuple({(link.entity, link.billing_key): link for link in found}.values())


def _changes(site: Site, entities: frozenset[str], names: set[str]) -> tuple[Change, ...]:
    rows = site.door.rows(Change).filter(Q(key__in=names) | Q(record__in=names), instance=site.instance)
    return tuple(rows.filter(entity__in=entities).order_by("number"))


def long_id(name: str) -> str:
    """A Salesforce id of 18 characters for one of 15, whose case matters; any other name as it is.

    The three last characters tell which of the others are upper case, five characters each (Object Reference, "ID Field
    Type").
    """
    if not _SHORT.fullmatch(name):
        return name
    groups = (name[start : start + 5] for start in (0, 5, 10))
    return name + "".join(_ALPHABET[sum(1 << at for at, c in enumerate(g) if c.isupper())] for g in groups)
