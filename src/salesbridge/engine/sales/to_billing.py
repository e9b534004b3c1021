"""Steps of sales that write to billing. Nothing is made before it was looked for by what we call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from salesbridge.billing import BillingApi
from salesbridge.engine.live.seen import attributes_of, salesforce_seen
from salesbridge.engine.live.site import Site
from salesbridge.engine.sales.case import Case, Row
from salesbridge.engine.sales.lines import billing_attributes
from salesbridge.engine.sales.look import form_of
from salesbridge.sync.sale_seen import Line
from salesbridge.sync.sale_step import Step, StepKind

#: Class of the accounts whose customer is a person.
_RESIDENTIAL = "Residential"
_ADDRESS = "address_"
_OF_PERSON = frozenset({
    "title", "forename", "surname", "preferred_name", "job_title", "birth_date", "email", "phone", "work_phone",
    "mobile",
})  # fmt: skip
_OF_ACCOUNT = frozenset({"trading_name", "company_number", "account_class"})


def write_billing(site: Site, case: Case, step: Step) -> dict[str, Any]:
    """Carry out a step that writes to billing.

    Returns:
        What is worth keeping of it.

    Raises:
        BillingError: Billing refuses or does not answer.
        RecordRefusedError: A value cannot be carried over.
    """
    return _STEPS[step.kind](site, case, step)


def _make_customer(site: Site, case: Case, step: Step) -> dict[str, Any]:  # noqa: ARG001 - steps share one shape
    contact, account = _row(case.rows.contact), _row(case.rows.account)
    attributes = _taken(_attributes(site, "Contact", contact), _OF_PERSON)
    if account.get("Account_Class__c") == _RESIDENTIAL:
        attributes["customer_type"] = "Person"
    else:
        attributes |= {"customer_type": "Organisation", "company_name": account["Name"]}
    made = _created(site, "customer", str(contact["Id"]), attributes)
    return {"customer": made["customer_number"]}


def _make_account(site: Site, case: Case, step: Step) -> dict[str, Any]:  # noqa: ARG001 - as above
    account, contact = _row(case.rows.account), _row(case.rows.contact)
    attributes = _taken(_attributes(site, "Account", account), _OF_ACCOUNT)
    attributes["primary_customer_number"] = contact["Gentrack_External_Id__c"]
    made = _created(site, "account", str(account["Id"]), attributes)
    return {"account": made["account_number"]}


def _make_order(site: Site, case: Case, step: Step) -> dict[str, Any]:  # noqa: ARG001 - as above
    order, account = case.facts.order, _row(case.rows.account)
    lines = _lines(site, order.lines if order is not None else ())
    attributes: dict[str, Any] = {"account_number": account["Gentrack_External_Id__c"], "lines": lines}
    expires = case.rows.quote.get("ExpirationDate") if case.rows.quote is not None else None
    if expires:
        attributes["valid_until"] = expires
    made = _created(site, "order", case.sale.order_id, attributes)
    return {"order": made["order_number"]}


def _created(site: Site, kind: str, reference: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in attributes.items() if value not in (None, "")}
    key = f"{site.instance.pk}:{kind}:{reference}"
    return site.billing.create(kind, {**told, "external_reference": reference}, idempotency_key=key)


def _change_lines(site: Site, case: Case, step: Step) -> dict[str, Any]:  # noqa: ARG001 - as above
    lines = case.facts.order.lines if case.facts.order is not None else ()
    _write(site, case, {"lines": _lines(site, lines)})
    return {"lines": len(lines)}


def _lines(site: Site, lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Lines as billing takes them; where prices have a currency, it is that of the product."""
    told = billing_attributes(lines, form_of(site))
    if not isinstance(site.billing, BillingApi) or "order.line.currency" not in site.billing.paths:
        return told
    products = {line["product_code"]: None for line in told if line["product_code"]}
    currencies = {code: (site.billing.read("product", code) or {}).get("currency") for code in products}
    return [{**line, "currency": currencies.get(line["product_code"])} for line in told]


def _move(site: Site, case: Case, step: Step) -> dict[str, Any]:
    _write(site, case, {"status": str(step.to)})
    return {"to": str(step.to)}


def _cancel(site: Site, case: Case, step: Step) -> dict[str, Any]:
    gone = case.facts.order is not None and case.facts.order.deleted
    reason = "The order was deleted in Salesforce" if gone else "Cancelled in Salesforce"
    _write(site, case, {"status": str(step.to), "status_reason": reason})
    return {"to": str(step.to), "reason": reason}


def _write(site: Site, case: Case, attributes: Mapping[str, Any]) -> None:
    site.billing.write("order", case.number, attributes, known=case.billing)


def _attributes(site: Site, entity: str, row: Row) -> dict[str, Any]:
    seen = salesforce_seen(site.entities[entity], row)
    return attributes_of(site.transforms[entity], seen.cells)


def _taken(attributes: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name in names or name.startswith(_ADDRESS)}


def _row(row: Row | None) -> Row:
    return row if row is not None else {}


_STEPS: Mapping[StepKind, Callable[[Site, Case, Step], dict[str, Any]]] = {
    StepKind.MAKE_CUSTOMER: _make_customer,
    StepKind.MAKE_ACCOUNT: _make_account,
    StepKind.MAKE_ORDER: _make_order,
    StepKind.CHANGE_LINES: _change_lines,
    StepKind.MOVE_ORDER: _move,
    StepKind.CANCEL_ORDER: _cancel,
}
