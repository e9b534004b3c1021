"""Which object has rules of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .credentials_rules import AccessRules
from .permission_rules import AssignmentRules
from .rules_account_contact import RELATION, ContactRules, RelationRules
from .rules_opportunity import OpportunityLineRules, OpportunityRules
from .rules_order import ContractRules, OrderItemRules, OrderRules
from .rules_products import PricebookEntryRules, PricebookRules, ProductRules
from .rules_quote import QuoteLineRules, QuoteRules

if TYPE_CHECKING:
    from .rules import Rules

RULES: dict[str, Rules] = {
    RELATION: RelationRules(),
    "Contact": ContactRules(),
    "Contract": ContractRules(),
    "Opportunity": OpportunityRules(),
    "OpportunityLineItem": OpportunityLineRules(),
    "Order": OrderRules(),
    "OrderItem": OrderItemRules(),
    "PermissionSetAssignment": AssignmentRules(),
    "Pricebook2": PricebookRules(),
    "PricebookEntry": PricebookEntryRules(),
    "Product2": ProductRules(),
    "Quote": QuoteRules(),
    "QuoteLineItem": QuoteLineRules(),
    "SetupEntityAccess": AccessRules(),
}
