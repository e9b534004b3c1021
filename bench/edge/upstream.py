"""``python -m bench.edge.upstream``: a billing system that answers every call with the same page of accounts."""

from __future__ import annotations

from typing import Any

import orjson

from bench.edge.listening import listen

_ACCOUNT = {
    "id": 1, "number": "00000001", "accountClass": "Invoice", "currency": "NZD", "balance": 12.34,
    "billingAddress": {"address1": "1 Example Street", "address4": "Auckland", "postcode": "1010", "country": "NZ"},
    "links": {"self": "http://billing.internal:43002/rest/v1/accounts/1"},
}  # fmt: skip
_BODY = orjson.dumps({"results": [_ACCOUNT] * 8})
_HEAD: dict[str, Any] = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(_BODY)).encode())],
}


async def app(scope: Any, _receive: Any, send: Any) -> None:
    """Answer."""
    if scope["type"] == "http":
        await send(_HEAD)
        await send({"type": "http.response.body", "body": _BODY})


if __name__ == "__main__":
    listen(app)
