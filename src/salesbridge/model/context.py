"""Context linking: the address of a record's page in the billing system, from a template of the tenant.

Neither product documents the addresses of its pages, so that nothing is filled until somebody has set a template.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from string import Formatter
from urllib.parse import quote, urlsplit

from salesbridge.model.entity import Entity, Table
from salesbridge.model.kinds.settings import OverrideError
from salesbridge.model.kinds.text import Text

#: The field that holds the address, and the attribute that stands for it: derived, never written back.
LINK_FIELD, LINK_ATTRIBUTE = "Gentrack_Link__c", "context_link"
#: The name of the template for every entity that has none of its own.
EVERY = "*"
#: What a template may hold, and what it stands for.
PLACEHOLDERS: Mapping[str, str] = {
    "key": "the external id, as billing's key of the record; its parts are joined by a colon",
    "number": "the first part of the key, such as the account number of an account contact relation",
    "base": "scheme and host of the tenant's billing API",
    "tenant": "name of the tenant",
    "entity": "Salesforce object, such as Account",
    "record": "kind of billing record, such as account",
}
#: Templates that are likely, by product; assumed, since neither product documents its pages.
ASSUMED: Mapping[str, Mapping[str, str]] = {
    "junifer": {
        "Account": "{base}/#/accounts/{key}",
        "Contact": "{base}/#/customers/{key}",
        "Asset": "{base}/#/meterpoints/{key}",
    },
    "velocity": {
        "Account": "{base}/velocity/account/{key}",
        "Contact": "{base}/velocity/customer/{key}",
        "Asset": "{base}/velocity/servicepoint/{key}",
    },
}
_LONGEST = 255
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where the records of one entity are in one tenant's billing system.

    Args:
        template: Template of the address.
        base: Scheme and host of the billing system.
        tenant: Name of the tenant.
        entity: Salesforce object.
        record: Kind of billing record.
    """

    template: str
    base: str
    tenant: str
    entity: str
    record: str

    def of(self, key: str) -> str:
        """The address of the record with this external id, each value percent-encoded.

        Where the address is longer than any link field, there is none: empty.
        """
        values = {
            "key": key, "number": key.split(":", 1)[0], "tenant": self.tenant, "entity": self.entity,
            "record": self.record,
        }  # fmt: skip
        encoded = {name: quote(value, safe="") for name, value in values.items()}
        address = self.template.format(base=self.base, **encoded)
        return address if len(address) <= _LONGEST else ""


@dataclass(frozen=True, slots=True)
class ContextLink(Text):
    """The kind of a link field that is filled by a template.

    Args:
        place: Where the records are.
    """

    place: Place | None = None


def base_of(url: str) -> str:
    """Scheme and host of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def checked(template: str) -> str:
    """A template that can be used.

    Raises:
        OverrideError: It cannot; says why.
    """
    template = template.strip()
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise OverrideError(
            f"The template cannot be read: {error}. Write a brace that is meant as such twice."
        ) from error
    names = [name for _, name, _, _ in parts if name is not None]
    unknown = [name for name in names if name not in PLACEHOLDERS]
    if unknown or any(spec or conversion for _, _, spec, conversion in parts):
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise OverrideError(f"{', '.join(unknown) or 'A format'} is no placeholder. There are: {known}.")
    if not {"key", "number"} & set(names):
        raise OverrideError("A template needs {key} or {number}: without it every record has the same address.")
    _check_address(template)
    return template


def _check_address(template: str) -> None:
    if any(sign.isspace() or not sign.isprintable() for sign in template):
        raise OverrideError("A template must not hold spaces or control characters.")
    tried = Place(template, "https://billing.example", "t", "e", "r").of("1")
    parts = urlsplit(tried)
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not (tried and parts.hostname) or not (parts.scheme == "https" or local):
        raise OverrideError("A template begins with https:// or {base}, and makes at most 255 characters.")
    host = template.partition("://")[2].partition("/")[0] if "://" in template else template.partition("/")[0]
    if "{" in host and not template.startswith("{base}/"):
        raise OverrideError("A placeholder must not stand in the host of a template; {base} stands at its beginning.")


def checked_templates(table: Table, templates: Mapping[str, str]) -> dict[str, str]:
    """Templates by entity that can be used.

    Raises:
        OverrideError: One of them cannot.
    """
    unknown = templates.keys() - table.by_name.keys() - {EVERY}
    if unknown:
        raise OverrideError(
            f"{', '.join(sorted(unknown))} is no object of the data model; {EVERY} stands for every one."
        )
    return {name: checked(template) for name, template in templates.items()}


def place(entity: Entity, templates: Mapping[str, str], base_url: str, tenant: str) -> Place | None:
    """Where the records of an entity are; None where no template says so."""
    template = templates.get(entity.name) or templates.get(EVERY)
    return Place(template, base_of(base_url), tenant, entity.name, entity.record) if template else None


def linked(table: Table, templates: Mapping[str, str], base_url: str, tenant: str) -> Table:
    """The data model with the link fields filled by the tenant's templates.

    Args:
        table: The tenant's data model.
        templates: Templates by entity, see :func:`checked_templates`.
        base_url: Address of its billing API.
        tenant: Name of the tenant.
    """
    if not templates:
        return table
    return replace(table, entities=tuple(_filled(e, place(e, templates, base_url, tenant)) for e in table.entities))


def _filled(entity: Entity, where: Place | None) -> Entity:
    if where is None or all(field.name != LINK_FIELD for field in entity.fields):
        return entity
    kind = ContextLink(_LONGEST, salesforce=("Url", "url"), place=where)
    fields = tuple(
        replace(field, kind=kind, billing=LINK_ATTRIBUTE) if field.name == LINK_FIELD else field
        for field in entity.fields
    )
    return replace(entity, fields=fields)
