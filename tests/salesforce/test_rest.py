from __future__ import annotations

import httpx2
import orjson
import pytest

from salesbridge.salesforce import RowError, RowResult, SalesforceError, Upserted


def page(*records: dict[str, object], following: str | None = None) -> httpx2.Response:
    body = {"totalSize": 3, "done": following is None, "records": list(records)}
    return httpx2.Response(200, json={**body, **({"nextRecordsUrl": following} if following else {})})


def body_of(request: httpx2.Request) -> object:
    return orjson.loads(request.content)


def test_a_query_follows_its_pages_also_when_query_all_continues_as_query(salesforce, wire):
    wire.answers = [page({"Id": "1"}, following="/services/data/v66.0/query/01g1-2000"), page({"Id": "2"})]

    assert [record["Id"] for record in salesforce.query("SELECT Id FROM A", all=True)] == ["1", "2"]
    assert wire.requests[0].url.path == "/services/data/v66.0/queryAll"
    assert wire.requests[1].url.path == "/services/data/v66.0/query/01g1-2000"


def test_plus_signs_reach_salesforce_as_such(salesforce, wire):
    wire.answers = [page()]
    list(salesforce.query("SELECT Id FROM A WHERE B = '+64 & Co'"))

    assert "%2B64" in str(wire.requests[0].url)
    assert wire.requests[0].url.params["q"] == "SELECT Id FROM A WHERE B = '+64 & Co'"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/services/data/v66.0/query/1", "@evil.example/x", "//evil"])
def test_a_next_page_elsewhere_is_never_asked_for(salesforce, wire, elsewhere):
    wire.answers = [page({"Id": "1"}, following=elsewhere)]
    with pytest.raises(SalesforceError, match="unexpected address"):
        list(salesforce.query("SELECT Id FROM A"))

    assert len(wire.requests) == 1


def test_the_org_is_known_from_the_token_and_two_queries(salesforce, wire):
    wire.answers = [
        page(
            {
                "Id": "00D",
                "Name": "Acme",
                "OrganizationType": "Enterprise Edition",
                "IsSandbox": False,
                "NamespacePrefix": None,
            }
        ),
        page({"Id": "005", "Username": "bridge@acme.example"}),
    ]
    org = salesforce.org()

    assert (org.org_id, org.user_id, org.username) == ("00D", "005", "bridge@acme.example")
    assert (org.name, org.edition, org.sandbox) == ("Acme", "Enterprise Edition", False)
    assert "'005000000000001AAA'" in wire.requests[1].url.params["q"]


def test_an_external_id_is_encoded_and_kept_out_of_the_body(salesforce, wire):
    wire.answers = [httpx2.Response(201, json={"id": "001", "success": True, "errors": [], "created": True})]
    result = salesforce.upsert("Account", "Ext__c", "A/1 +ä%", {"Ext__c": "A/1 +ä%", "Name": "N", "Fax": None})

    assert result == Upserted("001", created=True)
    assert wire.requests[0].url.raw_path == b"/services/data/v66.0/sobjects/Account/Ext__c/A%2F1%20%2B%C3%A4%25"
    assert body_of(wire.requests[0]) == {"Name": "N", "Fax": None}


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_value_that_would_change_the_address_is_refused(salesforce, wire, value):
    with pytest.raises(ValueError, match="address"):
        salesforce.get_by("Account", "Ext__c", value)

    assert wire.requests == []


def test_several_matches_are_told_as_a_duplicate_external_id(salesforce, wire):
    wire.answers = [httpx2.Response(300, json=["/services/data/v66.0/sobjects/Account/1"])]
    with pytest.raises(SalesforceError) as caught:
        salesforce.get_by("Account", "Ext__c", "A1")

    assert caught.value.code == "DUPLICATE_EXTERNAL_ID"


def test_update_and_delete_expect_no_content(salesforce, wire):
    wire.answers = [lambda _: httpx2.Response(204)]
    salesforce.update("Account", "001", {"Fax": None})
    salesforce.delete("Account", "001")

    assert [request.method for request in wire.requests] == ["PATCH", "DELETE"]
    assert body_of(wire.requests[0]) == {"Fax": None}


