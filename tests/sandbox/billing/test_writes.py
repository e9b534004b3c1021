"""The writes that ongoing synchronisation makes: partial, strict, and the same when they are repeated."""

import pytest

CUSTOMER, ACCOUNT = "/customers/100000002", "/accounts/200000002"
LINK = "/accountCustomers/300000002"
JUNIFER = {
    CUSTOMER: {
        "title": "Dr",
        "forename": "Ann",
        "surname": "Lee",
        "preferredName": "Annie",
        "jobTitle": "Engineer",
        "dateOfBirth": "1980-02-29",
        "primaryContact": {"email": "a@example.org", "phoneNumber1": "1", "phoneNumber2": "2", "phoneNumber3": "3"},
        "primaryAccount": None,
    },
    ACCOUNT: {
        "tradingName": "Lee & Co",
        "companyNumber": "123",
        "accountClass": "Commercial",
        "billingAddress": {"address1": "1 High Street", "address4": "Leeds", "postcode": "LS1 1AA", "country": "GB"},
    },
    LINK: {"roles": ["Technical Contact"], "activeFl": False, "fromDt": "2010-01-01", "toDt": None},
}
SINGLE = [(path, name, value) for path, members in JUNIFER.items() for name, value in members.items()]
WRITES = [
    ("PUT", CUSTOMER),
    ("PUT", f"{CUSTOMER}/updateBillingAddress"),
    ("PUT", ACCOUNT),
    ("PUT", f"{ACCOUNT}/primaryCustomer"),
    ("PUT", f"{ACCOUNT}/primaryContact"),
    ("PUT", LINK),
    ("POST", "/customers"),
    ("POST", "/accounts"),
    ("POST", "/accountCustomers"),
    ("POST", "/orders"),
    ("PUT", "/orders/700000001"),
    ("PUT", "/orders/700000001/status"),
]


def stored(client, path):
    kind = {"customers": "customers", "accounts": "accounts", "accountCustomers": "account_customers"}
    _, name, at = path.split("/")
    return {**client.billing.get(kind[name], int(at))}


def without_stamp(record):
    return {name: value for name, value in record.items() if name != "modified"}


@pytest.mark.parametrize(("path", "name", "value"), SINGLE)
def test_each_member_is_written_alone_and_the_others_stay(junifer, path, name, value):
    before = stored(junifer, path)
    assert junifer.put(path, json={name: value}).status_code == 204
    after = stored(junifer, path)
    changed = {member for member in after if after[member] != before[member]}
    assert changed <= {"modified"} | expected(name)
    assert after["modified"] > before["modified"]


def expected(name):
    return {
        "primaryContact": {"email", "phone", "work_phone", "mobile"},
        "primaryAccount": {"primary_account_number"},
        "preferredName": {"preferred_name"},
        "jobTitle": {"job_title"},
        "dateOfBirth": {"birth_date"},
        "tradingName": {"trading_name"},
        "companyNumber": {"company_number"},
        "accountClass": {"account_class"},
        "billingAddress": {"address"},
        "activeFl": {"active"},
        "fromDt": {"from_date"},
        "toDt": {"to_date"},
    }.get(name, {name})


@pytest.mark.parametrize(
    ("path", "name"),
    [(path, name) for path, members in JUNIFER.items() for name in members]
    + [(f"{ACCOUNT}/primaryCustomer", name) for name in ("phoneNumber1", "faxNumber")]
    + [(f"{CUSTOMER}/updateBillingAddress", name) for name in ("address1", "postcode")],
)
def test_a_wrong_type_is_refused(junifer, path, name):
    answer = junifer.put(path, json={name: 7})
    assert answer.status_code == 400
    assert answer.json()["validationErrors"]
    assert junifer.billing.changes() == []


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_an_unknown_member_is_refused(junifer, method, path):
    answer = junifer.request(method, path, json={"favouriteColour": "blue"})
    assert answer.status_code == 400
    codes = [error["errorDetail"]["errorCode"] for error in answer.json()["validationErrors"]]
    assert codes == ["UnknownMember"]
    assert junifer.billing.changes() == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CUSTOMER, {"number": "1"}),
        (CUSTOMER, {"id": 1}),
        (CUSTOMER, {"lastModifiedDttm": "2026-01-01T00:00:00.000"}),
        (ACCOUNT, {"number": "1"}),
        (ACCOUNT, {"primaryCustomer": {"name": "X"}}),
        (f"{ACCOUNT}/primaryCustomer", {"number": "1"}),
        (LINK, {"accountNumber": "1"}),
        (LINK, {"primaryFl": True}),
    ],
)
def test_a_read_only_member_is_refused(junifer, path, body):
    answer = junifer.put(path, json={**body, "jobTitle": "X"} if path == CUSTOMER else body)
    assert answer.status_code == 400
    assert answer.json()["validationErrors"][0]["errorDetail"]["errorCode"] == "ReadOnly"
    assert junifer.billing.changes() == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CUSTOMER, {"surname": "x" * 201}),
        (CUSTOMER, {"primaryContact": {"phoneNumber3": "1" * 41}}),
        (ACCOUNT, {"tradingName": "x" * 301}),
        (ACCOUNT, {"billingAddress": {"postcode": "1" * 13}}),
        (f"{ACCOUNT}/primaryContact", {"faxNumber": "1" * 41}),
        (f"{CUSTOMER}/updateBillingAddress", {"address1": "x" * 101}),
    ],
)
def test_a_text_that_is_too_long_is_refused(junifer, path, body):
    answer = junifer.put(path, json=body)
    assert answer.json()["validationErrors"][0]["errorDetail"]["errorCode"] == "TooLong"


