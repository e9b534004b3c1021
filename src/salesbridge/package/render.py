"""The package: files in the layout of the Metadata API or of an SFDX project, from one table."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from salesbridge.model import Entity, Table
from salesbridge.package.apex import apex
from salesbridge.package.apps import connected_app, external_client_app, named_credential
from salesbridge.package.choices import ONGOING, Choices
from salesbridge.package.components import (
    API_VERSION,
    Component,
    File,
    ObjectParts,
    chosen,
    manifest,
    members,
    metadata_files,
    source_files,
)
from salesbridge.package.event import event, failure
from salesbridge.package.fields import custom_fields
from salesbridge.package.pages import layout, list_view
from salesbridge.package.permissions import bypass, permission_set
from salesbridge.package.surfaced import surfaced_event

#: What holds people's data: removed only when asked for.
_KEEPS_DATA = ("CustomField", "CustomObject")
_PRETTIER = {"plugins": ["prettier-plugin-apex"], "printWidth": 120, "tabWidth": 4, "trailingComma": "none"}


def render(table: Table, choices: Choices = ONGOING, *, only: Collection[str] | None = None) -> dict[str, str]:
    """The files of the package by path, ready for :func:`~salesbridge.package.archive`.

    Args:
        table: The tenant's data model.
        choices: What is to be installed.
        only: Some of its components as ``Type:Name`` (see :func:`listing`), for example
            ``CustomField:Account.Trading_Name__c``; a field of an object of ours stands for the object. None: all.

    Raises:
        ValueError: The table has no object that is to be left out, or the package no such component.
    """
    components = _components(table, choices)
    return metadata_files(components if only is None else chosen(components, only))


def listing(table: Table, choices: Choices = ONGOING) -> dict[str, list[str]]:
    """The full names of the package's components by metadata type, as its manifest lists them.

    Args:
        table: The tenant's data model.
        choices: What is to be installed.

    Raises:
        ValueError: The table has no object that is to be left out.
    """
    return members(_components(table, choices))


def project(table: Table, choices: Choices = ONGOING) -> dict[str, str]:
    """The same package as an SFDX project, for Salesforce's own tools (Salesforce DX Developer Guide).

    Args:
        table: The tenant's data model.
        choices: What is to be installed.

    Raises:
        ValueError: The table has no object that is to be left out.
    """
    components = list(_components(table, choices))
    settings = {
        "packageDirectories": [{"path": "force-app", "default": True}],
        "name": "salesbridge",
        "namespace": "",
        "sourceApiVersion": API_VERSION,
    }
    around = {
        ".prettierrc": json.dumps(_PRETTIER, indent=2) + "\n",
        "manifest/package.xml": manifest(members(components)),
        "sfdx-project.json": json.dumps(settings, indent=2) + "\n",
    }
    return dict(sorted({**source_files(components), **around}.items()))


def removal(
    table: Table, choices: Choices = ONGOING, *, with_data: bool = False, but: Collection[str] = ()
) -> dict[str, str]:
    """The files of a deployment that takes the package away again, ready for :func:`~salesbridge.package.archive`.

    Args:
        table: The tenant's data model.
        choices: What was installed.
        with_data: Remove the custom fields, the events and the log of failures too, with what they hold. Without it
            they stay, so that a later installation finds every link again.
        but: Metadata types of which nothing is removed.

    Raises:
        ValueError: The table has no object that is to be left out.
    """
    named = {kind: names for kind, names in members(_components(table, choices)).items() if kind not in but}
    data = {kind: named.pop(kind) for kind in _KEEPS_DATA if kind in named}
    # Before and after, since fields cannot go while Apex leans on them.
    files = {"destructiveChangesPre.xml": manifest(named), "package.xml": manifest({})}
    return files | ({"destructiveChangesPost.xml": manifest(data)} if with_data else {})


def _components(table: Table, choices: Choices) -> Iterator[Component]:
    unknown = choices.leave_out - table.by_name.keys()
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} cannot be left out: the data model has no such object")
    entities = [
        entity
        for entity in table.entities
        if entity.name not in choices.leave_out and (entity.initial or not choices.initial_only)
    ]
    for entity in entities:
        yield _parts(entity, choices)
    yield permission_set(entities, choices)
    if choices.triggered:
        yield event()
        yield surfaced_event()
        yield failure()
        yield from bypass()
        yield from apex(table, choices)
    yield from _extras(entities, choices)


def _parts(entity: Entity, choices: Choices) -> ObjectParts:
    view = list_view(entity) if choices.list_views else None
    return ObjectParts(entity.name, custom_fields(entity), (view,) if view else ())


def _extras(entities: list[Entity], choices: Choices) -> Iterator[File]:
    if choices.layouts:
        yield from filter(None, (layout(entity, choices) for entity in entities))
    if choices.application is not None:
        yield from external_client_app(choices.application)
    if choices.connected_app is not None:
        yield from connected_app(choices.connected_app)
    if choices.callout is not None:
        yield from named_credential(choices.callout)
