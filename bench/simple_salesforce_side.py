"""The peer: a plain script, as a careful engineer would write it in an afternoon, on ``simple-salesforce``.

It does the same job: pages through billing, maps the same fields, upserts object by object by external id with Bulk API
2.0 (``bulk2.upsert``), and reads the failed rows. It keeps no links, checks nothing beforehand and cannot resume.
"""

from __future__ import annotations

import csv
import io
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import requests
from simple_salesforce import Salesforce

EXT = "Gentrack_External_Id__c"
Row = dict[str, Any]


def main() -> None:
    """Load, and print the figures as one line of JSON."""
    facts = json.load(sys.stdin)
    session = requests.Session()
    org = _sign_in(facts, session)
    _prepare(facts)
    billing = _Billing(facts)
    cpu, wall = _cpu(), time.monotonic()
    records = refused = 0
    for sobject, resource_name, mapping in _PLAN:
        rows = [row for record in billing.pages(resource_name) if (row := mapping(record, org)) is not None]
        records += len(rows)
        refused += _upsert(org, sobject, rows)
    used, took = _cpu() - cpu, time.monotonic() - wall
    print(  # noqa: T201 - the answer to the parent process
        json.dumps({
            "records": records, "cpu_s": used, "wall_s": took, "refused": refused,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "calls": _calls(facts),
        })
    )  # fmt: skip


def _sign_in(facts: dict[str, str], session: requests.Session) -> Salesforce:
    form = {
        "grant_type": "client_credentials",
        "client_id": facts["Consumer key"],
        "client_secret": facts["Consumer secret"],
    }
    token = requests.post(f"{facts['org']}/services/oauth2/token", data=form, timeout=30).json()
    org = Salesforce(instance_url=facts["org"], session_id=token["access_token"], version="66.0", session=session)
    if facts["org"].startswith("http://"):
        # The client writes https:// into its base address; the simulator of this benchmark has no certificate.
        for name in ("base_url", "bulk2_url"):
            setattr(org, name, getattr(org, name).replace("https://", "http://"))
    return org


def _prepare(facts: dict[str, str]) -> None:
    """The org needs the same custom fields; they are deployed by the connector's own package, unmeasured."""
    import subprocess  # noqa: PLC0415

    subprocess.run([sys.executable, "-m", "bench.prepare_org"], input=json.dumps(facts), text=True, check=True)


class _Billing:
    """Pages of the billing system."""

    def __init__(self, facts: dict[str, str]) -> None:
        self.url = facts["billing"] + "/rest/v1"
        self.session = requests.Session()
        self.session.headers["X-Junifer-X-username"] = "salesbridge"
        self.session.headers["X-Junifer-X-apikey"] = facts["api_key"]

    def pages(self, name: str) -> Iterator[Row]:
        """Every record of a list."""
        after = 0
        while True:
            answer = self.session.get(f"{self.url}/{name}", params={"limit": 1000, "after": after}, timeout=60)
            page = answer.json()["results"]
            yield from page
            if len(page) < 1000:  # noqa: PLR2004
                return
            after = page[-1]["id"]


def _address(prefix: str, address: Row) -> Row:
    lines = [address.get(f"address{n}") for n in (1, 2, 3)]
    return {
        f"{prefix}Street": "\n".join(line for line in lines if line), f"{prefix}City": address.get("address4"),
        f"{prefix}State": address.get("address5"), f"{prefix}PostalCode": address.get("postcode"),
        f"{prefix}Country": address.get("country"),
    }  # fmt: skip


def _account(r: Row, _: Any) -> Row:
    customer = r.get("primaryCustomer") or {}
    return {
        EXT: r["number"], "Name": customer.get("name"), "Trading_Name__c": r.get("tradingName"),
        "Company_Number__c": r.get("companyNumber"), "Account_Class__c": r.get("accountClass"),
        **_address("Billing", r.get("billingAddress") or {}),
        "Phone": customer.get("phoneNumber1"), "Fax": customer.get("faxNumber"),
    }  # fmt: skip


