"""What makes a credential unfit to be saved, whichever way it comes."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from salesbridge.sandbox.salesforce.credentials_model import (
    AUTH_PARAMETER,
    NAMED_PRINCIPAL,
    REFRESH_STATUS,
    TOKEN_URL,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from salesbridge.sandbox.salesforce.credentials_model import (
        ExternalCredential,
        NamedCredential,
        Parameter,
        Principal,
    )

NAME_LIMIT = 80
_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*\Z")
_REFRESHING = frozenset({*range(400, 500), *range(600, 1000)})


class UnfitError(ValueError):
    """A credential that can't be saved; the text says why."""


def check_name(name: str) -> None:
    """Refuse what is no developer name (Object Reference, *NamedCredential*, DeveloperName).

    Raises:
        UnfitError: It is none.
    """
    if not _NAME.match(name) or len(name) > NAME_LIMIT:
        raise UnfitError(
            "The Name can only contain underscores and alphanumeric characters. It must be unique, begin with a "
            "letter, not include spaces, not end with an underscore, and not contain two consecutive underscores."
        )


def check_url(url: str) -> None:
    """Refuse what can't be called: anything but https, or http to this machine.

    Plain http to other machines is refused so that no secret of a test leaves the machine in the clear.

    Raises:
        UnfitError: It can't.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.scheme not in {"http", "https"} or parts.query or parts.fragment or parts.username:
        raise UnfitError(f"Enter a valid URL, without user, query or fragment: {url}")
    if parts.scheme == "http" and not _is_loopback(host):
        raise UnfitError(f"This org calls http URLs on this machine only; use https: {url}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_external(made: ExternalCredential) -> None:
    """Refuse an external credential that lacks what the flow needs, or has what it can't have.

    Raises:
        UnfitError: It can't be saved.
    """
    check_name(made.name)
    urls = [each.value for each in made.parameters if each.type == TOKEN_URL]
    if len(urls) != 1:
        raise UnfitError(f"An OAuth external credential of the variant {made.variant} needs one {TOKEN_URL}")
    check_url(urls[0])
    _check_unique("principal", (each.name for each in made.principals))
    _check_unique("sequence number", (str(each.sequence) for each in made.principals))
    _check_unique("parameter", (f"{each.type} {each.name}" for each in made.parameters))
    for each in made.parameters:
        _check_parameter(each)
    for principal in made.principals:
        _check_principal(principal)


def check_named(made: NamedCredential) -> None:
    """Refuse a named credential whose name or URL can't be.

    Raises:
        UnfitError: It can't be saved.
    """
    check_name(made.name)
    check_url(made.url)


def _check_unique(what: str, found: Iterable[str]) -> None:
    seen: set[str] = set()
    for each in found:
        if each in seen:
            raise UnfitError(f"Duplicate {what}: {each}")
        seen.add(each)


def _check_parameter(found: Parameter) -> None:
    if found.type == AUTH_PARAMETER and found.name != "Scope":
        raise UnfitError(f"The only {AUTH_PARAMETER} of OAuth is Scope, not {found.name}")
    if found.type == REFRESH_STATUS and not (found.value.isdigit() and int(found.value) in _REFRESHING):
        raise UnfitError(f"{REFRESH_STATUS} takes a status of 4xx, 6xx, 7xx, 8xx or 9xx, not {found.value}")
    if found.type not in {TOKEN_URL, AUTH_PARAMETER, REFRESH_STATUS}:
        raise UnfitError(f"A parameter of type {found.type} is not allowed for this authentication protocol variant")


def _check_principal(found: Principal) -> None:
    if not found.name:
        raise UnfitError("A principal needs a name")
    if found.type != NAMED_PRINCIPAL:
        raise UnfitError(f"The client credentials flow takes principals of type {NAMED_PRINCIPAL}, not {found.type}")
    for each in found.parameters:
        if each.type != AUTH_PARAMETER:
            raise UnfitError(f"A principal's parameter has type {AUTH_PARAMETER}, not {each.type}")
        _check_parameter(each)
