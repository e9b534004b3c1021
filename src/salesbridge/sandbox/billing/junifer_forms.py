"""What Junifer's requests may hold."""

from __future__ import annotations

from salesbridge.sandbox.billing import junifer_wire as wire
from salesbridge.sandbox.billing.contracts import ORDER_STATUSES
from salesbridge.sandbox.billing.limits import ACCOUNT_CLASSES, CUSTOMER_TYPES, read_only, reason, reference, texts
from salesbridge.sandbox.billing.members import Form, Member
from salesbridge.sandbox.billing.records import ROLES

ADDRESS = Form(texts(wire.ADDRESS))
_CUSTOMER_TEXTS = {
    name: ours
    for name, ours in wire.CUSTOMER.items()
    if ours not in {"id", "number", "type", "birth_date", "external_reference"}
}
_CUSTOMER = (
    *read_only("id", "number", "links", "lastModifiedDttm"),
    Member("customerType", "type", choices=CUSTOMER_TYPES, nullable=False),
    Member("dateOfBirth", "birth_date", "date"),
    *texts(_CUSTOMER_TEXTS),
    Member(
        "primaryContact",
        "",
        "object",
        nullable=False,
        inside=(
            *texts(wire.PRIMARY_CONTACT),
            Member("address", "address", "object", nullable=False, inside=ADDRESS.members),
        ),
    ),
    Member("primaryAccount", "", "object", inside=(Member("number", "primary_account_number"),)),
)
_REFERENCE = reference("externalReference")
CUSTOMER_CREATE = Form((*_CUSTOMER, _REFERENCE))
CUSTOMER_UPDATE = Form((*_CUSTOMER, *read_only("externalReference")))
_ACCOUNT_WRITABLE = (
    *texts({"tradingName": "trading_name", "companyNumber": "company_number"}),
    Member("accountClass", "account_class", choices=ACCOUNT_CLASSES, nullable=False),
    Member("billingAddress", "address", "object", nullable=False, inside=ADDRESS.members),
)
_ACCOUNT_SHOWN = read_only(
    *("id", "number", "currency", "creditHoldFl", "createdDttm", "closedDttm", "lastModifiedDttm", "links"),
    "primaryCustomer",
)
ACCOUNT_UPDATE = Form((*_ACCOUNT_SHOWN, *read_only("externalReference"), *_ACCOUNT_WRITABLE))
ACCOUNT_CREATE = Form(
    (
        *_ACCOUNT_SHOWN,
        *_ACCOUNT_WRITABLE,
        _REFERENCE,
        Member("customerNumber", "primary_customer_number", nullable=False),
    )
)
_PHONES = {"phoneNumber1": "phone", "faxNumber": "fax"}
PRIMARY_CONTACT = Form(texts(_PHONES))
PRIMARY_CUSTOMER = Form((*read_only("number"), Member("name", "name"), *texts(_PHONES)))
_LINK_WRITABLE = (
    Member("roles", "roles", "texts", choices=ROLES, nullable=False),
    Member("activeFl", "active", "flag", nullable=False),
    Member("fromDt", "from_date", "date"),
    Member("toDt", "to_date", "date"),
)
_LINK_SHOWN = ("id", "primaryFl", "lastModifiedDttm")
LINK_UPDATE = Form((*read_only(*_LINK_SHOWN, "accountNumber", "customerNumber"), *_LINK_WRITABLE))
LINK_CREATE = Form(
    (
        *read_only(*_LINK_SHOWN),
        Member("accountNumber", "account_number", nullable=False),
        Member("customerNumber", "customer_number", nullable=False),
        *_LINK_WRITABLE,
    )
)
_ORDER = (
    *read_only("id", "number", "statusReason", "lastModifiedDttm"),
    Member("validToDt", "valid_to", "date"),
    Member(
        "orderLines",
        "lines",
        "objects",
        inside=(
            Member("productCode", "product_code", nullable=False),
            Member("quantity", "quantity", "number", nullable=False),
            Member("meterPointIdentifier", "service_point"),
            Member("fromDt", "from_date", "date"),
            Member("toDt", "to_date", "date"),
            Member("unitPrice", "unit_price", "rate"),
        ),
    ),
)
_ORDER_STATE = Member("status", "status", choices=ORDER_STATUSES, nullable=False)
ORDER_CREATE = Form(
    (
        *_ORDER,
        _ORDER_STATE,
        _REFERENCE,
        Member("accountNumber", "account_number", nullable=False),
        Member("customerNumber", "customer_number"),
    )
)
ORDER_UPDATE = Form((*_ORDER, *read_only("status", "accountNumber", "customerNumber", "externalReference")))
ORDER_STATUS = Form((_ORDER_STATE, reason("reason")))
PUBLISHING = Form((Member("enabledFl", "enabled", "flag", nullable=False),))
