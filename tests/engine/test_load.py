"""The initial data synchronisation, whole: two simulated systems, the product as a process of its own."""

from __future__ import annotations

import csv
import json
import time
from email import message_from_bytes, policy
from pathlib import Path

import psycopg
import pytest
from journey import EXT, OBJECTS, connect_by_hand, outcome, totals, wait_until

from salesbridge.sandbox.billing.extract import write_extract

pytestmark = pytest.mark.slow


def change(records, kind, key, values):
    records.update(kind, records.find(kind, key)["id"], values)


def closes(stage):
    parts = ("written_created", "written_updated", "unchanged", "rejected", "parked", "superseded")
    return stage["read"] == sum(stage[name] for name in parts)


@pytest.mark.parametrize("dialect", ["junifer", "velocity"])
def test_everything_in_billing_arrives_in_salesforce(connected, dialect):
    system = connected(dialect, accounts=60)
    run = system.product.load(check=0)

    assert run["result"] == "completed"
    expected = system.billing.billing.seed.expectations().counts
    kinds = dict(zip(OBJECTS, ("accounts", "products", "customers", "products", "agreements", "service_points",
                               "account_customers"), strict=True))  # fmt: skip
    for name, stage in outcome(run).items():
        assert closes(stage), stage
        assert stage["read"] == stage["written_created"] + stage["written_updated"] == expected[kinds[name]]
        assert len(system.rows[name]) == stage["read"]


def test_the_commands_of_the_guide_lead_to_a_load(product, org, billing_of):
    system = connect_by_hand(product, org, billing_of(accounts=20))
    listed = product.json("instance", "list", check=0)
    assert [row["instance"] for row in listed] == ["sales"]
    checked = product.json("instance", "check", "sales", "--initial", check=0)
    assert {finding["severity"] for finding in checked["findings"]} <= {"warning", "note"}
    assert system.product.load(check=0)["result"] == "completed"
    assert product.run("load", "report", "sales", check=0).stdout.startswith("Object,Record,Cause")


def test_values_arrive_as_billing_means_them(connected):
    system = connected(accounts=40)
    system.product.load(check=0)

    records = system.billing.billing
    for account in records.page("accounts", limit=20):
        row = system.rows["Account"][account["number"]]
        assert row.get("Trading_Name__c") == account["trading_name"]
        assert row["BillingPostalCode"] == account["address"]["postcode"]
        assert row["BillingStreet"].split("\n")[0] == account["address"]["line1"]
    for customer in records.page("customers", limit=20):
        row = system.rows["Contact"][customer["number"]]
        assert row["LastName"] == customer["surname"].strip()
        assert row.get("Salutation") == customer["title"]
        assert row.get("Title") == customer["job_title"]
        assert row.get("MobilePhone") == customer["mobile"]
        assert row.get("Birthdate") == customer["birth_date"]


def test_a_second_run_sends_nothing(connected):
    system = connected(accounts=40)
    first = system.product.load(check=0)
    before = len(system.calls("PUT", "/jobs/ingest"))
    second = system.product.load(check=0)

    assert len(system.calls("PUT", "/jobs/ingest")) == before
    assert totals(second)["unchanged"] == totals(first)["read"]
    assert totals(second)["written_created"] == totals(second)["written_updated"] == 0


def test_a_second_run_respects_the_master_of_each_field(connected):
    system = connected(accounts=40)
    system.product.load(check=0)
    key, row = next(iter(system.rows["Account"].items()))
    user = system.org.org.directory.user_named("integration@sandbox.example").id
    system.org.org.save("update", "Account", [{"Id": row["Id"], "Phone": "+44 20 7946 0000"}], user=user)
    point, asset = next(iter(system.rows["Asset"].items()))
    records = system.billing.billing
    change(records, "service_points", point, {"supply_status": "Ceased"})
    change(records, "accounts", key, {"trading_name": "Changed in billing"})
    system.product.load(check=0)

    assert system.rows["Account"][key]["Phone"] == "+44 20 7946 0000"
    assert system.rows["Account"][key].get("Trading_Name__c") != "Changed in billing"
    assert system.rows["Asset"][point]["Gentrack_Supply_Status__c"] == "Ceased"
    assert system.rows["Asset"][point]["Id"] == asset["Id"]


def test_awkward_rows_end_as_reasoned_row_errors(connected):
    system = connected(accounts=400, awkward=0.1)
    run = system.product.load(check=3)

    assert run["result"] == "completed with errors"
    assert all(closes(stage) for stage in run["stages"])
    assert all(cause["code"] and cause["mend"] and cause["example"] for cause in run["causes"])
    awkward = {row.key for row in system.billing.billing.seed.expectations().awkward}
    with Path(run["report_path"]).open(encoding="utf-8-sig", newline="") as file:
        report = list(csv.DictReader(file))
    assert len(report) == totals(run)["rejected"] + totals(run)["parked"]
    for row in report:
        assert row["Cause"] == "PARENT_NOT_LOADED" or awkward & {*row["Record"].split(":")}, row


def test_the_report_is_kept_in_salesforce_and_told_by_mail(connected):
    system = connected(accounts=400, awkward=0.1)
    run = system.product.load(check=3)

    documents = list(system.org.org.rows("ContentDocument"))
    assert len(documents) == 1
    assert documents[0]["Id"] in run["report_url"]
    mails = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in (system.product.folder / "mail").iterdir()
    ]
    assert [mail["To"] for mail in mails] == ["operations@retailer.example"]
    assert run["report_url"] in mails[0].get_content()
    assert "completed with errors" in mails[0]["Subject"]
    refused = [job for job in run["jobs"] if job["failed"]]
    assert refused
    assert all(job["link"] in mails[0].get_content() for job in refused)


