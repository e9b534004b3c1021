"""How Junifer is written: PUT of a record or of a sub-resource of it, found by its internal id.

PATCH is not used and POST knows no idempotency key. All of it is assumed (see docs/billing-dialects.md).
"""

from __future__ import annotations

from typing import Final

from salesbridge.billing.paths import Native
from salesbridge.billing.write_table import ADDRESS, Call, WriteTable

_CUSTOMER: Final = (
    "customer_type", "title", "forename", "surname", "preferred_name", "job_title", "company_name", "company_number",
    "birth_date", "email", "phone", "work_phone", "mobile", "fax", *ADDRESS, "primary_account_number",
)  # fmt: skip
_ACCOUNT: Final = ("trading_name", "company_number", "account_class", *ADDRESS)
_PRIMARY_CUSTOMER: Final = ("primary_customer_name", "primary_customer_phone", "primary_customer_fax")
_TERMS: Final = ("lines", "valid_until")
_MOVE: Final = ("status", "status_reason")
_RELATION: Final = ("roles", "active", "start_date", "end_date")

WRITES: Final = WriteTable(
    changes={
        "customer": (Call("customer.write", "PUT", Native("/customers/{internal_id}"), _CUSTOMER),),
        "account": (
            Call("account.write", "PUT", Native("/accounts/{internal_id}"), _ACCOUNT),
            Call(
                "account.write.primary_customer",
                "PUT",
                Native("/accounts/{internal_id}/primaryCustomer"),
                _PRIMARY_CUSTOMER,
                within="primaryCustomer",
            ),
        ),
        "account_customer": (
            Call("account_customer.write", "PUT", Native("/accountCustomers/{internal_id}"), _RELATION),
        ),
        "order": (
            Call("order.write", "PUT", Native("/orders/{internal_id}"), _TERMS),
            Call(
                "order.write.status",
                "PUT",
                Native("/orders/{internal_id}/status"),
                _MOVE,
                renamed={"status_reason": "reason"},
            ),
        ),
    },
    creations={
        "customer": Call("customer.create", "POST", Native("/customers"), (*_CUSTOMER, "external_reference")),
        "account": Call(
            "account.create",
            "POST",
            Native("/accounts"),
            ("primary_customer_number", "external_reference", *_ACCOUNT),
            renamed={"primary_customer_number": "customerNumber"},
        ),
        "account_customer": Call(
            "account_customer.create",
            "POST",
            Native("/accountCustomers"),
            ("account_number", "customer_number", *_RELATION),
        ),
        "order": Call(
            "order.create",
            "POST",
            Native("/orders"),
            ("account_number", "customer_number", "external_reference", *_TERMS),
        ),
    },
    deletions={
        "account_customer": Call("account_customer.delete", "DELETE", Native("/accountCustomers/{internal_id}")),
    },
    finds={
        "account_customer": Native("/accountCustomers"),
        "product": Native("/products"),
        "agreement": Native("/agreements"),
        "order": Native("/orders"),
    },
    references={"customer": Native("/customers"), "account": Native("/accounts"), "order": Native("/orders")},
    repeatable=False,
)
