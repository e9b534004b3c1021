from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salesbridge.sandbox.salesforce.schema import Schema
from salesbridge.sandbox.salesforce.soql import Tables, run_query


def test_a_record_carries_its_type_and_url_and_the_fields_in_the_order_asked(ask, acme):
    (record,) = ask.records("SELECT Name, Id FROM Account WHERE Name = 'Acme'", version=60.0)
    url = f"/services/data/v60.0/sobjects/Account/{acme['Id']}"
    assert record == {"attributes": {"type": "Account", "url": url}, "Name": "Acme", "Id": acme["Id"]}
    assert list(record) == ["attributes", "Name", "Id"]


def test_the_tooling_api_puts_its_own_path_into_urls(ask, acme):
    (record,) = ask.records("SELECT Id FROM Account WHERE Name = 'Acme'", path="/tooling")
    assert record["attributes"]["url"] == f"/services/data/v66.0/tooling/sobjects/Account/{acme['Id']}"


def test_names_are_found_in_any_case_and_written_canonically(ask, acme):
    (record,) = ask.records("select NAME, OWNER.nAME from account where name = 'acme'")
    assert record["Name"] == "Acme"
    assert record["Owner"]["Name"] == "Ann Lee"


def test_parents_are_nested_objects_or_null(ask, acme):
    first, *_, last = ask.records("SELECT Account.Name, Account.Owner.Name FROM Contact")
    account = {"type": "Account", "url": f"/services/data/v66.0/sobjects/Account/{acme['Id']}"}
    owner = {"type": "User", "url": f"/services/data/v66.0/sobjects/User/{acme['OwnerId']}"}
    nested = {"attributes": account, "Name": "Acme", "Owner": {"attributes": owner, "Name": "Ann Lee"}}
    assert first["Account"] == nested
    assert last["Account"] is None


def test_null_fields_are_null_booleans_are_false_and_compounds_are_objects(ask, acme):
    records = ask.records("SELECT Industry, Active__c, BillingAddress FROM Account ORDER BY Ext__c")
    assert records[0]["BillingAddress"] == {"city": "Wellington", "street": None}
    assert (records[2]["Industry"], records[2]["Active__c"], records[2]["BillingAddress"]) == (None, False, None)


def test_children_are_a_nested_answer_or_null(ask, acme):
    soql = "SELECT Name, (SELECT LastName FROM Contacts WHERE LastName != 'Oz') FROM Account ORDER BY Ext__c"
    first, second, third = ask.records(soql)
    (child,) = first["Contacts"]["records"]
    assert (first["Contacts"]["totalSize"], first["Contacts"]["done"]) == (1, True)
    assert (child["attributes"]["type"], child["LastName"]) == ("Contact", "Ng")
    assert second["Contacts"]["records"][0]["LastName"] == "Py"
    assert third["Contacts"] is None


def test_children_have_their_own_order_and_limit(ask, acme):
    soql = "SELECT (SELECT Contact.LastName FROM Account.Contacts ORDER BY LastName DESC LIMIT 1) FROM Account a"
    first, *_ = ask.records(soql)
    assert [each["LastName"] for each in first["Contacts"]["records"]] == ["Oz"]


def test_children_may_hold_children(ask, acme):
    soql = "SELECT (SELECT Name, (SELECT LastName FROM Contacts) FROM ChildAccounts) FROM Account WHERE Name = 'Acme'"
    (record,) = ask.records(soql)
    assert record["ChildAccounts"]["records"][0]["Contacts"]["records"][0]["LastName"] == "Py"
    assert ask.error(soql, version=57.0).code == "MALFORMED_QUERY"


