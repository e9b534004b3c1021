from __future__ import annotations

import pytest

from .conftest import external_id


def code(result):
    assert not result.success
    return result.errors[0].code


def test_an_inserted_row_has_its_system_fields_defaults_and_canonical_names(org, save, user):
    result = save("insert", "account", {"name": " Acme ", "NUMBEROFEMPLOYEES": "12", "billingcity": "Leeds"})
    assert result.created
    row = org.get("Account", result.id)
    assert (row["Name"], row["NumberOfEmployees"], row["IsDeleted"]) == ("Acme", 12, False)
    assert row["OwnerId"] == row["CreatedById"] == row["LastModifiedById"] == user
    assert row["CreatedDate"] == row["SystemModstamp"]
    assert row["CreatedDate"].endswith(".000+0000")
    assert row["BillingAddress"]["city"] == "Leeds"
    assert row["BillingAddress"]["street"] is None


def test_an_unknown_field_is_refused_with_invalid_field(save):
    result = save("insert", "Account", {"Name": "Acme", "Nope__c": 1})
    assert code(result) == "INVALID_FIELD"
    assert result.errors[0].message == "No such column 'Nope__c' on sobject of type Account"


def test_a_read_only_field_is_refused(save):
    result = save("insert", "Account", {"Name": "Acme", "CreatedDate": "2026-01-01T00:00:00Z"})
    assert code(result) == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert result.errors[0].fields == ("CreatedDate",)


def test_a_missing_required_field_is_named(save):
    result = save("insert", "Contact", {"FirstName": "Ada", "LastName": "  "})
    assert code(result) == "REQUIRED_FIELD_MISSING"
    assert result.errors[0].message == "Required fields are missing: [LastName]"


def test_a_required_field_cannot_be_cleared(make, save):
    result = save("update", "Contact", {"Id": make("Contact", LastName="Ng"), "LastName": None})
    assert code(result) == "REQUIRED_FIELD_MISSING"


def test_a_long_text_is_refused_with_its_limit(save):
    result = save("insert", "Account", {"Name": "x" * 256})
    assert code(result) == "STRING_TOO_LONG"
    assert result.errors[0].message == f"Account Name: data value too large: {'x' * 256} (max length=255)"


