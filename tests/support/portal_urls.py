"""Every address of the portal, read from its URLconf."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import URLPattern, get_resolver, reverse

from salesbridge.portal.access import declared

#: Arguments of addresses that lead to nobody's rows: any value will do.
ANY = {"token": "no-token", "key": "no-key", "uidb36": "1", "provider_id": "oidc", "pk": 1}


@dataclass(frozen=True)
class Address:
    """One pattern of the URLconf.

    Attributes:
        name: Name of the URL.
        view: What answers.
        names: Arguments it takes.
    """

    name: str
    view: object
    names: frozenset

    @property
    def declared(self):
        """How its view was declared; None if it was not."""
        return declared(self.view)

    def at(self, subjects):
        """The path with the arguments filled in.

        Raises:
            KeyError: The subjects lack an argument: add it to ``World.subjects``.
        """
        return reverse(self.name, kwargs={name: {**ANY, **subjects}[name] for name in self.names})


def addresses():
    """All of them, in order."""
    return list(_walk(get_resolver().url_patterns, frozenset()))


def _walk(patterns, names):
    for each in patterns:
        here = names | set(each.pattern.converters) | set(each.pattern.regex.groupindex)
        if isinstance(each, URLPattern):
            yield Address(each.name, each.callback, here)
        else:
            yield from _walk(each.url_patterns, here)
