"""Metadata API over SOAP, as far as definitions are read: ``readMetadata`` of custom objects and platform events.

Source: Metadata API Developer Guide, *readMetadata()*, *CustomObject*.
"""

from __future__ import annotations

import re
from html import escape, unescape
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from .metadata_store import metadata_store

if TYPE_CHECKING:
    from starlette.requests import Request

    from .org import Org

_SESSION = re.compile(r"<(?:\w+:)?sessionId>([^<]+)</")
_TYPE = re.compile(r"<(?:\w+:)?type>(\w+)</")
_NAMES = re.compile(r"<(?:\w+:)?fullNames>([^<]+)</")
_ALLOWED = ("ModifyAllData", "ModifyMetadata", "CustomizeApplication")
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns="http://soap.sforce.com/2006/04/metadata" xmlns:sf="http://soap.sforce.com/2006/04/metadata" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>'
)


def routes(org: Org) -> list[Route]:
    """``POST /services/Soap/m/{version}``."""

    async def endpoint(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(_answer, org, body.decode(errors="replace"))

    return [Route("/services/Soap/m/{version}", endpoint, methods=["POST"])]


def _answer(org: Org, sent: str) -> Response:
    token = _SESSION.search(sent)
    with org.lock:
        session = org.directory.session(unescape(token[1])) if token else None
        if session is None:
            text = "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader: Illegal Session"
            return _fault("INVALID_SESSION_ID", text)
        org.limits.charge()
        if not any(org.directory.allows(session.user_id, name) for name in _ALLOWED):
            text = "INSUFFICIENT_ACCESS: use of the Metadata API requires a user with the ModifyAllData or "
            return _fault("INSUFFICIENT_ACCESS", f"{text}ModifyMetadata permissions")
        asked = _TYPE.search(sent)
        if asked is None or asked[1] != "CustomObject" or "readMetadata" not in sent:
            text = "INVALID_TYPE: This org reads the metadata type CustomObject only"
            return _fault("INVALID_TYPE", text)
        records = "".join(_record(org, unescape(name)) for name in _NAMES.findall(sent))
    return _soap(f"<readMetadataResponse><result>{records}</result></readMetadataResponse>")


def _record(org: Org, name: str) -> str:
    """An object's definition; an empty record for one that is not there."""
    found = org.visible_sobject(name)
    if found is None:
        return '<records xsi:nil="true"/>'
    members = {"fullName": found.name, "label": found.label, "pluralLabel": found.label_plural}
    if found.name.endswith("__e"):
        behaviour = metadata_store(org).publish_behavior.get(found.name, "PublishImmediately")
        members |= {"deploymentStatus": "Deployed", "eventType": "HighVolume", "publishBehavior": behaviour}
    inner = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in sorted(members.items()))
    return f'<records xsi:type="CustomObject">{inner}</records>'


def _fault(code: str, text: str) -> Response:
    detail = f"<faultcode>sf:{code}</faultcode><faultstring>{escape(text)}</faultstring>"
    return _soap(f"<soapenv:Fault>{detail}</soapenv:Fault>", 500)


def _soap(body: str, status: int = 200) -> Response:
    return Response(_ENVELOPE.format(body=body), status, media_type="text/xml")
