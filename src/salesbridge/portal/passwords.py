"""Words of one's own that make a password easy to guess: names of the product and of what it connects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError

from salesbridge.portal.access import organisations_of
from salesbridge.portal.models import User

#: Names of the product and of what it connects.
PRODUCTS = ("salesbridge", "salesforce", "gentrack", "junifer", "velocity")
#: Letters that a word of an organisation's name has at least; shorter ones are in too many words.
_LEAST = 5


class NoWordsOfOnesOwn:
    """Refuses passwords with a name of the product in them, or of an organisation that the person belongs to.

    Somebody who is joining has no organisation yet: their ``User`` names it as ``joins``.
    """

    def validate(self, password: str, user: Any = None) -> None:
        """Look at a password.

        Raises:
            ValidationError: It has such a word in it, however it is written.
        """
        plain = _plain(password)
        found = next((word for word in (*PRODUCTS, *_of(user)) if word in plain), None)
        if found is not None:
            raise ValidationError(
                f"The password has “{found}” in it, which others would try first. Leave it out.", code="own_word"
            )

    def get_help_text(self) -> str:
        """What people read beforehand."""
        return "Your password must not have the name of your organisation or of the product in it."


def _of(user: Any) -> Iterator[str]:
    """Names of somebody's organisations, whole and word by word."""
    if not isinstance(user, User):
        return
    for name in [user.joins.name] if user.joins else [each.name for each in organisations_of(user)]:
        words = [_plain(word) for word in re.split(r"[\W_]+", name)]
        yield from (word for word in ("".join(words), *words) if len(word) >= _LEAST)


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
