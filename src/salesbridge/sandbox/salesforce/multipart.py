"""Multipart request bodies, split into their named parts byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

from salesbridge.sandbox.salesforce.results import ApiError


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its name, content type, file name (if given) and bytes."""

    name: str
    content_type: str
    filename: str | None
    data: bytes


def parts(content_type: str, body: bytes) -> dict[str, Part]:
    """Split a multipart body.

    Args:
        content_type: The request's ``Content-Type``, with its ``boundary``.
        body: The whole body.

    Raises:
        ApiError: There is no boundary, or a part without a name, or the body is cut short.
    """
    boundary = _header(content_type).get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise _malformed("the Content-Type has no boundary")
    mark = b"--" + boundary.encode()
    newline = b"\r\n" if mark + b"\r\n" in body else b"\n"
    pieces = (newline + body).split(newline + mark)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):  # noqa: PLR2004 - preamble, a part, the end
        raise _malformed("the closing boundary is missing")
    found = [_part(piece.removeprefix(newline), newline) for piece in pieces[1:-1]]
    return {part.name: part for part in found}


def _part(piece: bytes, newline: bytes) -> Part:
    head, separator, data = piece.partition(newline * 2)
    headers = {}
    for line in head.decode("utf-8", "replace").splitlines():
        key, colon, value = line.partition(":")
        if colon:
            headers[key.strip().lower()] = value.strip()
    disposition = _header(headers.get("content-disposition", ""))
    name = disposition.get_param("name")
    filename = disposition.get_param("filename")
    if not separator or not isinstance(name, str):
        raise _malformed("a part has no name")
    kind = headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    return Part(name, kind, filename if isinstance(filename, str) else None, data)


def _header(value: str) -> Message:
    message = Message()
    message["Content-Type"] = value
    return message


def _malformed(reason: str) -> ApiError:
    return ApiError(400, "INVALID_MULTIPART_REQUEST", f"Multipart message not formatted correctly: {reason}")
