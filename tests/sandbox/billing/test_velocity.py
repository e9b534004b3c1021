"""Velocity's API as the page on the dialects describes it."""

import re

import pytest

LISTS = {
    "Customers": "CustomerNumber",
    "Accounts": "AccountNumber",
    "AccountCustomers": "CustomerNumber",
    "Products": "ProductCode",
    "Contracts": "ContractNumber",
    "ServicePoints": "Identifier",
    "Orders": "OrderNumber",
}


def walk(client, path, **query):
    found = []
    while True:
        answer = client.get(f"/{path}", params=query).json()
        found += answer["Items"]
        if "NextCursor" not in answer["Page"]:
            assert answer["Page"]["Total"] == len(found)
            return found
        query["cursor"] = answer["Page"]["NextCursor"]


def fields(response):
    error = response.json()["Error"]
    assert error["Code"] == "VALIDATION_FAILED"
    return [field["Name"] for field in error["Fields"]]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_complete_and_each_record_is_found_by_its_key(velocity, path):
    rows = walk(velocity, path, pageSize=9)
    assert len(rows) == len({str(row) for row in rows})
    row = rows[-1]
    key = row[LISTS[path]]
    if path == "AccountCustomers":
        key = f"{row['AccountNumber']}:{row['CustomerNumber']}"
    assert velocity.get(f"/{path}/{key}").json() == row


@pytest.mark.parametrize("query", ["pageSize=0", "pageSize=501", "pageSize=x", "cursor=abc", "cursor=%21"])
def test_a_bad_page_or_cursor_is_refused(velocity, query):
    response = velocity.get(f"/Customers?{query}")
    assert response.status_code == 400
    assert fields(response) == [query.partition("=")[0]]


def test_a_cursor_belongs_to_its_list_and_its_condition(velocity):
    cursor = velocity.get("/Customers?pageSize=1").json()["Page"]["NextCursor"]
    assert velocity.get("/Accounts", params={"cursor": cursor}).status_code == 400
    since = {"cursor": cursor, "updatedSince": "2026-01-01T00:00:00+13:00"}
    assert velocity.get("/Customers", params=since).status_code == 400


def test_timestamps_carry_the_offset_of_the_zone(velocity):
    offsets = {row["UpdatedAt"][-6:] for row in walk(velocity, "ServicePoints")}
    assert offsets == {"+12:00", "+13:00"}


def test_updated_since_wants_an_offset_and_keeps_what_was_changed(velocity):
    number = velocity.get("/Customers?pageSize=1").json()["Items"][0]["CustomerNumber"]
    changed = velocity.patch(f"/Customers/{number}", json={"JobTitle": "Baker"}).json()
    assert walk(velocity, "Customers", updatedSince=changed["UpdatedAt"]) == [changed]
    for bad in ("2026-01-01T00:00:00", "2026-01-01T00:00:00 13:00", "soon"):
        assert fields(velocity.get("/Customers", params={"updatedSince": bad})) == ["updatedSince"]


def test_a_missing_or_wrong_key_is_turned_away_and_a_poor_one_told_so(velocity):
    for value in ("", "Bearer", "Bearer wrong", "Basic sandbox-key"):
        response = velocity.get("/system", headers={"Authorization": value})
        assert response.status_code == 401
        assert response.json()["Error"]["Code"] == "UNAUTHORISED"
    poor = {"Authorization": "Bearer poor-key"}
    assert velocity.get("/Customers", headers=poor).status_code == 200
    response = velocity.get("/Accounts", headers=poor)
    assert response.status_code == 403
    assert "PUS:ACCOUNTS" in response.json()["Error"]["Message"]


def test_system_tells_version_modules_and_zone(velocity):
    shown = velocity.get("/system").json()
    assert (shown["Product"], shown["Version"], shown["TimeZone"]) == ("Velocity", "4.13.2", "Pacific/Auckland")
    assert "Events" in shown["Modules"]


def test_money_is_text_with_four_decimals(velocity):
    price = velocity.get("/Products?pageSize=1").json()["Items"][0]["UnitPrice"]
    assert re.fullmatch(r"\d+\.\d{4}", price["Amount"])
    assert price["Currency"] == "NZD"


