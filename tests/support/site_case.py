"""A made-up record that tests talk about: its entity, both sides, its link."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import worlds
from worlds import KEY, NOW, SALESFORCE_ID

from salesbridge.model import EXTERNAL_ID, Entity, Field, Parent, Phase, Side
from salesbridge.model.kinds import Phone, Picklist, Text
from salesbridge.sync.change import Change, Link, Seen
from salesbridge.sync.decide import Facts, decide

STATES = Picklist(values=("Draft", "In Approval Process", "Activated"), restricted=True)
SITE = Entity(
    "Site",
    "site",
    ("number",),
    "sites",
    (
        Field("Phone", Phone(), Side.SALESFORCE, "phone"),
        Field("Note", Text(20), Side.SALESFORCE, "note"),
        Field("Plan", Text(20), Side.BILLING, "plan"),
        Field("Meter", Text(20), Side.BILLING, "meter", create_only=True),
        Field("Status", STATES, Side.BILLING, "state", phase=Phase.ACTIVATE),
        Field("Only_Salesforce__c", Text(20), Side.BILLING, None),
    ),
    (
        Parent("OwnerId", "Owner", "Owner", "owner"),
        Parent("ZoneId", "Zone", "Zone", "zone", required=False, create_only=True),
    ),
)
OWNER, ZONE = (parent.column for parent in SITE.parents)


class Case:
    """A record in the making: say what is known, then decide."""

    def __init__(self):
        self.entity = SITE
        self.known = Facts((), None, None, None, frozenset(), NOW)

    def but(self, **changes):
        self.known = replace(self.known, **changes)
        return self

    def salesforce(self, *, key=KEY, id=SALESFORCE_ID, modified=None, **cells):  # noqa: A002 - the field's name
        return self.but(salesforce=Seen({EXTERNAL_ID: key, **cells}, key, id, modified))

    def billing(self, **cells):
        return self.but(billing=Seen({EXTERNAL_ID: KEY, **cells}, KEY, "B1"))

    def linked(self, restored=None, **agreed):
        return self.but(link=Link(KEY, SALESFORCE_ID, {EXTERNAL_ID: KEY, **agreed}, restored or {}))

    def heard(self, side, *, ago=0, **values):
        change = Change(side, SITE.name, KEY, at=NOW - timedelta(seconds=ago), **values)
        return self.but(changes=(*self.known.changes, change))

    def decide(self):
        return decide(self.entity, self.known)

    def carry_out(self):
        self.known = worlds.carry_out(self.entity, self.known, self.decide())
        return self
