"""The peer: a plain script, as a careful engineer would write it in an afternoon, on ``simple-salesforce``.

It does the same job: pages through billing, maps the same fields, upserts object by object by external id with Bulk API
2.0 (``bulk2.upsert``), gives the relations that Salesforce created by itself their external id, activates contracts,
and reads every result. It keeps no links, checks nothing beforehand, cannot resume, and sends no row a second time.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from simple_salesforce import Salesforce

from bench.meter import Meter
from bench.peer_rows import EXT, PLAN, Row, begun
from bench.sandboxes import Facts

_PAGE = 1000
_JOB_ROWS = 100_000
#: Seconds before the library's first look at a job; its own default of 5 would make small loads seem slow.
_WAIT_S = 0.5


def main() -> None:
    """Load, and print the figures as one line of JSON."""
    facts = Facts.read(sys.stdin)
    org, billing = _sign_in(facts), _Billing(facts)
    meter = Meter()
    load = _Load(org, billing)
    for sobject, name, mapping in PLAN:
        records = list(billing.pages(name))
        load.read += len(records)
        load.send(sobject, [mapping(record) for record in records])
        if sobject == "Contract":
            load.activate(records)
    told = {"records": load.read, "refused": load.refused.total(), "causes": dict(load.refused), **meter.read()}
    print(json.dumps(told))  # noqa: T201 - the answer to the parent process


def _sign_in(facts: Facts) -> Salesforce:
    form = {
        "grant_type": "client_credentials",
        "client_id": facts.consumer_key,
        "client_secret": facts.consumer_secret,
    }
    session = requests.Session()
    session.trust_env = False
    token = session.post(f"{facts.org}/services/oauth2/token", data=form, timeout=30).json()
    org = Salesforce(instance_url=facts.org, session_id=token["access_token"], version="66.0", session=session)
    # The client writes https:// into its addresses; the simulator of this benchmark has no certificate.
    for name in ("base_url", "bulk2_url"):
        setattr(org, name, getattr(org, name).replace("https://", "http://"))
    return org


class _Billing:
    """Pages of the billing system."""

    def __init__(self, facts: Facts) -> None:
        self.url = facts.billing + "/rest/v1"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["X-Junifer-X-username"] = facts.username
        self.session.headers["X-Junifer-X-apikey"] = facts.api_key

    def pages(self, name: str) -> Iterator[Row]:
        """Every record of a list."""
        params = {"limit": _PAGE}
        while True:
            answer = self.session.get(f"{self.url}/{name}", params=params, timeout=60)
            answer.raise_for_status()
            body = answer.json()
            yield from body["results"]
            following = (body.get("links") or {}).get("next")
            if not following:
                return
            params = dict(pair.split("=", 1) for pair in requests.utils.urlparse(following).query.split("&"))


class _Load:
    """The load so far."""

    def __init__(self, org: Salesforce, billing: _Billing) -> None:
        self.org = org
        self.billing = billing
        self.read = 0
        self.refused: Counter[str] = Counter()
        self.arrived: set[str] = set()

    def send(self, sobject: str, rows: list[Row]) -> None:
        """Upsert an object's rows."""
        if sobject == "PricebookEntry":
            found = self.org.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true")["records"]
            rows = [{**row, "Pricebook2Id": found[0]["Id"]} for row in rows]
        if sobject == "AccountContactRelation":
            rows = self._stamp(rows)
        self.arrived = self._bulk(sobject, "upsert", rows)

    def activate(self, records: list[Row]) -> None:
        """Activate the contracts that have begun and arrived, in a job of its own, as Salesforce demands."""
        today = datetime.now(UTC).date()
        numbers = [r["number"] for r in records if r["number"] in self.arrived and begun(r, today)]
        self._bulk("Contract", "upsert", [{EXT: number, "Status": "Activated"} for number in numbers])

    def _stamp(self, rows: list[Row]) -> list[Row]:
        """Update the relations that Salesforce created by itself; returns those that are still to be made."""
        there = self._relations()
        ours, others = [], []
        for row in rows:
            (ours if row[EXT] in there else others).append(row)
        parents = {f"Account.{EXT}", f"Contact.{EXT}"}
        self._bulk(
            "AccountContactRelation",
            "update",
            [{"Id": there[row[EXT]], **{n: v for n, v in row.items() if n not in parents}} for row in ours],
        )
        return others

    def _relations(self) -> dict[str, str]:
        soql = f"SELECT Id, Account.{EXT}, Contact.{EXT} FROM AccountContactRelation"
        pages = self.org.bulk2.AccountContactRelation.query(soql, wait=_WAIT_S)
        rows = (row for page in pages for row in list(csv.reader(io.StringIO(page)))[1:])
        return {f"{account}:{contact}": record_id for record_id, account, contact in rows}

    def _bulk(self, sobject: str, operation: str, rows: list[Row]) -> set[str]:
        """Run bulk jobs over rows and read every result; returns the external ids that arrived."""
        if not rows:
            return set()
        handler = getattr(self.org.bulk2, sobject)
        options: dict[str, Any] = {"external_id_field": EXT} if operation == "upsert" else {}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
            jobs = getattr(handler, operation)(str(path), batch_size=_JOB_ROWS, wait=_WAIT_S, **options)
        arrived: set[str] = set()
        for job in jobs:
            arrived |= self._results(sobject, handler, job)
        return arrived

    def _results(self, sobject: str, handler: Any, job: dict[str, Any]) -> set[str]:
        for row in _dicts(handler.get_failed_records(job["job_id"])):
            self.refused[f"{sobject} {row['sf__Error'].split(':')[0]}"] += 1
        for _ in _dicts(handler.get_unprocessed_records(job["job_id"])):
            self.refused[f"{sobject} UNPROCESSED"] += 1
        return {row[EXT] for row in _dicts(handler.get_successful_records(job["job_id"]))}


def _dicts(text: str) -> Iterator[dict[str, str]]:
    return csv.DictReader(io.StringIO(text))


if __name__ == "__main__":
    main()
