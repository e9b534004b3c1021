from __future__ import annotations

import httpx2
import orjson

from salesbridge.salesforce import files


def test_a_file_is_uploaded_and_its_page_told(salesforce, wire, tmp_path):
    path = tmp_path / "report.csv"
    path.write_bytes(b"a,b\n" * 100_000)
    wire.answers = [
        httpx2.Response(201, json={"id": "068A", "success": True, "errors": []}),
        httpx2.Response(200, json={"ContentDocumentId": "069B"}),
    ]
    stored = files.upload(salesforce, "Report of run 1", path, record_id="001X")
    sent = wire.requests[0]
    fields = sent.content.split(b"\r\n\r\n", 1)[1].split(b"\r\n", 1)[0]

    assert (stored.content_version_id, stored.content_document_id) == ("068A", "069B")
    assert stored.url == f"{wire.INSTANCE}/lightning/r/ContentDocument/069B/view"
    assert orjson.loads(fields) == {
        "Title": "Report of run 1",
        "PathOnClient": "report.csv",
        "FirstPublishLocationId": "001X",
    }
    assert b'name="entity_content"' in sent.content
    assert b'name="VersionData"; filename="report.csv"' in sent.content
    assert path.read_bytes() in sent.content


def test_a_file_is_read_anew_when_the_upload_is_repeated(salesforce, wire, tmp_path):
    path = tmp_path / "report.csv"
    path.write_bytes(b"a,b\n")
    wire.answers = [
        httpx2.ConnectError("not now"),
        httpx2.Response(201, json={"id": "068A"}),
        httpx2.Response(200, json={"ContentDocumentId": "069B"}),
    ]
    files.upload(salesforce, "Report", path)

    assert b"a,b\n" in wire.requests[1].content
