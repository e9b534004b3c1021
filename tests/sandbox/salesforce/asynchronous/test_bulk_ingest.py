from __future__ import annotations

import datetime as dt
import gzip

import pytest

from salesbridge.sandbox.salesforce.bulk import ingest_jobs
from salesbridge.sandbox.salesforce.ids import normal_id

HEADER = "Ext__c,Name\n"


def test_a_new_job_is_open_and_says_where_its_data_goes(caller):
    job = caller.job()
    assert job["state"] == "Open"
    assert job["contentUrl"] == f"services/data/v66.0/jobs/ingest/{job['id']}/batches"
    assert job["apiVersion"] == 66.0
    assert (job["lineEnding"], job["columnDelimiter"], job["contentType"]) == ("LF", "COMMA", "CSV")
    assert job["id"].startswith("750")
    assert normal_id(job["id"]) == job["id"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"object": "Account", "operation": "insert", "color": "red"}, "JSON_PARSER_ERROR"),
        ({"object": "Account", "operation": "merge"}, "JSON_PARSER_ERROR"),
        ({"object": "Account", "operation": "insert", "lineEnding": "CR"}, "JSON_PARSER_ERROR"),
        ({"object": "Account", "operation": "insert", "columnDelimiter": ","}, "JSON_PARSER_ERROR"),
        ({"object": "Account", "operation": "insert", "contentType": "JSON"}, "JSON_PARSER_ERROR"),
        ({"object": "Account"}, "INVALIDJOB"),
        ({"operation": "insert"}, "INVALIDJOB"),
        ({"object": "Nonsense", "operation": "insert"}, "INVALIDENTITY"),
        ({"object": "Account", "operation": "upsert"}, "INVALIDJOB"),
        ({"object": "Account", "operation": "upsert", "externalIdFieldName": "Phone"}, "INVALIDJOB"),
        ({"object": "Account", "operation": "insert", "externalIdFieldName": "Ext__c"}, "INVALIDJOB"),
        ({"object": "Account", "operation": "hardDelete"}, "FEATURENOTENABLED"),
        ([], "JSON_PARSER_ERROR"),
    ],
)
def test_a_job_that_cannot_be_is_refused(caller, body, code):
    answer = caller("POST", "/jobs/ingest", json=body)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == code


def test_results_echo_the_header_and_add_the_quoted_sf_columns(caller):
    job = caller.load('Ext__c,Name\nA1,"Acme, ""Ltd"""\nA2,\n')
    assert job["state"] == "JobComplete"
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"], job["retries"]) == (2, 1, 0)
    header, row = caller.results(job, "successfulResults/")
    assert header == '"sf__Id","sf__Created",Ext__c,Name'
    assert row.endswith(',"true","A1","Acme, ""Ltd"""')
    assert caller.results(job, "failedResults/") == [
        '"sf__Id","sf__Error",Ext__c,Name',
        '"","REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --","A2",""',
    ]
    assert caller.results(job, "unprocessedrecords/") == ["Ext__c,Name"]


def test_failed_results_have_no_record_id_before_version_53(caller):
    body = {"object": "Account", "operation": "insert"}
    job = caller("POST", "/jobs/ingest", base="/services/data/v52.0", json=body).json()
    caller.put(job, HEADER + "A1,\n")
    caller.close(job)
    caller.wait(job)
    assert caller.results(job, "failedResults")[0] == '"sf__Error",Ext__c,Name'


def test_an_upsert_updates_what_it_finds_and_creates_the_rest(caller, org):
    caller.load(HEADER + "A1,Old\n")
    job = caller.load(HEADER + "A1,New\nA2,Other\n")
    created = {line.split(",")[2]: line.split(",")[1] for line in caller.results(job, "successfulResults")[1:]}
    assert created == {'"A1"': '"false"', '"A2"': '"true"'}
    assert [row["Name"] for row in org.rows("Account")] == ["New", "Other"]


def test_an_empty_cell_leaves_alone_and_na_clears(caller, org):
    caller.load("Ext__c,Name,Phone,Fax\nA1,Acme,111,222\n")
    caller.load("Ext__c,Name,Phone,Fax\nA1,,,#N/A\n")
    (row,) = org.rows("Account")
    assert (row["Name"], row["Phone"], "Fax" in row) == ("Acme", "111", False)


