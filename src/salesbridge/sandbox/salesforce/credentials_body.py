"""A request's JSON object, read property by property.

The codes and texts of refusals are partly assumed: see docs/sandbox/credentials.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from salesbridge.sandbox.salesforce.results import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable


def refuse(message: str) -> NoReturn:
    """End the request: a value is missing or isn't allowed.

    Raises:
        ApiError: 400 ``INVALID_API_INPUT``.
    """
    raise ApiError(400, "INVALID_API_INPUT", message)


class Body:
    """One JSON object of a request; what nobody reads from it is refused in the end.

    Args:
        value: What was sent in its place.
        name: What it is called in refusals.

    Raises:
        ApiError: It is no object.
    """

    def __init__(self, value: Any, name: str = "request body") -> None:
        if not isinstance(value, dict):
            raise ApiError(400, "JSON_PARSER_ERROR", f"The {name} must be a JSON object")
        self._left = dict(value)
        self.name = name

    def _take(self, name: str, kind: type, *, required: bool) -> Any:
        value = self._left.pop(name, None)
        if value is None:
            if required:
                refuse(f"Missing required property {name} in the {self.name}")
        elif type(value) is not kind:
            raise ApiError(400, "JSON_PARSER_ERROR", f"The property {name} in the {self.name} has a wrong type")
        return value

    def text(self, name: str, *, required: bool = False) -> str:
        """A text; an empty one when it is absent.

        Raises:
            ApiError: It isn't of that type, or required and absent, as for all other readers.
        """
        value = self._take(name, str, required=required)
        if required and not value:
            refuse(f"Missing required property {name} in the {self.name}")
        return value or ""

    def flag(self, name: str) -> bool:
        """A required boolean."""
        return bool(self._take(name, bool, required=True))

    def number(self, name: str, *, required: bool = True) -> int:
        """An integer; 0 when it is absent."""
        return int(self._take(name, int, required=required) or 0)

    def choice(self, name: str, allowed: Iterable[str], *, required: bool = True) -> str:
        """One of an enumeration's values, in exactly their case; an empty text when it is absent."""
        value = self.text(name, required=required)
        if value and value not in allowed:
            refuse(f"{value} is not a valid value of {name}")
        return value

    def bodies(self, name: str, what: str, *, required: bool = False) -> list[Body]:
        """A list of objects."""
        return [Body(each, what) for each in self._take(name, list, required=required) or []]

    def named(self, name: str, what: str) -> dict[str, Body]:
        """A required map from names to objects."""
        return {key: Body(each, what) for key, each in self._take(name, dict, required=True).items()}

    def body(self, name: str, what: str) -> Body:
        """A required object."""
        return Body(self._take(name, dict, required=True), what)

    def end(self) -> None:
        """Refuse the request if it has a property that the input does not have at this version."""
        if self._left:
            found = next(iter(self._left))
            raise ApiError(400, "JSON_PARSER_ERROR", f'Unrecognized field "{found}" in the {self.name}')
