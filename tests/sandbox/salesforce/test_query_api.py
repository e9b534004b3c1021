from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from salesbridge.sandbox.salesforce.app import create_app
from salesbridge.sandbox.salesforce.org import Org
from salesbridge.sandbox.salesforce.schema import Field, SObject
from salesbridge.sandbox.salesforce.settings import OrgSettings

SYSTEM = {
    "Id": Field("Id", "Id", "id", length=18, nillable=False),
    "IsDeleted": Field("IsDeleted", "Deleted", "boolean"),
    "CreatedDate": Field("CreatedDate", "Created", "datetime"),
    "Name": Field("Name", "Name", "string", length=80, name_field=True),
}
ACCOUNT = SObject(
    "Account",
    "Account",
    "Accounts",
    "001",
    SYSTEM
    | {
        "Terms__c": Field("Terms__c", "Terms", "textarea", length=32768, custom=True, nillable=False),
        "Notes__c": Field("Notes__c", "Notes", "textarea", length=32768, custom=True, nillable=False),
    },
)
CONTACT = SObject(
    "Contact",
    "Contact",
    "Contacts",
    "003",
    SYSTEM
    | {
        "AccountId": Field(
            "AccountId",
            "Account",
            "reference",
            reference_to=("Account",),
            relationship_name="Account",
            child_relationship_name="Contacts",
        )
    },
)