def test_a_collection_gives_a_result_per_record_in_order(salesforce, wire):
    wire.answers = [
        httpx2.Response(
            200,
            json=[
                {"id": "001", "success": True, "errors": [], "created": True},
                {
                    "success": False,
                    "errors": [{"statusCode": "STRING_TOO_LONG", "message": "long", "fields": ["Name"]}],
                },
            ],
        )
    ]
    results = salesforce.collections("upsert", "Account", [{"Ext__c": "1"}, {"Ext__c": "2"}], "Ext__c")

    assert results == [
        RowResult("001", success=True, created=True),
        RowResult(None, False, False, (RowError("STRING_TOO_LONG", "long", ("Name",)),)),
    ]
    assert wire.requests[0].method == "PATCH"
    assert wire.requests[0].url.path.endswith("/composite/sobjects/Account/Ext__c")
    assert body_of(wire.requests[0]) == {
        "allOrNone": False,
        "records": [{"attributes": {"type": "Account"}, "Ext__c": code} for code in "12"],
    }


def test_fewer_results_than_records_leave_the_outcome_unknown(salesforce, wire):
    wire.answers = [httpx2.Response(200, json=[])]
    with pytest.raises(SalesforceError) as caught:
        salesforce.collections("create", "Account", [{"Name": "A"}])

    assert caught.value.unknown_outcome


def test_a_collection_takes_two_hundred_records_and_no_call_for_none(salesforce, wire):
    assert salesforce.collections("create", "Account", []) == []
    with pytest.raises(ValueError, match="200"):
        salesforce.collections("create", "Account", [{}] * 201)
    with pytest.raises(ValueError, match="external id"):
        salesforce.collections("upsert", "Account", [{}])
    assert wire.requests == []


def test_records_are_deleted_by_id(salesforce, wire):
    wire.answers = [httpx2.Response(200, json=[{"id": "1", "success": True, "errors": []}] * 2)]
    salesforce.collections("delete", "Account", [{"Id": "1"}, {"Id": "2"}])

    assert dict(wire.requests[0].url.params) == {"ids": "1,2", "allOrNone": "false"}


def test_a_collection_updates_by_id_and_keeps_what_succeeded(salesforce, wire):
    locked = {"statusCode": "UNABLE_TO_LOCK_ROW", "message": "busy", "fields": []}
    wire.answers = [
        httpx2.Response(
            200, json=[{"id": "1", "success": True, "errors": []}, {"id": "2", "success": False, "errors": [locked]}]
        )
    ]
    done, refused = salesforce.collections("update", "Account", [{"Id": "1", "Fax": None}, {"Id": "2", "Fax": "5"}])

    assert (done.success, done.created, refused.success, refused.errors[0].kind) == (True, False, False, "transient")
    assert (wire.requests[0].method, wire.requests[0].url.path) == ("PATCH", "/services/data/v66.0/composite/sobjects")
    assert body_of(wire.requests[0]) == {
        "allOrNone": False,
        "records": [
            {"attributes": {"type": "Account"}, "Id": "1", "Fax": None},
            {"attributes": {"type": "Account"}, "Id": "2", "Fax": "5"},
        ],
    }


@pytest.mark.parametrize("operation", ["create", "update", "upsert", "delete"])
def test_a_collection_whose_reply_is_lost_is_not_sent_again(salesforce, wire, operation):
    wire.answers = [httpx2.ReadError("cut")]
    with pytest.raises(SalesforceError) as caught:
        salesforce.collections(operation, "Account", [{"Id": "1"}], "Ext__c" if operation == "upsert" else None)

    assert caught.value.unknown_outcome
    assert len(wire.requests) == 1


def test_records_are_read_by_id_with_none_for_the_missing(salesforce, wire):
    wire.answers = [httpx2.Response(200, json=[{"Id": "1", "Name": "A"}, None])]

    assert salesforce.retrieve("Account", ["1", "2", "1"], ["Id", "Name"]) == {"1": {"Id": "1", "Name": "A"}, "2": None}
    assert (wire.requests[0].method, wire.requests[0].url.path) == (
        "POST",
        "/services/data/v66.0/composite/sobjects/Account",
    )
    assert body_of(wire.requests[0]) == {"ids": ["1", "2"], "fields": ["Id", "Name"]}


