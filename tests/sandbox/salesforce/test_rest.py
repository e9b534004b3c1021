from __future__ import annotations

import gzip
from datetime import timedelta

import httpx2
import pytest

from .conftest import external_id


def error(response, status, code):
    assert response.status_code == status, response.text
    body = response.json()
    assert isinstance(body, list)
    assert body[0]["errorCode"] == code
    return body[0]["message"]


# -- versions and sessions -------------------------------------------------------------------------------------------


def test_versions_are_listed_to_anybody_without_a_limit_header(anonymous):
    response = anonymous.get("/services/data")
    listed = {each["version"]: each for each in response.json()}
    assert {"60.0", "66.0"} <= set(listed)
    assert listed["66.0"] == {"label": "Spring '26", "url": "/services/data/v66.0", "version": "66.0"}
    assert listed["61.0"]["label"] == "Summer '24"
    assert "sforce-limit-info" not in response.headers


def test_retired_and_unknown_versions_are_refused(anonymous, token):
    headers = {"Authorization": f"Bearer {token}"}
    error(anonymous.get("/services/data/v30.0/limits", headers=headers), 410, "GONE")
    error(anonymous.get("/services/data/v99.0/limits", headers=headers), 404, "NOT_FOUND")
    assert anonymous.get("/services/data/v31.0/limits", headers=headers).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer 00D!x"}, {"Authorization": "Basic eDp5"}])
def test_a_call_without_a_live_session_is_refused(anonymous, headers):
    response = anonymous.get("/services/data/v66.0/limits", headers=headers)
    assert error(response, 401, "INVALID_SESSION_ID") == "Session expired or invalid"


def test_every_answer_tells_the_api_usage(api, org):
    org.limits.daily_api_requests = 500
    assert api.get("/limits").headers["sforce-limit-info"] == "api-usage=1/500"
    assert api.get("/sobjects/Nope").headers["sforce-limit-info"] == "api-usage=2/500"


def test_the_daily_limit_refuses_calls(api, org):
    org.limits.daily_api_requests = 1
    assert api.get("/limits").json()["DailyApiRequests"] == {"Max": 1, "Remaining": 0}
    assert error(api.get("/limits"), 403, "REQUEST_LIMIT_EXCEEDED") == "TotalRequests Limit exceeded."


def test_a_long_uri_and_long_headers_are_refused(api):
    assert api.get("/limits", params={"x": "y" * 16_400}).status_code == 414
    assert api.get("/limits", headers={"X-Long": "y" * 16_400}).status_code == 431


