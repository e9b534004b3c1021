"""The org as a whole, the billing system, and this machine's clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from salesbridge.model.check_codes import found
from salesbridge.model.check_facts import Allocation, OrgFacts, Pin
from salesbridge.model.check_fields import Describe
from salesbridge.model.check_finding import Finding
from salesbridge.model.columns import columns
from salesbridge.model.entity import Entity
from salesbridge.model.kinds import Number

#: Editions that have what the connector needs (Object Reference, Organization, OrganizationType).
_ENOUGH = frozenset({"Enterprise Edition", "Unlimited Edition", "Performance Edition", "Developer Edition"})
_TOO_SMALL = frozenset(
    {"Team Edition", "Professional Edition", "Personal Edition", "Contact Manager Edition", "Base Edition"}
)
#: Seconds of difference between clocks that are worth a warning, and that make signatures fail (RFC 7523 assertions
#: of three minutes, webhook signatures of five).
SKEW_WARNING_S, SKEW_ERROR_S = 60.0, 300.0
#: Allocation by Salesforce's name -> the beginning of its findings' codes, and what it is called.
_ALLOCATIONS = {
    "DailyApiRequests": ("api-calls", "API calls"),
    "HourlyPublishedPlatformEvents": ("events-published", "platform event publishes"),
    "DailyDeliveredPlatformEvents": ("events-delivered", "event deliveries"),
    "DataStorageMB": ("data-storage", "MB of data storage"),
}
_LOW = 0.1


def check_features(entities: list[Entity], describes: Mapping[str, Describe | None]) -> Iterator[Finding]:
    """Features that change what the connector may write; each is told once, at the first object that shows it."""
    shown = {entity.name: _names(describes.get(entity.name)) for entity in entities}
    for name, fields in shown.items():
        if "ispersonaccount" in fields and name == "Account":
            yield found("person-accounts-on", name, "IsPersonAccount", "person accounts are enabled")
    coded = (f"{name}.{fields[f]}" for name, fields in shown.items() for f in fields if f.endswith("statecode"))
    if (first := next(coded, "")) != "":
        entity, _, field = first.partition(".")
        yield found("state-country-picklists-on", entity, field, "state and country picklists are enabled")
    priced = (entity.name for entity in entities if any(isinstance(c.kind, Number) for c in columns(entity)))
    several = next((name for name in priced if "currencyisocode" in shown[name]), "")
    if several:
        yield found("multi-currency-on", several, "CurrencyIsoCode", "multiple currencies are enabled")


def _names(describe: Describe | None) -> dict[str, str]:
    return {field["name"].lower(): field["name"] for field in describe["fields"]} if describe else {}


def check_org(entities: list[Entity], facts: OrgFacts) -> Iterator[Finding]:
    """Which org it is, its edition and API versions, its rules, its allocations."""
    yield from check_pin(facts.pinned, facts.org)
    if facts.edition is not None and facts.edition not in _ENOUGH:
        code = "edition-too-small" if facts.edition in _TOO_SMALL else "edition-unknown"
        yield found(code, "", "", f"the org is of the {facts.edition or 'unknown edition'}")
    if facts.api_versions is not None and facts.api_version not in facts.api_versions:
        served = f"{facts.api_versions[0]} to {facts.api_versions[-1]}" if facts.api_versions else "none"
        message = f"the instance uses API version {facts.api_version}, the org serves {served}"
        yield found("api-version-not-offered", "", "", message)
    yield from _rules({entity.name for entity in entities}, facts)
    for name, allocation in (facts.limits or {}).items():
        if name in _ALLOCATIONS:
            yield from _allocation(*_ALLOCATIONS[name], allocation)


def check_pin(pinned: Pin | None, org: Pin | None) -> Iterator[Finding]:
    """Whether it is still the org that the instance was set up for."""
    if pinned is None or org is None:
        return
    if another_org(pinned, org):
        yield found("org-changed", "", "", f"this is another org: {described(org)}, not {described(pinned)}")
        return
    moved = [
        f"{was} is now {now}"
        for was, now in ((pinned.instance_name, org.instance_name), (pinned.host, org.host))
        if was and now and was != now
    ]
    if moved:
        yield found("org-moved", "", "", f"the org has moved: {', '.join(moved)}")


def another_org(pinned: Pin, org: Pin) -> bool:
    """Whether writes must stop: another organisation id, or a sandbox that is none any more or the reverse."""
    flipped = None not in {pinned.sandbox, org.sandbox} and pinned.sandbox is not org.sandbox
    return bool(pinned.org_id) and (pinned.org_id != org.org_id or flipped)


def described(pin: Pin) -> str:
    """An org in words."""
    kind = {True: "sandbox ", False: "production org ", None: ""}[pin.sandbox]
    on = f" on {pin.instance_name}" if pin.instance_name else ""
    return f"{kind}{pin.org_id}{on}"


def _rules(mapped: set[str], facts: OrgFacts) -> Iterator[Finding]:
    for rule in facts.validation_rules or ():
        if rule.entity in mapped:
            message = f'the validation rule says "{rule.error_message}"'
            yield found("validation-rule-active", rule.entity, rule.name, message)
    for duplicate in facts.duplicate_rules or ():
        if duplicate.entity in mapped:
            yield found("duplicate-rule-active", duplicate.entity, duplicate.name, "the duplicate rule is active")


def _allocation(code: str, noun: str, allocation: Allocation) -> Iterator[Finding]:
    if allocation.most <= 0:
        return
    if allocation.left <= 0:
        yield found(f"{code}-exhausted", "", "", f"none of {allocation.most} {noun} are left")
    elif allocation.left < _LOW * allocation.most:
        yield found(f"{code}-low", "", "", f"{allocation.left} of {allocation.most} {noun} are left")


def check_surroundings(entities: list[Entity], facts: OrgFacts) -> Iterator[Finding]:
    """The clock, the billing system, and what could not be asked."""
    skew = abs(facts.skew_s or 0.0)
    if skew > SKEW_WARNING_S:
        code = "clock-wrong" if skew > SKEW_ERROR_S else "clock-skewed"
        ahead = "ahead of" if (facts.skew_s or 0.0) > 0 else "behind"
        yield found(code, "", "", f"this machine's clock is {skew:.0f} s {ahead} Salesforce's")
    if facts.billing is not None and facts.billing.refusal:
        yield found("billing-version", "", "", f"{facts.billing.name} is not supported", mend=facts.billing.refusal)
    refused = facts.billing.unreadable if facts.billing is not None else {}
    for kind in dict.fromkeys(entity.record for entity in entities):
        if kind in refused:
            entity = next(entity.name for entity in entities if entity.record == kind)
            message = f"the billing system does not give {kind} records: {refused[kind]}"
            yield found("billing-unreadable", entity, "", message)
    for unread in facts.unread:
        message = f"{unread.what} could not be checked: {unread.why}"
        yield found("not-checked", "", unread.what, message, mend=unread.mend)
