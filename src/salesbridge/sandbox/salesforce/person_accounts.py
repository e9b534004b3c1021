"""Person accounts: the mark they leave on the schema once a real org's administrator had them switched on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .schema import Field

if TYPE_CHECKING:
    from .org import Org

_MARK = Field(
    "IsPersonAccount",
    "Is Person Account",
    "boolean",
    nillable=False,
    createable=False,
    updateable=False,
    defaulted_on_create=True,
    default=False,
    aggregatable=False,
)


def enable_person_accounts(org: Org) -> None:
    """Switch person accounts on, for good: ``IsPersonAccount`` shows on accounts and contacts.

    Saving person accounts is not modelled; every account stays a business account. Source: Object Reference, *Account*.
    """
    org.settings.person_accounts = True
    for name in ("Account", "Contact"):
        if org.schema.sobject(name) is not None:
            org.schema.add_field(name, _MARK)
