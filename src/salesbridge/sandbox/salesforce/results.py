"""What a save answers, row by row, and the error that ends a whole request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = dict[str, Any]
"""A stored record: canonical field name to wire value; a null field is absent. Never change one in place."""


@dataclass(frozen=True, slots=True)
class SaveError:
    """Why one record was not saved: a status code, a sentence and the fields it is about."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    def collections_json(self) -> dict[str, Any]:
        """The error as collections and composite tree answers spell it (``statusCode``)."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}


@dataclass(frozen=True, slots=True)
class SaveResult:
    """The outcome for one record, in the order of the request."""

    id: str | None
    success: bool
    created: bool = False
    errors: tuple[SaveError, ...] = ()


class ApiError(Exception):
    """Ends a REST request with ``[{"message", "errorCode", "fields"?}]``.

    Args:
        status: HTTP status.
        code: The exception code, e.g. ``INVALID_FIELD``.
        message: The sentence.
        fields: Field names; when None the answer has no ``fields`` member.
        headers: Extra response headers.
        body: A JSON body to send instead of the error array (300 Multiple Choices needs one).
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        fields: tuple[str, ...] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields
        self.headers = dict(headers or {})
        self._body = body

    def body(self) -> object:
        """The JSON body of the answer."""
        if self._body is not None:
            return self._body
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            error["fields"] = list(self.fields)
        return [error]
