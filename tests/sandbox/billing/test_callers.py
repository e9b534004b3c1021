"""Who made a change, and that accounts count as modified with what they show."""

import httpx2
import pytest

from salesbridge.sandbox.billing import Billing, Seed, Settings, start_in_thread

USERS = {"connector": "connector-key", "clerk": "clerk-key"}


@pytest.fixture(params=["junifer", "velocity"])
def called(request):
    """A running system with three users, and a function that changes a customer as one of them."""
    settings = Settings(product=request.param, users=USERS)
    with start_in_thread(Billing(Seed(10, awkward=0)), settings) as running:

        def change(name, key):
            number = running.billing.get("customers", 100000001)["number"]
            junifer = {"X-Junifer-X-username": name, "X-Junifer-X-apikey": key}
            with httpx2.Client(base_url=running.url, trust_env=False) as client:
                if request.param == "junifer":
                    return client.put("/rest/v1/customers/100000001", json={"jobTitle": name}, headers=junifer)
                bearer = {"Authorization": f"Bearer {key}"}
                return client.patch(f"/velocity/api/v1/Customers/{number}", json={"JobTitle": name}, headers=bearer)

        yield running.billing, change


def test_a_change_tells_which_user_made_it(called):
    billing, change = called
    for name, key in (("sandbox", "sandbox-key"), *USERS.items()):
        assert change(name, key).status_code in {200, 204}
    billing.update("customers", 100000001, {"job_title": "by hand"})
    sources = [one.source for one in billing.changes()]
    assert sources == ["api:sandbox", "api:connector", "api:clerk", "direct"]


def test_one_user_does_not_get_in_with_nobodys_key(called):
    billing, change = called
    assert change("connector", "other-key").status_code == 401
    assert billing.changes() == []


def test_a_junifer_user_needs_its_own_key(junifer):
    headers = {"X-Junifer-X-username": "nobody", "X-Junifer-X-apikey": "sandbox-key"}
    assert junifer.get("/version", headers=headers).status_code == 401


def test_keys_of_users_do_not_show():
    assert "connector-key" not in repr(Settings(users=USERS))


@pytest.mark.parametrize(("touch", "modified"), [(True, 1), (False, 0)])
def test_an_account_counts_as_modified_with_its_primary_customers_phone(touch, modified):
    billing = Billing(Seed(10, awkward=0))
    with start_in_thread(billing, Settings(touch_account=touch)) as running:
        before = billing.clock.now()
        [account] = billing.accounts_of(billing.get("customers", 100000002)["number"])
        running.billing.update("customers", 100000002, {"phone": "0"})
        assert billing.count("accounts", since=before) == modified
        listed = billing.page("accounts", limit=10, since=before)
        assert [one["number"] for one in listed] == [account["number"]] * modified


def test_what_an_account_does_not_show_does_not_touch_it():
    billing = Billing(Seed(10, awkward=0))
    before = billing.clock.now()
    billing.update("customers", 100000002, {"mobile": "0"})
    assert billing.count("accounts", since=before) == 0


def test_a_created_account_is_touched_too_and_a_file_keeps_it(tmp_path):
    billing = Billing(Seed(1, awkward=0), file=tmp_path / "b.db")
    customer = billing.create("customers", {"surname": "New"})
    values = {"account_class": "Residential", "primary_customer_number": customer["number"]}
    account = billing.create("accounts", values)
    billing.delete("account_customers", billing.links(account=account["number"])[0]["id"])
    billing.update("customers", customer["id"], {"phone": "0"})
    touched = billing.get("accounts", account["id"])["modified"]
    assert touched > account["modified"]
    billing.close()
    again = Billing(Seed(1, awkward=0), file=tmp_path / "b.db")
    assert again.get("accounts", account["id"])["modified"] == touched
    assert [one["id"] for one in again.accounts_of(customer["number"])] == [account["id"]]
    again.close()


def test_the_accounts_of_a_customer_are_those_that_name_it_as_primary():
    billing = Billing(Seed(60, awkward=0))
    wanted = {}
    for account in billing.records("accounts"):
        wanted.setdefault(account["primary_customer_number"], []).append(account["number"])
    found = {
        one["number"]: [a["number"] for a in billing.accounts_of(one["number"])] for one in billing.records("customers")
    }
    assert {number: accounts for number, accounts in found.items() if accounts} == wanted


def test_a_listener_hears_every_change_in_order_until_it_ends():
    billing, heard = Billing(), []
    end = billing.on_change(heard.append)
    customer = billing.create("customers", {"surname": "New"})
    billing.update("customers", customer["id"], {"phone": "0"})
    end()
    billing.update("customers", customer["id"], {"phone": "1"})
    assert heard == billing.changes()[:2]


def test_all_changes_are_kept_where_wanted():
    billing = Billing(kept_changes=2)
    for at in range(3):
        billing.create("customers", {"surname": f"N{at}"})
    assert [one.sequence for one in billing.changes()] == [2, 3]
    assert billing.last_change == 3
