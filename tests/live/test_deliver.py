from __future__ import annotations

from salesbridge.store.models import Conflict


def test_everything_in_billing_arrives_once(world):
    world.poll_everything()
    world.settle()
    assert world.parked() == []
    assert len(world.rows("Account")) == world.billing.billing.count("accounts")
    assert len(world.rows("Contact")) == world.billing.billing.count("customers")
    assert len(world.rows("AccountContactRelation")) == world.billing.billing.count("account_customers")
    assert len(world.rows("Asset")) == world.billing.billing.count("service_points")
    assert len(world.rows("Contract")) == world.billing.billing.count("agreements")
    assert not world.changes(outcome=None)


def collections(world):
    """How many calls have written to Salesforce."""
    return len([call for call in world.org.org.calls.recent if "composite" in call.path])


def an_account(world):
    return min(world.rows("Account"))


def a_contact(world):
    return min(world.rows("Contact"))


def test_our_own_writes_come_back_and_do_nothing(world):
    world.poll_everything()
    world.settle()
    echoes = world.hear_salesforce()
    assert echoes > 0
    before = collections(world)
    world.settle()
    assert collections(world) == before
    assert {change.outcome for change in world.changes(side="salesforce")} <= {"unchanged", "superseded"}


def test_a_phone_number_changed_in_salesforce_appears_in_billing(linked):
    key = a_contact(linked)
    linked.edit_salesforce("Contact", key, Phone="+44 20 7946 0000")
    linked.hear_salesforce()
    linked.settle()
    assert linked.records("customers")[key]["phone"].replace(" ", "").endswith("2079460000")
    (change,) = linked.changes(outcome="applied", side="salesforce")
    assert change.story["fields"][0]["rule"] == "master changed"


def test_a_backlog_of_many_edits_of_a_record_is_one_write(linked):
    """After an outage more changes wait than a round takes up; a record is read and written once all the same."""
    keys = sorted(linked.rows("Contact"))[:3]
    for number in range(8):
        for key in keys:
            linked.edit_salesforce("Contact", key, MobilePhone=f"07700 90000{number}")
    linked.hear_salesforce()

    made = [linked.deliver(limit=2) for _ in range(3)]

    assert [done.written["billing"] for done in made] == [2, 1, 0]
    assert {linked.records("customers")[key]["mobile"] for key in keys} == {"07700 900007"}
    assert {change.outcome for change in linked.changes(side="salesforce", op="save")} == {"applied", "superseded"}


def test_an_account_changed_in_billing_appears_in_salesforce(linked):
    number = min(linked.rows("Asset"))
    linked.edit_billing("service_points", number, supply_status="De-energised")
    linked.hear_billing("service-point-updated", identifier=number, identifierType="MPAN", accountNumber="x")
    linked.settle()
    assert linked.row("Asset", number)["Gentrack_Supply_Status__c"] == "De-energised"


def test_billings_edit_of_a_field_that_salesforce_is_master_of_is_put_back_and_told(linked):
    key = an_account(linked)
    before = linked.row("Account", key).get("Trading_Name__c")
    linked.edit_billing("accounts", key, trading_name="Edited in billing")
    linked.hear_billing("account-updated", accountNumber=key)
    linked.settle()
    assert linked.row("Account", key).get("Trading_Name__c") == before
    assert (linked.records("accounts")[key]["trading_name"] or None) == before
    (lost,) = linked.door.rows(Conflict).all()
    assert (lost.field, lost.side, lost.lost, lost.both) == ("Trading_Name__c", "billing", "Edited in billing", False)


def test_both_sides_changing_at_once_is_a_conflict_that_the_master_wins(linked):
    key = an_account(linked)
    linked.edit_billing("accounts", key, trading_name="Billing's")
    linked.edit_salesforce("Account", key, Trading_Name__c="Salesforce's")
    linked.hear_billing("account-updated", accountNumber=key)
    linked.hear_salesforce()
    linked.settle()
    assert linked.records("accounts")[key]["trading_name"] == "Salesforce's"
    assert linked.row("Account", key)["Trading_Name__c"] == "Salesforce's"
    (lost,) = linked.door.rows(Conflict).all()
    assert (lost.lost, lost.won, lost.both) == ("Billing's", "Salesforce's", True)


def test_a_second_pass_over_everything_writes_nothing(linked):
    linked.quiesce()
    linked.later(minutes=10)
    before = collections(linked)
    linked.poll_everything()
    linked.settle()
    assert collections(linked) == before
    assert linked.parked() == []


def test_a_phone_that_an_account_shares_with_its_primary_customer_travels_to_both(linked):
    account = an_account(linked)
    record = linked.records("accounts")[account]
    customer = record["primary_customer_number"]
    linked.edit_salesforce("Contact", customer, Phone="+44 20 7946 0000")
    linked.quiesce()
    assert linked.records("customers")[customer]["phone"] == "+44 20 7946 0000"
    assert linked.row("Account", account)["Phone"] == "+44 20 7946 0000"
    linked.edit_salesforce("Account", account, Phone="+44 20 7946 0111")
    linked.quiesce()
    assert linked.row("Contact", customer)["Phone"] == "+44 20 7946 0111"
    assert linked.parked() == []


def test_a_surname_changed_in_salesforce_renames_the_account_of_that_customer(linked):
    account = an_account(linked)
    customer = linked.records("accounts")[account]["primary_customer_number"]
    linked.edit_salesforce("Contact", customer, LastName="Newname")
    linked.quiesce()
    assert linked.records("customers")[customer]["surname"] == "Newname"
    assert linked.row("Account", account)["Name"].endswith("Newname")
    assert linked.parked() == []


def test_a_price_finer_than_salesforce_stores_is_not_written_again(linked):
    applied = len(linked.changes(outcome="applied"))
    linked.poll_everything()
    linked.settle()
    assert len(linked.changes(outcome="applied")) == applied


def test_an_account_does_not_put_back_a_phone_that_is_just_being_changed_through_its_contact(linked):
    account = an_account(linked)
    customer = linked.records("accounts")[account]["primary_customer_number"]
    linked.edit_salesforce("Contact", customer, Phone="+44 20 7946 0001")
    linked.hear_salesforce()
    linked.settle()
    linked.edit_salesforce("Contact", customer, Phone="+44 20 7946 0002")
    linked.hear_billing("account-updated", accountNumber=account)
    linked.settle()
    assert linked.records("customers")[customer]["phone"] == "+44 20 7946 0001"
    linked.quiesce()
    assert linked.records("customers")[customer]["phone"] == "+44 20 7946 0002"
    assert linked.row("Contact", customer)["Phone"] == "+44 20 7946 0002"
    assert linked.row("Account", account)["Phone"] == "+44 20 7946 0002"
