"""People who edit on both sides through the systems' own interfaces, at some rate, for as long as it takes."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter

import httpx2
from mapped import MAPPED, B, S

from salesbridge.sandbox.salesforce.demo import CLIENT_ID, CLIENT_SECRET, PASSWORD, SECURITY_TOKEN
from torture.scene import CLERK

_VERSION = "v62.0"
#: Where Junifer's interface takes a field of a record; what it takes nowhere, billing's staff change.
_PATHS = {"customers": "customers", "accounts": "accounts", "account_customers": "accountCustomers"}
_MEMBERS = {
    "trading_name": "tradingName", "company_number": "companyNumber", "account_class": "accountClass",
    "preferred_name": "preferredName", "job_title": "jobTitle", "birth_date": "dateOfBirth", "to_date": "toDt",
    "active": "activeFl",
}  # fmt: skip
_ON_THE_OTHER_SIDE, _NEW_RECORDS, _BURSTS = 0.12, 0.02, 0.1
#: How often a field that its master will put back is changed where it does not count: more is a fight, for a person.
_MOST_RESTORES = 2


class People:
    """Edits at random.

    Args:
        scene: Where.
        seed: Of their choices.
        rate: Edits a second, about; 0: none but those that are asked for.
    """

    def __init__(self, scene, seed, rate=0.0):
        self.scene, self.rate = scene, rate
        self._dice = random.Random(f"people {seed}")  # noqa: S311 - repeatable choices
        self._http = httpx2.Client(trust_env=False, timeout=30)
        self._token, self._stopped = "", threading.Event()
        self._restores, self.counts, self.errors = Counter(), Counter(), []
        self._thread = threading.Thread(target=self._run, name="people", daemon=True)
        self.look()

    def look(self):
        """Which records there are."""
        held = self.scene.held()
        self._ids = {side: {e: {r["key"]: r["id"] for r in rows} for e, rows in held[side].items()} for side in held}

    def __enter__(self):
        if self.rate:
            self._thread.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self._http.close()

    def stop(self):
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=60)

    def _run(self):
        while not self._stopped.is_set():
            try:
                self.something()
            except (httpx2.HTTPError, OSError) as error:
                self.counts["nobody knows"] += 1
                self.errors.append(repr(error))
            self._stopped.wait(self._dice.expovariate(self.rate))

    def something(self):
        """One edit, sometimes several of one record right after another."""
        if self._dice.random() < _NEW_RECORDS:
            self.new_customer()
            return
        mapped = self._dice.choice(MAPPED)
        key = self._dice.choice(self.keys(mapped))
        times = self._dice.choice((2, 3, 5)) if self._dice.random() < _BURSTS else 1
        for _ in range(times):
            self.edit(mapped, key, self._side(mapped, key), self._dice.choice(mapped.values))

    def _side(self, mapped, key):
        other = B if mapped.master == S else S
        name = (mapped.entity, mapped.field, key)
        if self._dice.random() > _ON_THE_OTHER_SIDE or self._restores[name] >= _MOST_RESTORES:
            return mapped.master
        self._restores[name] += 1
        return other

    def keys(self, mapped):
        """External ids of the records that have a field."""
        return sorted(self._ids[B][mapped.entity])

    def greet(self):
        """One more edit on either side: that a side is heard again shows when it says something."""
        for mapped in (_of("Contact", "Title"), _of("Asset", "Gentrack_Supply_Status__c")):
            self.edit(mapped, self.keys(mapped)[0], mapped.master, self._dice.choice(mapped.values))

    def edit(self, mapped, key, side, value):
        """One field of one record, on one side."""
        if side == S:
            if key not in self._ids[S][mapped.entity]:
                return
            done = self.salesforce(mapped.entity, self._ids[S][mapped.entity][key], {mapped.field: value})
        else:
            done = self.billing(mapped, self._ids[B][mapped.entity][key], value)
        self.counts[f"{side}: {'edited' if done else 'refused'}"] += 1

    # the two interfaces

    def salesforce(self, entity, id_, values):
        path = f"/services/data/{_VERSION}/sobjects/{entity}/{id_}"
        for _ in range(4):
            answer = self._http.patch(self.scene.org_url + path, json=values, headers=self._bearer())
            if answer.status_code != 401:
                return answer.is_success
            self._token = ""
        return False

    def _bearer(self):
        if not self._token:
            form = {
                "grant_type": "password", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
                "username": "admin@sandbox.example", "password": PASSWORD + SECURITY_TOKEN,
            }  # fmt: skip
            answer = self._http.post(f"{self.scene.org_url}/services/oauth2/token", data=form)
            self._token = answer.json()["access_token"] if answer.is_success else ""
        return {"Authorization": f"Bearer {self._token}"}

    def billing(self, mapped, id_, value):
        if mapped.kind not in _PATHS:
            return "refused" not in self.scene.billing.ask(
                do="update", kind=mapped.kind, id=id_, values={mapped.member: value}
            )
        member = mapped.member
        body = {"primaryContact": {"phoneNumber3": value}} if member == "mobile" else {_MEMBERS[member]: value}
        return self._junifer("PUT", f"{_PATHS[mapped.kind]}/{id_}", body) is not None

    def new_customer(self):
        """A new customer with an account; both come into being in Salesforce by themselves."""
        number = self._dice.randrange(10**6)
        person = {"customerType": "Person", "forename": "Ann", "surname": f"Newcomer {number}"}
        customer = self._junifer("POST", "customers", person)
        if customer is None:
            self.counts["billing: refused"] += 1
            return
        account = {"customerNumber": customer["number"], "accountClass": "Residential", "tradingName": f"New {number}"}
        made = self._junifer("POST", "accounts", account)
        self.counts["billing: created"] += 1 + (made is not None)
        if made is not None:
            # without an account of its own, Salesforce would relate the contact to none (private contact)
            self._junifer("PUT", f"customers/{customer['id']}", {"primaryAccount": {"number": made["number"]}})

    def _junifer(self, method, path, body):
        headers = {"X-Junifer-X-username": CLERK[0], "X-Junifer-X-apikey": CLERK[1]}
        answer = self._http.request(method, f"{self.scene.billing_url}/rest/v1/{path}", json=body, headers=headers)
        if not answer.is_success:
            return None
        return answer.json() if answer.content else {}


def _of(entity, field):
    return next(each for each in MAPPED if (each.entity, each.field) == (entity, field))


def wait_for(true, seconds, what):
    """Wait for something to become true."""
    ends = time.monotonic() + seconds
    while not (found := true()):
        if time.monotonic() > ends:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.1)
    return found
