from __future__ import annotations

import time

import pytest

from salesbridge.sandbox.salesforce.bulk import ingest_jobs

QUERY = "SELECT Ext__c, Name, Parent.Name, AnnualRevenue, CreatedDate FROM Account ORDER BY Ext__c"


@pytest.fixture
def accounts(caller):
    caller.load('Ext__c,Name,AnnualRevenue,Parent.Ext__c\nA1,Acme,10,\nA2,"B ""x""",,\n')
    caller.load("Ext__c,Parent.Ext__c\nA2,A1\n")


def ask(caller, query=QUERY, operation="query", base="/services/data/v66.0", **options):
    answer = caller("POST", "/jobs/query", base=base, json={"operation": operation, "query": query} | options)
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "UploadComplete"
    return finished(caller, answer.json()["id"])


def finished(caller, job):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        shown = caller("GET", f"/jobs/query/{job}").json()
        if shown["state"] in {"JobComplete", "Failed", "Aborted"}:
            return shown
        time.sleep(0.01)
    raise AssertionError(shown)


@pytest.mark.usefixtures("accounts")
def test_results_are_quoted_csv_in_the_order_of_the_query(caller, org):
    job = ask(caller)
    assert (job["jobType"], job["object"], job["numberRecordsProcessed"]) == ("V2Query", "Account", 2)
    answer = caller("GET", f"/jobs/query/{job['id']}/results")
    stamp = next(org.rows("Account"))["CreatedDate"].replace("+0000", "Z")
    assert answer.text.splitlines() == [
        '"Ext__c","Name","Parent.Name","AnnualRevenue","CreatedDate"',
        f'"A1","Acme","","10.0","{stamp}"',
        f'"A2","B ""x""","Acme","","{stamp}"',
    ]
    assert (answer.headers["Sforce-NumberOfRecords"], answer.headers["Sforce-Locator"]) == ("2", "null")


@pytest.mark.usefixtures("accounts")
def test_pages_follow_the_locator_to_the_literal_null(caller):
    job = ask(caller)
    first = caller("GET", f"/jobs/query/{job['id']}/results?maxRecords=1")
    assert first.headers["Sforce-NumberOfRecords"] == "1"
    locator = first.headers["Sforce-Locator"]
    last = caller("GET", f"/jobs/query/{job['id']}/results?maxRecords=1&locator={locator}")
    assert last.headers["Sforce-Locator"] == "null"
    assert last.text.splitlines()[1].startswith('"A2"')
    assert caller("GET", f"/jobs/query/{job['id']}/results?locator=MTAwMDA").status_code == 400


def test_parallel_pages_come_five_at_a_time(caller, org):
    ingest_jobs(org).settings.query_page = 2
    caller.load("Ext__c,Name\n" + "".join(f"A{n:02},N\n" for n in range(14)))
    job = ask(caller, "SELECT Ext__c FROM Account ORDER BY Ext__c")
    first = caller("GET", f"/jobs/query/{job['id']}/resultPages").json()
    assert (len(first["resultPages"]), first["done"]) == (5, False)
    second = caller("GET", first["nextRecordsUrl"], base="").json()
    assert (len(second["resultPages"]), second["done"], second["nextRecordsUrl"]) == (2, True, None)
    rows = []
    for part in first["resultPages"] + second["resultPages"]:
        rows += caller("GET", part["resultUrl"], base="").text.splitlines()[1:]
    assert rows == [f'"A{n:02}"' for n in range(14)]


@pytest.mark.usefixtures("accounts")
def test_delimiter_and_line_ending_are_the_job_s(caller):
    job = ask(caller, "SELECT Ext__c, Name FROM Account", columnDelimiter="CARET", lineEnding="CRLF")
    assert caller("GET", f"/jobs/query/{job['id']}/results").content.startswith(b'"Ext__c"^"Name"\r\n"A1"^')


@pytest.mark.usefixtures("accounts")
def test_columns_are_alphabetical_before_version_50(caller):
    job = ask(caller, base="/services/data/v49.0")
    answer = caller("GET", f"/jobs/query/{job['id']}/results", base="/services/data/v49.0")
    assert answer.text.splitlines()[0] == '"AnnualRevenue","CreatedDate","Ext__c","Name","Parent.Name"'


def test_query_all_sees_the_recycle_bin(caller, org):
    caller.load("Ext__c,Name\nA1,Acme\n")
    org.save("delete", "Account", [{"Id": next(org.rows("Account"))["Id"]}], user=caller.user.id)
    assert ask(caller, "SELECT Id FROM Account")["numberRecordsProcessed"] == 0
    assert ask(caller, "SELECT Id FROM Account", "queryAll")["numberRecordsProcessed"] == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT COUNT(Id) FROM Account", "API_ERROR"),
        ("SELECT Name, COUNT(Id) FROM Account GROUP BY Name", "API_ERROR"),
        ("SELECT Name FROM Account ORDER BY Name OFFSET 5", "API_ERROR"),
        ("SELECT Name, (SELECT Id FROM Contacts) FROM Account", "API_ERROR"),
        ("SELECT BillingAddress FROM Account", "FEATURENOTENABLED"),
        ("SELECT Nope FROM Account", "INVALID_FIELD"),
        ("SELECT Hidden__c FROM Account", "INVALID_FIELD"),
        ("SELECT Name FROM Nope", "INVALID_TYPE"),
        ("SELECT FROM", "MALFORMED_QUERY"),
    ],
)
def test_what_bulk_cannot_query_is_refused_at_once(caller, query, code):
    answer = caller("POST", "/jobs/query", json={"operation": "query", "query": query})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


@pytest.mark.parametrize(
    "body", [{"operation": "insert", "query": "x"}, {"operation": "query"}, {"query": "x", "a": "b"}]
)
def test_an_incomplete_query_job_is_refused(caller, body):
    assert caller("POST", "/jobs/query", json=body).status_code == 400


def test_results_need_the_version_the_job_was_created_with(caller):
    job = ask(caller, "SELECT Id FROM Account")
    assert caller("GET", f"/jobs/query/{job['id']}/results", base="/services/data/v65.0").status_code == 409


def test_a_query_job_can_be_aborted_and_then_deleted(caller, org):
    org.faults.arm("slow_batch", seconds=60)
    job = caller("POST", "/jobs/query", json={"operation": "query", "query": "SELECT Id FROM Account"}).json()
    url = f"/jobs/query/{job['id']}"
    assert caller("GET", url + "/results").json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert caller("DELETE", url).json() == [
        {
            "errorCode": "API_ERROR",
            "message": "Error encountered when deleting the job because the job is not terminated",
        }
    ]
    assert caller("PATCH", url, json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert caller("PATCH", url, json={"state": "Aborted"}).json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert caller("GET", "/jobs/query").json()["records"][0]["state"] == "Aborted"
    assert caller("DELETE", url).status_code == 204
    assert caller("GET", url).status_code == 404
