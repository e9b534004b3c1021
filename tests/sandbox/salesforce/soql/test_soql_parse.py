from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.sandbox.salesforce.soql import ast, escape, parse, unparse
from salesbridge.sandbox.salesforce.soql.errors import SoqlError, excerpt
from salesbridge.sandbox.salesforce.soql.literals import text_of
from salesbridge.sandbox.salesforce.soql.parse import MAX_LENGTH

names = st.from_regex(r"[A-Z][a-z]{1,6}(__c)?", fullmatch=True).filter(
    lambda name: (
        name.lower()
        not in {"and", "or", "not", "in", "asc", "desc", "from", "last", "like", "limit"}
        | {"null", "nulls", "offset", "select", "using", "where", "with", "having", "first", "group", "for", "all"}
    )
)
paths = st.lists(names, min_size=1, max_size=3).map(lambda parts: ast.Path(tuple(parts)))
strings = st.text(max_size=8).map(lambda value: ast.Literal("string", escape(value)))
literals = st.one_of(
    strings,
    st.sampled_from(["0", "12", "-3.5", "+7", ".25", "4."]).map(lambda text: ast.Literal("number", text)),
    st.dates().map(lambda day: ast.Literal("date", day.isoformat())),
    st.sampled_from(["2026-01-31T10:11:12Z", "2026-01-31T10:11:12.500+13:00"]).map(
        lambda text: ast.Literal("datetime", text)
    ),
    st.sampled_from(["TRUE", "FALSE"]).map(lambda text: ast.Literal("boolean", text)),
    st.just(ast.Literal("null", "NULL")),
    st.sampled_from(["TODAY", "LAST_N_DAYS:30", "THIS_FISCAL_QUARTER", "N_WEEKS_AGO:2", "NEXT_90_DAYS"]).map(
        lambda text: ast.Literal("range", text)
    ),
)
aggregates = st.builds(ast.Aggregate, st.sampled_from(["COUNT", "COUNT_DISTINCT", "MIN", "MAX", "SUM", "AVG"]), paths)
operands = paths | aggregates
comparisons = st.builds(ast.Comparison, operands, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), literals)
likes = st.builds(ast.Comparison, operands, st.just("LIKE"), strings)
memberships = st.builds(
    ast.Membership, operands, st.sampled_from(["IN", "NOT IN"]), st.lists(literals, min_size=1, max_size=3).map(tuple)
)
multis = st.builds(
    ast.Membership,
    operands,
    st.sampled_from(["INCLUDES", "EXCLUDES"]),
    st.lists(strings, min_size=1, max_size=3).map(tuple),
)


def _nested(conditions):
    several = st.lists(conditions, min_size=2, max_size=3).map(tuple)
    return st.builds(ast.And, several) | st.builds(ast.Or, several) | st.builds(ast.Not, conditions)


def _queries(inner):
    simple = comparisons | likes | memberships | multis
    if inner is not None:
        simple |= st.builds(ast.SemiJoin, paths, inner, st.booleans())
    conditions = st.recursive(simple, _nested, max_leaves=4)
    items = st.builds(ast.SelectField, operands, st.none() | names)
    if inner is not None:
        items |= st.builds(ast.SelectChildren, inner)
    items |= st.builds(ast.SelectGroup, st.sampled_from(["ALL", "STANDARD", "CUSTOM"]))
    return st.builds(
        ast.Query,
        select=st.lists(items, min_size=1, max_size=3).map(tuple),
        sources=st.lists(st.builds(ast.Source, paths, st.none() | names), min_size=1, max_size=2).map(tuple),
        where=st.none() | conditions,
        security=st.none() | st.sampled_from(["SECURITY_ENFORCED", "USER_MODE", "SYSTEM_MODE"]),
        group_by=st.lists(paths, max_size=2).map(tuple),
        having=st.none() | conditions,
        order_by=st.lists(
            st.builds(ast.Order, operands, st.booleans(), st.sampled_from([None, True, False])), max_size=2
        ).map(tuple),
        limit=st.none() | st.integers(0, 10_000),
        offset=st.none() | st.integers(0, 10_000),
        usage=st.lists(st.sampled_from(["VIEW", "REFERENCE", "UPDATE"]), max_size=2).map(tuple),
    )


@given(_queries(_queries(None)))
def test_what_is_printed_parses_to_the_same_tree(query):
    assert parse(unparse(query)) == query


@given(st.text())
def test_an_escaped_value_comes_back_from_the_string(value):
    item = parse(f"SELECT Id FROM Account WHERE Name = '{escape(value)}'").where
    assert isinstance(item, ast.Comparison)
    assert text_of(item.value) == value


