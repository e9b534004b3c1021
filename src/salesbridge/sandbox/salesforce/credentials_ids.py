"""The ids of credentials and of their parts: what stays by name keeps its id."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from salesbridge.sandbox.salesforce.credentials_model import (
        ExternalCredential,
        Header,
        NamedCredential,
        Parameter,
        Principal,
    )

EXTERNAL_PREFIX, PARAMETER_PREFIX = "0pt", "0pu"
NAMED_PREFIX, ENDPOINT_PREFIX = "0XA", "0XC"


def identified_external(
    made: ExternalCredential, old: ExternalCredential | None, new_id: Callable[[str], str]
) -> ExternalCredential:
    """The credential with ids: those its parts had before, new ones for new parts."""
    known = old or replace(made, parameters=(), principals=(), headers=())
    return replace(
        made,
        id=known.id or new_id(EXTERNAL_PREFIX),
        parameters=_parameters(made.parameters, known.parameters, PARAMETER_PREFIX, new_id),
        headers=_headers(made.headers, known.headers, PARAMETER_PREFIX, new_id),
        principals=tuple(_principal(each, known.principal(each.name), new_id) for each in made.principals),
    )


def _principal(made: Principal, old: Principal | None, new_id: Callable[[str], str]) -> Principal:
    return replace(
        made,
        id=old.id if old else new_id(PARAMETER_PREFIX),
        parameters=_parameters(made.parameters, old.parameters if old else (), PARAMETER_PREFIX, new_id),
    )


def identified_named(
    made: NamedCredential, old: NamedCredential | None, new_id: Callable[[str], str]
) -> NamedCredential:
    """As :func:`identified_external`, for a named credential."""
    return replace(
        made,
        id=old.id if old else new_id(NAMED_PREFIX),
        parameters=_parameters(made.parameters, old.parameters if old else (), ENDPOINT_PREFIX, new_id),
        headers=_headers(made.headers, old.headers if old else (), ENDPOINT_PREFIX, new_id),
    )


def _parameters(
    made: tuple[Parameter, ...], old: tuple[Parameter, ...], prefix: str, new_id: Callable[[str], str]
) -> tuple[Parameter, ...]:
    known = {(each.type, each.name): each.id for each in old}
    return tuple(replace(each, id=known.get((each.type, each.name)) or new_id(prefix)) for each in made)


def _headers(
    made: tuple[Header, ...], old: tuple[Header, ...], prefix: str, new_id: Callable[[str], str]
) -> tuple[Header, ...]:
    known = {each.name: each.id for each in old}
    in_order = sorted(made, key=lambda each: each.sequence)
    return tuple(replace(each, id=known.get(each.name) or new_id(prefix)) for each in in_order)