@pytest.mark.parametrize(
    ("sobject", "values", "expected"),
    [
        ("Contact", {"LastName": "Ng", "Email": "not an address"}, "INVALID_EMAIL_ADDRESS"),
        ("Contact", {"LastName": "Ng", "Birthdate": "31/12/2000"}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("Contact", {"LastName": "Ng", "Birthdate": "2001-02-29"}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("Contact", {"LastName": "Ng", "DoNotCall": "maybe"}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("Account", {"Name": "A", "AnnualRevenue": "1e30"}, "NUMBER_OUTSIDE_VALID_RANGE"),
        ("Account", {"Name": "A", "NumberOfEmployees": 1.5}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("Account", {"Name": "A", "ParentId": "nonsense"}, "MALFORMED_ID"),
        ("Account", {"Name": "A", "ParentId": "0018e0000009999AAA"}, "INVALID_CROSS_REFERENCE_KEY"),
        ("Account", {"Name": 7}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ],
)
def test_a_value_its_field_cannot_hold_is_refused(save, sobject, values, expected):
    assert code(save("insert", sobject, values)) == expected


def test_a_reference_to_another_object_is_refused(make, save):
    contact = make("Contact", LastName="Ng")
    assert code(save("insert", "Account", {"Name": "A", "ParentId": contact})) == "FIELD_INTEGRITY_EXCEPTION"


def test_a_restricted_picklist_takes_only_its_values(org, save):
    result = save("insert", "Order", {"Status": "Nope"})
    assert code(result) == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert result.errors[0].message == "Status: bad value for restricted picklist field: Nope"


def test_datetimes_are_kept_in_utc_and_whole_seconds(org, save, user):
    opportunity = {"Subject": "Call", "ActivityDateTime": "2026-01-31T12:00:00.5+13:00", "DurationInMinutes": 10}
    result = save("insert", "Event", opportunity)
    assert result.success, result.errors
    assert org.get("Event", result.id)["ActivityDateTime"] == "2026-01-30T23:00:00.000+0000"


def test_null_and_the_empty_text_clear_a_field_and_absence_leaves_it(org, make, save):
    id_ = make("Account", Name="A", Phone="1", Fax="2", Website="w")
    assert save("update", "Account", {"Id": id_, "Phone": None, "Fax": ""}).success
    row = org.get("Account", id_)
    assert "Phone" not in row
    assert "Fax" not in row
    assert row["Website"] == "w"


def test_a_checkbox_is_never_null_and_a_default_stands_in_for_null(org, make, save):
    contact = make("Contact", LastName="Ng", DoNotCall=None)
    assert org.get("Contact", contact)["DoNotCall"] is False
    assert save("update", "Contact", {"Id": contact, "DoNotCall": None}).success
    assert org.get("Contact", contact)["DoNotCall"] is False
    contract = make("Contract", AccountId=make("Account", Name="n"), Status=None)
    assert org.get("Contract", contract)["Status"] == "Draft"


def test_an_object_that_supports_no_saves_refuses_them(org, save):
    row = next(org.rows("OrderStatus"))
    for operation, record in (("insert", {}), ("update", {"Id": row["Id"]}), ("delete", {"Id": row["Id"]})):
        assert code(save(operation, "OrderStatus", record)) == "INVALID_TYPE_FOR_OPERATION"


def test_an_update_needs_an_id_of_its_own_object(make, save):
    contact = make("Contact", LastName="Ng")
    assert code(save("update", "Account", {"Name": "x"})) == "MISSING_ARGUMENT"
    assert code(save("update", "Account", {"Id": contact, "Name": "x"})) == "MALFORMED_ID"
    assert code(save("update", "Account", {"Id": "0018e0000009999AAA"})) == "INVALID_CROSS_REFERENCE_KEY"
    assert code(save("insert", "Account", {"Id": contact, "Name": "x"})) == "INVALID_FIELD_FOR_INSERT_UPDATE"


# -- external ids ------------------------------------------------------------------------------------------------


def test_an_upsert_creates_then_updates_the_row_of_the_external_id(org, save):
    first = save("upsert", "Account", {"Ext__c": "A1", "Name": "One"}, external_id="ext__C")
    second = save("upsert", "Account", {"ext__c": "a1", "Phone": "5"}, external_id="Ext__c")
    assert first.created
    assert not second.created
    assert first.id == second.id
    assert org.get("Account", first.id)["Name"] == "One"


def test_an_external_id_twice_in_one_request_fails_both(save):
    records = [{"Ext__c": key, "Name": "n"} for key in ("A1", "a1", "B2")]
    results = save("upsert", "Account", records, external_id="Ext__c")
    assert [result.success for result in results] == [False, False, True]
    assert results[0].errors[0].message == "Duplicate external id specified: A1"


def test_an_upsert_without_a_key_value_is_refused(save):
    result = save("upsert", "Account", {"Name": "n"}, external_id="Ext__c")
    assert (code(result), result.errors[0].message) == ("MISSING_ARGUMENT", "Ext__c not specified")


def test_several_matches_of_an_external_id_are_refused(org, make, save):
    org.schema.add_field("Account", external_id(unique=False))
    for _ in range(2):
        make("Account", Name="n", Ext__c="A1")
    assert code(save("upsert", "Account", {"Ext__c": "A1"}, external_id="Ext__c")) == "DUPLICATE_EXTERNAL_ID"


def test_a_unique_value_is_taken_whatever_its_case(make, save):
    holder = make("Account", Name="n", Ext__c="A1")
    result = save("insert", "Account", {"Name": "m", "Ext__c": "a1"})
    assert code(result) == "DUPLICATE_VALUE"
    message = f"duplicate value found: Ext__c duplicates value on record with id: {holder[:15]}"
    assert result.errors[0].message == message


def test_a_case_sensitive_unique_field_tells_case_apart(org, make, save):
    org.schema.add_field("Account", external_id(case_sensitive=True))
    make("Account", Name="n", Ext__c="A1")
    assert save("insert", "Account", {"Name": "m", "Ext__c": "a1"}).success


def test_a_freed_unique_value_can_be_taken_again(make, save):
    id_ = make("Account", Name="n", Ext__c="A1")
    assert save("update", "Account", {"Id": id_, "Ext__c": "B1"}).success
    assert save("insert", "Account", {"Name": "m", "Ext__c": "A1"}).success


def test_a_parent_can_be_named_by_its_external_id(org, make, save):
    account = make("Account", Name="n", Ext__c="A1")
    contact = make("Contact", LastName="Ng", Account={"Ext__c": "a1"})
    assert org.get("Contact", contact)["AccountId"] == account
    assert save("update", "Contact", {"Id": contact, "Account": None}).success
    assert "AccountId" not in org.get("Contact", contact)


def test_an_unknown_parent_is_refused_with_the_documented_sentence(save):
    result = save("insert", "Contact", {"LastName": "Ng", "Account": {"Ext__c": "A9"}})
    assert code(result) == "INVALID_FIELD"
    message = "Foreign key external ID: A9 not found for field Ext__c in entity Account"
    assert result.errors[0].message == message


# -- transactions ------------------------------------------------------------------------------------------------


def test_all_or_none_leaves_nothing_behind_when_one_record_fails(org, save):
    results = save("insert", "Account", [{"Name": "a", "Ext__c": "1"}, {"Phone": "2"}], all_or_none=True)
    assert code(results[0]) == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert code(results[1]) == "REQUIRED_FIELD_MISSING"
    assert org.count("Account") == 0
    assert org.find("Account", "Ext__c", "1") == []


def test_without_it_the_good_records_stay(org, save):
    results = save("insert", "Account", [{"Name": "a"}, {"Phone": "2"}])
    assert [result.success for result in results] == [True, False]
    assert org.count("Account") == 1


def test_a_transaction_undoes_every_save_in_it(org, make, save):
    id_ = make("Account", Name="before", Ext__c="1")

    def change_much():
        with org.transaction():
            save("update", "Account", {"Id": id_, "Name": "after", "Ext__c": "2"})
            save("insert", "Account", {"Name": "new"})
            raise KeyError

    with pytest.raises(KeyError):
        change_much()
    assert [row["Name"] for row in org.rows("Account")] == ["before"]
    assert org.find("Account", "Ext__c", "1")[0]["Id"] == id_


def test_a_record_another_transaction_holds_cannot_be_locked(make, save):
    account = make("Account", Name="n", Ext__c="A1")
    for record in ({"LastName": "x", "AccountId": account}, {"LastName": "x", "Account": {"Ext__c": "A1"}}):
        assert code(save("insert", "Contact", record, locked={account})) == "UNABLE_TO_LOCK_ROW"
    assert code(save("update", "Account", {"Id": account}, locked={account})) == "UNABLE_TO_LOCK_ROW"


def test_locking_parents_are_found_through_ids_and_external_ids(org, make):
    account = make("Account", Name="n", Ext__c="A1")
    assert org.locking_parents("Contact", {"LastName": "x", "accountid": account[:15]}) == {account}
    assert org.locking_parents("Contact", {"LastName": "x", "Account": {"Ext__c": "A1"}}) == {account}


def test_a_listener_hears_of_a_commit_but_not_of_a_rollback(org, save):
    heard = []
    org.on_commit.append(lambda journal, user: heard.append((len(journal), user)))
    save("insert", "Account", {"Name": "a"})
    save("insert", "Account", {"Phone": "a"})
    assert [count for count, _ in heard] == [1]
