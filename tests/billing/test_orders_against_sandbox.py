"""Orders read and written against the simulated billing system, over loopback HTTP, in both dialects."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from salesbridge.billing import BillingError, connect
from salesbridge.billing.order_refusals import REFUSALS, order_refusal
from salesbridge.sandbox.billing import Billing, Seed, Settings, start_in_thread

SEED = Seed(accounts=10, awkward=0.0)


@pytest.fixture(params=["junifer", "velocity"])
def running(request):
    with start_in_thread(Billing(SEED), Settings(product=request.param)) as running:
        yield running


@pytest.fixture
def billing(running):
    product = running.service.settings.product
    key = SecretStr("sandbox-key")
    with connect(product, running.url, username="sandbox", api_key=key, allow_loopback=True) as billing:
        yield billing


@pytest.fixture
def line(billing):
    product = next(one for page in billing.pages("product") for one in page.records if one["active"])
    priced = {name: product[name] for name in ("unit_price", "currency") if name in product}
    if not isinstance(priced["unit_price"], str):  # Junifer's lines have a price and no currency
        priced.pop("currency", None)
    return {"product_code": product["product_code"], "quantity": 1, "start_date": "2026-12-01", **priced}


@pytest.fixture
def account(billing):
    return next(billing.pages("account")).records[0]["account_number"]


def made(billing, account, line, reference="801000000000001AAA"):
    told = {"account_number": account, "lines": [line], "external_reference": reference}
    return billing.create("order", told, idempotency_key=reference)


def test_an_order_is_found_by_what_its_creator_called_it(billing, account, line):
    assert billing.referenced("order", "801000000000001AAA") is None
    order = made(billing, account, line)
    assert billing.referenced("order", "801000000000001AAA") == billing.read("order", order["order_number"])
    assert order["lines"][0]["product_code"] == line["product_code"]


@pytest.mark.parametrize("kind", ["customer", "account"])
def test_so_are_customers_and_accounts(billing, account, kind):
    reference = "001000000000001AAA"
    given = {
        "customer": {"customer_type": "Person", "surname": "New"},
        "account": {
            "account_class": "Residential",
            "primary_customer_number": billing.read("account", account)["primary_customer_number"],
        },
    }
    billing.create(kind, {**given[kind], "external_reference": reference}, idempotency_key=reference)
    assert billing.referenced(kind, reference)["external_reference"] == reference


def test_lines_change_in_a_draft_and_a_move_tells_its_reason(billing, account, line):
    number = made(billing, account, line)["order_number"]
    billing.write("order", number, {"lines": [line, {**line, "quantity": 3}]})
    assert [one["quantity"] for one in billing.read("order", number)["lines"]] == [1, 3]
    billing.write("order", number, {"status": "ready"})
    with pytest.raises(BillingError) as caught:
        billing.write("order", number, {"lines": [line]})
    assert caught.value.kind == "permanent"
    billing.write("order", number, {"status": "cancelled", "status_reason": "Changed their mind"})
    order = billing.read("order", number)
    assert (order["status"], order["status_reason"]) == ("cancelled", "Changed their mind")


def test_refusals_have_one_code_in_both_dialects_and_words_of_those_who_sell(billing, running, account, line):
    refused = {
        "UNKNOWN_PRODUCT": {**line, "product_code": "NOSUCH"},
        "INVALID_SERVICE_POINT": {**line, "service_point": "1234567890128"},
        "INVALID_PERIOD": {**line, "end_date": "2026-11-01"},
    }
    for code, wrong in refused.items():
        with pytest.raises(BillingError) as caught:
            made(billing, account, wrong, reference=code)
        assert order_refusal(caught.value) == (code, *REFUSALS[code])
    number = made(billing, account, line)["order_number"]
    held = running.billing.find("accounts", account)
    running.billing.update("accounts", held["id"], {"credit_hold": True}, source="person")
    billing.write("order", number, {"status": "ready"})
    with pytest.raises(BillingError) as caught:
        billing.write("order", number, {"status": "accepted"})
    assert order_refusal(caught.value).code == "CREDIT_HOLD"


def test_a_refusal_that_is_not_known_keeps_billing_s_words():
    error = BillingError("The moon is full.", kind="permanent", code="MOON", mend="Wait.")
    assert order_refusal(error) == ("MOON", "Billing refuses it: The moon is full.", "Wait.")
