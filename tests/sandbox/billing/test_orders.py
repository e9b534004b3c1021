"""Orders as whoever sells places and moves them: what is refused, with which code, in both dialects."""

import pytest

CODES = {
    "UnknownProduct": "UNKNOWN_PRODUCT",
    "InactiveProduct": "INACTIVE_PRODUCT",
    "WrongService": "WRONG_SERVICE",
    "InvalidMeterPoint": "INVALID_SERVICE_POINT",
    "MeterPointSupplied": "SERVICE_POINT_SUPPLIED",
    "SupplyOverlap": "SUPPLY_OVERLAP",
    "InvalidPeriod": "INVALID_PERIOD",
    "CreditHold": "CREDIT_HOLD",
    "InvalidStatus": "VALIDATION_FAILED",
    "Frozen": "VALIDATION_FAILED",
    "Required": "VALIDATION_FAILED",
}
ALL = ("draft", "ready", "accepted", "provisioning", "active", "completed", "cancelled")
BY_SELLER = {
    "draft": {"ready", "cancelled"},
    "ready": {"draft", "accepted", "cancelled"},
    "accepted": {"cancelled"},
    "provisioning": {"cancelled"},
    "active": set(),
    "completed": set(),
    "cancelled": set(),
}


def refused(shop, answer, code):
    """Whether an answer is a refusal with Junifer's code, or what Velocity has in its place."""
    return shop.codes(answer) == [code if shop.scheme == "MPAN" else CODES[code]]


def foreign(shop, status="Registered"):
    """A service point of another account, of the market's electricity scheme."""
    point = next(
        one
        for one in shop.billing.records("service_points")
        if one["account_number"] == shop.other and one["service_type"] == "Electricity"
    )
    shop.billing.update("service_points", point["id"], {"supply_status": status, "switch_status": "None"})
    return point["identifier"]


def wrong_check_digit(shop):
    return shop.unknown[:-1] + ("1" if shop.unknown[-1] == "0" else "0")


def of_another_market(shop):
    return "0009999999UN14F" if shop.scheme == "MPAN" else "1000000000778"


def unknown_product(shop):
    return shop.line(product_code="NONE")


def inactive_product(shop):
    product = shop.product()
    shop.billing.update("products", product["id"], {"active": False})
    return shop.line(product_code=product["code"])


def wrong_service_of_a_known_point(shop):
    shop_point = next(
        one
        for one in shop.billing.records("service_points")
        if one["account_number"] == shop.account and one["service_type"] == "Electricity"
    )
    return shop.line(shop_point["identifier"], product_code=shop.product("Gas")["code"])


def taken(shop):
    shop.placed(shop.line(shop.unknown, to_date="2027-06-30"))
    return shop.line(shop.unknown, from_date="2027-06-30")


LINES = [
    (unknown_product, "UnknownProduct"),
    (inactive_product, "InactiveProduct"),
    (wrong_service_of_a_known_point, "WrongService"),
    (lambda shop: shop.line(wrong_check_digit(shop)), "InvalidMeterPoint"),
    (lambda shop: shop.line(of_another_market(shop)), "InvalidMeterPoint"),
    (lambda shop: shop.line("rubbish"), "InvalidMeterPoint"),
    (lambda shop: shop.line(foreign(shop)), "MeterPointSupplied"),
    (lambda shop: shop.line(foreign(shop, "De-energised")), "MeterPointSupplied"),
    (taken, "SupplyOverlap"),
    (lambda shop: shop.line(to_date="2026-12-31"), "InvalidPeriod"),
    (lambda shop: shop.line(from_date=None, to_date="2001-01-01"), "InvalidPeriod"),
]


@pytest.mark.parametrize(("line", "code"), LINES)
def test_a_bad_line_is_refused_at_creation(shop, line, code):
    bad = line(shop)
    before = shop.billing.last_change
    assert refused(shop, shop.place(bad), code)
    assert shop.billing.last_change == before


@pytest.mark.parametrize(("line", "code"), LINES)
def test_a_bad_line_is_refused_when_the_lines_change(shop, line, code):
    number = shop.placed(shop.line())
    bad = line(shop)
    kept = shop.order(number)
    assert refused(shop, shop.change(number, shop.line(), bad), code)
    assert shop.order(number) == kept


def went_off_sale(shop, _):
    shop.billing.update("products", shop.product()["id"], {"active": False})


def was_supplied_meanwhile(shop, number):
    account = {"account_number": shop.other, "supply_status": "Registered", "service_type": "Electricity"}
    kind = {"identifier": shop.order(number)["lines"][0]["service_point"], "identifier_type": shop.scheme}
    shop.billing.create("service_points", {**account, **kind})


def was_agreed_meanwhile(shop, number):
    point = shop.order(number)["lines"][0]["service_point"]
    made = {"number": "AG1", "account_number": shop.account, "product_code": shop.product()["code"]}
    shop.billing.create("agreements", {**made, "from_date": "2026-01-01", "service_point": point})


