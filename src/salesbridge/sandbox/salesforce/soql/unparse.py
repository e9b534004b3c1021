"""Tree to SOQL text: ``parse(unparse(query)) == query``."""

from __future__ import annotations

from salesbridge.sandbox.salesforce.soql import ast

_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f"})


def unparse(query: ast.Query) -> str:
    """Write a statement in one line, keywords in capitals, parentheses only where the language asks for them."""
    clauses = [
        "SELECT " + ", ".join(map(_item, query.select)),
        "FROM " + ", ".join(_aliased(source.path.text, source.alias) for source in query.sources),
        f"WHERE {_condition(query.where)}" if query.where is not None else "",
        f"WITH {query.security}" if query.security is not None else "",
        "GROUP BY " + ", ".join(path.text for path in query.group_by) if query.group_by else "",
        f"HAVING {_condition(query.having)}" if query.having is not None else "",
        "ORDER BY " + ", ".join(map(_key, query.order_by)) if query.order_by else "",
        f"LIMIT {query.limit}" if query.limit is not None else "",
        f"OFFSET {query.offset}" if query.offset is not None else "",
        *(f"FOR {word}" for word in query.usage),
    ]
    return " ".join(filter(None, clauses))


def escape(value: str) -> str:
    r"""Write a value so that it can stand between the quotes of a SOQL string (``\`` and ``'`` escaped)."""
    return value.translate(_ESCAPES)


def _aliased(text: str, alias: str | None) -> str:
    return text if alias is None else f"{text} {alias}"


def _operand(operand: ast.Operand) -> str:
    if isinstance(operand, ast.Path):
        return operand.text
    return f"{operand.function}({operand.path.text if operand.path is not None else ''})"


def _item(item: ast.SelectItem) -> str:
    if isinstance(item, ast.SelectField):
        return _aliased(_operand(item.operand), item.alias)
    if isinstance(item, ast.SelectGroup):
        return f"FIELDS({item.group})"
    return f"({unparse(item.query)})"


def _literal(literal: ast.Literal) -> str:
    return f"'{literal.text}'" if literal.kind == "string" else literal.text


def _condition(condition: ast.Condition) -> str:
    match condition:
        case ast.And(terms):
            return " AND ".join(map(_term, terms))
        case ast.Or(terms):
            return " OR ".join(map(_term, terms))
        case ast.Not(term):
            return f"NOT {_term(term)}"
        case ast.Comparison(operand, operator, value):
            return f"{_operand(operand)} {operator} {_literal(value)}"
        case ast.Membership(operand, set_operator, values):
            return f"{_operand(operand)} {set_operator} ({', '.join(map(_literal, values))})"
        case ast.SemiJoin(operand, query, negated):
            return f"{_operand(operand)} {'NOT IN' if negated else 'IN'} ({unparse(query)})"


def _term(condition: ast.Condition) -> str:
    text = _condition(condition)
    return f"({text})" if isinstance(condition, ast.And | ast.Or | ast.Not) else text


def _key(order: ast.Order) -> str:
    nulls = "" if order.nulls_first is None else f" NULLS {'FIRST' if order.nulls_first else 'LAST'}"
    return f"{_operand(order.operand)} {'DESC' if order.descending else 'ASC'}{nulls}"
