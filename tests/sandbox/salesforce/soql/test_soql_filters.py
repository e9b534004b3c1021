from __future__ import annotations

import fnmatch
import operator
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salesbridge.sandbox.salesforce.schema import Field, Schema, SObject
from salesbridge.sandbox.salesforce.soql import Tables, ast, escape, run_query, unparse

pytestmark = pytest.mark.usefixtures("acme")


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("Name = 'ACME'", ["Acme"]),
        ("Name != 'acme'", ["beta", None]),
        ("Name <> 'acme'", ["beta", None]),
        ("Name > 'ACME'", ["beta"]),
        ("Name <= 'acme'", ["Acme"]),
        ("Name = null", [None]),
        ("Name != null", ["Acme", "beta"]),
        ("Name = ''", [None]),
        ("Name IN ('acme', 'nobody')", ["Acme"]),
        ("Name NOT IN ('acme', 'nobody')", ["beta", None]),
        ("Name IN ('acme', null)", ["Acme", None]),
        ("Name LIKE '%C%'", ["Acme"]),
        ("Name LIKE '_eta'", ["beta"]),
        ("Name LIKE 'Acm\\%'", []),
        ("NOT Name = 'Acme'", ["beta", None]),
        ("(NOT Name = 'Acme') AND Name != null", ["beta"]),
        ("Name = 'acme' OR Name = 'beta'", ["Acme", "beta"]),
        ("Code__c = 'ab'", []),
        ("Code__c = 'aB'", ["beta"]),
        ("Code__c IN ('Ab', 'AB')", ["Acme"]),
        ("Code__c LIKE 'a_'", ["beta"]),
        ("Ext__c = 'acc-2'", ["beta"]),
        ("AnnualRevenue > 100.5", ["beta"]),
        ("AnnualRevenue >= 100.5", ["Acme", "beta"]),
        ("AnnualRevenue < 150", ["Acme"]),
        ("AnnualRevenue IN (200)", ["beta"]),
        ("NumberOfEmployees = 10", ["Acme"]),
        ("NumberOfEmployees != 10", ["beta", None]),
        ("NumberOfEmployees > null", []),
        ("Active__c = true", ["Acme"]),
        ("Active__c = false", ["beta", None]),
        ("Active__c = null", ["beta", None]),
        ("Active__c != null", ["Acme"]),
        ("Active__c != TRUE", ["beta", None]),
        ("Active__c IN (null)", ["beta", None]),
        ("SignedOn__c = 2026-03-17", ["Acme"]),
        ("SignedOn__c < 2026-03-01", ["beta"]),
        ("SignedOn__c = YESTERDAY", ["Acme"]),
        ("SignedOn__c IN (YESTERDAY, 2026-02-01)", ["Acme", "beta"]),
        ("SignedOn__c != THIS_MONTH", ["beta", None]),
        ("SignedOn__c < THIS_MONTH", ["beta"]),
        ("SignedOn__c > LAST_MONTH", ["Acme"]),
        ("CreatedDate = TODAY", ["Acme", "beta", None]),
        ("CreatedDate > TODAY", []),
        ("CreatedDate >= 2026-03-18T23:30:00+13:00", ["Acme", "beta", None]),
        ("CreatedDate > 2026-03-18T10:30:00Z", []),
        ("Industry IN ('Energy')", ["Acme"]),
        ("Regions__c INCLUDES ('North')", ["Acme"]),
        ("Regions__c INCLUDES ('North;South', 'East')", ["Acme"]),
        ("Regions__c INCLUDES ('South')", ["Acme", "beta"]),
        ("Regions__c EXCLUDES ('North')", ["beta", None]),
        ("Regions__c = 'South;North'", ["Acme"]),
        ("Regions__c = null", [None]),
        ("Parent.Name = 'Acme'", ["beta"]),
        ("Parent.Name = null", ["Acme", None]),
        ("Parent.Active__c = false", ["Acme", None]),
        ("Owner.Name LIKE 'ann%'", ["Acme"]),
        ("Account.Name = 'beta'", ["beta"]),
    ],
)
def test_where_selects(ask, where, names):
    assert ask.values(f"SELECT Name FROM Account WHERE {where}") == names