def test_methods_and_media_types_are_checked(api):
    response = api.put("/sobjects/Account", json={})
    error(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, POST"
    error(
        api.post("/sobjects/Account", content="<a/>", headers={"Content-Type": "text/xml"}),
        415,
        "UNSUPPORTED_MEDIA_TYPE",
    )
    error(api.get("/nothing/here"), 404, "NOT_FOUND")
    assert api.head("/limits").status_code == 200


def test_calls_are_kept_with_their_client(api, org, user):
    api.get("/limits", headers={"Sforce-Call-Options": "client=Tester, defaultNamespace=x"})
    kept = org.calls.recent[-1]
    assert (kept.method, kept.path, kept.user, kept.client) == ("GET", "/services/data/v66.0/limits", user, "Tester")
    assert org.calls.counts["GET limits"] == 1


# -- create, read, update, delete ------------------------------------------------------------------------------------


def test_a_record_is_created_read_updated_and_deleted(api):
    created = api.post("/sobjects/account/", json={"name": "Acme", "BillingCity": "Leeds"})
    assert created.status_code == 201
    body = created.json()
    assert (body["success"], body["errors"], len(body["id"])) == (True, [], 18)
    path = f"/sobjects/Account/{body['id']}"
    assert created.headers["location"] == f"/services/data/v66.0{path}"
    read = api.get(path + "?fields=name,BillingAddress").json()
    assert read["attributes"] == {"type": "Account", "url": f"/services/data/v66.0{path}"}
    assert read["Name"] == "Acme"
    assert read["BillingAddress"]["city"] == "Leeds"
    updated = api.patch(path, json={"Phone": "1"})
    assert (updated.status_code, updated.content) == (204, b"")
    assert api.delete(path).status_code == 204
    response = api.delete(path)
    assert error(response, 404, "ENTITY_IS_DELETED") == "entity is deleted"
    assert response.json()[0]["fields"] == []


def test_reading_a_record_gives_every_visible_field_with_null_for_empty_ones(api, make, org):
    body = api.get(f"/sobjects/Account/{make('Account', Name='n')[:15]}").json()
    assert set(body) == {"attributes", *org.sobject("Account").fields}
    assert body["Phone"] is None


def test_what_is_not_there_is_not_found(api):
    error(api.get("/sobjects/Nope__c"), 404, "NOT_FOUND")
    error(api.get("/sobjects/Account/0018e0000009999AAA"), 404, "NOT_FOUND")
    message = error(api.get("/sobjects/Account/0038e0000009999AAA"), 400, "MALFORMED_ID")
    assert message == "Account ID: id value of incorrect type: 0038e0000009999AAA"


def test_a_request_that_does_not_bind_is_a_parser_error_with_its_place(api):
    error(
        api.post("/sobjects/Account", content="{", headers={"Content-Type": "application/json"}),
        400,
        "JSON_PARSER_ERROR",
    )
    response = api.post("/sobjects/Contact", json={"LastName": "x", "Birthdate": "soon"})
    message = error(response, 400, "JSON_PARSER_ERROR")
    assert message.startswith("Cannot deserialize instance of date from VALUE_STRING value soon")
    assert message.endswith("at [line:1, column:29]")
    error(api.post("/sobjects/Account", json={"Name": 5}), 400, "JSON_PARSER_ERROR")
    error(api.post("/sobjects/Account", json={"Name": ["a"]}), 400, "JSON_PARSER_ERROR")


def test_a_refused_record_tells_its_fields(api):
    response = api.post("/sobjects/Contact", json={"FirstName": "x"})
    assert error(response, 400, "REQUIRED_FIELD_MISSING") == "Required fields are missing: [LastName]"
    assert response.json()[0]["fields"] == ["LastName"]
    error(api.post("/sobjects/Contact", json={"Nope": "x"}), 400, "INVALID_FIELD")


def test_an_id_in_the_body_of_an_update_is_refused(api, make):
    id_ = make("Account", Name="n")
    error(api.patch(f"/sobjects/Account/{id_}", json={"Id": id_}), 400, "INVALID_FIELD")


def test_a_post_may_stand_for_another_method(api, make, org):
    id_ = make("Account", Name="n")
    assert api.post(f"/sobjects/Account/{id_}?_HttpMethod=PATCH", json={"Name": "m"}).status_code == 204
    assert org.get("Account", id_)["Name"] == "m"


def test_bodies_may_be_compressed_both_ways(api):
    body = gzip.compress(b'{"Name": "Acme"}')
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert api.post("/sobjects/Account", content=body, headers=headers).status_code == 201
    assert api.get("/sobjects/Account/describe").headers["content-encoding"] == "gzip"


# -- external ids ----------------------------------------------------------------------------------------------------


def test_an_upsert_creates_with_201_and_updates_with_200(api):
    path = "/sobjects/Account/Ext__c/A%2F1%20%2B"
    created = api.patch(path, json={"Name": "One"})
    assert (created.status_code, created.json()["created"]) == (201, True)
    updated = api.patch(path, json={"Name": "Two"})
    assert updated.status_code == 200
    assert updated.json() == {"id": created.json()["id"], "success": True, "errors": [], "created": False}
    read = api.get(path).json()
    assert (read["Name"], read["Ext__c"]) == ("Two", "A/1 +")
    assert api.delete(path).status_code == 204
    error(api.get(path), 404, "NOT_FOUND")


def test_older_versions_answer_an_updating_upsert_with_204(anonymous, make, token):
    make("Account", Name="n", Ext__c="A1")
    path = "/services/data/v45.0/sobjects/Account/Ext__c/"
    headers = {"Authorization": f"Bearer {token}"}
    assert anonymous.patch(path + "A1", json={"Name": "m"}, headers=headers).status_code == 204
    assert "created" not in anonymous.patch(path + "A2", json={"Name": "m"}, headers=headers).json()


def test_the_key_does_not_belong_in_the_body(api):
    response = api.patch("/sobjects/Account/Ext__c/A1", json={"Name": "One", "ext__c": "A1"})
    message = error(response, 400, "INVALID_FIELD")
    assert message == "The Ext__c field should not be specified in the sobject data."


def test_several_matches_are_answered_with_300_and_their_paths(api, make, org):
    org.schema.add_field("Account", external_id(unique=False))
    ids = [make("Account", Name="n", Ext__c="A1") for _ in range(2)]
    for response in (
        api.patch("/sobjects/Account/Ext__c/A1", json={"Name": "m"}),
        api.get("/sobjects/Account/Ext__c/A1"),
    ):
        assert response.status_code == 300
        assert response.json() == [f"/services/data/v66.0/sobjects/Account/{id_}" for id_ in ids]


def test_a_key_that_is_not_unique_needs_view_all_data(api, demo, make):
    demo.org.schema.add_field("Account", external_id(unique=False))
    make("Account", Name="n", Ext__c="A1")
    assert api.get("/sobjects/Account/Ext__c/A1").status_code == 200
    demo.integration.permissions.discard("ViewAllData")
    error(api.get("/sobjects/Account/Ext__c/A1"), 404, "NOT_FOUND")


def test_update_only_never_creates(api, org):
    error(api.patch("/sobjects/Account/Ext__c/A1?updateOnly=true", json={"Name": "m"}), 404, "NOT_FOUND")
    assert org.count("Account") == 0


def test_a_field_that_is_no_key_is_named(api):
    message = error(api.patch("/sobjects/Account/Website/x", json={"Name": "m"}), 404, "NOT_FOUND")
    assert message == "Provided external ID field does not exist or is not accessible: Website"


def test_a_record_can_be_created_by_an_upsert_without_an_id(api):
    assert api.post("/sobjects/Account/Id", json={"Name": "n"}).status_code == 201


def test_relationships_can_be_followed_up_and_down(api, make):
    account = make("Account", Name="n")
    contact = make("Contact", LastName="Ng", AccountId=account)
    assert api.get(f"/sobjects/Contact/{contact}/Account").json()["Id"] == account
    assert api.get(f"/sobjects/Account/{account}/Contacts?fields=Id").json()["totalSize"] == 1


# -- field-level security --------------------------------------------------------------------------------------------


@pytest.fixture
def ungranted(org):
    org.schema.add_field("Account", external_id(name_field=False))
    org.directory.permission_sets.clear()
    org.forget_access()


def test_a_field_nobody_was_granted_is_not_there(api, make, ungranted):
    id_ = make("Account", Name="n")
    names = {field["name"] for field in api.get("/sobjects/Account/describe").json()["fields"]}
    assert "Ext__c" not in names
    error(api.patch(f"/sobjects/Account/{id_}", json={"Ext__c": "A"}), 400, "INVALID_FIELD")
    error(api.get(f"/sobjects/Account/{id_}?fields=Ext__c"), 400, "INVALID_FIELD")
    error(api.patch("/sobjects/Account/Ext__c/A", json={}), 404, "NOT_FOUND")


def test_it_is_there_where_field_level_security_is_not_enforced(api, make, org, ungranted):
    org.settings.fls_enforced = False
    assert api.patch(f"/sobjects/Account/{make('Account', Name='n')}", json={"Ext__c": "A"}).status_code == 204


# -- conditions ------------------------------------------------------------------------------------------------------


def test_an_accounts_entity_tag_guards_its_update(api, make):
    path = f"/sobjects/Account/{make('Account', Name='n')}"
    tag = api.get(path).headers["etag"]
    assert api.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert api.patch(path, json={"Name": "m"}, headers={"If-Match": tag}).status_code == 204
    assert api.patch(path, json={"Name": "o"}, headers={"If-Match": tag}).status_code == 412


def test_a_record_changed_since_is_not_overwritten(api, make, org):
    path = f"/sobjects/Contact/{make('Contact', LastName='n')}"
    seen = api.get(path).headers["last-modified"]
    assert api.get(path, headers={"If-Modified-Since": seen}).status_code == 304
    later = org.clock() + timedelta(seconds=5)
    org.clock = lambda: later
    assert api.patch(path, json={"LastName": "m"}, headers={"If-Unmodified-Since": seen}).status_code == 204
    assert api.patch(path, json={"LastName": "o"}, headers={"If-Unmodified-Since": seen}).status_code == 412
    assert api.patch(path, json={}, headers={"If-Unmodified-Since": "soon"}).status_code == 400


# -- the org as a whole ----------------------------------------------------------------------------------------------


def test_record_counts_leave_out_what_is_not_there(api, make):
    make("Account", Name="n")
    body = api.get("/limits/recordCount?sObjects=Account,Nope__c,Contact").json()
    assert body == {"sObjects": [{"count": 1, "name": "Account"}, {"count": 0, "name": "Contact"}]}


def test_updated_and_deleted_list_what_changed_in_a_span(api, make, org, save):
    kept, gone = make("Account", Name="a"), make("Account", Name="b")
    save("delete", "Account", {"Id": gone})
    now = org.clock()
    span = {
        "start": (now - timedelta(minutes=5)).isoformat(),
        "end": (now + timedelta(minutes=5)).isoformat(),
    }
    updated = api.get("/sobjects/Account/updated/", params=span).json()
    assert updated["ids"] == [kept]
    assert updated["latestDateCovered"].endswith(":00.000+0000")
    deleted = api.get("/sobjects/Account/deleted", params=span).json()
    assert [each["id"] for each in deleted["deletedRecords"]] == [gone]
    turned = {"start": span["end"], "end": span["start"]}
    error(api.get("/sobjects/Account/updated", params=turned), 400, "INVALID_REPLICATION_DATE")
    old = {"start": (now - timedelta(days=31)).isoformat(), "end": span["end"]}
    error(api.get("/sobjects/Account/updated", params=old), 400, "INVALID_REPLICATION_DATE")


# -- faults ----------------------------------------------------------------------------------------------------------


def test_a_session_can_be_made_to_expire_after_some_calls(api, org):
    org.faults.arm("session_expires", after=2)
    assert [api.get("/limits").status_code for _ in range(4)] == [200, 200, 401, 401]


def test_an_outage_and_the_limit_can_be_ordered(api, org):
    org.faults.arm("unavailable", times=2)
    org.faults.arm("limit_exceeded", after=1)
    statuses = [api.get("/limits").status_code for _ in range(5)]
    assert statuses == [503, 503, 200, 403, 200]


def test_a_cut_connection_gives_no_answer_but_the_record_is_there(api, org):
    org.faults.arm("cut_after_commit")
    with pytest.raises(httpx2.RemoteProtocolError):
        api.post("/sobjects/Account", json={"Name": "Acme"})
    assert org.count("Account") == 1
    assert api.get("/limits").status_code == 200


def test_locked_rows_can_be_ordered(api, org):
    org.faults.arm("lock_rows", times=1)
    error(api.post("/sobjects/Account", json={"Name": "Acme"}), 400, "UNABLE_TO_LOCK_ROW")
    assert api.post("/sobjects/Account", json={"Name": "Acme"}).status_code == 201


def test_faults_and_state_are_reached_over_http(anonymous, api, make):
    make("Account", Name="n")
    armed = anonymous.post("/sandbox/faults", json={"name": "unavailable", "times": None}).json()
    assert armed["faults"][0]["name"] == "unavailable"
    assert api.get("/limits").status_code == 503
    anonymous.delete("/sandbox/faults?name=unavailable")
    assert api.get("/limits").status_code == 200
    state = anonymous.get("/sandbox/state").json()
    assert state["records"]["Account"] == 1
    assert state["calls"]["GET limits"] == 2
    assert anonymous.post("/sandbox/faults", json={"name": "nonsense"}).status_code == 400
    assert anonymous.post("/sandbox/faults", json={"name": "unavailable", "hue": 1}).status_code == 400