@given(st.text(alphabet="SELECTFROMWHRidx'=(),.0 \n", max_size=40))
def test_any_text_parses_or_is_refused_as_malformed(text):
    try:
        parse(text)
    except SoqlError as error:
        assert error.code == "MALFORMED_QUERY"  # noqa: PT017 - both outcomes are allowed


@pytest.mark.parametrize(
    ("soql", "token", "column"),
    [
        ("SELECT Id FROM Account WHERE", "<EOF>", 29),
        ("", "<EOF>", 1),
        ("hello", "hello", 1),
        ("SELECT * FROM Account", "*", 8),
        ("SELECT FROM Account", "FROM", 8),
        ("SELECT Id, FROM Account", "FROM", 12),
        ("SELECT Id FROM Account LIMIT ten", "ten", 30),
        ("SELECT Id FROM Account LIMIT -1", "-", 30),
        ("SELECT Id FROM Account LIMIT 1234567890", "1234567890", 30),
        ("SELECT Id FROM Account WHERE LIMIT 4", "LIMIT", 30),
        ("SELECT Id FROM Account WHERE Name = Acme", "Acme", 37),
        ('SELECT Id FROM Account WHERE Name = "Acme"', '"', 37),
        ("SELECT Id FROM Account WHERE Name IS NULL", "IS", 35),
        ("SELECT Id FROM Account WHERE Name IN ()", ")", 39),
        ("SELECT Id FROM Account WHERE Name = 'Bob's'", "s", 42),
        ("SELECT Id FROM Account;", ";", 23),
        ("SELECT Id FROM Account LIMIT 1 WHERE Id = null", "WHERE", 32),
        ("SELECT Id FROM Account WHERE A = 1 AND B = 2 OR C = 3", "OR", 46),
        ("SELECT Id FROM Account WHERE A = 1 OR B = 2 AND C = 3", "AND", 45),
        ("SELECT Id FROM Account WHERE A = 1 AND NOT B = 2", "NOT", 40),
        ("SELECT Id FROM Account WHERE A = 1e5", "1e5", 34),
        ("SELECT Id FROM Account WHERE A = 2026-01-01T00:00:00", "2026", 34),
    ],
)
def test_a_token_out_of_place_is_named_with_its_row_and_column(soql, token, column):
    with pytest.raises(SoqlError) as caught:
        parse(soql)
    message = caught.value.answer(soql).message
    assert caught.value.code == "MALFORMED_QUERY"
    assert message.endswith(f"\nERROR at Row:1:Column:{column}\nunexpected token: '{token}'")


@pytest.mark.parametrize(
    ("soql", "reason"),
    [
        ("SELECT Id FROM Account WHERE Name = :name", "Bind variables only allowed in Apex code"),
        ("SELECT Id FROM Account ALL ROWS", "ALL ROWS not allowed in this context"),
        ("SELECT Id FROM Account LIMIT 5 ALL ROWS", "ALL ROWS not allowed in this context"),
    ],
)
def test_what_only_apex_may_say_is_refused(soql, reason):
    with pytest.raises(SoqlError, match=reason):
        parse(soql)


def test_a_statement_of_more_than_a_hundred_thousand_characters_is_malformed():
    with pytest.raises(SoqlError) as caught:
        parse("SELECT Id FROM Account WHERE Name = '" + "x" * MAX_LENGTH + "'")
    assert caught.value.code == "MALFORMED_QUERY"


def test_keywords_are_read_in_any_case_and_across_lines():
    query = parse("select Id\nfrom Account\nwhere Name like 'a%'\norder\tby Name desc nulls last\nlimit 5")
    assert unparse(query) == "SELECT Id FROM Account WHERE Name LIKE 'a%' ORDER BY Name DESC NULLS LAST LIMIT 5"


@pytest.mark.parametrize("name", ["Order", "Group", "Case", "Event", "Task"])
def test_objects_named_like_keywords_can_be_queried(name):
    assert parse(f"SELECT Id, {name}.Id FROM {name} WHERE {name}.Id != null").source.path.text == name


def test_the_excerpt_shows_the_words_around_the_token_and_points_at_it():
    soql = "select Id, ProductCode from Product2 where ProductCode = 3999"
    assert excerpt(soql, 43) == (
        "ProductCode from Product2 where ProductCode = 3999\n"
        "                                ^\nERROR at Row:1:Column:44"
    )


def test_the_excerpt_of_a_later_row_is_that_row():
    assert excerpt("SELECT Id\nFROM Nope", 15) == "FROM Nope\n     ^\nERROR at Row:2:Column:6"


@given(st.text(alphabet="ab, \n", min_size=1, max_size=120), st.data())
def test_the_caret_always_stands_under_the_token(soql, data):
    pos = data.draw(st.integers(0, len(soql) - 1).filter(lambda at: soql[at] != "\n"))
    line, caret, _ = excerpt(soql, pos).rsplit("\n", 2)
    assert line[caret.index("^")] == soql[pos]
