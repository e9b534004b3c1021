"""Junifer's API as the page on the dialects describes it."""

from urllib.parse import parse_qs, urlsplit

import pytest

JSON = {"Content-Type": "application/json"}
LISTS = ("customers", "accounts", "accountCustomers", "products", "agreements", "meterPoints", "orders")


def walk(client, path, **query):
    found = []
    while True:
        answer = client.get(f"/{path}", params=query).json()
        found += answer["results"]
        if "links" not in answer:
            return found
        query = {name: values[0] for name, values in parse_qs(urlsplit(answer["links"]["next"]).query).items()}


def errors(response):
    return {detail["errorDetail"]["errorCode"] for detail in response.json()["validationErrors"]}


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_complete_ascending_and_counted(junifer, path):
    rows = walk(junifer, path, limit=7)
    ids = [row["id"] for row in rows]
    assert ids == sorted(set(ids))
    assert junifer.get(f"/{path}/count").json() == {"count": len(ids)}
    assert rows == junifer.get(f"/{path}", params={"limit": 1000}).json()["results"]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=ten", "limit=-1", "after=x", "after=-1"])
def test_a_bad_page_is_refused(junifer, query):
    response = junifer.get(f"/customers?{query}")
    assert response.status_code == 400
    assert errors(response) == {"InvalidParameter"}


def test_a_page_holds_one_hundred_unless_told(junifer):
    rows = [junifer.get("/meterPoints").json()["results"], junifer.get("/customers?limit=3").json()["results"]]
    assert [len(page) for page in rows] == [56, 3]


def test_links_are_on_the_internal_host(junifer):
    customer = junifer.get("/customers?limit=1").json()["results"][0]
    inside = "http://billing.internal:43002/rest/v1/"
    assert customer["links"]["self"] == f"{inside}customers/{customer['id']}"
    own = junifer.get(customer["links"]["accounts"].removeprefix(inside)).json()["results"]
    assert own[0]["links"]["customer"] == customer["links"]["self"]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Junifer-X-apikey": ""},
        {"X-Junifer-X-apikey": "wrong"},
        {"X-Junifer-X-username": "somebody"},
    ],
)
def test_wrong_credentials_are_turned_away(junifer, headers):
    response = junifer.get("/version", headers=headers)
    assert response.status_code == 401
    assert response.json()["errorCode"] == "Unauthorised"
    assert response.json()["errorSeverity"] == "Error"


def test_the_version_can_be_an_old_one(junifer):
    assert junifer.get("/version").json()["version"] == "6.4.1"
    junifer.put(f"{junifer.running.url}/sandbox/version", json={"version": "5.9.0"})
    shown = junifer.get("/version").json()
    assert shown == {
        "product": "Junifer",
        "version": "5.9.0",
        "environment": "TEST",
        "timeZone": "Europe/London",
    }


def test_records_are_found_by_their_numbers(junifer):
    account = junifer.get("/accounts?limit=1").json()["results"][0]
    number = account["number"]
    assert junifer.get(f"/accounts/accountNumber/{number}").json() == account
    assert junifer.get(f"/accounts/{account['id']}").json() == account
    assert junifer.get("/accounts", params={"number": number}).json() == {"results": [account]}
    assert junifer.get("/accounts", params={"number": "none"}).json() == {"results": []}
    customer = account["primaryCustomer"]["number"]
    found = junifer.get(f"/customers/customerNumber/{customer}").json()
    assert found["number"] == customer
    numbers = [row["number"] for row in junifer.get(f"/customers/{found['id']}/accounts").json()["results"]]
    assert number in numbers
    contacts = junifer.get(f"/accounts/accountNumber/{number}/contacts").json()["results"]
    assert customer in {contact["customerNumber"] for contact in contacts}
    point = junifer.get("/meterPoints?limit=1").json()["results"][0]
    assert junifer.get(f"/meterPoints/meterPointIdentifier/{point['identifier']}").json() == point


def test_agreements_of_an_account_are_listed_both_ways(junifer):
    agreement = junifer.get("/agreements?limit=1").json()["results"][0]
    number = agreement["accountNumber"]
    account = junifer.get(f"/accounts/accountNumber/{number}").json()
    for way in (f"accountNumber/{number}", account["id"]):
        assert agreement in junifer.get(f"/accounts/{way}/agreements").json()["results"]


@pytest.mark.parametrize(
    "path",
    ["/customers/1", "/customers/customerNumber/C0", "/accounts/abc", "/nothing", "/meterPoints/2", "/orders/3"],
)
def test_what_is_not_there_is_not_found(junifer, path):
    response = junifer.get(path)
    assert response.status_code == 404
    assert response.json()["errorCode"] == ("PathNotFound" if path in {"/accounts/abc", "/nothing"} else "NotFound")


def test_patch_is_not_used(junifer):
    response = junifer.patch("/customers/100000001", json={})
    assert response.status_code == 405
    assert "PUT" in response.headers["allow"]


