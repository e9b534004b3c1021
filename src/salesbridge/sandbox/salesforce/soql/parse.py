"""SOQL text to tree. Source: SOQL and SOSL Reference, *SOQL SELECT Syntax* and its child pages."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from typing import Any, cast

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken, v_args
from lark.exceptions import VisitError

from salesbridge.sandbox.salesforce.soql import ast
from salesbridge.sandbox.salesforce.soql.errors import SoqlError, malformed, too_complicated, unexpected

MAX_LENGTH = 100_000
"""Characters a statement may have (SOQL SELECT Syntax, *Statement Character Limit*)."""

_KINDS = {
    "STRING": "string",
    "NUMBER": "number",
    "DATETIME": "datetime",
    "DATE": "date",
    "BOOLEAN": "boolean",
    "NULL": "null",
    "RANGE": "range",
}
_TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|[\w.]+|\S", re.DOTALL)
_ALL_ROWS = re.compile(r"all\s+rows\b", re.IGNORECASE)


@v_args(inline=True)
class _Builder(Transformer[Token, ast.Query]):
    """Turns lark's parse tree into ours, bottom up."""

    def start(self, query: ast.Query) -> ast.Query:
        return query

    def path(self, *names: Token) -> ast.Path:
        return ast.Path(tuple(map(str, names)), names[0].start_pos or 0)

    def count_all(self, token: Token) -> ast.Aggregate:
        return ast.Aggregate("COUNT", None, token.start_pos or 0)

    def aggregate(self, function: Token, path: ast.Path) -> ast.Aggregate:
        return ast.Aggregate(function.upper(), path, function.start_pos or 0)

    def select_field(self, operand: ast.Operand, alias: Token | None = None) -> ast.SelectField:
        return ast.SelectField(operand, None if alias is None else str(alias))

    def select_group(self, group: Token) -> ast.SelectGroup:
        return ast.SelectGroup(cast("ast.FieldGroup", group.upper()), group.start_pos or 0)

    def select_children(self, bracket: Token, query: ast.Query) -> ast.SelectChildren:
        return ast.SelectChildren(query, bracket.start_pos or 0)

    def source(self, path: ast.Path, alias: Token | None = None) -> ast.Source:
        return ast.Source(path, None if alias is None else str(alias))

    def literal(self, token: Token) -> ast.Literal:
        kind = cast("ast.LiteralKind", _KINDS[token.type])
        text = token[1:-1] if kind == "string" else "".join(token.split()).upper()
        return ast.Literal(kind, text, token.start_pos or 0)

    text = literal

    def values(self, *literals: ast.Literal) -> tuple[ast.Literal, ...]:
        return literals

    texts = values

    def comparison(self, operand: ast.Operand, operator: Token, value: ast.Literal) -> ast.Comparison:
        written = operator.upper()
        return ast.Comparison(operand, cast("ast.Operator", "!=" if written == "<>" else written), value)

    def in_list(self, operand: ast.Operand, values: tuple[ast.Literal, ...]) -> ast.Membership:
        return ast.Membership(operand, "IN", values)

    def not_in_list(self, operand: ast.Operand, values: tuple[ast.Literal, ...]) -> ast.Membership:
        return ast.Membership(operand, "NOT IN", values)

    def multi(self, operand: ast.Operand, operator: Token, values: tuple[ast.Literal, ...]) -> ast.Membership:
        return ast.Membership(operand, cast("ast.SetOperator", operator.upper()), values)

    def semi_join(self, operand: ast.Operand, query: ast.Query) -> ast.SemiJoin:
        return ast.SemiJoin(operand, query)

    def anti_join(self, operand: ast.Operand, query: ast.Query) -> ast.SemiJoin:
        return ast.SemiJoin(operand, query, negated=True)

    def all_of(self, *terms: ast.Condition) -> ast.And:
        return ast.And(terms)

    def any_of(self, *terms: ast.Condition) -> ast.Or:
        return ast.Or(terms)

    def negation(self, term: ast.Condition) -> ast.Not:
        return ast.Not(term)

    def order_key(self, operand: ast.Operand, *options: Token) -> ast.Order:
        words = {option.type: option.upper() for option in options}
        nulls = words.get("NULLS")
        return ast.Order(operand, words.get("DIRECTION") == "DESC", None if nulls is None else nulls.endswith("FIRST"))

    def where(self, condition: ast.Condition) -> dict[str, Any]:
        return {"where": condition}

    def having(self, condition: ast.Condition) -> dict[str, Any]:
        return {"having": condition}

    def group(self, *paths: ast.Path) -> dict[str, Any]:
        return {"group_by": paths}

    def order(self, *keys: ast.Order) -> dict[str, Any]:
        return {"order_by": keys}

    def limit(self, number: Token) -> dict[str, Any]:
        return {"limit": int(number)}

    def offset(self, number: Token) -> dict[str, Any]:
        return {"offset": int(number), "offset_pos": number.start_pos or 0}

    def usage(self, words: Token) -> dict[str, Any]:
        return {"usage": words.split()[1].upper()}

    # ``with`` is a keyword of Python too, so this rule is bound below.
    def security(self, word: Token) -> dict[str, Any]:
        return {"security": word.upper()}

    def query(self, *parts: Any) -> ast.Query:
        select = tuple(p for p in parts if isinstance(p, ast.SelectField | ast.SelectGroup | ast.SelectChildren))
        sources = tuple(p for p in parts if isinstance(p, ast.Source))
        clauses = [p for p in parts if isinstance(p, dict)]
        usage = tuple(clause["usage"] for clause in clauses if "usage" in clause)
        options: dict[str, Any] = {}
        for clause in clauses:
            options |= clause
        return ast.Query(select, sources, **(options | {"usage": usage}))


setattr(_Builder, "with", _Builder.security)


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = resources.files(__package__).joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="contextual", propagate_positions=False, maybe_placeholders=False)


@lru_cache(maxsize=128)
def parse(soql: str) -> ast.Query:
    """Parse one SELECT statement.

    Raises:
        SoqlError: ``MALFORMED_QUERY`` with the place of the token that does not fit; ``QUERY_TOO_COMPLICATED``.
    """
    if len(soql) > MAX_LENGTH:
        raise malformed(f"SOQL statements cannot be longer than {MAX_LENGTH} characters.")
    try:
        return _Builder().transform(_parser().parse(soql))
    except UnexpectedInput as error:
        raise _refused(soql, error) from None
    except (RecursionError, VisitError) as error:
        if isinstance(error, RecursionError) or isinstance(error.orig_exc, RecursionError):
            raise too_complicated() from None
        raise


def _refused(soql: str, error: UnexpectedInput) -> SoqlError:
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        return unexpected("<EOF>", len(soql))
    if not isinstance(error, UnexpectedToken | UnexpectedCharacters):
        return malformed("unexpected token")
    pos = error.pos_in_stream or 0
    if soql[pos : pos + 1] == ":":
        return malformed("Bind variables only allowed in Apex code", pos)
    if _ALL_ROWS.match(soql, pos):
        return malformed("ALL ROWS not allowed in this context", pos)
    found = _TOKEN.match(soql, pos)
    token = found.group() if found else soql[pos : pos + 1]
    return unexpected(token[1:-1] if token.startswith("'") and len(token) > 1 else token, pos)
