"""Drives simple-salesforce through an org and prints what it was told, as JSON.

Arguments: the instance's address and a session id, or nothing to log in at the client's own fixed hosts.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import UTC, datetime, timedelta

from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceError, SalesforceResourceNotFound

ROWS = 2100


def describe(org):
    fields = org.Account.describe()["fields"]
    return {
        "objects": [each["name"] for each in org.describe()["sobjects"]],
        "required": [f["name"] for f in fields if f["createable"] and not f["nillable"] and not f["defaultedOnCreate"]],
        "keys": [f["name"] for f in fields if f["externalId"] or f["idLookup"]],
    }


def records(org):
    made = org.Account.create({"Name": "Māui Power", "Site": "Dunedin"})
    id_ = made["id"]
    updated = org.Account.update(id_, {"Site": "Ōtepoti"})
    read = org.Account.get(id_)
    deleted = org.Account.delete(id_)
    return {
        "made": made["success"],
        "read": [read["Name"], read["Site"]],
        "statuses": [updated, deleted],
        "gone": refusal(lambda: org.Account.get(id_)),
        "refused": refusal(lambda: org.Account.create({"Site": "nameless"})),
    }


def refusal(act):
    try:
        act()
    except SalesforceResourceNotFound as error:
        return [error.status, error.content[0]["errorCode"]]
    except SalesforceError as error:
        return [error.status, error.content[0]["errorCode"]]
    return None


def upserts(org):
    key = "Legacy_Id__c/GT-1"
    statuses = [org.Account.upsert(key, {"Name": name}) for name in ("First", "Second")]
    return {"statuses": statuses, "name": org.Account.get_by_custom_id("Legacy_Id__c", "GT-1")["Name"]}


def bulk(org):
    rows = [{"Name": f"Bulk {n:04}", "Legacy_Id__c": f"B-{n}", "AccountNumber": str(n)} for n in range(ROWS)]
    rows[7]["Name"] = ""
    rows[8]["AccountNumber"] = "9" * 41
    (done,) = org.bulk2.Account.upsert(records=rows, external_id_field="Legacy_Id__c", wait=0.2)
    job = done["job_id"]
    failed = list(csv.DictReader(io.StringIO(org.bulk2.Account.get_failed_records(job))))
    good = list(csv.DictReader(io.StringIO(org.bulk2.Account.get_successful_records(job))))
    return {
        "job": [done["numberRecordsProcessed"], done["numberRecordsFailed"]],
        "errors": sorted([row["Legacy_Id__c"], row["sf__Error"].split(":")[0]] for row in failed),
        "created": sum(row["sf__Created"] == "true" for row in good),
        "unprocessed": org.bulk2.Account.get_unprocessed_records(job).strip().count("\n"),
    }


def queries(org):
    soql = "SELECT Id, Name FROM Account WHERE Legacy_Id__c LIKE 'B-%'"
    first = org.query(soql)
    pages = list(org.bulk2.Account.query(soql, max_records=1000, wait=0.2))
    return {
        "total": first["totalSize"],
        "first_page": [len(first["records"]), first["done"]],
        "all": len(org.query_all(soql)["records"]),
        "bulk_pages": [len(list(csv.reader(io.StringIO(page)))) - 1 for page in pages],
        "wrong": refusal(lambda: org.query("SELECT Nonsense FROM Account")),
    }


def changes(org):
    start, end = datetime.now(UTC) - timedelta(minutes=5), datetime.now(UTC) + timedelta(minutes=5)
    soql = "SELECT Id FROM Account WHERE Legacy_Id__c = 'B-1'"
    doomed = org.query(soql)["records"][0]["Id"]
    (done,) = org.bulk2.Account.delete(records=[{"Id": doomed}], wait=0.2)
    return {
        "bulk_delete": [done["numberRecordsProcessed"], done["numberRecordsFailed"]],
        "deleted": doomed in [each["id"] for each in org.Account.deleted(start, end)["deletedRecords"]],
        "updated": len(org.Account.updated(start, end)["ids"]),
        "left": [len(org.query_all(soql, include_deleted=all_)["records"]) for all_ in (False, True)],
        "sandbox": org.is_sandbox(),
        "limit": org.limits()["DailyApiRequests"]["Max"] > 0,
    }


def tour(org):
    parts = (describe, records, upserts, bulk, queries, changes)
    facts = {part.__name__: part(org) for part in parts}
    return {**facts, "usage": sorted(org.api_usage)}


def logged_in():
    user = {"username": "client@acme.example", "password": "correct horseT0k3n"}
    app = {"consumer_key": "consumer-key", "consumer_secret": "consumer-secret"}
    by_password = Salesforce(**user, **app)
    by_client = Salesforce(**app, domain="acme.my")
    refused = login_refusal(lambda: Salesforce(**{**user, "password": "wrong"}, **app))
    return {
        "instances": [by_password.sf_instance, by_client.sf_instance],
        "refused": refused,
        "counted": by_client.query("SELECT COUNT() FROM Account")["totalSize"],
        "accounts": len(by_password.query("SELECT Id FROM Account")["records"]),
    }


def login_refusal(act):
    try:
        act()
    except SalesforceError as error:
        return str(error)
    return None


def main():
    known = sys.argv[1:]
    facts = tour(Salesforce(instance_url=known[0], session_id=known[1])) if known else logged_in()
    sys.stdout.write(json.dumps(facts) + "\n")


if __name__ == "__main__":
    main()