class Caller:
    """A REST client of one user, in process."""

    def __init__(self, org, username):
        self.org = org
        self.user = org.directory.add_user(username)
        self.token = org.directory.open_session(self.user).token
        self.app = create_app(org)

    def get(self, path, *, method="GET", headers=None, **params):
        async def call():
            transport = httpx2.ASGITransport(app=self.app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                bearer = {"Authorization": f"Bearer {self.token}"}
                return await client.request(method, path, params=params or None, headers=bearer | (headers or {}))

        return asyncio.run(call())

    def post(self, path, body):
        async def call():
            transport = httpx2.ASGITransport(app=self.app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.post(path, json=body, headers={"Authorization": f"Bearer {self.token}"})

        return asyncio.run(call())

    def query(self, soql, *, resource="query", batch=None):
        headers = {"Sforce-Query-Options": f"batchSize={batch}"} if batch else {}
        return self.get(f"/services/data/v66.0/{resource}", headers=headers, q=soql)


@pytest.fixture
def moment():
    return [datetime(2026, 3, 18, 10, 30, tzinfo=UTC)]


@pytest.fixture
def org(moment):
    return Org([ACCOUNT, CONTACT], clock=lambda: moment[0], settings=OrgSettings(timezone="UTC", session_timeout=1e9))


@pytest.fixture
def caller(org):
    return Caller(org, "ann@example.com")


def _fill(org, count, sobject="Account", **values):
    with org.transaction():
        return [org.seed(sobject, {"Name": f"{n:05d}", **values})["Id"] for n in range(count)]


def _refused(response, code):
    (error,) = response.json()
    assert response.status_code == 400
    assert error["errorCode"] == code
    return error["message"]


def test_an_answer_that_fits_one_page_has_no_locator(org, caller):
    (id_,) = _fill(org, 1)
    response = caller.query("SELECT Id, Name FROM Account")
    url = f"/services/data/v66.0/sobjects/Account/{id_}"
    assert response.headers["content-type"] == "application/json;charset=UTF-8"
    assert "api-usage=" in response.headers["Sforce-Limit-Info"]
    assert response.json() == {
        "totalSize": 1,
        "done": True,
        "records": [{"attributes": {"type": "Account", "url": url}, "Id": id_, "Name": "00000"}],
    }


def test_count_answers_a_size_and_an_empty_list(org, caller):
    _fill(org, 3)
    assert caller.query("SELECT COUNT() FROM Account").json() == {"totalSize": 3, "done": True, "records": []}


def test_the_query_resource_may_end_in_a_slash(org, caller):
    _fill(org, 1)
    assert caller.query("SELECT Id FROM Account", resource="query/").json()["totalSize"] == 1


def test_the_default_page_holds_two_thousand_records(org, caller):
    _fill(org, 2001)
    first = caller.query("SELECT Id FROM Account").json()
    assert (first["totalSize"], first["done"], len(first["records"])) == (2001, False, 2000)
    locator = first["nextRecordsUrl"].rsplit("/", 1)[1]
    assert first["nextRecordsUrl"] == f"/services/data/v66.0/query/{locator}"
    assert locator.startswith("01g")
    assert locator.endswith("-2000")
    assert len(locator) == 18 + len("-2000")
    last = caller.get(first["nextRecordsUrl"]).json()
    assert (last["totalSize"], last["done"], len(last["records"])) == (2001, True, 1)
    assert "nextRecordsUrl" not in last


@pytest.mark.parametrize(("asked", "given"), [(200, 200), (250, 250), (1, 200), (9999, 450)])
def test_the_batch_size_is_kept_between_its_bounds_and_pages_cover_every_row_once(org, caller, asked, given):
    ids = _fill(org, 450)
    page = caller.query("SELECT Id FROM Account ORDER BY Name", batch=asked).json()
    assert len(page["records"]) == given
    seen = [record["Id"] for record in page["records"]]
    while not page["done"]:
        page = caller.get(page["nextRecordsUrl"]).json()
        seen += [record["Id"] for record in page["records"]]
    assert seen == ids


def test_a_page_can_be_asked_for_again_and_shows_the_rows_as_they_were(org, caller):
    ids = _fill(org, 201)
    first = caller.query("SELECT Name FROM Account ORDER BY Name", batch=200).json()
    org.save("delete", "Account", [{"Id": ids[200]}], user=caller.user.id)
    for _ in range(2):
        assert [each["Name"] for each in caller.get(first["nextRecordsUrl"]).json()["records"]] == ["00200"]


def test_child_records_count_towards_the_page(org, caller):
    for parent in _fill(org, 3):
        _fill(org, 150, "Contact", AccountId=parent)
    page = caller.query("SELECT Id, (SELECT Id FROM Contacts) FROM Account", batch=200).json()
    assert (page["totalSize"], page["done"], len(page["records"])) == (3, False, 2)
    assert page["nextRecordsUrl"].endswith("-2")
    assert len(caller.get(page["nextRecordsUrl"]).json()["records"]) == 1


def test_children_longer_than_a_page_have_a_locator_of_their_own(org, caller):
    (parent,) = _fill(org, 1)
    ids = _fill(org, 250, "Contact", AccountId=parent)
    (record,) = caller.query("SELECT (SELECT Id FROM Contacts) FROM Account", batch=200).json()["records"]
    children = record["Contacts"]
    assert (children["totalSize"], children["done"], len(children["records"])) == (250, False, 200)
    rest = caller.get(children["nextRecordsUrl"]).json()
    assert rest["done"] is True
    assert sorted(each["Id"] for each in children["records"] + rest["records"]) == sorted(ids)


def test_two_long_text_areas_cut_the_page_to_two_hundred(org, caller):
    _fill(org, 201)
    one = caller.query("SELECT Terms__c FROM Account").json()
    two = caller.query("SELECT Terms__c, Notes__c FROM Account").json()
    assert (len(one["records"]), len(two["records"])) == (201, 200)


def test_query_all_includes_the_recycle_bin_and_goes_on_under_query(org, caller):
    ids = _fill(org, 201)
    org.save("delete", "Account", [{"Id": ids[0]}], user=caller.user.id)
    assert caller.query("SELECT Id FROM Account").json()["totalSize"] == 200
    first = caller.query("SELECT Id, IsDeleted FROM Account", resource="queryAll", batch=200).json()
    assert first["totalSize"] == 201
    assert first["nextRecordsUrl"].startswith("/services/data/v66.0/query/01g")
    following = [first["nextRecordsUrl"], first["nextRecordsUrl"].replace("/query/", "/queryAll/")]
    deleted = [each for each in first["records"] if each["IsDeleted"]]
    for url in following:
        rest = caller.get(url).json()["records"]
        assert [each["Id"] for each in deleted + rest if each["IsDeleted"]] == [ids[0]]


def test_a_locator_lives_two_days(org, caller, moment):
    _fill(org, 201)
    url = caller.query("SELECT Id FROM Account", batch=200).json()["nextRecordsUrl"]
    moment[0] += timedelta(days=2)
    assert caller.get(url).status_code == 200
    moment[0] += timedelta(seconds=1)
    assert _refused(caller.get(url), "INVALID_QUERY_LOCATOR") == "invalid query locator"


@pytest.mark.parametrize(
    "locator", ["wrong", "01g8e0000000009AAA-2000", "01g8e0000000001AAA-9999", "01g8e0000000001AAA-x"]
)
def test_a_locator_that_leads_nowhere_is_refused(org, caller, locator):
    _fill(org, 201)
    assert caller.query("SELECT Id FROM Account", batch=200).json()["nextRecordsUrl"].endswith("01g8e0000000001AAA-200")
    _refused(caller.get(f"/services/data/v66.0/query/{locator}"), "INVALID_QUERY_LOCATOR")


def test_a_locator_is_of_no_use_to_another_user(org, caller):
    _fill(org, 201)
    url = caller.query("SELECT Id FROM Account", batch=200).json()["nextRecordsUrl"]
    caller.token = org.directory.open_session(org.directory.add_user("ben@example.com")).token
    _refused(caller.get(url), "INVALID_QUERY_LOCATOR")


def test_more_groups_than_a_page_are_refused(org, caller):
    _fill(org, 2001)
    assert "use LIMIT" in _refused(caller.query("SELECT Name FROM Account GROUP BY Name"), "EXCEEDED_ID_LIMIT")
    assert caller.query("SELECT Name FROM Account GROUP BY Name LIMIT 2000").json()["done"] is True


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT Nope FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)
def test_a_refused_statement_is_a_400_with_an_array(caller, soql, code):
    assert _refused(caller.query(soql), code)


def test_a_plus_sign_in_the_url_must_be_encoded(org, caller):
    _fill(org, 1)
    url = "/services/data/v66.0/query?q=SELECT+Id+FROM+Account+WHERE+CreatedDate+<+2026-03-19T00:00:00"
    assert caller.get(url + "%2B00:00").json()["totalSize"] == 1
    assert "unexpected token" in _refused(caller.get(url + "+00:00"), "MALFORMED_QUERY")


def test_a_field_hidden_from_the_caller_is_unknown_to_him(org, caller):
    org.schema.add_field("Account", Field("Hidden__c", "Hidden", "string", length=10, custom=True))
    assert "No such column 'Hidden__c'" in _refused(caller.query("SELECT Hidden__c FROM Account"), "INVALID_FIELD")


def test_a_composite_request_may_query_and_page(org, caller):
    _fill(org, 2001)
    base = "/services/data/v66.0/query"
    locator = caller.query("SELECT Id FROM Account").json()["nextRecordsUrl"]
    urls = [f"{base}?q=SELECT+Id+FROM+Account+LIMIT+3", locator, f"{base}?q=SELECT+Nope+FROM+Account"]
    parts = [{"method": "GET", "url": url, "referenceId": f"r{n}"} for n, url in enumerate(urls)]
    answers = caller.post("/services/data/v66.0/composite", {"compositeRequest": parts}).json()["compositeResponse"]
    assert [each["httpStatusCode"] for each in answers] == [200, 200, 400]
    assert [len(each["body"]["records"]) for each in answers[:2]] == [3, 1]
    assert answers[2]["body"][0]["errorCode"] == "INVALID_FIELD"


def test_only_get_is_allowed(caller):
    response = caller.get("/services/data/v66.0/query", method="POST", q="SELECT Id FROM Account")
    assert (response.status_code, response.json()[0]["errorCode"]) == (405, "METHOD_NOT_ALLOWED")


def test_a_call_without_a_session_is_refused(caller):
    caller.token = "nothing"
    response = caller.query("SELECT Id FROM Account")
    assert (response.status_code, response.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
