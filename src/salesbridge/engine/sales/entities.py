"""The Salesforce objects of a sale; what is heard of them wakes the sale, and they are kept in step by nothing else."""

from __future__ import annotations

from typing import Final

QUOTE, QUOTE_LINE, ORDER, ORDER_LINE, OPPORTUNITY = "Quote", "QuoteLineItem", "Order", "OrderItem", "Opportunity"
#: Objects of sales.
SALES: Final = frozenset({QUOTE, QUOTE_LINE, ORDER, ORDER_LINE, OPPORTUNITY})
#: Lines and the field that names what they belong to.
LINES: Final = {ORDER_LINE: ("OrderId", ORDER), QUOTE_LINE: ("QuoteId", QUOTE)}

PLACED, STATUS, REASON = "Gentrack_Placed__c", "Gentrack_Order_Status__c", "Gentrack_Order_Reason__c"
POINT, START, END = "Gentrack_Service_Point__c", "Gentrack_Start_Date__c", "Gentrack_End_Date__c"
