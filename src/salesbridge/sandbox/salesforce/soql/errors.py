"""Query errors as a real org words them: the statement, a caret, the row and column, the sentence."""

from __future__ import annotations

import re

from salesbridge.sandbox.salesforce.results import ApiError

MALFORMED_QUERY = "MALFORMED_QUERY"
INVALID_FIELD = "INVALID_FIELD"
INVALID_TYPE = "INVALID_TYPE"
INVALID_FILTER = "INVALID_QUERY_FILTER_OPERATOR"
OUTSIDE_RANGE = "NUMBER_OUTSIDE_VALID_RANGE"

_WINDOW = 30
_WORD = re.compile(r"[^\s,]")
_SEE_DESCRIBE = "Please reference your WSDL or the describe call for the appropriate names."


class SoqlError(Exception):
    """A query cannot be parsed or does not fit the schema.

    Args:
        code: The exception code, e.g. ``MALFORMED_QUERY``.
        reason: The sentence without the excerpt.
        pos: Offset of the guilty token in the statement; None when the org names no place.
    """

    def __init__(self, code: str, reason: str, pos: int | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.pos = pos

    def answer(self, soql: str) -> ApiError:
        """The error as the REST API sends it: HTTP 400 with the excerpt of ``soql`` that holds the token."""
        message = self.reason if self.pos is None else f"\n{excerpt(soql, self.pos)}\n{self.reason}"
        return ApiError(400, self.code, message)


def excerpt(soql: str, pos: int) -> str:
    """The line of the error, cut to whole words around it, a caret below, and its 1-based place.

    Recorded errors show about 30 characters on either side of the token, widened to whole words.
    """
    start = soql.rfind("\n", 0, pos) + 1
    end = soql.find("\n", pos)
    line = soql[start : len(soql) if end < 0 else end]
    column = pos - start
    first = _word_start(line, max(0, column - _WINDOW))
    last = _word_end(line, min(len(line), column + _WINDOW))
    row = soql.count("\n", 0, pos) + 1
    return f"{line[first:last]}\n{' ' * (column - first)}^\nERROR at Row:{row}:Column:{column + 1}"


def _word_start(line: str, index: int) -> int:
    while index > 0 and _WORD.match(line, index - 1):
        index -= 1
    return index


def _word_end(line: str, index: int) -> int:
    while index < len(line) and _WORD.match(line, index):
        index += 1
    return index


def unexpected(token: str, pos: int) -> SoqlError:
    """The parser did not expect this token here."""
    return SoqlError(MALFORMED_QUERY, f"unexpected token: '{token}'", pos)


def malformed(reason: str, pos: int | None = None) -> SoqlError:
    """The statement breaks a rule of the language."""
    return SoqlError(MALFORMED_QUERY, reason, pos)


def too_complicated() -> SoqlError:
    """Conditions or subqueries nest too deep (SOQL SELECT Syntax, *Statement Character Limit*)."""
    reason = "Query is either selecting too many fields or the filter conditions are too complicated."
    return SoqlError("QUERY_TOO_COMPLICATED", reason)


def unknown_sobject(name: str, pos: int) -> SoqlError:
    """No such object, or the caller may not see it."""
    return SoqlError(
        INVALID_TYPE,
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append "
        f"the '__c' after the entity name. {_SEE_DESCRIBE}",
        pos,
    )


def unknown_field(name: str, sobject: str, pos: int) -> SoqlError:
    """No such field, or the caller may not see it."""
    return SoqlError(
        INVALID_FIELD,
        f"No such column '{name}' on entity '{sobject}'. If you are attempting to use a custom field, be sure to "
        f"append the '__c' after the custom field name. {_SEE_DESCRIBE}",
        pos,
    )


def unknown_parent(name: str, pos: int) -> SoqlError:
    """No child-to-parent relationship has that name."""
    return SoqlError(
        INVALID_FIELD,
        f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
        f"relationship, be sure to append the '__r' after the custom relationship name. {_SEE_DESCRIBE}",
        pos,
    )


def unknown_children(name: str, pos: int) -> SoqlError:
    """No parent-to-child relationship has that name."""
    return SoqlError(
        INVALID_TYPE,
        f"Didn't understand relationship '{name}' in FROM part of query call. If you are attempting to use a custom "
        f"relationship, be sure to append the '__r' after the custom relationship name. {_SEE_DESCRIBE}",
        pos,
    )


def wrong_literal(field: str, expected: str, pos: int) -> SoqlError:
    """The value's kind does not fit the field's type; ``expected`` is the type as the org spells it."""
    quotes = "should be enclosed" if expected == "string" else "should not be enclosed"
    return SoqlError(
        INVALID_FIELD,
        f"value of filter criterion for field '{field}' must be of type {expected} and {quotes} in quotes",
        pos,
    )