def _contact(r: Row, _: Any) -> Row:
    contact = r.get("primaryContact") or {}
    return {
        EXT: r["number"], f"Account.{EXT}": (r.get("primaryAccount") or {}).get("number"), "Salutation": r.get("title"),
        "FirstName": r.get("forename"), "LastName": r.get("surname"), "Title": r.get("jobTitle"),
        "Preferred_Name__c": r.get("preferredName"), "Phone": contact.get("phoneNumber1"),
        "OtherPhone": contact.get("phoneNumber2"), "MobilePhone": contact.get("phoneNumber3"),
        "Email": contact.get("email"), "Birthdate": r.get("dateOfBirth"),
        **_address("Mailing", contact.get("address") or {}),
    }  # fmt: skip


def _product(r: Row, _: Any) -> Row:
    active = str(r.get("activeFl")).lower()
    return {
        EXT: r["code"],
        "Name": r["name"],
        "ProductCode": r["code"],
        "Family": r.get("serviceType"),
        "IsActive": active,
    }


def _price(r: Row, org: Salesforce) -> Row:
    book = org.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true")["records"][0]["Id"] if not _book else _book[0]
    _book[:] = [book]
    return {
        EXT: r["code"], f"Product2.{EXT}": r["code"], "Pricebook2Id": book, "UnitPrice": r["unitPrice"],
        "IsActive": str(r.get("activeFl")).lower(),
    }  # fmt: skip


_book: list[str] = []


def _contract(r: Row, _: Any) -> Row:
    return {
        EXT: r["number"], f"Account.{EXT}": r.get("accountNumber"), "StartDate": r.get("fromDt"),
        "ContractTerm": r.get("termMonths"), "Gentrack_Agreement_Type__c": (r.get("agreementType") or {}).get("name"),
        "Gentrack_End_Date__c": r.get("toDt"), "Gentrack_Cancelled__c": str(bool(r.get("cancelled"))).lower(),
    }  # fmt: skip


def _asset(r: Row, _: Any) -> Row:
    return {
        EXT: r["identifier"], f"Account.{EXT}": r.get("accountNumber"), "Name": r["identifier"],
        "Gentrack_Identifier_Type__c": r.get("type"), "Gentrack_Service_Type__c": r.get("serviceType"),
        "Gentrack_Supply_Status__c": r.get("supplyStatus"), "Gentrack_Switch_Status__c": r.get("switchStatus"),
        "Gentrack_Supply_Start__c": r.get("supplyStartDate"), "Gentrack_Supply_End__c": r.get("supplyEndDate"),
        **_address("", r.get("address") or {}),
    }  # fmt: skip


def _relation(r: Row, _: Any) -> Row:
    key = f"{r['accountNumber']}:{r['customerNumber']}"
    return {
        EXT: key, f"Account.{EXT}": r["accountNumber"], f"Contact.{EXT}": r["customerNumber"],
        "Roles": ";".join(r.get("roles") or ()), "IsActive": str(bool(r.get("activeFl"))).lower(),
        "StartDate": r.get("fromDt"), "EndDate": r.get("toDt"),
    }  # fmt: skip


_PLAN: list[tuple[str, str, Callable[[Row, Any], Row]]] = [
    ("Account", "accounts", _account),
    ("Product2", "products", _product),
    ("Contact", "customers", _contact),
    ("PricebookEntry", "products", _price),
    ("Contract", "agreements", _contract),
    ("Asset", "meterPoints", _asset),
    ("AccountContactRelation", "accountCustomers", _relation),
]


def _upsert(org: Salesforce, sobject: str, rows: list[Row]) -> int:
    handler = getattr(org.bulk2, sobject)
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_text(buffer.getvalue(), encoding="utf-8")
        results = handler.upsert(str(path), external_id_field=EXT, batch_size=100_000)
    failed = 0
    for result in results:
        if result["numberRecordsFailed"]:
            failed += len(list(csv.reader(io.StringIO(handler.get_failed_records(result["job_id"]))))) - 1
        handler.get_successful_records(result["job_id"])
    return failed


def _calls(facts: dict[str, str]) -> int:
    state = requests.get(facts["org"] + "/sandbox/state", timeout=30).json()
    calls = state["calls"]
    return sum(calls.values()) if isinstance(calls, dict) else int(calls)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
