"""Drives aiosalesforce through an org at its own fixed host name and prints what it was told, as JSON."""

from __future__ import annotations

import asyncio
import json
import sys

import httpx
from aiosalesforce import Salesforce
from aiosalesforce.auth import ClientCredentialsFlow
from aiosalesforce.exceptions import SalesforceError

ROWS = 2100
URL = "https://acme.my.salesforce.com"


async def describe(org):
    found = await org.request("GET", f"{URL}/services/data/v{org.version}/sobjects/Contact/describe")
    every = await org.request("GET", f"{URL}/services/data/v{org.version}/sobjects")
    limits = await org.get_limits()
    return {
        "objects": [each["name"] for each in every.json()["sobjects"]],
        "label": found.json()["label"],
        "calls_left": limits["DailyApiRequests"]["Remaining"] < limits["DailyApiRequests"]["Max"],
    }


async def records(org):
    id_ = await org.sobject.create("Contact", {"LastName": "Te Rangi", "Email": "t@acme.example"})
    await org.sobject.update("Contact", id_, {"FirstName": "Aroha"})
    read = await org.sobject.get("Contact", id_, fields=["Name", "Email"])
    await org.sobject.delete("Contact", id_)
    return {
        "name": read["Name"],
        "gone": await refusal(org.sobject.get("Contact", id_)),
        "refused": await refusal(org.sobject.create("Contact", {"FirstName": "Only"})),
    }


async def refusal(act):
    try:
        await act
    except SalesforceError as error:
        return error.error_code
    return None


async def upserts(org):
    first = await org.sobject.upsert("Contact", "GT-1", "Legacy_Id__c", {"LastName": "One"})
    second = await org.sobject.upsert("Contact", "GT-1", "Legacy_Id__c", {"LastName": "Two"})
    return {"created": [first.created, second.created], "same": first.id == second.id}


async def bulk(org):
    rows = [{"LastName": f"Bulk {n:04}", "Legacy_Id__c": f"B-{n}"} for n in range(ROWS)]
    rows[3]["LastName"] = ""
    made = org.bulk_v2.ingest.perform_operation("insert", "Contact", rows, polling_interval=0.2)
    (done,) = [each async for each in made]
    return {
        "state": done.job_info.state,
        "good": len(done.successful_results),
        "errors": [row["sf__Error"].split(":")[0] for row in done.failed_results],
        "unprocessed": len(done.unprocessed_records),
    }


async def queries(org):
    soql = "SELECT Id, LastName FROM Contact WHERE Legacy_Id__c LIKE 'B-%'"
    return {"rows": len([row async for row in org.query(soql)])}


async def composites(org):
    async with org.composite(all_or_none=True) as linked:
        account = linked.sobject.create("Account", {"Name": "Linked"})
        parent = str(account.reference.id)
        linked.sobject.create("Contact", {"LastName": "Linked", "AccountId": parent})
        found = linked.query("SELECT LastName FROM Contact WHERE Account.Name = 'Linked'")
    async with org.composite(all_or_none=True) as broken:
        halves = [broken.sobject.create("Account", data) for data in ({"Name": "Undone"}, {"Site": "nameless"})]
    undone = [row async for row in org.query("SELECT Id FROM Account WHERE Name = 'Undone'")]
    return {
        "linked": [row["LastName"] for row in found.records],
        "broken": [[half.status_code, half.response_body[0]["errorCode"]] for half in halves],
        "undone": len(undone),
    }


async def main():
    async with httpx.AsyncClient(timeout=60) as http:
        org = Salesforce(http, URL, ClientCredentialsFlow("consumer-key", "consumer-secret"))
        parts = (describe, records, upserts, bulk, queries, composites)
        facts = {part.__name__: await part(org) for part in parts}
    sys.stdout.write(json.dumps(facts) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
