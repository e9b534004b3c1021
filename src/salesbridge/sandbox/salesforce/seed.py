"""The rows every org is born with: its organization, profile, standard price book and status tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .org import Org

_ORDER_STATUSES = (("Draft", "Draft", True), ("Activated", "Activated", False))
_CONTRACT_STATUSES = (
    ("Draft", "Draft", True),
    ("In Approval Process", "InApproval", False),
    ("Activated", "Activated", False),
)


def seed(org: Org) -> None:
    """Write the rows an org is born with, as far as its objects are there and they aren't written yet."""
    _once(org, "Organization", _organization(org))
    _once(org, "Profile", {"Name": "System Administrator"})
    _once(org, "Pricebook2", {"Name": "Standard Price Book", "IsStandard": True, "IsActive": True})
    for sobject, statuses in (("OrderStatus", _ORDER_STATUSES), ("ContractStatus", _CONTRACT_STATUSES)):
        if org.schema.sobject(sobject) is not None and not org.count(sobject):
            for order, (label, code, default) in enumerate(statuses, start=1):
                _add(org, sobject, _status(label, code, order, default=default))


def _once(org: Org, sobject: str, row: dict[str, Any]) -> None:
    if org.schema.sobject(sobject) is not None and not org.count(sobject):
        _add(org, sobject, row)


def _add(org: Org, name: str, row: dict[str, Any]) -> None:
    sobject = org.sobject(name)
    org.seed(name, {key: value for key, value in row.items() if key in sobject.fields})


def _status(label: str, code: str, order: int, *, default: bool) -> dict[str, Any]:
    return {"MasterLabel": label, "ApiName": label, "SortOrder": order, "IsDefault": default, "StatusCode": code}


def _organization(org: Org) -> dict[str, Any]:
    settings = org.settings
    return {
        "Id": org.id,
        "Name": settings.organization_name,
        "OrganizationType": settings.edition,
        "IsSandbox": settings.sandbox,
        "InstanceName": settings.instance_name,
        "LanguageLocaleKey": settings.language,
        "DefaultLocaleSidKey": settings.locale,
        "TimeZoneSidKey": settings.timezone,
        "PrimaryContact": "Ada Admin",
    }
