"""Reading definitions that no REST resource tells (Metadata API guide, "readMetadata()")."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final

from salesbridge.salesforce.connection import Call
from salesbridge.salesforce.errors import SalesforceError

if TYPE_CHECKING:
    from salesbridge.salesforce.rest import Salesforce

_HEADERS: Final = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}
_STATUSES: Final = frozenset({200, 500})  # SOAP answers a fault with 500
_ENVELOPE: Final = (
    '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:met="http://soap.sforce.com/2006/04/metadata">'
    "<env:Header><met:SessionHeader><met:sessionId>{session}</met:sessionId></met:SessionHeader></env:Header>"
    "<env:Body><met:readMetadata><met:type>CustomObject</met:type><met:fullNames>{name}</met:fullNames>"
    "</met:readMetadata></env:Body></env:Envelope>"
)
_BEHAVIOUR: Final = re.compile(r"<(?:\w+:)?publishBehavior>(\w+)</")
_FAULT: Final = re.compile(r"<(?:\w+:)?faultcode>(?:\w+:)?(\w+)</.*?<(?:\w+:)?faultstring>(.*?)</", re.DOTALL)


def publish_behaviour(salesforce: Salesforce, event: str) -> str | None:
    """When a platform event is published: ``PublishImmediately`` or ``PublishAfterCommit``; None if it is not there.

    Args:
        salesforce: The org; its user needs *Customize Application* or *Modify Metadata*.
        event: API name.

    Raises:
        SalesforceError: Salesforce refuses or does not answer.
    """
    session = salesforce.token.access.get_secret_value()
    content = _ENVELOPE.format(session=escape(session), name=escape(event)).encode()
    path = f"/services/Soap/m/{salesforce.api_version}"
    call = Call("POST", path, "rest", headers=_HEADERS, content=content, ok=_STATUSES, reads=True)
    said = salesforce.send(call).text
    fault = _FAULT.search(said)
    if fault is not None:
        raise SalesforceError(
            fault[2],
            kind="permanent",
            code=fault[1],
            mend="Give the connector's user Customize Application (Setup > Permission Sets), or look at it by hand.",
        )
    found = _BEHAVIOUR.search(said)
    return found[1] if found else None