def test_a_polymorphic_parent_shows_generic_names_and_its_type(org, ask, acme):
    lead = org.seed("Lead", {"Name": "Lea", "Company": "C"})
    contact = next(org.rows("Contact"))
    org.seed("Task", {"Subject": "l", "WhoId": lead["Id"]})
    org.seed("Task", {"Subject": "c", "WhoId": contact["Id"]})
    org.seed("Task", {"Subject": "n"})
    records = ask.records("SELECT Who.Type, Who.Name FROM Task ORDER BY Subject DESC")
    assert [record["Who"] and record["Who"]["Type"] for record in records] == [None, "Lead", "Contact"]
    assert records[1]["Who"]["attributes"] == {
        "type": "Name",
        "url": f"/services/data/v66.0/sobjects/Lead/{lead['Id']}",
    }
    assert ask.values("SELECT Subject FROM Task WHERE Who.Type = 'Contact'") == ["c"]
    assert ask.error("SELECT Who.Company FROM Task").code == "INVALID_FIELD"


def test_aliases_of_from_may_prefix_every_path(ask, acme):
    soql = "SELECT c.LastName FROM Contact c, c.Account a WHERE a.Name = 'acme' ORDER BY c.LastName"
    assert ask.values(soql) == ["Ng", "Oz"]


@pytest.mark.parametrize(
    ("soql", "code", "column", "reason"),
    [
        (
            "SELECT Id FROM Nope__c",
            "INVALID_TYPE",
            16,
            "sObject type 'Nope__c' is not supported. If you are attempting",
        ),
        ("SELECT Nope FROM Account", "INVALID_FIELD", 8, "No such column 'Nope' on entity 'Account'. If you are"),
        ("SELECT Id FROM Account WHERE Nope = 1", "INVALID_FIELD", 30, "No such column 'Nope' on entity 'Account'."),
        ("SELECT Id FROM Account ORDER BY Nope", "INVALID_FIELD", 33, "No such column 'Nope' on entity 'Account'."),
        ("SELECT Owner.Nope FROM Account", "INVALID_FIELD", 8, "No such column 'Nope' on entity 'User'."),
        ("SELECT Nope.Id FROM Account", "INVALID_FIELD", 8, "Didn't understand relationship 'Nope' in field path."),
        ("SELECT (SELECT Id FROM Nopes) FROM Account", "INVALID_TYPE", 24, "Didn't understand relationship 'Nopes' in"),
        ("SELECT Name n FROM Account", "MALFORMED_QUERY", 8, "only aggregate expressions use field aliasing"),
        (
            "SELECT (SELECT COUNT(Id) FROM Contacts) FROM Account",
            "MALFORMED_QUERY",
            16,
            "only root queries support aggregate expressions",
        ),
        (
            "SELECT Id FROM Account ORDER BY Notes__c",
            "INVALID_FIELD",
            33,
            "field 'Notes__c' can not be sorted in a query",
        ),
        ("SELECT Id FROM Account ORDER BY Regions__c", "INVALID_FIELD", 33, "field 'Regions__c' can not be sorted in"),
        ("SELECT Id FROM Account ORDER BY COUNT(Id)", "MALFORMED_QUERY", 33, "unexpected token: 'COUNT'"),
        ("SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", 31, "Maximum SOQL offset allowed is 2000"),
        (
            "SELECT (SELECT Id FROM Contacts OFFSET 1) FROM Account",
            "MALFORMED_QUERY",
            40,
            "OFFSET cannot be used in a subquery unless the outer query has LIMIT 1",
        ),
        (
            "SELECT Parent.Parent.Parent.Parent.Parent.Parent.Name FROM Account",
            "MALFORMED_QUERY",
            8,
            "Relationship path 'Parent.Parent.Parent.Parent.Parent.Parent.Name' exceeds the maximum of 5 levels",
        ),
        ("SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY", 15, "The SOQL FIELDS function must have a LIMIT of at"),
        ("SELECT FIELDS(CUSTOM) FROM Account LIMIT 201", "MALFORMED_QUERY", 15, "The SOQL FIELDS function must have a"),
        (
            "SELECT FIELDS(CUSTOM) FROM Plain LIMIT 1",
            "MALFORMED_QUERY",
            15,
            "The SOQL FIELDS function selects no field",
        ),
    ],
)
def test_a_statement_that_does_not_fit_the_schema_is_refused_at_its_place(ask, soql, code, column, reason):
    error = ask.error(soql)
    assert (error.status, error.code) == (400, code)
    assert f"\nERROR at Row:1:Column:{column}\n{reason}" in error.message


