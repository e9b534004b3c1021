"""Apex: classes and triggers that tell the connector of changes.

What does not depend on the model is kept as Apex, in the folder beside this file; the class of mapped fields is written
from the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

from salesbridge.model import EXTERNAL_ID, Entity, Table, columns
from salesbridge.package.choices import Choices
from salesbridge.package.components import API_VERSION, File
from salesbridge.package.markup import document, elements

BYPASS = "Gentrack_Bypass"
#: Classes of the package in the order in which they lean on one another.
CLASSES = ("GentrackChange", "GentrackCallout", "GentrackRetry", "TriggerHandler")
_TEST_DATA = "GentrackTestData"
_TESTS = ("GentrackChangeTest", "GentrackCalloutTest", "GentrackRetryTest", "GentrackHandlerTest")
#: The tests of each object's trigger, named so that no customer's class has the name.
_TRIGGER_TESTS = {
    "Account": "GentrackAccountTest",
    "Contact": "GentrackContactTest",
    "AccountContactRelation": "GentrackRelationTest",
    "Quote": "GentrackQuoteTest",
    "Order": "GentrackOrderTest",
    "OrderItem": "GentrackOrderItemTest",
}
_HANDLER = "TriggerHandler"
_EVENTS = ("after insert", "after update", "after delete", "after undelete")
_INDENT = "    "
_WIDTH = 120


def apex(table: Table, choices: Choices) -> Iterator[File]:
    """The classes, triggers and tests; ``GentrackMapping`` is written from the table.

    Args:
        table: The tenant's data model.
        choices: Which objects get a trigger, and the prefix of names that customers often have too.
    """
    if not choices.triggered:
        return
    yield _class("GentrackMapping", mapping(table, choices))
    for name in CLASSES:
        text = _renamed(_source(f"{name}.cls"), choices.prefix)
        yield _class(_renamed(name, choices.prefix), text)
    for name in (_TEST_DATA, *test_classes(choices)):
        yield _class(name, _renamed(_source(f"tests/{name}.cls"), choices.prefix))
    for name in choices.triggered:
        yield _trigger(name, choices)


def test_classes(choices: Choices) -> tuple[str, ...]:
    """The names of the Apex tests, to be run with a deployment (test level ``RunSpecifiedTests``)."""
    if not choices.triggered:
        return ()
    return (*_TESTS, *(_TRIGGER_TESTS[name] for name in choices.triggered))


def sources(table: Table, choices: Choices) -> dict[str, str]:
    """Apex by the name of its class or trigger without the tests: what an org that is up to date has."""
    tests = {_TEST_DATA, *test_classes(choices)}
    return {file.name: file.text for file in apex(table, choices) if file.name not in tests}


def mapping(table: Table, choices: Choices) -> str:
    """The Apex class of the mapped fields of each object.

    Fields are written as tokens, so that Salesforce checks them when it compiles and lets nobody delete one in use.
    """
    entities = [entity for entity in table.entities if entity.name not in choices.leave_out]
    lists = ",\n".join(_field_list(entity, choices) for entity in entities)
    return _MAPPING.format(bypass=BYPASS, external_id=EXTERNAL_ID, lists=lists, version=table.version)


def mapped_fields(entity: Entity, leave_out: Iterable[str] = ()) -> list[str]:
    """The Salesforce fields whose change the connector has to hear of: external id, parents, then mapped fields."""
    gone = set(leave_out)
    parents = [parent.field for parent in entity.parents if parent.entity not in gone]
    return list(dict.fromkeys((EXTERNAL_ID, *parents, *(column.name for column in columns(entity)))))


def _field_list(entity: Entity, choices: Choices) -> str:
    tokens = [f"{_INDENT * 3}{entity.name}.{name}" for name in mapped_fields(entity, choices.leave_out)]
    joined = ",\n".join(tokens)
    return f"{_INDENT * 2}{entity.name}.SObjectType => new List<SObjectField>{{\n{joined}\n{_INDENT * 2}}}"


def _trigger(sobject: str, choices: Choices) -> File:
    name = f"{choices.prefix}{sobject}Trigger"
    head = f"trigger {name} on {sobject}({', '.join(_EVENTS)}) {{"
    if len(head) > _WIDTH:
        listed = ",\n".join(_INDENT + event for event in _EVENTS)
        head = f"trigger {name} on {sobject}(\n{listed}\n) {{"
    body = f"{head}\n{_INDENT}{choices.prefix}{_HANDLER}.run();\n}}\n"
    status = "Active" if choices.triggers_active else "Inactive"
    return File("ApexTrigger", name, body, _meta("ApexTrigger", status))


def _class(name: str, text: str) -> File:
    return File("ApexClass", name, text, _meta("ApexClass", "Active"))


def _meta(type_name: str, status: str) -> str:
    return document(type_name, elements(apiVersion=API_VERSION, status=status))


def _renamed(text: str, prefix: str) -> str:
    return re.sub(rf"\b{_HANDLER}\b", prefix + _HANDLER, text)


@cache
def _source(path: str) -> str:
    return files("salesbridge.package").joinpath("apex", path).read_text(encoding="utf-8")


_MAPPING = """/**
 * @description The mapped fields of each object. Written from the data model; change the model instead.
 */
public inherited sharing class GentrackMapping {{
    /** Version of the data model's meaning. */
    public static final Integer VERSION = {version};
    /** Custom permission of users whose changes the connector is not told of. */
    public static final String BYPASS = '{bypass}';
    /** The field by which records are matched with the billing system. */
    public static final String EXTERNAL_ID = '{external_id}';
    private static final Map<SObjectType, List<SObjectField>> FIELDS = new Map<SObjectType, List<SObjectField>>{{
{lists}
    }};

    /**
     * @description The fields whose change the connector has to hear of.
     * @param target the object
     * @return its mapped fields; none for an object that is not kept in step
     */
    public static List<SObjectField> fieldsOf(SObjectType target) {{
        return FIELDS.containsKey(target) ? FIELDS.get(target) : new List<SObjectField>();
    }}
}}
"""