def test_a_customer_is_changed_member_by_member(junifer):
    before = junifer.get("/customers/100000002").json()
    change = {
        "surname": "Changed",
        "title": None,
        "primaryContact": {"phoneNumber3": "07700 900999", "address": {"address4": "Leeds"}},
    }
    response = junifer.put("/customers/100000002", json=change)
    assert (response.status_code, response.content) == (204, b"")
    after = junifer.get("/customers/100000002").json()
    assert after["surname"] == "Changed"
    assert after.get("title") is None
    assert after["primaryContact"]["phoneNumber3"] == "07700 900999"
    assert after["primaryContact"]["address"]["address4"] == "Leeds"
    assert after["forename"] == before["forename"]
    assert after["primaryContact"]["address"]["postcode"] == before["primaryContact"]["address"]["postcode"]
    assert after["lastModifiedDttm"] > before["lastModifiedDttm"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"nickname": "X"}, "UnknownMember"),
        ({"primaryContact": {"twitter": "X"}}, "UnknownMember"),
        ({"number": "C1"}, "ReadOnly"),
        ({"lastModifiedDttm": "2026-01-01T00:00:00.000"}, "ReadOnly"),
        ({"surname": 5}, "InvalidType"),
        ({"surname": "x" * 201}, "TooLong"),
        ({"surname": ""}, "Required"),
        ({"surname": None}, "Required"),
        ({"primaryContact": "x"}, "InvalidType"),
        ({"primaryContact": {"email": "nobody"}}, "InvalidEmail"),
        ({"dateOfBirth": "1987-02-30"}, "InvalidType"),
        ({"dateOfBirth": "2987-01-01"}, "InvalidDate"),
        ({"customerType": "Ghost"}, "InvalidValue"),
        ({"primaryContact": None}, "InvalidType"),
        ({"primaryContact": {"address": {"country": "gb"}}}, "InvalidCountry"),
        ({"primaryAccount": {"number": "00000000"}}, "UnknownAccount"),
    ],
)
def test_a_bad_value_is_refused_and_nothing_is_changed(junifer, body, code):
    before = junifer.get("/customers/100000013").json()
    response = junifer.put("/customers/100000013", json=body)
    assert response.status_code == 400
    assert errors(response) == {code}
    assert junifer.get("/customers/100000013").json() == before


