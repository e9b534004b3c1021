"""The records under edits: nothing lost, nothing doubled, everything noted."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesbridge.sandbox.billing import Billing, Clock, Seed
from salesbridge.sandbox.billing.journal import OtherSeedError
from salesbridge.sandbox.billing.problems import RefusedError
from salesbridge.sandbox.billing.store import UnknownRecordError

LATE = 2 * 10**12


def ids(billing, kind, size, since=None, between=lambda: None):
    after, found = 0, []
    while page := billing.page(kind, after=after, limit=size, since=since):
        found += [record["id"] for record in page]
        after = found[-1]
        between()
    return found


@settings(max_examples=25, deadline=None)
@given(accounts=st.integers(0, 60), size=st.integers(1, 40), edits=st.lists(st.integers(0, 200), max_size=40))
def test_pages_cover_each_record_exactly_once_while_records_are_edited(accounts, size, edits):
    billing = Billing(Seed(accounts))
    first = [record["id"] for record in billing.records("customers")]
    queue = iter(edits)

    def edit():
        at = next(queue, None)
        if at is not None and first:
            billing.update("customers", first[at % len(first)], {"phone": f"0{at}"})

    assert ids(billing, "customers", size, between=edit) == first


@settings(max_examples=40, deadline=None)
@given(
    since=st.integers(1_704_000_000_000, 1_767_300_000_000),
    edits=st.lists(st.tuples(st.integers(0, 90), st.booleans()), max_size=20),
    created=st.integers(0, 3),
    size=st.integers(1, 50),
)
def test_modified_since_agrees_with_reading_everything(since, edits, created, size):
    billing = Billing(Seed(50, awkward=0), clock=Clock(fixed=1_767_000_000_000))
    for at, delete in edits:
        record_id = billing.seed.id_at("account_customers", at % 90)
        if billing.get("account_customers", record_id) is None:
            continue
        if delete:
            billing.delete("account_customers", record_id)
        else:
            billing.update("account_customers", record_id, {"active": False})
    for at in range(created):
        account, customer = (billing.seed.record(kind, at) for kind in ("accounts", "customers"))
        if billing.find("account_customers", f"{account['number']}:{customer['number']}") is None:
            billing.create(
                "account_customers",
                {"account_number": account["number"], "customer_number": customer["number"]},
            )
    everything = list(billing.records("account_customers"))
    assert billing.count("account_customers") == len(everything)
    wanted = [record["id"] for record in everything if record["modified"] >= since]
    assert ids(billing, "account_customers", size, since) == wanted
    assert billing.count("account_customers", since) == len(wanted)


def test_an_edit_is_seen_by_id_by_key_and_in_pages():
    billing = Billing(Seed(20, awkward=0))
    before = billing.seed.record("customers", 7)
    billing.update("customers", before["id"], {"surname": "Edited", "address": {"city": "Leeds"}})
    for record in (
        billing.get("customers", before["id"]),
        billing.find("customers", before["number"]),
        billing.page("customers", after=before["id"] - 1, limit=1)[0],
    ):
        assert record["surname"] == "Edited"
        assert record["address"] == {**before["address"], "city": "Leeds"}
        assert record["modified"] > before["modified"]


def test_every_committed_change_is_noted_in_order_with_both_images():
    billing = Billing(Seed(20, awkward=0))
    customer = billing.create("customers", {"surname": "New"}, source="test")
    billing.update("customers", customer["id"], {"surname": "Newer"})
    account = billing.create(
        "accounts", {"account_class": "Residential", "primary_customer_number": customer["number"]}
    )
    link = billing.links(account=account["number"])[0]
    billing.delete("account_customers", link["id"])
    changes = billing.changes()
    assert [(c.sequence, c.kind, c.operation) for c in changes] == [
        (1, "customers", "created"),
        (2, "customers", "updated"),
        (3, "accounts", "created"),
        (4, "account_customers", "created"),
        (5, "account_customers", "deleted"),
    ]
    assert changes[0].source == "test"
    assert (changes[1].before["surname"], changes[1].after["surname"]) == ("New", "Newer")
    assert changes[4].after is None
    assert billing.changes(after=4) == changes[4:]
    assert billing.changes(after=5) == []


def test_a_refused_change_leaves_no_trace():
    billing = Billing(Seed(20, awkward=0))
    customer = billing.seed.record("customers", 1)
    with pytest.raises(RefusedError, match="e-mail"):
        billing.update("customers", customer["id"], {"email": "nobody", "surname": "Half"})
    assert billing.get("customers", customer["id"]) == customer
    assert billing.changes() == []


def test_an_awkward_value_does_not_stand_in_the_way_of_other_edits():
    billing = Billing(Seed(220, awkward=0.1))
    for row in billing.seed.expectations().awkward:
        record = billing.find(row.record, row.key)
        member = {"customers": "mobile", "accounts": "company_number", "service_points": "supply_end"}[row.record]
        value = "2036-01-01" if member == "supply_end" else "0700"
        assert billing.update(row.record, record["id"], {member: value})[member] == value


def test_a_record_that_is_not_there_cannot_be_edited():
    billing = Billing(Seed(20))
    with pytest.raises(UnknownRecordError):
        billing.update("customers", 5, {"surname": "X"})
    with pytest.raises(UnknownRecordError):
        billing.delete("account_customers", 5)


def test_a_file_keeps_edits_creations_deletions_and_the_switch(tmp_path):
    seed = Seed(20, awkward=0)
    billing = Billing(seed, file=tmp_path / "billing.db")
    first = billing.seed.record("customers", 0)
    billing.update("customers", first["id"], {"surname": "Kept"})
    made = billing.create("customers", {"surname": "New"})
    link = billing.create(
        "account_customers",
        {"account_number": seed.record("accounts", 5)["number"], "customer_number": made["number"]},
    )
    billing.delete("account_customers", link["id"])
    billing.publishing = False
    billing.close()

    again = Billing(seed, file=tmp_path / "billing.db")
    assert again.get("customers", first["id"])["surname"] == "Kept"
    assert again.find("customers", made["number"]) == made
    assert again.links(customer=made["number"]) == []
    assert not again.publishing
    newer = again.create(
        "account_customers",
        {"account_number": seed.record("accounts", 5)["number"], "customer_number": made["number"]},
    )
    assert newer["id"] > link["id"]
    again.close()
    with pytest.raises(OtherSeedError):
        Billing(Seed(21), file=tmp_path / "billing.db")


def test_allotted_numbers_are_unique_and_new():
    billing = Billing(Seed(30))
    made = [billing.create("customers", {"surname": "N"})["number"] for _ in range(50)]
    assert len(set(made)) == 50
    assert not set(made) & {customer["number"] for customer in billing.seed.records("customers")}


def test_edits_from_several_threads_are_all_kept():
    billing = Billing(Seed(20, awkward=0))
    record = billing.seed.record("customers", 0)

    def edit(at):
        for turn in range(50):
            billing.update("customers", record["id"], {"phone": f"{at}-{turn}"})

    threads = [threading.Thread(target=edit, args=(at,)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    changes = billing.changes()
    assert [change.sequence for change in changes] == list(range(1, 201))
    stamps = [change.at for change in changes]
    assert stamps == sorted(set(stamps))


def test_a_million_accounts_cost_no_memory_and_little_time():
    billing = Billing(Seed(1_000_000))
    assert billing.count("customers") == 1_300_000
    last = billing.seed.record("accounts", 999_999)
    assert billing.find("accounts", last["number"]) == last
    assert len(billing.page("accounts", after=last["id"] - 5, limit=10)) == 5
    recent = billing.page("customers", limit=10, since=last["modified"])
    assert all(record["modified"] >= last["modified"] for record in recent)
    assert billing.count("customers", LATE) == 0