def test_an_account_customer_is_found_by_its_business_key(junifer):
    link = junifer.billing.get("account_customers", 300000002)
    pair = {"accountNumber": link["account_number"], "customerNumber": link["customer_number"]}
    [found] = junifer.get("/accountCustomers", params=pair).json()["results"]
    assert found["id"] == link["id"]
    assert junifer.get("/accountCustomers", params={**pair, "customerNumber": "none"}).json() == {"results": []}
    for name, value in pair.items():
        rows = junifer.get("/accountCustomers", params={name: value}).json()["results"]
        assert link["id"] in {row["id"] for row in rows}
        assert {row[name] for row in rows} == {value}


def test_a_deleted_account_customer_is_gone_and_can_be_made_again(junifer):
    link = junifer.billing.get("account_customers", 300000002)
    pair = {"accountNumber": link["account_number"], "customerNumber": link["customer_number"]}
    assert junifer.delete(LINK).status_code == 204
    assert junifer.get("/accountCustomers", params=pair).json() == {"results": []}
    assert junifer.delete(LINK).status_code == 404
    made = junifer.post("/accountCustomers", json={**pair, "roles": ["Billing Contact"]})
    assert made.status_code == 201
    [found] = junifer.get("/accountCustomers", params=pair).json()["results"]
    assert (found["id"], found["roles"]) == (made.json()["id"], ["Billing Contact"])


PATCHES = {
    "Customers": ({"Mobile": "1"}, {"CustomerNumber": "1"}, {"Mobile": 1}, {"FamilyName": "x" * 201}),
    "Accounts": ({"TradingName": "X"}, {"AccountNumber": "1"}, {"TradingName": 1}, {"TradingName": "x" * 301}),
    "AccountCustomers": ({"Roles": ["Decision Maker"]}, {"IsPrimary": True}, {"Roles": "X"}, {"StartDate": "x" * 9}),
    "Products": ({"Name": "X"}, {"ProductCode": "1"}, {"IsActive": "Y"}, {"Name": "x" * 101}),
    "Contracts": ({"IsCancelled": True}, {"ContractNumber": "1"}, {"TermMonths": "12"}, {"EndDate": "x" * 9}),
    "ServicePoints": ({"SwitchStatus": "None"}, {"Identifier": "1"}, {"SupplyStatus": 1}, {"SupplyEnd": "x" * 9}),
}


def record_path(velocity, path):
    row = velocity.get(f"/{path}?pageSize=1").json()["Items"][0]
    key = f"{row['AccountNumber']}:{row['CustomerNumber']}" if path == "AccountCustomers" else next(iter(row.values()))
    return f"/{path}/{key}"


@pytest.mark.parametrize("path", PATCHES)
def test_a_velocity_patch_is_partial_and_strict(velocity, path):
    url = record_path(velocity, path)
    good, read_only, wrong, long = PATCHES[path]
    before = velocity.get(url).json()
    for bad in (read_only, wrong, long, {"Colour": "blue"}, {**good, "Colour": "blue"}):
        answer = velocity.patch(url, json=bad)
        assert (answer.status_code, answer.json()["Error"]["Code"]) == (400, "VALIDATION_FAILED")
        assert answer.json()["Error"]["Fields"]
    assert velocity.get(url).json() == before
    answer = velocity.patch(url, json=good)
    assert answer.status_code == 200
    assert {**answer.json(), "UpdatedAt": ""} == {**before, **good, "UpdatedAt": ""}


def test_every_velocity_post_answers_a_repeat_of_its_key_as_the_first_time(velocity):
    account = velocity.get("/Accounts?pageSize=1").json()["Items"][0]["AccountNumber"]
    product = velocity.get("/Products?pageSize=1").json()["Items"][0]["ProductCode"]

    def twice(path, body, key):
        first, second = (velocity.post(path, json=body, headers={"Idempotency-Key": key}) for _ in range(2))
        assert first.is_success
        assert (second.status_code, second.json()) == (first.status_code, first.json())
        return first.json()

    customer = twice("/Customers", {"FamilyName": "New"}, "a")["CustomerNumber"]
    primary = {"CustomerNumber": customer}
    twice("/Accounts", {"AccountClass": "Residential", "PrimaryCustomer": primary}, "a")
    twice("/AccountCustomers", {"AccountNumber": account, "CustomerNumber": customer}, "a")
    lines = [{"ProductCode": product, "Quantity": 1}]
    order = twice("/Orders", {"AccountNumber": account, "Lines": lines}, "a")["OrderNumber"]
    twice(f"/Orders/{order}/Status", {"Status": "ready"}, "b")
    kinds = [change.kind for change in velocity.billing.changes()]
    assert kinds == ["customers", "accounts", "account_customers", "account_customers", "orders", "orders"]


def test_a_refused_post_does_not_use_its_key_up(velocity):
    headers = {"Idempotency-Key": "c"}
    assert velocity.post("/Customers", json={"GivenName": "Ann"}, headers=headers).status_code == 400
    assert velocity.post("/Customers", json={"FamilyName": "Lee"}, headers=headers).status_code == 201


def test_a_patch_is_carried_out_each_time_whatever_its_key(velocity):
    url = record_path(velocity, "Customers")
    for value in ("1", "2"):
        assert velocity.patch(url, json={"Mobile": value}, headers={"Idempotency-Key": "d"}).json()["Mobile"] == value
