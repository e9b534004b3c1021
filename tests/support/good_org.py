"""An org that has everything, as the plain values that the check takes, and every way to take one thing away."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from salesbridge.engine.doctor.expected import expected_of
from salesbridge.model import EXTERNAL_ID, TABLE, OrgFacts, columns
from salesbridge.model.check_facts import Allocation, BillingFacts, DuplicateRule, Pin, Unread, ValidationRule
from salesbridge.package import ONGOING

RIGHTS = {"createable": True, "updateable": True, "nillable": True, "defaultedOnCreate": False, "calculated": False}
EXPECTED = expected_of(TABLE, ONGOING)
ALL_OBJECTS = frozenset({EXPECTED.event, EXPECTED.surfaced, *EXPECTED.objects})
HERE = Pin("00D000000000001AAA", True, "SBX1", "acme.my.salesforce.com")
_LIMITS = ("DailyApiRequests", "HourlyPublishedPlatformEvents", "DailyDeliveredPlatformEvents", "DataStorageMB")


def described(column):
    wanted = column.kind.salesforce_type
    values = [{"value": value, "active": True} for value in wanted.values]
    return RIGHTS | {
        "name": column.name,
        "type": wanted.describe,
        "length": wanted.length,
        "precision": wanted.precision,
        "scale": wanted.scale,
        "picklistValues": values,
        "restrictedPicklist": bool(values),
    }


def describe(entity):
    """What an org with the package answers for an object."""
    key = {
        "name": EXTERNAL_ID,
        "type": "string",
        "length": entity.external_id_length,
        "externalId": True,
        "unique": True,
        "caseSensitive": entity.case_sensitive,
    }
    lookups = [*(parent.field for parent in entity.parents), *(name for name, _ in entity.facts)]
    fields = [
        RIGHTS | key,
        RIGHTS | {"name": "OwnerId", "type": "reference", "nillable": False, "defaultedOnCreate": True},
        *(RIGHTS | {"name": name, "type": "reference"} for name in lookups),
        *(described(column) for column in columns(entity)),
    ]
    return {"createable": True, "updateable": True, "queryable": True, "fields": fields}


def org():
    return {entity.name: describe(entity) for entity in TABLE.entities}


def event_describe(own=EXPECTED.event_fields):
    fields = [RIGHTS | {"name": f.name, "type": f.type, "length": f.length} for f in own]
    system = {"name": "CreatedDate", "type": "datetime", "length": 0, "nillable": False}
    return {"fields": [RIGHTS | system, *fields]}


def facts():
    custom = {f"{name}.{f['name']}" for name, d in org().items() for f in d["fields"] if f["name"].endswith("__c")}
    return OrgFacts(
        edition="Enterprise Edition",
        org=HERE,
        pinned=HERE,
        api_version="66.0",
        api_versions=("65.0", "66.0"),
        custom_fields=frozenset(custom),
        custom_objects=ALL_OBJECTS,
        apex=EXPECTED.apex,
        event_describe=event_describe(),
        publish_behaviour="PublishImmediately",
        surfaced_describe=event_describe(EXPECTED.surfaced_fields),
        permission_sets=frozenset({EXPECTED.permission_set, EXPECTED.bypass}),
        assigned=frozenset({EXPECTED.permission_set}),
        permissions={**dict.fromkeys(EXPECTED.permissions, True), "ModifyAllData": False},
        validation_rules=(),
        duplicate_rules=(),
        limits={name: Allocation(1000, 900) for name in _LIMITS},
        skew_s=0.4,
        billing=BillingFacts("Junifer 6.1"),
    )


@dataclass(frozen=True)
class Good:
    """An org."""

    describes: dict[str, Any]
    facts: OrgFacts

    def but(self, **changes):
        return replace(self, facts=replace(self.facts, **changes))


def good():
    return Good(org(), facts())


@dataclass(frozen=True)
class Mutation:
    """One thing that is otherwise than it should be.

    Args:
        code: Of its only finding.
        place: Of its only finding.
        apply: Makes it so.
    """

    code: str
    place: str
    apply: Callable[[Good], Good]

    def __repr__(self):
        return f"{self.code} at {self.place}"


def field_of(describes, place):
    entity, _, name = place.partition(".")
    return next(field for field in describes[entity]["fields"] if field["name"] == name)


def _with(code, place, **changes):
    """A field that is otherwise."""

    def apply(good):
        describes = copy.deepcopy(good.describes)
        field_of(describes, place).update(changes)
        return replace(good, describes=describes)

    return Mutation(code, place, apply)


def _without(code, place, *, gone):
    """A field that the describe does not show."""

    def apply(good):
        describes = copy.deepcopy(good.describes)
        describes[place.partition(".")[0]]["fields"].remove(field_of(describes, place))
        left = good.facts.custom_fields - {place} if gone else good.facts.custom_fields
        return replace(good.but(custom_fields=left), describes=describes)

    return Mutation(code, place, apply)


def _object(code, entity, *names, **rights):
    def apply(good):
        describes = copy.deepcopy(good.describes)
        for name in names or (entity,):
            describes[name] = describes[name] | rights if rights else None
        return replace(good, describes=describes)

    return Mutation(code, entity, apply)


def _added(code, entity, **field):
    def apply(good):
        describes = copy.deepcopy(good.describes)
        describes[entity]["fields"].append(RIGHTS | {"type": "string", "length": 10} | field)
        return replace(good, describes=describes)

    return Mutation(code, f"{entity}.{field['name']}", apply)


def _facts(code, place, **changes):
    return Mutation(code, place, lambda good: good.but(**changes))


def _of_keys() -> Iterator[Mutation]:
    for entity in TABLE.entities:
        place = f"{entity.name}.{EXTERNAL_ID}"
        yield _without("field-missing", place, gone=True)
        yield _without("field-hidden", place, gone=False)
        yield _with("external-id-unmarked", place, externalId=False)
        yield _with("external-id-not-unique", place, unique=False)
        yield _with("external-id-length", place, length=entity.external_id_length - 1)
        yield _with("field-type", place, type="double")
        if entity.case_sensitive:
            yield _with("external-id-ignores-case", place, caseSensitive=False)


def _of_columns() -> Iterator[Mutation]:
    for entity in TABLE.entities:
        for column in columns(entity):
            place, wanted = f"{entity.name}.{column.name}", column.kind.salesforce_type
            if column.field.custom:
                yield _without("field-missing", place, gone=True)
            yield _without("field-hidden", place, gone=False)
            yield _with("field-type", place, type="location")
            yield _with("field-computed", place, calculated=True, createable=False, updateable=False)
            yield _with("field-not-creatable", place, createable=False)
            if not column.field.create_only:
                yield _with("field-not-editable", place, updateable=False)
            if wanted.length and wanted.describe != "picklist":
                yield _with("field-length", place, length=wanted.length - 1)
            if wanted.precision and wanted.scale:
                yield _with("field-decimals", place, scale=wanted.scale - 1, precision=wanted.precision - 1)
            if wanted.precision:
                yield _with("field-digits", place, precision=wanted.precision - 1)
            if wanted.values:
                left = [{"value": value, "active": True} for value in wanted.values[1:]]
                yield _with("picklist-values-missing", place, picklistValues=left)
                yield _with("picklist-values-open", place, picklistValues=left, restrictedPicklist=False)


def _of_objects() -> Iterator[Mutation]:
    yield _object("contacts-to-multiple-accounts-off", "AccountContactRelation")
    yield _object("quotes-off", "Quote", "Quote", "QuoteLineItem")
    yield _object("orders-off", "Order", "Order", "OrderItem")
    for entity in TABLE.entities:
        if entity.name != "AccountContactRelation":
            yield _object("object-missing", entity.name)
        yield _object("object-not-readable", entity.name, queryable=False)
        yield _object("object-not-creatable", entity.name, createable=False)
        yield _object("object-not-editable", entity.name, updateable=False)
        yield _added("required-field", entity.name, name="Region__c", nillable=False)
        rule = ValidationRule(entity.name, "Needs_Phone", "Give a phone number.")
        yield _facts("validation-rule-active", f"{entity.name}.Needs_Phone", validation_rules=(rule,))
        for parent in entity.parents:
            yield _with("field-not-creatable", f"{entity.name}.{parent.field}", createable=False)
    yield _added("person-accounts-on", "Account", name="IsPersonAccount", createable=False, nillable=False)
    yield _added("state-country-picklists-on", "Account", name="BillingStateCode")
    yield _added("state-country-picklists-on", "Contact", name="MailingStateCode")
    yield _added("multi-currency-on", "PricebookEntry", name="CurrencyIsoCode")


def _of_apex() -> Iterator[Mutation]:
    for apex in EXPECTED.apex:
        kind = "trigger" if apex.type == "ApexTrigger" else "apex"
        place = f"{apex.table}.{apex.name}".strip(".")
        rest = tuple(other for other in EXPECTED.apex if other != apex)
        yield _facts(f"{kind}-missing", place, apex=rest)
        older = replace(apex, body=f"// an older version of\n{apex.body}")
        yield _facts(f"{kind}-outdated", place, apex=(*rest, older))
        yield _facts("apex-invalid", place, apex=(*rest, replace(apex, valid=False)))
        if kind == "trigger":
            yield _facts("trigger-inactive", place, apex=(*rest, replace(apex, active=False)))


def _of_the_event() -> Iterator[Mutation]:
    event = EXPECTED.event
    yield _facts("event-missing", event, event_describe={}, custom_objects=ALL_OBJECTS - {event})
    yield _facts("event-hidden", event, event_describe={})
    yield _facts("event-publish-behaviour", event, publish_behaviour="PublishAfterCommit")
    for wanted in EXPECTED.event_fields:
        place = f"{event}.{wanted.name}"
        yield _event_field("event-field-missing", place, None)
        yield _event_field("event-field-type", place, {"type": "boolean"})
        yield _event_field("event-field-length", place, {"length": wanted.length - 1})
    added = event_describe()
    added["fields"].append(RIGHTS | {"name": "Why__c", "type": "string", "length": 9, "nillable": False})
    yield _facts("event-field-required", f"{event}.Why__c", event_describe=added)
    yield _facts("package-part-missing", EXPECTED.objects[0], custom_objects=ALL_OBJECTS - {EXPECTED.objects[0]})
    yield from _of_the_surfaced_event()


def _of_the_surfaced_event() -> Iterator[Mutation]:
    event, own = EXPECTED.surfaced, EXPECTED.surfaced_fields
    yield _facts("surfaced-event-missing", event, surfaced_describe={}, custom_objects=ALL_OBJECTS - {event})
    yield _facts("surfaced-event-hidden", event, surfaced_describe={})
    for wanted in own:
        others = [field for field in own if field is not wanted]
        worse = [
            replace(wanted, type="boolean"),
            *([replace(wanted, length=wanted.length - 1)] if wanted.length else []),
        ]
        for changed in ([], *([each] for each in worse)):
            described = event_describe([*others, *changed])
            yield _facts("surfaced-event-field", f"{event}.{wanted.name}", surfaced_describe=described)


def _event_field(code, place, changes):
    described = event_describe()
    field = next(each for each in described["fields"] if each["name"] == place.partition(".")[2])
    described["fields"].remove(field)
    if changes:
        described["fields"].append(field | changes)
    return _facts(code, place, event_describe=described)


def _of_the_user() -> Iterator[Mutation]:
    both = frozenset({EXPECTED.permission_set, EXPECTED.bypass})
    yield _facts("permission-set-missing", EXPECTED.permission_set, permission_sets=both - {EXPECTED.permission_set})
    yield _facts("package-part-missing", EXPECTED.bypass, permission_sets=both - {EXPECTED.bypass})
    yield _facts("permission-set-not-assigned", EXPECTED.permission_set, assigned=frozenset())
    yield _facts("bypass-assigned", EXPECTED.bypass, assigned=both)
    held = dict.fromkeys(EXPECTED.permissions, True)
    for name in EXPECTED.permissions:
        yield _facts("permission-missing", name, permissions={**held, name: False})
    yield _facts("user-too-powerful", "ModifyAllData", permissions={**held, "ModifyAllData": True})


def _of_the_surroundings() -> Iterator[Mutation]:
    yield _facts("edition-too-small", "Org", edition="Professional Edition")
    yield _facts("edition-unknown", "Org", edition="Galactic Edition")
    yield _facts("api-version-not-offered", "Org", api_versions=("67.0", "68.0"))
    yield _facts("duplicate-rule-active", "Contact.Same_Name", duplicate_rules=(DuplicateRule("Contact", "Same_Name"),))
    plenty = {name: Allocation(1000, 900) for name in _LIMITS}
    codes = ("api-calls", "events-published", "events-delivered", "data-storage")
    for name, code in zip(_LIMITS, codes, strict=True):
        yield _facts(f"{code}-low", "Org", limits={**plenty, name: Allocation(1000, 99)})
        yield _facts(f"{code}-exhausted", "Org", limits={**plenty, name: Allocation(1000, 0)})
    yield _facts("clock-skewed", "Org", skew_s=-61.0)
    yield _facts("clock-wrong", "Org", skew_s=301.0)
    yield _facts("billing-version", "Org", billing=BillingFacts("Junifer 5.9", "Upgrade it to Junifer 6 or later."))
    for entity in TABLE.entities:
        first = next(each.name for each in TABLE.entities if each.record == entity.record)
        yield _facts("billing-unreadable", first, billing=BillingFacts("Junifer 6.1", "", {entity.record: "forbidden"}))
    yield _facts("org-changed", "Org", org=replace(HERE, org_id="00D000000000002AAA"))
    yield _facts("org-changed", "Org", org=replace(HERE, sandbox=False))
    yield _facts("org-moved", "Org", org=replace(HERE, instance_name="SBX2"))
    yield _facts("org-moved", "Org", org=replace(HERE, host="other.my.salesforce.com"))
    yield _facts("not-checked", "Limits", limits=None, unread=(Unread("Limits", "insufficient access"),))


def mutations() -> list[Mutation]:
    """Every single thing that may be otherwise."""
    kinds = (_of_keys, _of_columns, _of_objects, _of_apex, _of_the_event, _of_the_user, _of_the_surroundings)
    return [mutation for of in kinds for mutation in of()]
