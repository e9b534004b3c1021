from __future__ import annotations

import tracemalloc

import httpx2
import orjson
import pytest

from salesbridge.salesforce import Bulk, SalesforceError
from salesbridge.salesforce import bulk as bulk_module


def job(state: str = "Open", **extra: object) -> httpx2.Response:
    return httpx2.Response(200, json={"id": "750A", "state": state, "object": "Account", "apiVersion": 66.0, **extra})


def csv(text: bytes, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(200, content=iter([text[i : i + 3] for i in range(0, len(text), 3)]), headers=named)


@pytest.fixture
def bulk(salesforce):
    return Bulk(salesforce)


def test_a_job_is_created_as_the_protocol_says(bulk, wire):
    wire.answers = [job()]
    created = bulk.create("Account", "upsert", "Ext__c")

    assert (created.id, created.state, created.api_version, created.done) == ("750A", "Open", "66.0", False)
    assert orjson.loads(wire.requests[0].content) == {
        "object": "Account",
        "operation": "upsert",
        "externalIdFieldName": "Ext__c",
        "contentType": "CSV",
        "columnDelimiter": "COMMA",
        "lineEnding": "LF",
    }


def test_a_file_is_streamed_with_its_length_and_again_after_an_expiry(bulk, wire, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b"Ext__c,Name\n" + b"A,B\n" * 200_000)
    wire.answers = [
        httpx2.Response(401, json=[{"errorCode": "InvalidSessionId", "message": "expired"}]),
        httpx2.Response(201),
    ]
    bulk.upload("750A", path)

    assert [request.content == path.read_bytes() for request in wire.requests] == [True, True]
    assert wire.requests[1].headers["content-length"] == str(path.stat().st_size)
    assert "transfer-encoding" not in wire.requests[1].headers
    assert wire.requests[1].headers["content-type"].startswith("text/csv")


def test_a_file_that_salesforce_would_refuse_is_not_sent(bulk, wire, tmp_path, monkeypatch):
    (tmp_path / "bom.csv").write_bytes(b"\xef\xbb\xbfName\nA\n")
    (tmp_path / "large.csv").write_bytes(b"Name\n" + b"A" * 100)
    monkeypatch.setattr(bulk_module, "MAX_UPLOAD_BYTES", 50)

    for name, code in (("bom.csv", "UPLOAD_HAS_BOM"), ("large.csv", "UPLOAD_TOO_LARGE")):
        with pytest.raises(SalesforceError) as caught:
            bulk.upload("750A", tmp_path / name)
        assert caught.value.code == code
    assert wire.requests == []


def test_closing_aborting_and_deleting_speak_to_the_job(bulk, wire):
    wire.answers = [job("UploadComplete"), job("Aborted"), httpx2.Response(204)]
    bulk.close("750A")
    assert bulk.abort("750A").done
    bulk.delete("750A")

    assert [request.method for request in wire.requests] == ["PATCH", "PATCH", "DELETE"]
    assert {request.url.path for request in wire.requests} == {"/services/data/v66.0/jobs/ingest/750A"}


def test_waiting_tells_progress_until_the_job_is_done(bulk, wire):
    wire.answers = [
        job("InProgress", numberRecordsProcessed=5),
        job("Failed", numberRecordsFailed=2, errorMessage="InvalidBatch : Field name not found : Foo__c"),
    ]
    seen = []
    done = bulk.wait("750A", poll=0.001, on_progress=seen.append)

    assert [progress.processed for progress in seen] == [5, 0]
    assert (done.state, done.failed) == ("Failed", 2)
    assert done.error.code == "InvalidBatch"


def test_waiting_gives_up_at_its_timeout(bulk, wire):
    wire.answers = [lambda _: job("InProgress")]

    assert not bulk.wait("750A", poll=0.001, timeout=0.01).done


def test_results_stream_rows_with_line_breaks_and_letters_cut_anywhere(bulk, wire):
    text = '"sf__Id","sf__Error",Name\r\n"","REQUIRED_FIELD_MISSING:x:Name --","Zoë\nline, two\u2028 ""q"""\r\n'
    wire.answers = [csv(text.encode())]

    assert list(bulk.results("750A", "failed")) == [
        ["sf__Id", "sf__Error", "Name"],
        ["", "REQUIRED_FIELD_MISSING:x:Name --", 'Zoë\nline, two\u2028 "q"'],
    ]
    assert wire.requests[0].url.path == "/services/data/v66.0/jobs/ingest/750A/failedResults/"


def test_large_results_are_read_in_little_memory(bulk, wire):
    rows = 40_000
    chunks = (b'"001A","true","A%06d","%s"\n' % (number, b"x" * 100) for number in range(rows))
    wire.answers = [httpx2.Response(200, content=chunks)]
    tracemalloc.start()
    count = sum(1 for _ in bulk.results("750A", "successful"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == rows
    assert peak < 2_000_000


def test_results_follow_locators_and_give_the_header_once(bulk, wire):
    wire.answers = [csv(b"A\n1\n", sforce_locator="MQ"), csv(b"A\n2\n", sforce_locator="null")]

    assert list(bulk.results("750A", "successful")) == [["A"], ["1"], ["2"]]
    assert wire.requests[1].url.params["locator"] == "MQ"


def test_a_locator_that_does_not_advance_is_an_error(bulk, wire):
    wire.answers = [lambda _: csv(b"A\n1\n", sforce_locator="MQ")]
    with pytest.raises(SalesforceError, match="do not advance"):
        list(bulk.results("750A", "successful"))


def test_an_empty_result_file_gives_no_rows(bulk, wire):
    wire.answers = [csv(b"")]

    assert list(bulk.results("750A", "unprocessed")) == []


@pytest.mark.parametrize("text", [b'A\n"cut off', b"A\n\xff\n"])
def test_a_damaged_result_file_is_a_passing_trouble(bulk, wire, text):
    wire.answers = [csv(text)]
    with pytest.raises(SalesforceError) as caught:
        list(bulk.results("750A", "successful"))

    assert (caught.value.code, caught.value.kind) == ("BAD_RESULT", "transient")


def test_a_result_page_that_is_shorter_than_promised_is_a_passing_trouble(bulk, wire):
    wire.answers = [csv(b"A\n1\n", sforce_numberofrecords="2")]
    with pytest.raises(SalesforceError, match="promised 2"):
        list(bulk.results("750A", "successful"))


def test_a_query_job_is_run_to_its_end(bulk, wire):
    wire.answers = [
        job("UploadComplete"),
        job("JobComplete"),
        csv(b"Id\n1\n", sforce_locator="MQ", sforce_numberofrecords="1"),
        csv(b"Id\n2\n", sforce_locator="null", sforce_numberofrecords="1"),
    ]

    assert list(bulk.query("SELECT Id FROM Account", poll=0.001)) == [["Id"], ["1"], ["2"]]
    assert orjson.loads(wire.requests[0].content) == {"operation": "query", "query": "SELECT Id FROM Account"}
    assert dict(wire.requests[3].url.params) == {"maxRecords": "50000", "locator": "MQ"}


def test_a_query_job_that_fails_says_why(bulk, wire):
    wire.answers = [job("UploadComplete"), job("Failed", errorMessage="InvalidBatch : no such column")]
    with pytest.raises(SalesforceError, match="no such column"):
        list(bulk.query("SELECT X FROM Account", poll=0.001))


def test_jobs_are_listed_over_their_pages(bulk, wire):
    following = "/services/data/v66.0/jobs/ingest?queryLocator=x"
    wire.answers = [
        httpx2.Response(
            200, json={"done": False, "records": [{"id": "1", "state": "Open"}], "nextRecordsUrl": following}
        ),
        httpx2.Response(200, json={"done": True, "records": [{"id": "2", "state": "Failed"}]}),
    ]

    assert [found.id for found in bulk.jobs()] == ["1", "2"]
    assert str(wire.requests[1].url).endswith(following)


def test_a_jobs_link_opens_its_page(bulk, wire):
    assert bulk.link("750A") == f"{wire.INSTANCE}/lightning/setup/AsyncApiJobStatus/page?address=%2F750A"