def test_ids_compare_as_fifteen_or_eighteen_characters(ask, acme):
    for id_ in (acme["Id"], acme["Id"][:15]):
        assert ask.values(f"SELECT Name FROM Account WHERE Id = '{id_}'") == ["Acme"]
        assert ask.values(f"SELECT LastName FROM Contact WHERE AccountId IN ('{id_}')") == ["Ng", "Oz"]


def test_a_fifteen_character_id_keeps_its_case(ask, acme):
    assert ask.values(f"SELECT Name FROM Account WHERE Id = '{acme['Id'][:15].swapcase()}'") == []


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("Id IN (SELECT AccountId FROM Contact WHERE LastName = 'py')", ["beta"]),
        ("Id NOT IN (SELECT AccountId FROM Contact)", [None]),
        ("Id IN (SELECT AccountId FROM Contact WHERE Owner.Name = 'Ann Lee') AND Name = 'acme'", ["Acme"]),
        ("Id IN (SELECT AccountId FROM Contact) AND Id NOT IN (SELECT AccountId FROM Opportunity)", ["Acme", "beta"]),
    ],
)
def test_semi_joins_restrict_by_another_object(ask, where, names):
    assert ask.values(f"SELECT Name FROM Account WHERE {where}") == names


def test_a_semi_join_of_a_reference_field_goes_from_child_to_child_or_parent(ask):
    parent = "SELECT LastName FROM Contact WHERE AccountId IN (SELECT Id FROM Account WHERE Name = 'beta')"
    assert ask.values(parent) == ["Py"]


def test_a_null_reference_is_in_no_sub_select(org, ask):
    org.seed("Opportunity", {"Name": "o"})
    join = "AccountId {} (SELECT AccountId FROM Opportunity)"
    assert ask.values(f"SELECT LastName FROM Contact WHERE {join.format('IN')}") == []
    assert ask.values(f"SELECT LastName FROM Contact WHERE {join.format('NOT IN')}") == ["Ng", "Oz", "Py", "Lone"]


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("Id IN (SELECT Id FROM Account)", "The inner and outer selects should not be on the same object type"),
        ("Name IN (SELECT AccountId FROM Contact)", "should be an ID or reference field"),
        ("Parent.Id IN (SELECT AccountId FROM Contact)", "cannot traverse relationships"),
        ("Id IN (SELECT LastName FROM Contact)", "must be of type ID or reference"),
        ("Id IN (SELECT Account.Id FROM Contact)", "must be of type ID or reference"),
        ("Id IN (SELECT OwnerId FROM Contact)", "should point to the same object type"),
        ("Id IN (SELECT AccountId, Id FROM Contact)", "Only one field"),
        ("Id IN (SELECT AccountId FROM Contact LIMIT 1)", "not allowed in semi join sub-selects"),
        ("Id IN (SELECT AccountId FROM Contact ORDER BY Id)", "not allowed in semi join sub-selects"),
        ("Name = 'x' OR Id IN (SELECT AccountId FROM Contact)", "not allowed with the 'OR' operator"),
        ("NOT Id IN (SELECT AccountId FROM Contact)", "only allowed at the top level WHERE expressions"),
        (
            "Id IN (SELECT AccountId FROM Contact WHERE AccountId IN (SELECT AccountId FROM Opportunity))",
            "Nesting of semi join sub-selects is not supported",
        ),
        (
            " AND ".join(["Id IN (SELECT AccountId FROM Contact)"] * 3),
            "Maximum 2 semi join sub-selects are allowed",
        ),
    ],
)
def test_the_limits_of_semi_joins_are_kept(ask, where, reason):
    error = ask.error(f"SELECT Name FROM Account WHERE {where}")
    assert error.code == "MALFORMED_QUERY"
    assert reason in error.message


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Name = 5", "'Name' must be of type string and should be enclosed in quotes"),
        ("Name = TODAY", "'Name' must be of type string and should be enclosed in quotes"),
        ("Name IN ('a', 5)", "'Name' must be of type string and should be enclosed in quotes"),
        ("Id = 5", "'Id' must be of type string and should be enclosed in quotes"),
        ("AnnualRevenue = '5'", "'AnnualRevenue' must be of type double and should not be enclosed in quotes"),
        ("NumberOfEmployees > '5'", "'NumberOfEmployees' must be of type int and should not be enclosed in quotes"),
        ("Active__c = 'true'", "'Active__c' must be of type boolean and should not be enclosed in quotes"),
        ("SignedOn__c = '2026-01-01'", "'SignedOn__c' must be of type date and should not be enclosed in quotes"),
        ("SignedOn__c = 2026-01-01T00:00:00Z", "'SignedOn__c' must be of type date and should not be enclosed"),
        ("CreatedDate > 2026-01-01", "'CreatedDate' must be of type dateTime and should not be enclosed in quotes"),
        ("Parent.Name = 5", "'Parent.Name' must be of type string and should be enclosed in quotes"),
    ],
)
def test_a_constant_of_the_wrong_kind_is_an_invalid_field(ask, where, expected):
    error = ask.error(f"SELECT Id FROM Account WHERE {where}")
    assert error.status == 400
    assert error.code == "INVALID_FIELD"
    assert f"\nERROR at Row:1:Column:30\nvalue of filter criterion for field {expected}" in error.message