@pytest.mark.parametrize("status", ["ready", "accepted"])
@pytest.mark.parametrize(
    ("meanwhile", "code"),
    [
        (went_off_sale, "InactiveProduct"),
        (was_supplied_meanwhile, "MeterPointSupplied"),
        (was_agreed_meanwhile, "SupplyOverlap"),
    ],
)
def test_the_lines_are_looked_at_again_when_the_order_becomes_ready_and_accepted(shop, status, meanwhile, code):
    number = shop.placed(shop.line(shop.unknown))
    if status == "accepted":
        assert shop.move(number, "ready").is_success
    before = shop.order(number)
    meanwhile(shop, number)
    assert refused(shop, shop.move(number, status), code)
    assert shop.order(number) == before
    assert shop.move(number, "cancelled").is_success


def test_credit_hold_matters_on_acceptance_only(shop):
    account = shop.billing.find("accounts", shop.account)
    shop.billing.update("accounts", account["id"], {"credit_hold": True})
    number = shop.placed(shop.line())
    assert shop.change(number, shop.line(), shop.line()).is_success
    assert shop.move(number, "ready").is_success
    assert refused(shop, shop.move(number, "accepted"), "CreditHold")
    shop.billing.update("accounts", account["id"], {"credit_hold": False})
    assert shop.move(number, "accepted").is_success


def test_lines_for_other_days_or_other_points_do_not_overlap(shop):
    shop.placed(shop.line(shop.unknown, from_date="2027-01-01", to_date="2027-06-30"))
    shop.placed(shop.line(shop.unknown, from_date="2027-07-01"))
    shop.placed(shop.line(shop.second, from_date="2027-01-01"))


def test_an_order_does_not_overlap_with_itself(shop):
    number = shop.placed(shop.line(shop.unknown))
    assert shop.change(number, shop.line(shop.unknown, from_date="2027-02-01")).is_success
    assert shop.move(number, "ready").is_success


def test_a_cancelled_order_frees_its_service_point(shop):
    number = shop.placed(shop.line(shop.unknown))
    assert shop.move(number, "cancelled").is_success
    shop.placed(shop.line(shop.unknown))


def test_a_service_point_that_is_not_known_may_be_ordered(shop):
    assert shop.point(shop.unknown) is None
    shop.placed(shop.line(shop.unknown))
    assert shop.point(shop.unknown) is None


def test_an_unknown_service_point_takes_only_what_its_scheme_is_for(junifer):
    account = junifer.billing.page("accounts", limit=1)[0]["number"]
    gas = next(one for one in junifer.billing.records("products") if one["active"] and one["service_type"] == "Gas")
    line = {"productCode": gas["code"], "meterPointIdentifier": "1000000000778"}
    answer = junifer.post("/orders", json={"accountNumber": account, "orderLines": [line]})
    assert "WrongService" in answer.text


def test_every_wrong_line_is_told_with_its_place(junifer):
    account = junifer.billing.page("accounts", limit=1)[0]["number"]
    lines = [{"productCode": "NONE"}, {"productCode": "NEITHER", "meterPointIdentifier": "1"}]
    details = junifer.post("/orders", json={"accountNumber": account, "orderLines": lines}).json()["validationErrors"]
    assert [one["errorDetail"]["errorDescription"].split(":")[0] for one in details] == [
        "orderLines[0].productCode",
        "orderLines[1].productCode",
        "orderLines[1].meterPointIdentifier",
    ]


def test_velocity_tells_the_first_refusal_as_its_code_and_all_fields(velocity):
    account = velocity.billing.page("accounts", limit=1)[0]["number"]
    lines = [{"ProductCode": "NONE"}, {"ProductCode": "NEITHER", "ServicePoint": "1"}]
    error = velocity.post("/Orders", json={"AccountNumber": account, "Lines": lines}).json()["Error"]
    assert error["Code"] == "UNKNOWN_PRODUCT"
    assert [field["Name"] for field in error["Fields"]] == [
        "Lines[0].ProductCode",
        "Lines[1].ProductCode",
        "Lines[1].ServicePoint",
    ]


WAYS = {
    "draft": (),
    "ready": ("ready",),
    "accepted": ("ready", "accepted"),
    "provisioning": ("ready", "accepted", "provision"),
    "active": ("ready", "accepted", "provision", "finish_switches", "activate"),
    "completed": ("ready", "accepted", "provision", "finish_switches", "activate", "complete"),
    "cancelled": ("cancelled",),
}


def brought_to(shop, status):
    """The number of an order in a state."""
    number = shop.placed(shop.line(shop.unknown))
    for step in WAYS[status]:
        if step in ALL:
            assert shop.move(number, step).is_success
        else:
            getattr(shop.steps, step)(number)
    assert shop.order(number)["status"] == status
    return number


@pytest.mark.parametrize("status", ALL)
def test_whoever_sells_moves_an_order_as_documented_and_no_other_way(shop, status):
    number = brought_to(shop, status)
    for wanted in set(ALL) - {status} - BY_SELLER[status]:
        assert refused(shop, shop.move(number, wanted), "InvalidStatus")
        assert shop.order(number)["status"] == status


