"""What inserting a version of a file does. Source: Object Reference, *ContentVersion*, *ContentDocumentLink*."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.rules import Rules
from salesbridge.sandbox.salesforce.values import WRONG_TYPE, RefusedError

if TYPE_CHECKING:
    from salesbridge.sandbox.salesforce.org import Org
    from salesbridge.sandbox.salesforce.rules import Change

_TYPES = {"csv": "CSV", "txt": "TEXT", "pdf": "PDF", "json": "JSON", "html": "HTML", "zip": "ZIP", "xlsx": "EXCEL_X"}


class ContentVersionRules(Rules):
    """What inserting a version of a document does: the document, its numbers and its links."""

    def before_save(self, change: Change) -> None:
        """Work out size, checksum and type, and make the document a first version belongs to."""
        if not change.inserting:
            if "VersionData" in change.sent:
                message = "Unable to update VersionData: insert a new version of the document instead"
                raise RefusedError("INVALID_FIELD_FOR_INSERT_UPDATE", message, "VersionData")
            return
        new = change.new
        missing = [name for name in ("VersionData", "PathOnClient") if not new.get(name)]
        if missing:
            raise RefusedError(
                "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", *missing
            )
        _describe(new)
        new["IsLatest"] = True
        document = new.get("ContentDocumentId")
        new["VersionNumber"] = str(_supersede(change.org, document) + 1 if document else 1)
        if not document:
            new["ContentDocumentId"] = _document(change)

    def after_save(self, change: Change) -> None:
        """Point the document at its newest version; link a new one to its owner and first location."""
        if not change.inserting:
            return
        org, new = change.org, change.new
        document = org.get("ContentDocument", new["ContentDocumentId"])
        if document is not None:
            latest = {"LatestPublishedVersionId": new["Id"], "LastModifiedDate": change.stamp}
            copied = {name: new[name] for name in _SHARED if new.get(name) is not None}
            org.put("ContentDocument", document["Id"], {**document, **latest, **copied})
        if new["VersionNumber"] == "1":
            _link(org, new["ContentDocumentId"], new["OwnerId"], "I")
            location = new.get("FirstPublishLocationId")
            if location and location != new["OwnerId"]:
                _link(org, new["ContentDocumentId"], location, "V")


_SHARED = ("Title", "Description", "ContentSize", "FileType", "FileExtension", "OwnerId")


def _describe(new: dict[str, Any]) -> None:
    try:
        data = base64.b64decode(new["VersionData"], validate=True)
    except (binascii.Error, ValueError):
        raise RefusedError(WRONG_TYPE, "Version Data: value not of required type: base64", "VersionData") from None
    name = new["PathOnClient"].replace("\\", "/").rpartition("/")[2]
    stem, dot, extension = name.rpartition(".")
    new["ContentSize"] = len(data)
    new["Checksum"] = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if dot:
        new["FileExtension"] = extension
    new["FileType"] = _TYPES.get(extension.lower(), extension.upper() if dot else "UNKNOWN")
    new.setdefault("Title", stem if dot else name)


def _supersede(org: Org, document: str) -> int:
    """Take ``IsLatest`` from the versions there are; the highest version number."""
    highest = 0
    for row in org.find("ContentVersion", "ContentDocumentId", document):
        highest = max(highest, int(row["VersionNumber"]))
        if row["IsLatest"]:
            org.put("ContentVersion", row["Id"], {**row, "IsLatest": False})
    return highest


def _document(change: Change) -> str:
    user = change.user
    row = {
        "Title": change.new["Title"],
        "OwnerId": change.new["OwnerId"],
        "CreatedById": user,
        "LastModifiedById": user,
    }
    document: str = change.org.seed("ContentDocument", row)["Id"]
    return document


def _link(org: Org, document: str, entity: str, share: str) -> None:
    row = {"ContentDocumentId": document, "LinkedEntityId": entity, "ShareType": share, "Visibility": "AllUsers"}
    org.seed("ContentDocumentLink", row)