@pytest.mark.parametrize("field", ["Description", "Notes__c", "BillingAddress", "Secret__c"])
def test_long_text_compound_and_encrypted_fields_can_not_be_filtered(ask, field):
    error = ask.error(f"SELECT Id FROM Account WHERE {field} = 'x'")
    assert error.code == "INVALID_FIELD"
    assert error.message.endswith(f"field '{field}' can not be filtered in a query call")


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("Id = 'abc'", "invalid ID field: abc"),
        ("ParentId = ''", "invalid ID field: "),
        ("Id LIKE '001%'", "invalid operator on id field"),
        ("NumberOfEmployees LIKE '1'", "invalid operator on int field"),
        ("Active__c > true", "invalid operator on boolean field"),
        ("Regions__c LIKE 'N%'", "invalid operator on multipicklist field"),
        ("Regions__c IN ('North')", "invalid operator on multipicklist field"),
        ("Industry INCLUDES ('Energy')", "invalid operator on picklist field"),
    ],
)
def test_an_operator_that_does_not_fit_the_field_is_refused(ask, where, reason):
    error = ask.error(f"SELECT Id FROM Account WHERE {where}")
    assert error.code == "INVALID_QUERY_FILTER_OPERATOR"
    assert error.message.endswith(reason)


@pytest.mark.parametrize(
    "where",
    [
        "Name = 'a\\qb'",
        "Name LIKE 'a\\qb'",
        "Name = 'a\\%'",
        "SignedOn__c = 2026-02-30",
        "CreatedDate = 2026-02-30T00:00:00Z",
        "SignedOn__c = 1699-12-31",
        "SignedOn__c = LAST_N_YEARS:99999",
        "COUNT(Id) > 1",
        f"Name = '{'x' * 4001}'",
    ],
)
def test_constants_that_mean_nothing_and_aggregates_in_where_are_malformed(ask, where):
    assert ask.error(f"SELECT Id FROM Account WHERE {where}").code == "MALFORMED_QUERY"


def test_conditions_that_nest_too_deep_are_too_complicated(ask):
    where = "NOT (" * 3000 + "Name = 'x'" + ")" * 3000
    assert ask.error(f"SELECT Id FROM Account WHERE {where}").code == "QUERY_TOO_COMPLICATED"


# -- properties ---------------------------------------------------------------------------------------------------

