from __future__ import annotations

import threading
import time
import zlib

import pytest

from salesbridge.sandbox.salesforce.bulk import ingest_jobs

ACCOUNTS = 12
CHILDREN = 480
HEADER = "Ext__c,Account.Ext__c,LastName\n"


@pytest.fixture(autouse=True)
def small_batches(org):
    settings = ingest_jobs(org).settings
    settings.batch_records, settings.chunk_records = 60, 20


@pytest.fixture
def accounts(caller):
    caller.load("Ext__c,Name\n" + "".join(f"A{n},Acme {n}\n" for n in range(ACCOUNTS)))


def children(order):
    return HEADER + "".join(f"C{n},A{n * ACCOUNTS // CHILDREN},Ng\n" for n in order)


def shuffled():
    order = list(range(CHILDREN))
    order.sort(key=lambda n: zlib.crc32(b"%d" % n))
    return order


@pytest.mark.usefixtures("accounts")
def test_children_sorted_by_parent_load_without_lock_errors(caller):
    assert caller.load(children(range(CHILDREN)), "Contact")["numberRecordsFailed"] == 0


@pytest.mark.usefixtures("accounts")
def test_shuffled_children_of_few_parents_meet_many_locks(caller, org):
    job = caller.load(children(shuffled()), "Contact")
    assert job["state"] == "JobComplete"
    assert job["numberRecordsFailed"] > CHILDREN / 4
    assert job["numberRecordsFailed"] + org.count("Contact") == CHILDREN
    errors = [line.split('","')[1] for line in caller.results(job, "failedResults")[1:]]
    first = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or "
    assert all(error.startswith(first) and error.endswith(":--") for error in errors)
    assert next(org.rows("Account"))["Id"][:3] == errors[0].partition("records: ")[2][:3]


@pytest.mark.usefixtures("accounts")
def test_lock_errors_are_the_same_every_time(caller, org):
    failures = []
    for _ in range(2):
        job = caller.load(children(shuffled()), "Contact")
        failures.append(caller.results(job, "failedResults"))
        for row in list(org.rows("Contact")):
            org.save("delete", "Contact", [{"Id": row["Id"]}], user=caller.user.id)
    assert failures[0] == failures[1]


@pytest.mark.usefixtures("accounts")
def test_one_lane_never_waits_for_itself(caller, org):
    ingest_jobs(org).settings.lanes = 1
    assert caller.load(children(shuffled()), "Contact")["numberRecordsFailed"] == 0


@pytest.mark.usefixtures("accounts")
def test_a_parent_another_running_job_holds_is_locked(caller, org):
    account = org.find("Account", "Ext__c", "A3")[0]["Id"]
    ingest_jobs(org).held["another"] = frozenset({account})
    job = caller.load(HEADER + "C1,A3,Ng\nC2,A4,Ho\n", "Contact")
    assert job["numberRecordsFailed"] == 1
    expected = f"UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 1 records: {account}:--"
    assert expected in caller.results(job, "failedResults")[1]


def test_jobs_release_their_locks_when_they_end(caller, org):
    caller.load("Ext__c,Name\nA1,Acme\n")
    caller.load(HEADER + "C1,A1,Ng\n", "Contact")
    deadline = time.monotonic() + 5
    while ingest_jobs(org).held and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert ingest_jobs(org).held == {}


def test_the_fault_lock_rows_strikes_a_share_of_rows(caller, org):
    org.faults.arm("lock_rows", times=None, share=0.5, seed=3)
    job = caller.load("Ext__c,Name\n" + "".join(f"A{n},N\n" for n in range(100)))
    assert 25 < job["numberRecordsFailed"] < 75
    assert org.count("Account") == 100 - job["numberRecordsFailed"]


def test_the_fault_job_failed_leaves_rows_unprocessed_and_saved_rows_saved(caller, org):
    ingest_jobs(org).settings.lanes = 1
    org.faults.arm("job_failed", after=2)
    job = caller.load("Ext__c,Name\n" + "".join(f"A{n},N\n" for n in range(200)))
    assert job["state"] == "Failed"
    assert job["numberRecordsProcessed"] == org.count("Account") == 120
    parts = [caller.results(job, kind)[1:] for kind in ("successfulResults", "failedResults", "unprocessedrecords")]
    assert [len(part) for part in parts] == [120, 0, 80]
