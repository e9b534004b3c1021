"""Every kind of finding: how grave it is, what causes it, where in Setup it is, what mends it.

The documentation page of the findings is compared with this table by a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from salesbridge.model.check_finding import Finding, Fix, Severity

_FIELD = "Setup > Object Manager > {label} > Fields & Relationships > {field}"
_OBJECT = "Setup > Object Manager > {label}"
_ACCESS = "Setup > Permission Sets > Gentrack Connector > Object Settings > {label}"
_COMPANY = "Setup > Company Information"
_LIMITS = "Setup > Company Information (API Requests, Last 24 Hours)"
_USAGE = "Setup > Platform Events > Event Usage"
_STORAGE = "Setup > Storage Usage"
_EVENT = "Setup > Platform Events > Gentrack Object Event"
_TRIGGERS = "Setup > Apex Triggers > {field}"
_CLASSES = "Setup > Apex Classes > {field}"
_SETS = "Setup > Users > (the connector's user) > Permission Set Assignments"
_USER = "Setup > Users > (the connector's user)"
_BILLING = "Outside Salesforce: the billing system"

_DEPLOY = "Deploy the package (salesbridge salesforce deploy)."
_DEPLOY_FIELD = "Deploy the package, which brings the field (salesbridge salesforce deploy)."
_ASSIGN = "Deploy the package and assign its permission set to the connector's user."


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding.

    Args:
        severity: How grave it is.
        cause: What is the case, in a few words.
        where: The place in Setup; ``{label}`` is the object's name there, ``{field}`` the field or component.
        mend: What to do.
    """

    severity: Severity
    cause: str
    where: str
    mend: str