def test_a_body_must_say_that_it_is_json_and_be_it(junifer):
    url = "/customers/100000001"
    assert junifer.post("/customers").status_code == 415
    assert junifer.put(url, content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    assert junifer.put(url, content=b"{", headers=JSON).json()["errorCode"] == "InvalidJson"
    assert junifer.put(url, content=b"[]", headers=JSON).status_code == 400
    assert junifer.put(url, content=b"{}", headers={"Content-Type": "application/json; charset=utf-8"}).is_success


def test_a_customer_and_an_account_are_created_and_belong_together(junifer):
    made = junifer.post("/customers", json={"surname": "Novak", "primaryContact": {"phoneNumber1": "020 1"}})
    assert made.status_code == 201
    customer = made.json()
    body = {
        "customerNumber": customer["number"],
        "accountClass": "Residential",
        "billingAddress": {"address1": "1 Long Row"},
    }
    account = junifer.post("/accounts", json=body).json()
    shown = junifer.get(f"/accounts/{account['id']}").json()
    assert shown["number"] == account["number"]
    assert shown["primaryCustomer"]["name"] == "Novak"
    assert shown["billingAddress"]["address1"] == "1 Long Row"
    own = junifer.get(f"/customers/{customer['id']}/accounts").json()["results"]
    assert [row["number"] for row in own] == [account["number"]]
    assert walk(junifer, "accounts", limit=7)[-1] == shown


@pytest.mark.parametrize(
    ("path", "body", "codes"),
    [
        ("customers", {}, {"Required"}),
        ("customers", {"customerType": "Organisation", "surname": "X"}, {"Required"}),
        ("accounts", {}, {"Required"}),
        ("accounts", {"customerNumber": "C0", "accountClass": "Residential"}, {"UnknownCustomer"}),
        ("accountCustomers", {"accountNumber": "1", "customerNumber": "2"}, {"UnknownAccount", "UnknownCustomer"}),
        ("accountCustomers", {"roles": ["Clown"]}, {"InvalidValue"}),
        ("orders", {}, {"Required"}),
        ("orders", {"accountNumber": "1", "orderLines": [{"productCode": "P"}]}, {"UnknownAccount", "UnknownProduct"}),
        ("orders", {"orderLines": [{"unitPrice": 1.23456}]}, {"InvalidType"}),
        ("orders", {"orderLines": ["x"]}, {"InvalidType"}),
    ],
)
def test_a_bad_creation_is_refused(junifer, path, body, codes):
    count = junifer.get(f"/{path}/count").json()
    response = junifer.post(f"/{path}", json=body)
    assert response.status_code == 400
    assert errors(response) == codes
    assert junifer.get(f"/{path}/count").json() == count


def test_problems_are_named_as_on_the_wire(junifer):
    response = junifer.post("/accounts", json={"customerNumber": "C0", "accountClass": "Residential"})
    detail = response.json()["validationErrors"][0]["errorDetail"]
    assert detail["errorDescription"] == "customerNumber: There is no customer C0"


def test_the_primary_customer_is_written_through_the_account(junifer):
    account = next(
        row
        for row in walk(junifer, "accounts")
        if row["accountClass"] == "Residential" and row["primaryCustomer"]["name"]
    )
    url = f"/accounts/{account['id']}"
    assert junifer.put(f"{url}/primaryContact", json={"phoneNumber1": "020 7946 0000"}).status_code == 204
    assert junifer.put(f"{url}/primaryCustomer", json={"name": "Ada Mary King"}).status_code == 204
    shown = junifer.get(url).json()["primaryCustomer"]
    assert (shown["name"], shown["phoneNumber1"]) == ("Ada Mary King", "020 7946 0000")
    customer = junifer.get(f"/customers/customerNumber/{shown['number']}").json()
    assert (customer["forename"], customer["surname"]) == ("Ada Mary", "King")
    refused = junifer.put(f"{url}/primaryContact", json={"email": "x@example.com"})
    assert errors(refused) == {"UnknownMember"}


def test_a_billing_address_is_written_at_top_level(junifer):
    response = junifer.put("/customers/100000003/updateBillingAddress", json={"address1": "9 New Road"})
    assert response.status_code == 204
    shown = junifer.get("/customers/100000003").json()["primaryContact"]["address"]
    assert shown["address1"] == "9 New Road"


def test_a_customer_can_be_known_by_no_account(junifer):
    assert junifer.put("/customers/100000003", json={"primaryAccount": None}).status_code == 204
    assert junifer.get("/customers/100000003").json().get("primaryAccount") is None


def test_account_customers_are_created_changed_and_deleted(junifer):
    account = junifer.get("/accounts?limit=1").json()["results"][0]
    customer = walk(junifer, "customers")[-1]
    body = {"accountNumber": account["number"], "customerNumber": customer["number"], "roles": ["Decision Maker"]}
    made = junifer.post("/accountCustomers", json=body)
    assert made.status_code == 201
    assert errors(junifer.post("/accountCustomers", json=body)) == {"Duplicate"}
    url = f"/accountCustomers/{made.json()['id']}"
    assert junifer.put(url, json={"activeFl": False, "toDt": "2026-02-01"}).status_code == 204
    assert errors(junifer.put(url, json={"accountNumber": "1"})) == {"ReadOnly"}
    row = walk(junifer, "accountCustomers")[-1]
    assert (row["roles"], row["activeFl"], row["toDt"]) == (["Decision Maker"], False, "2026-02-01")
    assert junifer.delete(url).status_code == 204
    assert junifer.delete(url).status_code == 404


def test_an_order_goes_through_its_states_and_no_other_way(junifer):
    account = junifer.get("/accounts?limit=1").json()["results"][0]
    product = junifer.get("/products?limit=1").json()["results"][0]
    line = {"productCode": product["code"], "quantity": 1, "unitPrice": product["unitPrice"]}
    body = {"accountNumber": account["number"], "orderLines": [line]}
    made = junifer.post("/orders", json=body).json()
    url = f"/orders/{made['id']}"
    assert junifer.get(url).json()["status"] == "draft"
    assert errors(junifer.put(f"{url}/status", json={"status": "active"})) == {"InvalidStatus"}
    assert errors(junifer.put(f"{url}/status", json={"status": "flying"})) == {"InvalidValue"}
    for status in ("ready", "accepted"):
        assert junifer.put(f"{url}/status", json={"status": status}).status_code == 204
    for status in ("provisioning", "active", "completed"):
        assert errors(junifer.put(f"{url}/status", json={"status": status})) == {"InvalidStatus"}
        junifer.billing.update("orders", made["id"], {"status": status})
    assert errors(junifer.put(f"{url}/status", json={"status": "cancelled"})) == {"InvalidStatus"}
    assert junifer.get(url).json()["orderLines"][0]["unitPrice"] == product["unitPrice"]


def test_modified_since_keeps_what_was_changed_from_then_on(junifer):
    junifer.put("/customers/100000005", json={"jobTitle": "Baker"})
    stamp = junifer.get("/customers/100000005").json()["lastModifiedDttm"]
    changed = walk(junifer, "customers", modifiedSinceDttm=stamp, limit=2)
    assert [row["id"] for row in changed] == [100000005]
    assert junifer.get("/customers/count", params={"modifiedSinceDttm": stamp}).json() == {"count": 1}
    for bad in ("2026-01-01T00:00:00Z", "yesterday", "2026-01-01"):
        assert junifer.get("/customers", params={"modifiedSinceDttm": bad}).status_code == 400


def test_event_publishing_is_a_switch(junifer):
    assert junifer.get("/eventPublishing").json() == {"enabledFl": True}
    assert junifer.put("/eventPublishing", json={"enabledFl": False}).status_code == 204
    assert junifer.get("/eventPublishing").json() == {"enabledFl": False}
    assert junifer.put("/eventPublishing", json={"enabledFl": "no"}).status_code == 400
    assert not junifer.billing.publishing
