"""How Velocity is written: PATCH of the record by its number, with nested objects.

POST takes an Idempotency-Key and answers the record. All of it is assumed (see docs/billing-dialects.md).
"""

from __future__ import annotations

from typing import Final

from salesbridge.billing.paths import Native
from salesbridge.billing.write_table import ADDRESS, Call, WriteTable

_CUSTOMER: Final = (
    "customer_type", "title", "forename", "surname", "preferred_name", "job_title", "company_name", "birth_date",
    "email", "phone", "work_phone", "mobile", "fax", *ADDRESS, "primary_account_number",
)  # fmt: skip
_OF_ACCOUNT: Final = ("trading_name", "company_number", "account_class", *ADDRESS)
_OF_PRIMARY: Final = ("primary_customer_name", "primary_customer_phone", "primary_customer_fax")
_TERMS: Final = ("lines", "valid_until")
_MOVE: Final = ("status", "status_reason")
_RELATION: Final = ("roles", "active", "start_date", "end_date")
_ONE_RELATION: Final = Native("/AccountCustomers/{account_number}:{customer_number}")

WRITES: Final = WriteTable(
    changes={
        "customer": (Call("customer.write", "PATCH", Native("/Customers/{customer_number}"), _CUSTOMER),),
        "account": (
            Call("account.write", "PATCH", Native("/Accounts/{account_number}"), (*_OF_ACCOUNT, *_OF_PRIMARY)),
        ),
        "account_customer": (Call("account_customer.write", "PATCH", _ONE_RELATION, _RELATION),),
        "order": (
            Call("order.write", "PATCH", Native("/Orders/{order_number}"), _TERMS),
            Call(
                "order.write.status",
                "POST",
                Native("/Orders/{order_number}/Status"),
                _MOVE,
                renamed={"status_reason": "Reason"},
            ),
        ),
    },
    creations={
        "customer": Call("customer.create", "POST", Native("/Customers"), (*_CUSTOMER, "external_reference")),
        "account": Call(
            "account.create",
            "POST",
            Native("/Accounts"),
            ("primary_customer_number", "external_reference", *_OF_ACCOUNT),
        ),
        "account_customer": Call(
            "account_customer.create",
            "POST",
            Native("/AccountCustomers"),
            ("account_number", "customer_number", *_RELATION),
        ),
        "order": Call(
            "order.create",
            "POST",
            Native("/Orders"),
            ("account_number", "customer_number", "external_reference", *_TERMS),
        ),
    },
    deletions={"account_customer": Call("account_customer.delete", "DELETE", _ONE_RELATION)},
    finds={},
    references={"customer": Native("/Customers"), "account": Native("/Accounts"), "order": Native("/Orders")},
    repeatable=True,
)