KINDS: Mapping[str, Kind] = {
    # objects
    "object-missing": Kind(
        "error", "The connector's user does not see the object", _ACCESS,
        "Give the connector's user access to the object; deploy the package and assign its permission set.",
    ),
    "contacts-to-multiple-accounts-off": Kind(
        "error", "Contacts cannot be related to multiple accounts", "Setup > Account Settings",
        "Tick 'Allow users to relate a contact to multiple accounts'. Only a person can: no API switches it.",
    ),
    "quotes-off": Kind("error", "Quotes are not enabled", "Setup > Quote Settings", "Enable Quotes."),
    "orders-off": Kind("error", "Orders are not enabled", "Setup > Order Settings", "Tick Enable Orders."),
    "object-not-readable": Kind("error", "The connector's user cannot read the object", _ACCESS, _ASSIGN),
    "object-not-creatable": Kind("error", "The connector's user cannot create records", _ACCESS, _ASSIGN),
    "object-not-editable": Kind("error", "The connector's user cannot edit records", _ACCESS, _ASSIGN),
    # fields
    "field-missing": Kind("error", "The object has no such field, or hides it", _FIELD, _DEPLOY_FIELD),
    "field-hidden": Kind("error", "The field is there, and the connector's user cannot see it", _ACCESS, _ASSIGN),
    "field-not-creatable": Kind("error", "The connector's user cannot fill the field at first", _ACCESS, _ASSIGN),
    "field-not-editable": Kind("error", "The connector's user cannot change the field", _ACCESS, _ASSIGN),
    "field-computed": Kind(
        "error", "The field is computed (formula or roll-up), so that nobody can write it", _FIELD,
        "Rename or remove the field that is there, then deploy the package.",
    ),
    "field-type": Kind(
        "error", "The field is of another type", _FIELD,
        "Rename the field that is there, then deploy the package, which brings one of the right type.",
    ),
    "field-length": Kind(
        "warning", "The field holds fewer characters than billing has", _FIELD,
        "Longer values will be refused row by row: set the field's length.",
    ),
    "field-decimals": Kind(
        "warning", "The field keeps fewer decimals than billing has; Salesforce rounds", _FIELD,
        "Edit the field: set its decimal places.",
    ),
    "field-digits": Kind(
        "warning", "The field holds fewer digits than billing has", _FIELD,
        "Larger values will be refused row by row: edit the field and set its length.",
    ),
    "picklist-values-missing": Kind(
        "error", "A restricted picklist lacks values that billing has", _FIELD, "Add the values to the picklist.",
    ),
    "picklist-values-open": Kind(
        "warning", "An open picklist lacks values that billing has", _FIELD,
        "Add the values to the picklist, or people will see them as inactive ones.",
    ),
    "required-field": Kind(
        "error", "Salesforce requires a value that the connector does not fill", _FIELD,
        "Give the field a default value, or make it optional.",
    ),
    # the external id
    "external-id-unmarked": Kind(
        "error", "The external id is not marked as External ID", _FIELD, "Edit the field: tick External ID.",
    ),
    "external-id-not-unique": Kind(
        "error", "The external id is not unique, so that an upsert may find several records", _FIELD,
        "Edit the field: tick Unique. Mend duplicates first, or Salesforce refuses.",
    ),
    "external-id-ignores-case": Kind(
        "error", "The external id ignores case, which billing does not", _FIELD,
        "Edit the field: choose 'Treat \"ABC\" and \"abc\" as different values (case sensitive)'.",
    ),
    "external-id-length": Kind(
        "error", "The external id is too short for billing's keys", _FIELD, "Edit the field: set its length.",
    ),
    # features of the org
    "person-accounts-on": Kind(
        "warning", "Person accounts are enabled: such an account's name is written in parts, which is not kept in step",
        "Setup > Person Accounts", "Give accounts of the billing system a record type for business accounts.",
    ),
    "state-country-picklists-on": Kind(
        "warning", "State and country picklists are enabled: Salesforce refuses other states and countries",
        "Setup > State and Country/Territory Picklists",
        "Make sure that every state and country that billing holds is in the picklists, spelt alike.",
    ),
    "multi-currency-on": Kind(
        "warning", "Multiple currencies are enabled: amounts are taken in the connector's user's currency",
        "Setup > Company Information (Currency Setup)", "Set the currency of the connector's user to billing's.",
    ),
    "edition-too-small": Kind(
        "error", "The org's edition is below Enterprise", _COMPANY,
        "Connect an org of the Enterprise, Performance, Unlimited or Developer Edition.",
    ),
    "edition-unknown": Kind(
        "note", "The org's edition is not one that is known to work", _COMPANY,
        "Make sure that the edition has the API, Bulk API 2.0 and platform events.",
    ),
    "api-version-not-offered": Kind(
        "error", "The org does not serve the API version that the instance is set to",
        "Outside Salesforce: the connector instance", "Set up the instance with an API version that the org serves.",
    ),
    "validation-rule-active": Kind(
        "warning", "An active validation rule may refuse what the connector writes",
        "Setup > Object Manager > {label} > Validation Rules > {field}",
        "Add a condition that lets the connector's user pass, or make sure that billing's values fulfil it.",
    ),
    "duplicate-rule-active": Kind(
        "warning", "An active duplicate rule may refuse what the connector writes", "Setup > Duplicate Rules > {field}",
        "Set it to Allow for the API, or add a condition that leaves the connector's user out.",
    ),
    # allocations
    "api-calls-low": Kind(
        "warning", "Less than a tenth of the day's API calls is left", _LIMITS,
        "Wait until the allowance has recovered (24 hours rolling), or find out who uses it up.",
    ),
    "api-calls-exhausted": Kind(
        "error", "No API calls are left today", _LIMITS,
        "Wait until the allowance has recovered (24 hours rolling), or ask Salesforce for more.",
    ),
    "events-published-low": Kind(
        "warning", "Less than a tenth of the hour's platform event publishes is left", _USAGE,
        "Find out what publishes so many events; those beyond the allocation are lost.",
    ),
    "events-published-exhausted": Kind(
        "error", "No platform event publishes are left this hour", _USAGE,
        "Wait for the next hour, or ask Salesforce for more.",
    ),
    "events-delivered-low": Kind(
        "warning", "Less than a tenth of the day's event deliveries is left", _USAGE,
        "Find other subscribers of the org's events: each of them uses the same allocation.",
    ),
    "events-delivered-exhausted": Kind(
        "error", "No event deliveries are left today", _USAGE,
        "Wait until the allocation has recovered (24 hours rolling), or ask Salesforce for more.",
    ),
    "data-storage-low": Kind(
        "warning", "Less than a tenth of the org's data storage is left", _STORAGE,
        "Free storage before a load, or ask Salesforce for more.",
    ),
    "data-storage-exhausted": Kind(
        "error", "The org's data storage is full", _STORAGE, "Free storage, or ask Salesforce for more.",
    ),
    # the user
    "permission-missing": Kind("error", "The connector's user lacks a permission", _SETS, _ASSIGN),
    "user-too-powerful": Kind(
        "note", "The connector's user holds a permission that the connector does not need", _USER,
        "Give the connector a service account with the package's permission set and nothing more.",
    ),
    "permission-set-missing": Kind(
        "error", "The package's permission set is not in the org", "Setup > Permission Sets", _ASSIGN,
    ),
    "permission-set-not-assigned": Kind(
        "error", "The package's permission set is not assigned to the connector's user", _SETS, _ASSIGN,
    ),
    "bypass-assigned": Kind(
        "warning", "The connector's user bypasses the triggers, so that what its writes cause is not heard", _SETS,
        "Take the permission set Gentrack Bypass away once the load is done.",
    ),
    # the event
    "event-missing": Kind("error", "The platform event is not there, or hidden", "Setup > Platform Events", _DEPLOY),
    "event-hidden": Kind("error", "The platform event is hidden from the connector's user", _ACCESS, _ASSIGN),
    "event-field-missing": Kind("error", "The platform event lacks a field", f"{_EVENT} > {{field}}", _DEPLOY),
    "event-field-type": Kind(
        "error", "A field of the platform event is of another type", f"{_EVENT} > {{field}}",
        "Delete the field, then deploy the package.",
    ),
    "event-field-length": Kind(
        "error", "A field of the platform event is too short for what is published", f"{_EVENT} > {{field}}", _DEPLOY,
    ),
    "event-field-required": Kind(
        "error", "The platform event requires a field that the package does not fill", f"{_EVENT} > {{field}}",
        "Make the field optional: publishing fails without it.",
    ),
    "event-publish-behaviour": Kind(
        "warning", "The platform event is not published immediately", _EVENT,
        "Edit the event: set Publish Behavior to Publish Immediately.",
    ),
    # the event by which billing's events appear in Salesforce
    "surfaced-event-missing": Kind(
        "warning", "The platform event of billing's events is not there, or hidden", "Setup > Platform Events", _DEPLOY,
    ),
    "surfaced-event-hidden": Kind(
        "warning", "The platform event of billing's events is hidden from the connector's user", _ACCESS, _ASSIGN,
    ),
    "surfaced-event-field": Kind(
        "warning", "The platform event of billing's events lacks a field, or has one of another type or too short",
        "Setup > Platform Events > {label} > {field}",
        "Deploy the package (salesbridge salesforce deploy); a field of another type must be deleted before.",
    ),
    # other parts of the package
    "package-part-missing": Kind("error", "Another part of the package is absent", "Setup > {label}", _DEPLOY),
    # Apex
    "trigger-missing": Kind("error", "The object's trigger of the package is absent", _TRIGGERS, _DEPLOY),
    "trigger-inactive": Kind("error", "The object's trigger of the package is not active", _TRIGGERS, _DEPLOY),
    "trigger-outdated": Kind("warning", "The trigger is not that of this version of the package", _TRIGGERS, _DEPLOY),
    "apex-missing": Kind("error", "An Apex class of the package is absent", _CLASSES, _DEPLOY),
    "apex-invalid": Kind(
        "error", "Apex of the package does not compile in this org any more", _CLASSES,
        "Compile all classes (Setup > Apex Classes) to see why, mend it, then deploy the package.",
    ),
    "apex-outdated": Kind("warning", "An Apex class is not that of this version of the package", _CLASSES, _DEPLOY),
    # this machine and billing
    "clock-skewed": Kind(
        "warning", "This machine's clock differs from Salesforce's by more than a minute",
        "Outside Salesforce: this machine", "Let the machine's clock follow a time server (NTP).",
    ),
    "clock-wrong": Kind(
        "error", "This machine's clock differs from Salesforce's by more than five minutes: signatures are refused",
        "Outside Salesforce: this machine", "Let the machine's clock follow a time server (NTP).",
    ),
    "billing-version": Kind("error", "The billing system's version is not supported", _BILLING, "Upgrade it."),
    "billing-unreadable": Kind(
        "error", "The connector's API user cannot read a kind of records", _BILLING,
        "Give the API user of the connector read access to these records.",
    ),
    # which org it is
    "org-changed": Kind(
        "error", "The credentials lead to another org than the one that the instance was set up for", _COMPANY,
        "If that is meant, accept it: salesbridge instance confirm-org. Else correct the credentials.",
    ),
    "org-moved": Kind(
        "note", "The org has moved to another Salesforce instance, or its My Domain has changed", _COMPANY,
        "Nothing, if that was planned. Positions in the event stream may be lost: a reconciliation compares all.",
    ),
    # what nobody knows
    "not-checked": Kind(
        "note", "Something could not be checked", _USER,
        "Give the connector's user View Setup and Configuration, or check it by hand.",
    ),
}  # fmt: skip

#: Names of objects in Setup's Object Manager where they are not the API name.
LABELS: Mapping[str, str] = {
    "AccountContactRelation": "Account Contact Relationship",
    "Gentrack_Event__e": "Gentrack Event",
    "Gentrack_Object_Event__e": "Gentrack Object Event",
    "OrderItem": "Order Product",
    "PricebookEntry": "Price Book Entry",
    "Product2": "Product",
    "QuoteLineItem": "Quote Line Item",
}


def found(
    code: str, entity: str, field: str, message: str, *, mend: str = "", fix: Fix | None = None, where: str = ""
) -> Finding:
    """A finding of a kind.

    Args:
        code: Of the table.
        entity: Salesforce object, or empty for the org.
        field: Field or component, or empty.
        message: What is wrong.
        mend: What to do, where the kind's own words do not say it.
        fix: What mends it without a person.
        where: The place, where it is not the kind's.
    """
    kind = KINDS[code]
    place = where or kind.where.format(label=LABELS.get(entity, entity), field=field)
    return Finding(kind.severity, entity, field, message, mend or kind.mend, code, place, fix)
