"""What an administrator switches in Setup and the simulator obeys."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class OrgSettings:
    """The switches of one org; all may be changed while it runs, but ``person_accounts``.

    That one is set by :func:`~salesbridge.sandbox.salesforce.person_accounts.enable_person_accounts`.

    ``session_timeout`` is in seconds of inactivity. ``login_host`` is the host name that plays
    ``login.salesforce.com``: client credentials are refused there, any other host is the org's My Domain.
    ``edition``, ``sandbox`` and ``instance_name`` are what a new org's Organization record says. ``validation_rules``
    (error message by ``Object.Rule``) and ``duplicate_rules`` (``Object.Rule``) are active rules that queries on setup
    show; saves do not run them.
    """

    person_accounts: bool = False
    contacts_to_multiple_accounts: bool = True
    keep_former_account_as_indirect: bool = True
    quotes_enabled: bool = True
    orders_enabled: bool = True
    order_requires_contract: bool = False
    password_flow_blocked: bool = False
    fls_enforced: bool = True
    session_timeout: float = 7200.0
    login_host: str | None = None
    organization_id: str = "00D8e000000SbxA"
    organization_name: str = "Sandbox Org"
    edition: str = "Enterprise Edition"
    sandbox: bool = True
    instance_name: str = "SBX1"
    validation_rules: dict[str, str] = field(default_factory=dict)
    duplicate_rules: list[str] = field(default_factory=list)
    language: str = "en_US"
    locale: str = "en_NZ"
    timezone: str = "Pacific/Auckland"

    def switched_off(self) -> set[str]:
        """The objects that are not there because their feature is off."""
        off: set[str] = set()
        if not self.contacts_to_multiple_accounts:
            off.add("AccountContactRelation")
        if not self.quotes_enabled:
            off |= {"Quote", "QuoteLineItem"}
        if not self.orders_enabled:
            off |= {"Order", "OrderItem"}
        return off
