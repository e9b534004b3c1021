from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("acme")


@pytest.mark.parametrize(
    ("soql", "count"),
    [
        ("SELECT COUNT() FROM Account", 3),
        ("SELECT count() FROM Account WHERE Name LIKE 'a%'", 1),
        ("SELECT COUNT() FROM Contact LIMIT 2", 2),
        ("SELECT COUNT() FROM Contact c, c.Account a WHERE a.Name = 'Acme'", 2),
    ],
)
def test_count_answers_a_size_and_no_records(ask, soql, count):
    result = ask.run(soql)
    assert (result.total_size, result.records()) == (count, [])


def test_unnamed_aggregates_are_numbered_among_themselves(ask):
    soql = "SELECT MAX(AnnualRevenue), MIN(AnnualRevenue) least, SUM(AnnualRevenue) FROM Account"
    assert ask.records(soql) == [
        {"attributes": {"type": "AggregateResult"}, "expr0": 200.0, "least": 100.5, "expr1": 300.5}
    ]


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("COUNT(Id)", 3),
        ("COUNT(Name)", 2),
        ("COUNT_DISTINCT(ParentId)", 1),
        ("AVG(NumberOfEmployees)", 7.5),
        ("SUM(NumberOfEmployees)", 15),
        ("MIN(Name)", "Acme"),
        ("MAX(Name)", "beta"),
        ("MIN(Industry)", "Media"),
        ("MAX(SignedOn__c)", "2026-03-17"),
        ("MAX(CreatedDate)", "2026-03-18T10:30:00.000+0000"),
    ],
)
def test_aggregate_functions_ignore_nulls(ask, function, value):
    assert ask.values(f"SELECT {function} FROM Account") == [value]


def test_without_rows_sums_are_null_and_counts_are_zero(ask):
    soql = "SELECT SUM(AnnualRevenue), AVG(AnnualRevenue), COUNT(Id) FROM Account WHERE Name = 'nobody'"
    assert ask.values(soql) == [(None, None, 0)]


def test_groups_have_one_record_each_and_null_is_a_group(ask):
    soql = "SELECT AccountId, Account.Name, COUNT(Id) n FROM Contact"
    soql += " GROUP BY AccountId, Account.Name ORDER BY COUNT(Id) DESC"
    assert [record["Name"] for record in ask.records(soql)] == ["Acme", "beta", None]
    assert [record["n"] for record in ask.records(soql)] == [2, 1, 1]


def test_group_by_without_an_aggregate_gives_the_distinct_values(ask):
    assert ask.values("SELECT Industry FROM Account GROUP BY Industry ORDER BY Industry") == [None, "Media", "Energy"]


def test_text_is_grouped_without_regard_to_case(org, ask):
    org.seed("Account", {"Name": "ACME"})
    soql = "SELECT Name, COUNT(Id) FROM Account WHERE Name LIKE 'acme' GROUP BY Name"
    assert ask.values(soql) == [("Acme", 2)]


@pytest.mark.parametrize(
    ("having", "names"),
    [
        ("COUNT(Id) > 1", ["Acme"]),
        ("COUNT(Id) = 1 AND Account.Name != null", ["beta"]),
        ("NOT COUNT(LastName) > 1", [None, "beta"]),
        ("MAX(LastName) LIKE 'o%' OR Account.Name = 'BETA'", ["Acme", "beta"]),
    ],
)
def test_having_filters_groups(ask, having, names):
    assert (
        ask.values(f"SELECT Account.Name FROM Contact GROUP BY Account.Name HAVING {having} ORDER BY Account.Name")
        == names
    )


def test_groups_can_be_limited(ask):
    assert ask.values("SELECT Name FROM Account GROUP BY Name ORDER BY Name LIMIT 1 OFFSET 1") == ["Acme"]


@pytest.mark.parametrize(
    ("soql", "code", "reason"),
    [
        ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name"),
        ("SELECT FIELDS(ALL), MIN(Name) FROM Account GROUP BY Id LIMIT 200", "MALFORMED_QUERY", "must be grouped"),
        ("SELECT Name FROM Account GROUP BY Industry", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name"),
        ("SELECT COUNT(), Id FROM Account", "MALFORMED_QUERY", "COUNT() must be the only element"),
        ("SELECT COUNT() FROM Account ORDER BY Name", "MALFORMED_QUERY", "ORDER BY is not allowed with COUNT()"),
        ("SELECT MAX(CreatedDate) FROM Account LIMIT 1", "MALFORMED_QUERY", "cannot also use LIMIT"),
        ("SELECT SUM(Name) FROM Account", "MALFORMED_QUERY", "field Name does not support aggregate operator SUM"),
        ("SELECT COUNT(Active__c) FROM Account", "MALFORMED_QUERY", "does not support aggregate operator COUNT"),
        ("SELECT COUNT(Notes__c) FROM Account", "MALFORMED_QUERY", "does not support aggregate operator COUNT"),
        ("SELECT Notes__c FROM Account GROUP BY Notes__c", "INVALID_FIELD", "can not be grouped in a query call"),
        ("SELECT Name a, COUNT(Id) A FROM Account GROUP BY Name", "MALFORMED_QUERY", "duplicate alias: A"),
        ("SELECT Name FROM Account GROUP BY Name HAVING Industry = 'x'", "MALFORMED_QUERY", "grouped or aggregated"),
        ("SELECT Name FROM Account GROUP BY Name HAVING COUNT(Id) = '1'", "INVALID_FIELD", "must be of type int"),
        ("SELECT Name FROM Account GROUP BY Name ORDER BY Industry", "MALFORMED_QUERY", "grouped or aggregated"),
        ("SELECT Id FROM Account HAVING COUNT(Id) > 1", "MALFORMED_QUERY", "HAVING needs a GROUP BY clause"),
        (
            "SELECT Id FROM Account GROUP BY Id HAVING Id IN (SELECT AccountId FROM Contact)",
            "MALFORMED_QUERY",
            "not allowed in HAVING",
        ),
    ],
)
def test_what_cannot_be_aggregated_is_refused(ask, soql, code, reason):
    error = ask.error(soql)
    assert error.code == code
    assert reason in error.message