def test_the_error_of_an_unknown_object_is_the_recorded_one(ask):
    assert ask.error("select count() from XYZZY").message == (
        "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\nsObject type 'XYZZY' is not "
        "supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. "
        "Please reference your WSDL or the describe call for the appropriate names."
    )


@pytest.mark.parametrize("fields", ["Id, id", "FIELDS(ALL), Id", "Owner.Name, Owner.Name"])
def test_a_field_selected_twice_is_refused(ask, fields):
    error = ask.error(f"SELECT {fields} FROM Account LIMIT 1")
    assert error.code == "INVALID_FIELD"
    assert error.message.startswith("duplicate field selected: ")


def test_fields_all_standard_and_custom_partition_the_fields(ask, acme):
    def columns(group):
        return set(ask.run(f"SELECT FIELDS({group}) FROM Account LIMIT 200").columns)

    assert columns("ALL") == columns("STANDARD") | columns("CUSTOM")
    assert "Ext__c" in columns("CUSTOM")
    assert "Name" in columns("STANDARD")
    assert not columns("STANDARD") & columns("CUSTOM")


def test_a_list_of_ids_bounds_fields_all(ask, acme):
    assert len(ask.run(f"SELECT FIELDS(ALL) FROM Account WHERE Id IN ('{acme['Id']}')")) == 1
    assert len(ask.run(f"SELECT FIELDS(ALL) FROM Account WHERE Id = '{acme['Id']}' OR Id = '{acme['Id'][:15]}'")) == 1


def test_a_field_hidden_from_the_caller_does_not_exist_for_him(org, ask, acme):
    user = org.directory.add_user("integration@example.com").id
    assert ask.error("SELECT SignedOn__c FROM Account", user=user).code == "INVALID_FIELD"
    assert ask.error("SELECT Id FROM Account WHERE Account.SignedOn__c = null", user=user).code == "INVALID_FIELD"
    assert ask.error("SELECT Account.SignedOn__c FROM Contact", user=user).code == "INVALID_FIELD"
    assert "SignedOn__c" not in ask.run("SELECT FIELDS(ALL) FROM Account LIMIT 1", user=user).columns
    org.directory.assign(user, "Signed")
    assert ask.values("SELECT SignedOn__c FROM Account WHERE Name = 'Acme'", user=user) == ["2026-03-17"]


def test_query_all_sees_the_recycle_bin_and_query_does_not(org, ask, acme):
    user = acme["OwnerId"]
    contact = next(org.rows("Contact"))
    org.save("delete", "Contact", [{"Id": contact["Id"]}], user=user)
    soql = f"SELECT IsDeleted FROM Contact WHERE Id = '{contact['Id']}'"
    assert ask.values(soql) == []
    assert ask.values(soql, include_deleted=True) == [True]
    assert ask.run("SELECT COUNT() FROM Contact", include_deleted=True).total_size == 4
    assert ask.values("SELECT LastName FROM Contact WHERE IsDeleted = true", include_deleted=True) == ["Ng"]


@pytest.mark.parametrize("clause", ["FOR VIEW", "FOR REFERENCE", "FOR VIEW FOR REFERENCE", "FOR UPDATE"])
def test_usage_clauses_are_accepted(ask, acme, clause):
    assert len(ask.run(f"SELECT Id FROM Account LIMIT 1 {clause}")) == 1


@pytest.mark.parametrize("mode", ["SECURITY_ENFORCED", "USER_MODE", "SYSTEM_MODE"])
def test_security_modes_are_accepted(ask, acme, mode):
    assert len(ask.run(f"SELECT Id FROM Account WHERE Name = 'acme' WITH {mode}")) == 1


def test_a_locking_query_cannot_be_ordered(ask):
    assert ask.error("SELECT Id FROM Account ORDER BY Name FOR UPDATE").code == "MALFORMED_QUERY"


