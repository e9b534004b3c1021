"""The select list: from rows to the records of an answer, nested parents and children included.

Sources: SOQL and SOSL Reference, *SELECT* (``FIELDS()``), *Understanding Query Results*, *Understanding Relationship
Query Limitations*; REST API Developer Guide, *Query*.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from salesbridge.sandbox.salesforce.results import Row
from salesbridge.sandbox.salesforce.schema import Field
from salesbridge.sandbox.salesforce.soql import ast
from salesbridge.sandbox.salesforce.soql.errors import (
    INVALID_FIELD,
    SoqlError,
    malformed,
    unknown_children,
)
from salesbridge.sandbox.salesforce.soql.kinds import long_text
from salesbridge.sandbox.salesforce.soql.scope import TYPE, Column, Scope, Step
from salesbridge.sandbox.salesforce.soql.selection import Selection

MAX_UNBOUNDED = 200
"""Rows ``FIELDS(ALL)`` and ``FIELDS(CUSTOM)`` may give (SELECT, *Limiting Result Rows*)."""

MAX_CHILDREN = 20
"""Parent-to-child relationships a query may use."""

Cell = tuple[str, Callable[[Row], Any]]
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """How records are written: the URL path before ``/sobjects`` and how deep subqueries may nest."""

    base: str
    max_depth: int = 5


@dataclass(slots=True)
class _Parent:
    """The fields selected of one parent."""

    step: Step
    columns: dict[str, _Parent | Column] = field(default_factory=dict)


class Projection:
    """The compiled select list of a query without aggregates.

    Args:
        scope: What the names mean.
        query: The statement.
        settings: How records are written.
        level: 1 for the main query, one more for each subquery around it.
    """

    def __init__(self, scope: Scope, query: ast.Query, settings: Settings, level: int = 1) -> None:
        self.scope = scope
        self.columns: dict[str, Column] = {}
        self.children: dict[str, Children] = {}
        self._query, self._settings, self._level = query, settings, level
        tree: dict[str, Any] = {}
        for item in query.select:
            self._add(tree, item)
        plain = all(isinstance(node, Column) for node in tree.values())
        self._plain = [(key, scope.absent(node.field)) for key, node in tree.items()] if plain else None
        self._cells = [self._cell(key, node) for key, node in tree.items()]
        self._readers = [scope.reader(column) for column in self.columns.values()]
        self._url = f"{settings.base}/sobjects/{scope.sobject.name}/"

    @property
    def long_texts(self) -> int:
        """How many custom long text areas are selected (Change the Batch Size in Queries)."""
        return sum(column.field.custom and long_text(column.field) for column in self.columns.values())

    def record(self, row: Row) -> Record:
        """One row as the answer shows it."""
        name = self.scope.sobject.name
        attributes = {"type": name, "url": self._url + row["Id"]} if "Id" in row else {"type": name}
        record: Record = {"attributes": attributes}
        if self._plain is not None:
            get = row.get
            record.update([(key, get(key, absent)) for key, absent in self._plain])
            return record
        for key, read in self._cells:
            record[key] = read(row)
        return record

    def values(self, row: Row) -> tuple[Any, ...]:
        """The wire values of one row in the order of ``columns``."""
        if self._plain is not None:
            get = row.get
            return tuple([get(key, absent) for key, absent in self._plain])
        return tuple([read(row) for read in self._readers])

    def _add(self, tree: dict[str, Any], item: ast.SelectItem) -> None:
        if isinstance(item, ast.SelectChildren):
            self._add_children(tree, item)
        elif isinstance(item, ast.SelectGroup):
            for found in self._group(item):
                self._add_column(tree, Column((), found, item.pos))
        elif isinstance(item.operand, ast.Aggregate):
            raise malformed("only root queries support aggregate expressions", item.operand.pos)
        elif item.alias is not None:
            raise malformed("only aggregate expressions use field aliasing", item.operand.pos)
        else:
            self._add_column(tree, self.scope.column(item.operand))

    def _add_column(self, tree: dict[str, Any], column: Column) -> None:
        if column.text in self.columns:
            raise SoqlError(INVALID_FIELD, f"duplicate field selected: {column.text}")
        self.columns[column.text] = column
        for step in column.steps:
            parent = tree.setdefault(step.name, _Parent(step))
            tree = parent.columns
        tree[column.field.name] = column

    def _group(self, item: ast.SelectGroup) -> list[Field]:
        if item.group != "STANDARD" and not _bounded(self._query):
            raise malformed(f"The SOQL FIELDS function must have a LIMIT of at most {MAX_UNBOUNDED}", item.pos)
        sobject, session = self.scope.sobject, self.scope.session
        wanted = {"ALL": (True, False), "STANDARD": (False,), "CUSTOM": (True,)}[item.group]
        found = [f for f in sobject.fields.values() if f.custom in wanted and session.visible(sobject, f)]
        if not found and len(self._query.select) == 1:
            raise malformed(f"The SOQL FIELDS function selects no field of '{sobject.name}'", item.pos)
        return found

    def _add_children(self, tree: dict[str, Any], item: ast.SelectChildren) -> None:
        if self._level + 1 > self._settings.max_depth:
            raise malformed(f"Subqueries may nest {self._settings.max_depth - 1} deep at most", item.pos)
        children = Children(self.scope, item.query, self._settings, self._level + 1, self._query.limit == 1)
        if children.name in tree:
            raise malformed(f"duplicate relationship selected: {children.name}", item.pos)
        if len(self.children) == MAX_CHILDREN:
            raise malformed(f"A query may use at most {MAX_CHILDREN} parent-to-child relationships", item.pos)
        tree[children.name] = self.children[children.name] = children

    def _cell(self, key: str, node: Any) -> Cell:
        if isinstance(node, Children):
            return key, node.result
        if isinstance(node, _Parent):
            return key, self._parent(node)
        return key, self.scope.reader(Column((), node.field, node.pos))

    def _parent(self, node: _Parent) -> Callable[[Row], Record | None]:
        session, step, base = self.scope.session, node.step, self._settings.base
        cells = [self._parent_cell(key, child) for key, child in node.columns.items()]

        def render(row: Row) -> Record | None:
            id_ = row.get(step.field)
            target = session.target(id_, step)
            parent = session.parent(row, step)
            if id_ is None or parent is None or target is None:
                return None
            type_name = "Name" if step.polymorphic else target
            record: Record = {"attributes": {"type": type_name, "url": f"{base}/sobjects/{target}/{id_}"}}
            for key, read in cells:
                record[key] = target if read is None else read(parent)
            return record

        return render

    def _parent_cell(self, key: str, node: _Parent | Column) -> tuple[str, Callable[[Row], Any] | None]:
        if isinstance(node, _Parent):
            return key, self._parent(node)
        if node.field is TYPE:
            return key, None
        return key, self.scope.reader(Column((), node.field, node.pos))


class Children:
    """A compiled parent-to-child subquery."""

    def __init__(self, parent: Scope, query: ast.Query, settings: Settings, level: int, single: bool) -> None:  # noqa: FBT001 - whether the outer query is limited to one row
        path = query.source.path
        wanted = parent.stripped(path.parts)
        links = parent.session.source.schema.children(parent.sobject.name)
        name = wanted[-1].casefold()
        link = next((each for each in links if (each.relationship_name or "").casefold() == name), None)
        if link is None or len(wanted) > 1 or parent.session.source.visible_sobject(link.child) is None:
            raise unknown_children(path.text, path.pos)
        if query.offset is not None and not single:
            raise malformed("OFFSET cannot be used in a subquery unless the outer query has LIMIT 1", query.offset_pos)
        if query.group_by or query.having is not None:
            raise malformed("only root queries support aggregate expressions", path.pos)
        scope = Scope.of(parent.session, parent.session.sobject(link.child, path.pos), query.sources)
        self.name = link.relationship_name or path.text
        self.projection = Projection(scope, query, settings, level)
        self._field = link.field
        self._selection = Selection(scope, query)
        self._sorter = self._selection.sorter()

    def result(self, row: Row) -> Record | None:
        """The nested answer for one parent row; None when it has no such children."""
        scope = self._selection.scope
        found = scope.session.source.find(scope.sobject.name, self._field, row["Id"])
        chosen = self._selection.chosen(self._sorter, found)
        if not chosen:
            return None
        return {"totalSize": len(chosen), "done": True, "records": [self.projection.record(each) for each in chosen]}


def _bounded(query: ast.Query) -> bool:
    """Whether LIMIT or a list of ids keeps the answer to 200 rows."""
    if query.limit is not None and query.limit <= MAX_UNBOUNDED:
        return True
    terms = query.where.terms if isinstance(query.where, ast.And) else (query.where,)
    return any(_names_ids(term) for term in terms)


def _names_ids(condition: ast.Condition | None) -> bool:
    match condition:
        case ast.Comparison(ast.Path(parts), "=", _):
            return parts[-1].casefold() == "id" and len(parts) == 1
        case ast.Membership(ast.Path(parts), "IN", values):
            return parts[-1].casefold() == "id" and len(parts) == 1 and len(values) <= MAX_UNBOUNDED
        case ast.Or(terms):
            return len(terms) <= MAX_UNBOUNDED and all(map(_names_ids, terms))
        case _:
            return False