@pytest.mark.parametrize(("status", "wanted"), [(old, new) for old, news in BY_SELLER.items() for new in sorted(news)])
def test_whoever_sells_may_move_an_order(shop, status, wanted):
    number = brought_to(shop, status)
    assert shop.move(number, wanted, "as the customer wishes").is_success
    assert shop.shown(number) == {"status": wanted, "reason": "as the customer wishes"}


@pytest.mark.parametrize("status", [one for one in ALL if one != "draft"])
def test_lines_are_frozen_in_every_state_but_draft(shop, status):
    number = brought_to(shop, status)
    before = shop.order(number)["lines"]
    assert refused(shop, shop.change(number, shop.line()), "Frozen")
    assert shop.order(number)["lines"] == before


def test_a_ready_order_is_changed_by_making_it_a_draft(shop):
    number = brought_to(shop, "ready")
    assert shop.move(number, "draft").is_success
    assert shop.change(number, shop.line(shop.second)).is_success
    assert [line["service_point"] for line in shop.order(number)["lines"]] == [shop.second]


def test_an_order_without_lines_is_refused(shop):
    assert refused(shop, shop.place(), "Required")
    assert refused(shop, shop.change(shop.placed(shop.line()), *()), "Required")


def test_the_reason_belongs_to_the_status(shop):
    number = shop.placed(shop.line())
    assert shop.shown(number)["reason"] is None
    shop.move(number, "ready", "offered")
    shop.move(number, "ready", "offered again")
    assert shop.shown(number) == {"status": "ready", "reason": "offered"}
    shop.move(number, "accepted")
    assert shop.shown(number) == {"status": "accepted", "reason": None}


def test_an_order_cannot_be_given_to_another_account_later(junifer, velocity):
    for shop, path, body in (
        (junifer, "/orders/700000001", {"accountNumber": "1"}),
        (velocity, f"/Orders/{velocity.billing.page('orders', limit=1)[0]['number']}", {"AccountNumber": "1"}),
    ):
        assert shop.request("PUT" if shop is junifer else "PATCH", path, json=body).status_code == 400


def test_a_reference_given_at_creation_finds_the_order(shop):
    number = shop.placed(shop.line(), reference="8015g00000AbCdE")
    assert shop.called("orders", "8015g00000AbCdE") == [number]
    assert shop.called("orders", "8015G00000ABCDE") == []
    assert shop.called("orders", "") == []


def test_references_are_at_most_80_characters(shop):
    assert shop.place(shop.line(), reference="x" * 80).is_success
    assert shop.place(shop.line(), reference="x" * 81).status_code == 400


def test_customers_and_accounts_are_found_by_the_reference_of_their_creation(junifer, velocity):
    customer = junifer.post("/customers", json={"surname": "New", "externalReference": "003a"}).json()["number"]
    account = {"customerNumber": customer, "accountClass": "Residential", "externalReference": "001a"}
    made = junifer.post("/accounts", json=account).json()["number"]
    for kind, reference, number in (("customers", "003a", customer), ("accounts", "001a", made)):
        [row] = junifer.get(f"/{kind}", params={"externalReference": reference}).json()["results"]
        assert (row["number"], row["externalReference"]) == (number, reference)
        shown = junifer.put(f"/{kind}/{row['id']}", json={"externalReference": "other"})
        assert shown.json()["validationErrors"][0]["errorDetail"]["errorCode"] == "ReadOnly"
    body = {"FamilyName": "New", "ExternalReference": "003a"}
    customer = velocity.post("/Customers", json=body).json()["CustomerNumber"]
    account = {"PrimaryCustomer": {"CustomerNumber": customer}, "AccountClass": "Residential"}
    velocity.post("/Accounts", json={**account, "ExternalReference": "001a"})
    for kind, reference in (("Customers", "003a"), ("Accounts", "001a")):
        [row] = velocity.get(f"/{kind}", params={"externalReference": reference}).json()["Items"]
        key = row["CustomerNumber" if kind == "Customers" else "AccountNumber"]
        assert velocity.patch(f"/{kind}/{key}", json={"ExternalReference": "x"}).status_code == 400
        assert velocity.get(f"/{kind}/{key}").json()["ExternalReference"] == reference


def test_credit_hold_is_shown_and_not_written(junifer, velocity):
    at = junifer.billing.page("accounts", limit=1)[0]["id"]
    assert junifer.get(f"/accounts/{at}").json()["creditHoldFl"] is False
    assert junifer.put(f"/accounts/{at}", json={"creditHoldFl": True}).status_code == 400
    number = velocity.billing.page("accounts", limit=1)[0]["number"]
    assert velocity.get(f"/Accounts/{number}").json()["IsOnCreditHold"] is False
    assert velocity.patch(f"/Accounts/{number}", json={"IsOnCreditHold": True}).status_code == 400