def test_any_number_of_records_is_read_two_thousand_at_a_time(salesforce, wire):
    def answer(request):
        return httpx2.Response(200, json=[{"Id": wanted} for wanted in body_of(request)["ids"]])

    wire.answers = [answer]
    found = salesforce.retrieve("Account", [str(number) for number in range(4001)], ["Id"])

    assert [len(body_of(request)["ids"]) for request in wire.requests] == [2000, 2000, 1]
    assert found == {str(number): {"Id": str(number)} for number in range(4001)}
    assert salesforce.retrieve("Account", [], ["Id"]) == {}
    assert len(wire.requests) == 3


def test_reading_by_id_is_repeated_after_a_passing_trouble(salesforce, wire):
    wire.answers = [httpx2.ReadError("cut"), httpx2.Response(200, json=[None])]

    assert salesforce.retrieve("Account", ["1"], ["Id"]) == {"1": None}
    assert len(wire.requests) == 2


def test_fewer_records_than_ids_are_no_answer(salesforce, wire):
    wire.answers = [httpx2.Response(200, json=[])]
    with pytest.raises(SalesforceError) as caught:
        salesforce.retrieve("Account", ["1"], ["Id"])

    assert (caught.value.code, caught.value.unknown_outcome) == ("BAD_ANSWER", False)


def test_records_are_found_by_many_values_in_queries_that_fit_a_url(salesforce, wire):
    wire.answers = [page({"Id": "1"}), page({"Id": "2"}, following="/services/data/v66.0/query/01g"), page()]
    fields = ["Id", "Account.Gentrack_External_Id__c"]
    values = [f"A{number:05}" for number in range(1500)]
    found = salesforce.query_in("Contact", fields, "Gentrack_External_Id__c", [*values, "A00000"])

    assert [record["Id"] for record in found] == ["1", "2"]
    queries = [request.url.params["q"] for request in wire.requests if "q" in request.url.params]
    assert len(queries) == 2
    start = "SELECT Id,Account.Gentrack_External_Id__c FROM Contact WHERE Gentrack_External_Id__c IN ('A00000',"
    assert queries[0].startswith(start)
    assert sum(query.count("'A") for query in queries) == 1500
    assert all(len(str(request.url)) < 13_000 for request in wire.requests)


@pytest.mark.parametrize(
    ("sobject", "fields", "field"),
    [("A WHERE", ["Id"], "F"), ("A", ["Id FROM B"], "F"), ("A", ["Id"], "F = 1 OR F"), ("A", [""], "F")],
)
def test_what_is_no_name_never_gets_into_a_query(salesforce, wire, sobject, fields, field):
    with pytest.raises(ValueError, match="not the name"):
        list(salesforce.query_in(sobject, fields, field, ["x"]))

    assert wire.requests == []


def test_a_describe_is_asked_for_once_and_then_only_whether_it_changed(salesforce, wire):
    described = httpx2.Response(
        200, json={"name": "Account"}, headers={"Last-Modified": "Sun, 29 Mar 2026 10:15:00 GMT"}
    )
    wire.answers = [described, httpx2.Response(304)]

    assert salesforce.describe("Account") == salesforce.describe("Account") == {"name": "Account"}
    assert len(wire.requests) == 1
    assert salesforce.describe("Account", fresh=True) == {"name": "Account"}
    assert wire.requests[1].headers["if-modified-since"] == "Sun, 29 Mar 2026 10:15:00 GMT"


def test_tooling_queries_go_to_the_tooling_resource(salesforce, wire):
    wire.answers = [page({"Name": "T"})]

    assert [record["Name"] for record in salesforce.tooling_query("SELECT Name FROM ApexTrigger")] == ["T"]
    assert wire.requests[0].url.path == "/services/data/v66.0/tooling/query"