def test_update_and_delete_go_by_id(caller, org):
    caller.load(HEADER + "A1,Acme\n")
    (row,) = org.rows("Account")
    caller.load(f"Id,Name\n{row['Id']},Better\n", operation="update")
    assert org.get("Account", row["Id"])["Name"] == "Better"
    failed = caller.load("Id,Name\n001000000000000AAA,Nobody\n", operation="update")
    assert caller.results(failed, "failedResults")[1].startswith('"001000000000000AAA","INVALID_CROSS_REFERENCE_KEY:')
    caller.load(f"Id\n{row['Id']}\n", operation="delete")
    assert org.count("Account") == 0
    assert len(list(org.rows("Account", deleted=True))) == 1


def test_hard_delete_needs_its_permission_and_bypasses_the_recycle_bin(caller, org):
    caller.load(HEADER + "A1,Acme\n")
    (row,) = org.rows("Account")
    caller.user.permissions.add("BulkApiHardDelete")
    job = caller.load(f"Id\n{row['Id']}\n", operation="hardDelete")
    assert job["numberRecordsFailed"] == 0
    assert list(org.rows("Account", deleted=True)) == []


@pytest.mark.parametrize(
    ("operation", "data", "reason"),
    [
        ("upsert", "Ext__c,Nope\nA1,x\n", "InvalidBatch : Field name not found : Nope"),
        ("upsert", "Ext__c,Hidden__c\nA1,x\n", "InvalidBatch : Field name not found : Hidden__c"),
        ("upsert", "\ufeffExt__c,Name\nA1,x\n", "InvalidBatch : Field name not found : \ufeffExt__c"),
        ("upsert", "Name\nx\n", "InvalidBatch : Field name not found : Ext__c"),
        ("update", "Name\nx\n", "InvalidBatch : Field name not found : Id"),
        ("delete", "Id,Name\n001,x\n", "InvalidBatch : Delete batch must contain only ids"),
        ("upsert", "Ext__c,Name,name\nA1,x,y\n", "InvalidBatch : Duplicate field name in the header : name"),
        ("upsert", "Ext__c,Boss.Ext__c\nA1,x\n", "InvalidBatch : Field name not found : Boss.Ext__c"),
        ("upsert", "Ext__c,Parent.Phone\nA1,x\n", "InvalidBatch : Field name not found : Parent.Phone"),
        ("upsert", "Ext__c,Parent.Parent.Ext__c\nA1,x\n", "InvalidBatch : Field name not found : Parent.Parent.Ext__c"),
        (
            "upsert",
            "Ext__c,Account:Parent.Ext__c\nA1,x\n",
            "InvalidBatch : Field name not found : Account:Parent.Ext__c",
        ),
        (
            "upsert",
            "Ext__c,Name\r\nA1,x\r\n",
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
    ],
)
def test_a_header_the_org_does_not_know_fails_the_job_with_every_row_unprocessed(caller, org, operation, data, reason):
    job = caller.load(data, operation=operation)
    assert (job["state"], job["errorMessage"]) == ("Failed", reason)
    assert (job["numberRecordsProcessed"], org.count("Account")) == (0, 0)
    answer = caller("GET", f"/jobs/ingest/{job['id']}/unprocessedrecords")
    assert answer.content.decode() == data


def test_rows_that_cannot_be_read_fail_alone(caller, org):
    data = "Ext__c,Name,AnnualRevenue,NumberOfEmployees\n"
    data += 'A1, "Acme",1,1\nA2,Two\nA3,Three,many,1\nA4,Four,1.5e3,7\nA5,Five,1,1.5\n'
    job = caller.load(data)
    failed = {line.split('","')[-3].strip('"'): line for line in caller.results(job, "failedResults")[1:]}
    text = "\n".join(failed.values())
    assert job["numberRecordsFailed"] == 4
    assert "Failed to parse CSV. Found unescaped quote. A value with quote should be within a quote:--" in text
    assert "The row has 2 values but the header has 4 columns:--" in text
    due = "Failed to deserialize field at col"
    assert (
        f"INVALID_FIELD:{due} 2. Due to, 'many' is not a valid value for the type xsd:double:AnnualRevenue --" in text
    )
    assert f"{due} 3. Due to, '1.5' is not a valid value for the type xsd:int:NumberOfEmployees --" in text
    assert [row["AnnualRevenue"] for row in org.rows("Account")] == [1500.0]


@pytest.mark.parametrize("value", ["31/01/2026", "2026-02-30", "2026-01-31T00:00:00Z", "2026-01-31+13:00"])
def test_a_date_in_another_shape_fails_its_row(caller, value):
    job = caller.load(f"LastName,Birthdate\nNg,{value}\n", "Contact", "insert")
    expected = f"Failed to deserialize field at col 1. Due to, '{value}' is not a valid value for the type xsd:date"
    assert expected in caller.results(job, "failedResults")[1]


def test_booleans_are_true_false_one_or_zero(caller, org):
    job = caller.load("LastName,HasOptedOutOfEmail\nA,true\nB,0\nC,1\nD,yes\n", "Contact", "insert")
    assert job["numberRecordsFailed"] == 1
    assert "'yes' is not a valid value for the type xsd:boolean" in caller.results(job, "failedResults")[1]
    assert [row["HasOptedOutOfEmail"] for row in org.rows("Contact")] == [True, False, True]


def test_parents_are_named_by_external_id(caller, org):
    caller.load(HEADER + "A1,Acme\n")
    job = caller.load("Ext__c,LastName,Account.Ext__c\nC1,Ng,A1\nC2,Ho,A9\n", "Contact")
    contacts = {row["Ext__c"]: row for row in org.rows("Contact")}
    assert list(contacts) == ["C1"]
    assert contacts["C1"]["AccountId"] == next(org.rows("Account"))["Id"]
    problem = "INVALID_FIELD:Foreign key external ID: A9 not found for field Ext__c in entity Account:--"
    assert problem in caller.results(job, "failedResults")[1]
    caller.load("Ext__c,Account.Ext__c\nC1,#N/A\n", "Contact")
    assert "AccountId" not in next(org.rows("Contact"))


@pytest.mark.parametrize(
    ("name", "sign"), [("BACKQUOTE", "`"), ("CARET", "^"), ("PIPE", "|"), ("SEMICOLON", ";"), ("TAB", "\t")]
)
def test_each_delimiter_loads_and_comes_back_in_results(caller, name, sign):
    job = caller.load(f"Ext__c{sign}Name\r\nA1{sign}Acme\r\n", columnDelimiter=name, lineEnding="CRLF")
    header, row = caller("GET", f"/jobs/ingest/{job['id']}/successfulResults").content.decode().split("\r\n")[:2]
    assert header == f'"sf__Id"{sign}"sf__Created"{sign}Ext__c{sign}Name'
    assert row.endswith(f'{sign}"true"{sign}"A1"{sign}"Acme"')


def test_data_is_taken_once_in_csv_and_only_while_the_job_is_open(caller):
    job = caller.job()
    url = f"/jobs/ingest/{job['id']}/batches"
    assert caller("PUT", url, content=b"x", headers={"Content-Type": "application/json"}).status_code == 415
    latin = {"Content-Type": "text/csv; charset=ISO-8859-1"}
    assert caller("PUT", url, content=b"x", headers=latin).status_code == 415
    assert caller("POST", url, content=b"x").status_code == 405
    assert caller.put(job, HEADER).status_code == 201
    again = caller.put(job, HEADER)
    assert again.status_code == 400
    assert again.json()[0]["message"].startswith(f"Found multiple contents for job: <{job['id']}>")
    caller.close(job)
    caller.wait(job)
    assert caller.put(job, HEADER).json()[0]["errorCode"] == "INVALIDJOBSTATE"


def test_gzipped_data_is_unpacked_and_broken_gzip_refused(caller, org):
    job = caller.job()
    url = f"/jobs/ingest/{job['id']}/batches"
    headers = {"Content-Type": "text/csv", "Content-Encoding": "gzip"}
    assert caller("PUT", url, content=b"no gzip", headers=headers).status_code == 400
    assert caller("PUT", url, content=gzip.compress(b"Ext__c" * 99)[:-9], headers=headers).status_code == 400
    assert caller("PUT", url, content=gzip.compress(b"Ext__c,Name\nA1,Acme\n"), headers=headers).status_code == 201
    caller.close(job)
    caller.wait(job)
    assert org.count("Account") == 1


def test_data_over_the_limit_is_refused(caller, org):
    ingest_jobs(org).settings.max_upload_bytes = 1000
    answer = caller.put(caller.job(), HEADER + "A1,x\n" * 300)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "CLIENTINPUTERROR")