# -- order, limit, offset -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clause", "names"),
    [
        ("ORDER BY Name", [None, "Acme", "beta"]),
        ("ORDER BY Name DESC", [None, "beta", "Acme"]),
        ("ORDER BY Name NULLS LAST", ["Acme", "beta", None]),
        ("ORDER BY Name DESC NULLS LAST", ["beta", "Acme", None]),
        ("ORDER BY Industry NULLS LAST", ["beta", "Acme", None]),
        ("ORDER BY AnnualRevenue DESC NULLS LAST", ["beta", "Acme", None]),
        ("ORDER BY ParentId NULLS LAST, Name DESC NULLS LAST", ["Acme", None, "beta"]),
        ("ORDER BY Parent.Name NULLS LAST, Name", ["beta", None, "Acme"]),
        ("ORDER BY Ext__c LIMIT 2", ["Acme", "beta"]),
        ("ORDER BY Ext__c LIMIT 1 OFFSET 1", ["beta"]),
        ("ORDER BY Ext__c OFFSET 5", []),
        ("LIMIT 0", []),
    ],
)
def test_rows_come_in_the_order_asked(ask, acme, clause, names):
    assert ask.values(f"SELECT Name FROM Account {clause}") == names


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["a", "B", None]), max_size=12), st.integers(1, 5))
def test_paging_by_limit_and_offset_covers_every_row_once(org, names, size):
    plain = org.schema.sobject("Plain")
    rows = [{"Id": f"0P08e{n:010d}AAA", **({"Name": name} if name else {})} for n, name in enumerate(names)]
    source = Tables(Schema([plain]), {"Plain": lambda: rows})
    seen = []
    for offset in range(0, len(rows) + size, size):
        soql = f"SELECT Id, Name FROM Plain ORDER BY Name DESC NULLS LAST, Id LIMIT {size} OFFSET {offset}"
        seen += list(run_query(source, soql).values())
    ids = sorted(range(len(names)), key=lambda n: (names[n] is None, 0 if names[n] == "B" else 1, n))
    assert [row[0] for row in seen] == [rows[n]["Id"] for n in ids]


# -- indexes ------------------------------------------------------------------------------------------------------


class Unscannable(Tables):
    """Virtual tables that fail when they are scanned."""

    def rows(self, sobject, *, deleted=False):
        raise AssertionError(f"{sobject} was scanned, deleted rows included: {deleted}")

    def find(self, sobject, field, value):
        return [row for row in self.tables[sobject]() if row.get(field) == value]

    def get(self, sobject, id):  # noqa: A002 - the protocol's name
        return next(iter(self.find(sobject, "Id", id)), None)


@pytest.mark.parametrize(
    "where",
    [
        "Id = '0018e0000000001'",
        "Id IN ('0018e0000000001', '0018e0000000001AAA')",
        "Ext__c = 'ACC-1'",
        "Name = 'x' AND Ext__c IN ('ACC-1', 'ACC-2')",
        "ParentId = '0018e0000000009AAA' AND (Name = 'x' OR Name = 'y')",
    ],
)
def test_equality_on_an_indexed_field_does_not_scan(org, where):
    row = {"Id": "0018e0000000001AAA", "Name": "x", "Ext__c": "ACC-1", "ParentId": "0018e0000000009AAA"}
    source = Unscannable(org.schema, {"Account": lambda: [row]})
    assert list(run_query(source, f"SELECT Name FROM Account WHERE {where}").values()) == [("x",)]


def test_other_conditions_scan(org):
    source = Unscannable(org.schema, {"Account": list})
    with pytest.raises(AssertionError, match="scanned"):
        run_query(source, "SELECT Name FROM Account WHERE Ext__c = 'ACC-1' OR Name = 'x'")


def test_virtual_tables_answer_like_an_org(org):
    rows = [{"Id": "0018e0000000001AAA", "Name": "x", "Ext__c": "ACC-1"}]
    source = Tables(org.schema, {"Account": lambda: rows})
    assert run_query(source, "SELECT Name FROM Account WHERE Ext__c = 'acc-1'").records()[0]["Name"] == "x"
    assert run_query(source, "SELECT COUNT() FROM Contact").total_size == 0