def test_only_the_report_is_left_in_the_work_folder(connected):
    system = connected(accounts=400, awkward=0.1)
    run = system.product.load(check=3)

    files = [path for path in (system.product.folder / "data" / "work").rglob("*") if path.is_file()]
    assert files == [Path(run["report_path"])]


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_an_extract_loads_like_the_system_it_came_from(connected, form, tmp_path):
    system = connected(accounts=60)
    folder = tmp_path / "extract"
    write_extract(system.billing.billing.seed, folder, format=form)
    run = system.product.load("--extract", str(folder), check=0)
    again = system.product.load(check=0)

    assert run["result"] == "completed"
    assert totals(again)["unchanged"] == totals(run)["read"]


def test_a_plan_writes_nothing(connected):
    system = connected(accounts=60)
    plan = system.product.json("load", "plan", "sales", check=0)

    expected = system.billing.billing.seed.expectations().counts
    assert {size["entity"]: size["records"] for size in plan["sizes"]}["Account"] == expected["accounts"]
    assert plan["passed"]
    assert plan["jobs"] > 0
    assert not system.calls("POST", "/jobs/ingest")
    assert system.product.json("load", "history", "sales", check=0) == []


def test_rows_that_meet_a_lock_are_sent_again_in_smaller_waves(connected):
    system = connected(accounts=60)
    system.org.org.faults.arm("lock_rows", times=30, share=0.5)
    run = system.product.load(check=0)

    assert run["result"] == "completed"
    assert {name: len(rows) for name, rows in system.rows.items()} == {n: s["read"] for n, s in outcome(run).items()}


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("session_expires", {"after": 25}),
        ("unavailable", {"after": 30, "times": 3}),
        ("cut_after_commit", {"path": "/batches"}),
        ("cut_after_commit", {"path": "/jobs/ingest", "after": 3, "times": 2}),
        ("job_failed", {"after": 1}),
    ],
)
def test_a_fault_on_the_way_changes_nothing_in_the_end(connected, fault, options):
    system = connected(accounts=60)
    armed = system.org.org.faults.arm(fault, **options)
    run = system.product.load("--patience", "30", check=0)

    assert run["result"] == "completed", run["message"]
    assert {name: len(rows) for name, rows in system.rows.items()} == {n: s["read"] for n, s in outcome(run).items()}
    assert armed.fired > 0


def test_one_run_at_a_time(connected):
    system = connected(accounts=60)
    system.product.run("load", "start", "sales", "--outage-acknowledged", "--detach", check=0)
    refused = system.product.run("load", "start", "sales", "--outage-acknowledged")

    assert refused.returncode == 1
    assert "has not finished yet" in refused.stderr
    run = system.product.json("load", "resume", "sales", check=0)
    assert run["result"] == "completed"


def test_a_cancelled_run_stops_and_another_may_follow(connected):
    system = connected(accounts=60)
    system.product.run("load", "start", "sales", "--outage-acknowledged", "--detach", check=0)
    system.product.run("load", "cancel", "sales", check=0)
    run = json.loads(system.product.run("load", "resume", "sales", "--json").stdout)

    assert run["result"] == "cancelled"
    assert system.product.load(check=0)["result"] == "completed"
    assert [past["result"] for past in system.product.json("load", "history", "sales")] == ["completed", "cancelled"]


def test_relations_that_salesforce_made_itself_are_stamped(connected):
    system = connected(accounts=60)
    run = system.product.load(check=0)

    relations = list(system.org.org.rows("AccountContactRelation"))
    assert all(row.get(EXT) for row in relations)
    assert len({(row["AccountId"], row["ContactId"]) for row in relations}) == len(relations)
    assert outcome(run)["AccountContactRelation"]["written_updated"] > 0


def test_contracts_are_activated_by_status_alone(connected):
    system = connected(accounts=60)
    system.product.load(check=0)

    states = {row["Status"] for row in system.rows["Contract"].values()}
    assert states == {"Draft", "Activated"}


def test_the_engine_forgets_work_that_ended_long_ago(connected):
    system = connected(accounts=20)
    system.product.load(check=0)
    url = system.product.environment["DATABASE_URL"]
    day_ms = 86_400_000

    def age(days):
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE dbos.workflow_status SET completed_at = completed_at - %s", [days * day_ms])

    def kept():
        with psycopg.connect(url) as connection:
            return connection.execute("SELECT count(*) FROM dbos.workflow_status").fetchone()[0]

    age(days=29)
    before = kept()
    worker = system.product.start("worker")
    time.sleep(8)
    assert kept() == before
    worker.terminate()
    worker.wait()
    age(days=2)
    system.product.start("worker")
    wait_until(lambda: kept() == 0)
    assert system.product.json("load", "history", "sales", check=0)[0]["result"] == "completed"


def test_links_into_billing_are_filled_where_a_template_says_how(connected):
    system = connected(accounts=20)
    template = "https://billing.example/accounts/{key}"
    system.product.run("tenant", "link-template", "Retailer", "Account", template, check=0)
    system.product.load(check=0)
    assert system.rows["Account"]
    assert {key: row.get("Gentrack_Link__c") for key, row in system.rows["Account"].items()} == {
        key: template.format(key=key) for key in system.rows["Account"]
    }
    assert {row.get("Gentrack_Link__c") for row in system.rows["Contact"].values()} == {None}