TEXTS = ["a", "A", "ab", "b", "Ba", "a%b", "x_y"]
DAYS = ["2025-12-31", "2026-01-01", "2026-03-18"]
THING = SObject(
    "Thing",
    "Thing",
    "Things",
    "a00",
    {
        "Id": Field("Id", "Id", "id"),
        "T": Field("T", "T", "string", length=20),
        "K": Field("K", "K", "string", length=20, unique=True, external_id=True),
        "N": Field("N", "N", "double"),
        "B": Field("B", "B", "boolean"),
        "D": Field("D", "D", "date"),
    },
)
rows = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "T": st.sampled_from(TEXTS),
            "K": st.sampled_from(TEXTS),
            "N": st.integers(-2, 2),
            "B": st.booleans(),
            "D": st.sampled_from(DAYS),
        },
    ),
    max_size=6,
).map(lambda made: [{"Id": f"a008e{n:010d}AAA", **row} for n, row in enumerate(made)])


def _literal(field):
    null = st.just(ast.Literal("null", "NULL"))
    if field in "TK":
        return null | st.sampled_from(TEXTS).map(lambda text: ast.Literal("string", escape(text)))
    if field == "N":
        return null | st.integers(-2, 2).map(lambda number: ast.Literal("number", str(number)))
    if field == "B":
        return null | st.sampled_from(["TRUE", "FALSE"]).map(lambda text: ast.Literal("boolean", text))
    return null | st.sampled_from(DAYS).map(lambda day: ast.Literal("date", day))


@st.composite
def _simple(draw):
    field = draw(st.sampled_from("TKNBD"))
    path = ast.Path((field,))
    if draw(st.booleans()):
        sign = draw(st.sampled_from(["=", "!="] if field == "B" else ["=", "!=", "<", "<=", ">", ">="]))
        return ast.Comparison(path, sign, draw(_literal(field)))
    values = tuple(draw(st.lists(_literal(field), min_size=1, max_size=3)))
    return ast.Membership(path, draw(st.sampled_from(["IN", "NOT IN"])), values)


def _nested(conditions):
    several = st.lists(conditions, min_size=2, max_size=3).map(tuple)
    return st.builds(ast.And, several) | st.builds(ast.Or, several) | st.builds(ast.Not, conditions)


def _value(field, literal):
    if literal.kind == "null":
        return False if field == "B" else None
    if field == "B":
        return literal.text == "TRUE"
    return int(literal.text) if field == "N" else literal.text.upper()


def _held(field, row):
    value = row.get(field, False if field == "B" else None)
    return value.upper() if isinstance(value, str) else value


COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def _naive(condition, row):
    match condition:
        case ast.And(terms):
            return all(_naive(term, row) for term in terms)
        case ast.Or(terms):
            return any(_naive(term, row) for term in terms)
        case ast.Not(term):
            return not _naive(term, row)
        case ast.Membership(ast.Path((field,)), sign, values):
            return (_held(field, row) in [_value(field, each) for each in values]) == (sign == "IN")
        case ast.Comparison(ast.Path((field,)), sign, literal):
            held, value = _held(field, row), _value(field, literal)
            if sign in {"=", "!="}:
                return (held == value) == (sign == "=")
            return held is not None and value is not None and COMPARE[sign](held, value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows, st.recursive(_simple(), _nested, max_leaves=5))
def test_filtering_agrees_with_a_naive_evaluation(table, condition):
    query = ast.Query((ast.SelectField(ast.Path(("Id",))),), (ast.Source(ast.Path(("Thing",))),), where=condition)
    source = Tables(Schema([THING]), {"Thing": lambda: table})
    found = {id_ for (id_,) in run_query(source, unparse(query)).values()}
    assert found == {row["Id"] for row in table if _naive(condition, row)}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows, st.text(alphabet="abAx%_", max_size=4))
def test_like_agrees_with_shell_patterns(table, pattern):
    source = Tables(Schema([THING]), {"Thing": lambda: table})
    found = [text for (text,) in run_query(source, f"SELECT T FROM Thing WHERE T LIKE '{pattern}'").values()]
    shell = re.compile(fnmatch.translate(pattern.upper().replace("%", "*").replace("_", "?")))
    assert found == [row["T"] for row in table if "T" in row and shell.match(row["T"].upper())]
