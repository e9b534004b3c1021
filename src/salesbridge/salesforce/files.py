"""Files stored in Salesforce, where the people who read them already are."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from salesbridge.salesforce.connection import Call
from salesbridge.salesforce.links import file_link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from salesbridge.salesforce.rest import Salesforce


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in Salesforce: the version uploaded, the document it belongs to, and its page."""

    content_version_id: str
    content_document_id: str
    url: str


def upload(salesforce: Salesforce, title: str, path: Path, *, record_id: str | None = None) -> StoredFile:
    """Streams a file into Salesforce as a ContentVersion (REST API guide, "Insert or Update Blob Data").

    Args:
        salesforce: The org.
        title: What people see.
        path: The file; up to 2 GB.
        record_id: Record whose *Files* list it appears in; None keeps it in the user's own files.
    """
    version = {"Title": title, "PathOnClient": path.name}
    if record_id:
        version["FirstPublishLocationId"] = record_id
    fields = orjson.dumps(version)

    @contextlib.contextmanager
    def body() -> Iterator[Mapping[str, Any]]:
        with path.open("rb") as file:
            yield {
                "files": {
                    "entity_content": (None, fields, "application/json"),
                    "VersionData": (path.name, file, "application/octet-stream"),
                }
            }

    call = Call("POST", f"{salesforce.base_path}/sobjects/ContentVersion", "files", body=body)
    version_id = str(salesforce.json(call)["id"])
    document_id = str(salesforce.get("ContentVersion", version_id, ["ContentDocumentId"])["ContentDocumentId"])
    return StoredFile(version_id, document_id, file_link(salesforce.token.instance_url, document_id))
