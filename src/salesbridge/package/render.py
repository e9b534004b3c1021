"""The package: files in the layout of the Metadata API, from one table."""

from __future__ import annotations

from salesbridge.model import EXTERNAL_ID, Entity, Table
from salesbridge.package.fields import custom_columns, object_file
from salesbridge.package.markup import Element, document, elements
from salesbridge.package.permissions import PERMISSION_SET, permission_set_file

API_VERSION = "66.0"


def render(table: Table, *, initial_only: bool = False) -> dict[str, str]:
    """The files of the package by path, ready for :func:`~salesbridge.package.archive`.

    Args:
        table: The tenant's data model.
        initial_only: Only the objects of the initial data synchronisation, so that an org without Quotes, for example,
            can be prepared for it.
    """
    entities = [entity for entity in table.entities if entity.initial or not initial_only]
    files = {f"objects/{entity.name}.object": object_file(entity) for entity in entities}
    files[f"permissionsets/{PERMISSION_SET}.permissionset"] = permission_set_file(entities)
    files["package.xml"] = _manifest(entities)
    return dict(sorted(files.items()))


def _manifest(entities: list[Entity]) -> str:
    fields = [f"{entity.name}.{name}" for entity in entities for name in _custom_names(entity)]
    types = (_types("CustomField", fields), _types("PermissionSet", [PERMISSION_SET]))
    return document("Package", (*types, *elements(version=API_VERSION)))


def _custom_names(entity: Entity) -> list[str]:
    return [EXTERNAL_ID, *(column.name for column in custom_columns(entity))]


def _types(name: str, members: list[str]) -> Element:
    return "types", (*(("members", member) for member in sorted(members)), *elements(name=name))