def test_a_patch_answers_the_record(velocity):
    number = velocity.get("/Customers?pageSize=1").json()["Items"][0]["CustomerNumber"]
    response = velocity.patch(f"/Customers/{number}", json={"Mobile": None, "PostalAddress": {"Line1": "1 Quay"}})
    assert response.status_code == 200
    shown = response.json()
    assert shown["Mobile"] is None
    assert shown["PostalAddress"]["Line1"] == "1 Quay"
    assert shown["PostalAddress"]["CountryCode"] == "NZ"
    assert velocity.get(f"/Customers/{number}").json() == shown


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("Customers", {"Nick": 1}, "Nick"),
        ("Customers", {"CustomerNumber": "C1"}, "CustomerNumber"),
        ("Customers", {"PostalAddress": {"CountryCode": "NZL"}}, "PostalAddress.CountryCode"),
        ("Customers", {"Email": "nobody"}, "Email"),
        ("Accounts", {"PrimaryCustomer": {"CustomerNumber": "C1"}}, "PrimaryCustomer.CustomerNumber"),
        ("Accounts", {"AccountClass": "Royal"}, "AccountClass"),
        ("AccountCustomers", {"IsPrimary": True}, "IsPrimary"),
        ("AccountCustomers", {"StartDate": "2026-02-01", "EndDate": "2026-01-01"}, "EndDate"),
        ("Products", {"UnitPrice": {"Amount": 1.5, "Currency": "NZD"}}, "UnitPrice.Amount"),
        ("Products", {"UnitPrice": {"Amount": "1.5", "Currency": "USD"}}, "UnitPrice.Currency"),
        ("Contracts", {"TermMonths": "12"}, "TermMonths"),
        ("ServicePoints", {"SupplyStatus": "Lost"}, "SupplyStatus"),
        ("Orders", {"Status": "ready"}, "Status"),
    ],
)
def test_a_bad_patch_names_the_field(velocity, path, body, named):
    row = velocity.get(f"/{path}?pageSize=1").json()["Items"][0]
    key = f"{row['AccountNumber']}:{row['CustomerNumber']}" if path == "AccountCustomers" else row[LISTS[path]]
    response = velocity.patch(f"/{path}/{key}", json=body)
    assert response.status_code == 400
    assert fields(response) == [named]
    assert velocity.get(f"/{path}/{key}").json() == row


def test_an_account_writes_through_to_its_primary_customer(velocity):
    account = next(row for row in walk(velocity, "Accounts") if row["AccountClass"] == "Residential")
    body = {"TradingName": "Corner Shop", "PrimaryCustomer": {"Phone": "09 555 0000", "Name": "Mere Ngata"}}
    shown = velocity.patch(f"/Accounts/{account['AccountNumber']}", json=body).json()
    assert shown["TradingName"] == "Corner Shop"
    assert shown["PrimaryCustomer"]["Phone"] == "09 555 0000"
    customer = velocity.get(f"/Customers/{shown['PrimaryCustomer']['CustomerNumber']}").json()
    assert (customer["GivenName"], customer["FamilyName"]) == ("Mere", "Ngata")


def test_a_refused_name_leaves_the_account_as_it_was(velocity):
    account = next(row for row in walk(velocity, "Accounts") if row["AccountClass"] == "Residential")
    body = {"TradingName": "Half", "PrimaryCustomer": {"Name": ""}}
    response = velocity.patch(f"/Accounts/{account['AccountNumber']}", json=body)
    assert response.status_code == 400
    assert velocity.get(f"/Accounts/{account['AccountNumber']}").json() == account


def test_an_idempotency_key_makes_a_repeat_answer_the_first_result(velocity):
    key = {"Idempotency-Key": "one"}
    first = velocity.post("/Customers", json={"FamilyName": "Once"}, headers=key)
    again = velocity.post("/Customers", json={"FamilyName": "Once"}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert len([row for row in walk(velocity, "Customers") if row["FamilyName"] == "Once"]) == 1
    other = velocity.post("/Customers", json={"FamilyName": "Twice"}, headers=key)
    assert (other.status_code, other.json()["Error"]["Code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


def test_an_order_is_created_moved_on_and_frozen(velocity):
    account = velocity.get("/Accounts?pageSize=1").json()["Items"][0]["AccountNumber"]
    product = velocity.get("/Products?pageSize=1").json()["Items"][0]
    line = {"ProductCode": product["ProductCode"], "Quantity": 2, "UnitPrice": product["UnitPrice"]}
    made = velocity.post("/Orders", json={"AccountNumber": account, "Lines": [line]})
    assert made.status_code == 201
    order = made.json()
    assert order["Lines"][0]["UnitPrice"] == product["UnitPrice"]
    url = f"/Orders/{order['OrderNumber']}"
    assert velocity.patch(url, json={"ValidUntil": "2027-01-01"}).json()["ValidUntil"] == "2027-01-01"
    assert fields(velocity.post(f"{url}/Status", json={"Status": "active"})) == ["Status"]
    assert velocity.post(f"{url}/Status", json={"Status": "ready"}).json()["Status"] == "ready"
    assert fields(velocity.patch(url, json={"ValidUntil": "2027-02-01"})) == ["ValidUntil"]


def test_unknown_records_methods_and_types_are_refused(velocity):
    assert velocity.get("/Customers/C0").json()["Error"]["Code"] == "NOT_FOUND"
    assert velocity.get("/Nothing").status_code == 404
    assert velocity.put("/Customers/C0", json={}).status_code == 405
    assert velocity.post("/Contracts", json={}).status_code == 405
    assert velocity.post("/Customers", content=b"{}").status_code == 415
    assert fields(velocity.post("/Accounts", json={"AccountClass": "Residential"})) == [
        "PrimaryCustomer.CustomerNumber"
    ]


def test_event_publishing_is_a_switch(velocity):
    assert velocity.put("/system/event-publishing", json={"Enabled": False}).json() == {"Enabled": False}
    assert velocity.get("/system/event-publishing").json() == {"Enabled": False}
    assert fields(velocity.put("/system/event-publishing", json={})) == ["Enabled"]