def test_only_the_documented_state_changes_are_allowed(caller):
    job = caller.job()
    url = f"/jobs/ingest/{job['id']}"
    assert caller.close(job).json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert caller("PATCH", url, json={"state": "JobComplete"}).json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert caller("PATCH", url, json={"state": "Aborted", "object": "X"}).json()[0]["errorCode"] == "JSON_PARSER_ERROR"
    assert caller("DELETE", url).status_code == 400
    assert caller("GET", url + "/successfulResults").json()[0]["errorCode"] == "INVALIDJOBSTATE"
    caller.put(job, HEADER + "A1,Acme\n")
    assert caller.close(job).json()["state"] == "UploadComplete"
    caller.wait(job)
    assert caller.close(job).json()[0]["errorCode"] == "INVALIDJOBSTATE"
    aborted = caller("PATCH", url, json={"state": "Aborted"})
    assert aborted.json()[0]["message"] == "Aborting already Completed Job not allowed"
    assert caller("DELETE", url).status_code == 204
    assert caller("GET", url).json() == [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]


def test_an_aborted_open_job_has_all_its_rows_unprocessed(caller):
    job = caller.job()
    caller.put(job, HEADER + "A1,Acme\n")
    assert caller("PATCH", f"/jobs/ingest/{job['id']}", json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert caller.results(job, "unprocessedrecords") == ["Ext__c,Name", "A1,Acme"]


def test_a_running_job_stops_when_it_is_aborted(caller, org):
    org.faults.arm("slow_batch", seconds=60)
    job = caller.job()
    caller.put(job, HEADER + "A1,Acme\n")
    caller.close(job)
    answer = caller("PATCH", f"/jobs/ingest/{job['id']}", json={"state": "Aborted"})
    assert answer.json()["state"] == "Aborted"
    assert caller.results(job, "unprocessedrecords") == ["Ext__c,Name", "A1,Acme"]
    assert org.count("Account") == 0


def test_a_multipart_request_creates_uploads_and_closes(caller, org):
    job = ("job", '{"object":"Account","operation":"insert","contentType":"CSV"}', "application/json")
    files = {"job": (None, *job[1:]), "content": ("content", "Name\nAcme\n", "text/csv")}
    answer = caller("POST", "/jobs/ingest/", files=files)
    assert (answer.status_code, answer.json()["state"]) == (200, "UploadComplete")
    caller.wait(answer.json())
    assert [row["Name"] for row in org.rows("Account")] == ["Acme"]
    files["content"] = ("content", "Name\n" + "x" * 100_001, "text/csv")
    assert caller("POST", "/jobs/ingest", files=files).status_code == 400


def test_lists_filter_and_page_by_the_thousand(caller):
    jobs = ingest_jobs(caller.org)
    request = jobs.get(caller.job()["id"]).request
    for _ in range(2001):
        jobs.create(request, user=caller.user.id, api_version=66.0)
    first = caller("GET", "/jobs/ingest").json()
    assert (len(first["records"]), first["done"]) == (1000, False)
    seen = {job["id"] for job in first["records"]}
    following = first
    while not following["done"]:
        following = caller("GET", following["nextRecordsUrl"], base="").json()
        seen |= {job["id"] for job in following["records"]}
    assert len(seen) == 2002
    assert caller("GET", "/jobs/ingest?jobType=Classic").json()["records"] == []
    assert caller("GET", "/jobs/ingest?jobType=V2Ingest").json()["records"][0]["jobType"] == "V2Ingest"
    assert caller("GET", "/jobs/ingest?isPkChunkingEnabled=true").json() == {
        "done": True,
        "records": [],
        "nextRecordsUrl": None,
    }
    assert caller("GET", "/jobs/ingest?jobType=Other").status_code == 400


def test_finished_jobs_are_forgotten_after_seven_days(caller, org):
    job = caller.load(HEADER + "A1,Acme\n")
    waiting = caller.job()
    now = org.clock()
    org.clock = lambda: now + dt.timedelta(days=7, seconds=1)
    org.settings.session_timeout = 1e9
    assert caller("GET", f"/jobs/ingest/{job['id']}").status_code == 404
    assert caller("GET", f"/jobs/ingest/{waiting['id']}").status_code == 200


def test_result_pages_add_up_to_the_whole_result(caller):
    job = caller.load(HEADER + "".join(f"A{n},N\n" for n in range(25)))
    url, rows, locator = f"/jobs/ingest/{job['id']}/successfulResults", [], ""
    while locator != "null":
        answer = caller("GET", url, params={"maxRecords": 10} | ({"locator": locator} if locator else {}))
        lines = answer.text.splitlines()[1:]
        assert len(lines) == int(answer.headers["Sforce-NumberOfRecords"])
        rows, locator = rows + lines, answer.headers["Sforce-Locator"]
    assert rows == caller.results(job, "successfulResults")[1:]
    assert rows != sorted(rows)


def test_batches_beyond_the_daily_allocation_leave_no_result(caller, org):
    settings = ingest_jobs(org).settings
    settings.batch_records, settings.daily_batches = 2, 2
    job = caller.load(HEADER + "".join(f"A{n},N\n" for n in range(7)))
    assert (job["state"], job["errorMessage"]) == ("Failed", "ExceededQuota : ApiBatchItems Limit exceeded.")
    assert job["numberRecordsProcessed"] == 4
    assert caller.results(job, "unprocessedrecords") == ["Ext__c,Name"]
    refused = caller("POST", "/jobs/ingest", json={"object": "Account", "operation": "insert"})
    assert refused.json()[0]["errorCode"] == "EXCEEDEDQUOTA"


def test_another_user_can_neither_close_nor_abort(caller, stranger):
    job = caller.job()
    caller.put(job, HEADER)
    assert stranger.close(job).json()[0]["errorCode"] == "INVALIDUSER"
    url = f"/jobs/ingest/{job['id']}"
    assert stranger("PATCH", url, json={"state": "Aborted"}).json()[0]["errorCode"] == "INVALIDUSER"
    stranger.user.permissions.add("ManageDataIntegrations")
    assert stranger("PATCH", url, json={"state": "Aborted"}).status_code == 200


def test_a_polymorphic_parent_needs_its_type_and_others_must_not_have_one(caller, org):
    caller.load("Ext__c,LastName\nC1,Ng\n", "Contact")
    job = caller.load("Subject,Contact:Who.Ext__c\nCall,C1\n", "Task", "insert")
    assert (job["state"], job["numberRecordsFailed"]) == ("JobComplete", 0)
    assert next(org.rows("Task"))["WhoId"] == next(org.rows("Contact"))["Id"]
    for header in ("Who.Ext__c", "Account:Who.Ext__c", "User:CreatedBy.Id"):
        job = caller.load(f"Subject,{header}\nCall,C1\n", "Task", "insert")
        assert job["errorMessage"] == f"InvalidBatch : Field name not found : {header}"


def test_an_upload_cut_after_its_commit_has_still_happened(caller, org):
    job = caller.job()
    org.faults.arm("cut_after_commit", path="/batches")
    with pytest.raises(ConnectionError):
        caller.put(job, HEADER + "A1,Acme\n")
    assert caller.put(job, HEADER).status_code == 400
    caller.close(job)
    assert caller.wait(job)["numberRecordsProcessed"] == 1


def test_an_unavailable_org_takes_no_data(caller, org):
    job = caller.job()
    org.faults.arm("unavailable", path="/batches")
    assert caller.put(job, HEADER).status_code == 503
    assert caller.put(job, HEADER + "A1,Acme\n").status_code == 201
