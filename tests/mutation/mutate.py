"""Mutants of a Python module: the same source with one thing wrong, thing by thing."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Apply = Callable[[], None]
_COMPARED = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_COMPUTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.LShift: ast.RShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
_CALLED = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}
_SIDES = {"SALESFORCE": "BILLING", "BILLING": "SALESFORCE"}


@dataclass(frozen=True)
class Mutant:
    """One thing wrong in a module.

    Args:
        line: Where.
        what: What, in words.
        tree: The module's syntax tree with it.
        plain: Whether it is in the body of a function without decorators.
    """

    line: int
    what: str
    tree: ast.Module
    plain: bool


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    tree = ast.parse(source)
    parents = _parents(tree)
    found = []
    for at, node in enumerate(ast.walk(tree)):
        if not _left_alone(node, parents):
            options = len(list(_options(node, parents)))
            found += [(getattr(node, "lineno", 0), at, option) for option in range(options)]
    for line, at, option in sorted(found):
        yield Mutant(line, *_mutated(source, at, option))


def _mutated(source: str, at: int, option: int) -> tuple[str, ast.Module, bool]:
    tree = ast.parse(source)
    node = list(ast.walk(tree))[at]
    parents = _parents(tree)
    plain = any(isinstance(above, ast.FunctionDef) and not above.decorator_list for above in _above(node, parents))
    what, apply = list(_options(node, parents))[option]
    apply()
    return what, ast.fix_missing_locations(tree), plain


def _parents(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    return {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}


def _above(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[ast.AST]:
    while node in parents:
        node = parents[node]
        yield node


def _left_alone(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether a node says nothing that a test could tell: types, decorators, words for people."""
    below = node
    for above in _above(node, parents):
        annotation = below in {getattr(above, "annotation", None), getattr(above, "returns", None)}
        decorator = below in getattr(above, "decorator_list", ())
        if annotation or decorator or isinstance(above, (ast.Raise, ast.JoinedStr)):
            return True
        if isinstance(above, ast.Assign) and _type_of_the_reader(above):
            return True
        below = above
    return False


def _type_of_the_reader(node: ast.Assign) -> bool:
    """``Cells = Mapping[str, str]`` and ``S = TypeVar(...)`` are for readers and type checkers."""
    value = node.value
    typed = isinstance(value, ast.Subscript) and isinstance(value.value, ast.Name)
    return typed or (isinstance(value, ast.Call) and getattr(value.func, "id", "") == "TypeVar")


def _options(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[tuple[str, Apply]]:
    for operator in (_operator, _word, _constant, _condition, _statement, _member):
        yield from operator(node, parents)


def _operator(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[tuple[str, Apply]]:
    if isinstance(node, ast.Compare):
        for at, one in enumerate(node.ops):
            other = _COMPARED[type(one)]
            yield f"{type(one).__name__} -> {other.__name__}", lambda at=at, other=other: _put(node.ops, at, other())
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in _COMPUTED:
        other = _COMPUTED[type(node.op)]
        yield f"{type(node.op).__name__} -> {other.__name__}", lambda: setattr(node, "op", other())
    if isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield f"{type(node.op).__name__} -> {other.__name__}", lambda: setattr(node, "op", other())
        for at, value in enumerate(node.values):
            yield f"without the condition {ast.unparse(value)}", lambda at=at: _shorten(node.values, at)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "without not", lambda: _replace(parents[node], node, node.operand)


def _word(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[tuple[str, Apply]]:
    if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "Side" and node.attr in _SIDES:
        yield f"{node.attr} -> {_SIDES[node.attr]}", lambda: setattr(node, "attr", _SIDES[node.attr])
    if isinstance(node, ast.Attribute) and node.attr == "other":
        yield "without .other", lambda: _replace(parents[node], node, node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLED:
        other = _CALLED[node.func.id]
        yield f"{node.func.id} -> {other}", lambda: _called(node, other)


def _constant(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[tuple[str, Apply]]:
    if not isinstance(node, ast.Constant) or isinstance(parents[node], ast.Expr):
        return
    value, inside = node.value, any(isinstance(above, ast.FunctionDef) for above in _above(node, parents))
    if isinstance(value, bool):
        yield f"{value} -> {not value}", lambda: setattr(node, "value", not value)
    elif isinstance(value, (int, float)):
        yield f"{value} -> {value + 1}", lambda: setattr(node, "value", value + 1)
    elif isinstance(value, str) and inside:
        yield f"{value!r} -> {value + '?'!r}", lambda: setattr(node, "value", value + "?")


def _condition(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[tuple[str, Apply]]:
    if isinstance(node, (ast.If, ast.IfExp)):
        test = ast.unparse(node.test)
        yield f"not {test}", lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), node.test))
        yield f"never {test}", lambda: setattr(node, "test", ast.Constant(value=False))
    if isinstance(node, ast.comprehension):
        for at, test in enumerate(node.ifs):
            yield f"always {ast.unparse(test)}", lambda at=at: _put(node.ifs, at, ast.Constant(value=True))


def _statement(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[tuple[str, Apply]]:
    if isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) != "None":
        yield "return None", lambda: setattr(node, "value", ast.Constant(value=None))
    called = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    stored = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
    if called or stored or isinstance(node, (ast.AugAssign, ast.Continue, ast.Delete)):
        yield f"without {ast.unparse(node)}", lambda: _replace(parents[node], node, ast.Pass())


def _member(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[tuple[str, Apply]]:
    if isinstance(node, ast.Set) and len(node.elts) > 1:
        for at, element in enumerate(node.elts):
            yield f"without the member {ast.unparse(element)}", lambda at=at: node.elts.pop(at)
    if isinstance(node, ast.Dict):
        for at, key in enumerate(node.keys):
            if key is not None:
                yield f"without the key {ast.unparse(key)}", lambda at=at: (node.keys.pop(at), node.values.pop(at))


def _put(things: list, at: int, thing: ast.AST) -> None:
    things[at] = thing


def _shorten(values: list, at: int) -> None:
    del values[at]
    if len(values) == 1:
        values.append(values[0])


def _called(node: ast.Call, name: str) -> None:
    node.func = ast.Name(name, ast.Load())
    if name == "list":
        node.keywords = []


def _replace(parent: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for name, value in ast.iter_fields(parent):
        if value is old:
            setattr(parent, name, new)
        elif isinstance(value, list) and old in value:
            value[value.index(old)] = new
