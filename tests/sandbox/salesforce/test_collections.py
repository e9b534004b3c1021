from __future__ import annotations

import pytest

PATH = "/composite/sobjects"


def record(kind, **values):
    return {"attributes": {"type": kind}, **values}


@pytest.fixture
def send(api):
    def run(method, path, *records, all_or_none=False):
        body = {"allOrNone": all_or_none, "records": list(records)}
        return api.request(method, path, json=body)

    return run


def test_good_and_bad_records_are_answered_in_order_with_status_200(send):
    response = send("POST", PATH, record("Account", Name="a"), record("Contact", FirstName="x"))
    assert response.status_code == 200
    good, bad = response.json()
    assert good == {"id": good["id"], "success": True, "errors": []}
    message = "Required fields are missing: [LastName]"
    error = {"statusCode": "REQUIRED_FIELD_MISSING", "message": message, "fields": ["LastName"]}
    assert bad == {"success": False, "errors": [error]}


def test_all_or_none_marks_the_good_records_as_rolled_back(send, org):
    response = send("POST", PATH, record("Account", Name="a"), record("Contact"), all_or_none=True)
    codes = [each["errors"][0]["statusCode"] for each in response.json()]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert "id" not in response.json()[0]
    assert org.count("Account") == 0


def test_updates_of_several_types_name_their_records(send, make, org):
    account, contact = make("Account", Name="a"), make("Contact", LastName="c")
    records = [record("Account", id=account, Name="b"), record("Contact", Id=contact, LastName="d")]
    assert [each["success"] for each in send("PATCH", PATH, *records).json()] == [True, True]
    assert org.get("Account", account)["Name"] == "b"
    undone = send("PATCH", PATH, record("Account", id=account, Name="c"), record("Contact", id="x"), all_or_none=True)
    assert undone.json()[0]["id"] == account
    assert org.get("Account", account)["Name"] == "b"


def test_upserts_tell_which_records_are_new(send, make):
    id_ = make("Account", Name="a", Ext__c="A1")
    records = [record("Account", Ext__c="a1", Name="b"), record("Account", Ext__c="B1", Name="c")]
    first, second = send("PATCH", f"{PATH}/Account/Ext__c", *records).json()
    assert (first["id"], first["created"]) == (id_, False)
    assert second["created"] is True


def test_an_upsert_by_email_finds_the_contact(send, make):
    id_ = make("Contact", LastName="a", Email="a@example.com")
    found = send("PATCH", f"{PATH}/Contact/Email", record("Contact", Email="A@example.com", FirstName="b"))
    assert found.json()[0]["id"] == id_


def test_an_upsert_on_id_inserts_where_the_id_is_null(send, make):
    id_ = make("Account", Name="a")
    records = [record("Account", Id=id_, Name="b"), record("Account", Id=None, Name="c")]
    first, second = send("PATCH", f"{PATH}/Account/Id", *records).json()
    assert (first["id"], first["created"]) == (id_, False)
    assert second["created"] is True


def test_the_same_external_id_twice_fails_both(send):
    records = [record("Account", Ext__c="A1", Name="b"), record("Account", Ext__c="A1", Name="c")]
    answers = send("PATCH", f"{PATH}/Account/Ext__c", *records).json()
    assert [each["errors"][0]["statusCode"] for each in answers] == ["DUPLICATE_VALUE", "DUPLICATE_VALUE"]


def test_deletes_name_ids_of_any_type(api, make, org):
    ids = [make("Account", Name="a"), make("Contact", LastName="c")]
    response = api.delete(PATH, params={"ids": ",".join([*ids, "nonsense"]), "allOrNone": "false"})
    assert [each["success"] for each in response.json()] == [True, True, False]
    error = {"statusCode": "MALFORMED_ID", "message": "malformed id nonsense", "fields": []}
    assert response.json()[2]["errors"] == [error]
    assert (org.count("Account"), org.count("Contact")) == (0, 0)


def test_reads_give_null_in_the_place_of_what_is_not_there(api, make):
    id_ = make("Account", Name="a")
    body = {"ids": [id_, "0018e0000009999AAA"], "fields": ["name"]}
    found, missing = api.post(f"{PATH}/Account", json=body).json()
    assert (found["Name"], missing) == ("a", None)
    assert api.get(f"{PATH}/Account?ids={id_}&fields=Id,Name").json()[0]["Id"] == id_
    assert api.post(f"{PATH}/Account", json={**body, "fields": ["Nope"]}).status_code == 400


@pytest.mark.parametrize(
    "records",
    [
        [record("Account", Name="a")] * 201,
        [record("Account", Name="a"), record("Contact", LastName="c")] * 6,
        [{"Name": "no type"}],
        [record("Nope__c")],
        [record("Account", Nope="x")],
        [record("Account", Name=5)],
        [],
    ],
)
def test_a_malformed_envelope_fails_as_a_whole(send, org, records):
    response = send("POST", PATH, *records)
    assert response.status_code == 400
    assert "errorCode" in response.json()[0]
    assert org.count("Account") == 0


def test_a_collection_counts_as_one_call(send, org):
    send("POST", PATH, *[record("Account", Name="a")] * 200)
    assert org.limits.used() == 1
    assert org.count("Account") == 200
