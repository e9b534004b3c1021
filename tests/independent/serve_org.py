"""Serves a simulated org over TLS until told to stop; prints its address as JSON when it listens."""

from __future__ import annotations

import argparse
import json
import signal
import sys

from salesbridge.sandbox.salesforce.access import ConnectedApp, FieldPermission, PermissionSet
from salesbridge.sandbox.salesforce.org import Org
from salesbridge.sandbox.salesforce.schema import Field
from salesbridge.sandbox.salesforce.seed import seed
from salesbridge.sandbox.salesforce.server import start_in_thread
from salesbridge.sandbox.salesforce.standard import standard_sobjects

LEGACY_ID = Field(
    "Legacy_Id__c", "Legacy Id", "string", length=40, custom=True, external_id=True, unique=True, id_lookup=True
)
KEYED = ("Account", "Contact")
MAY = {"ModifyMetadata", "ManageUsers"}


def new_org(accounts: int) -> Org:
    org = Org(standard_sobjects())
    seed(org)
    for sobject in KEYED:
        org.schema.add_field(sobject, LEGACY_ID)
    grants = {f"{sobject}.Legacy_Id__c": FieldPermission(readable=True, editable=True) for sobject in KEYED}
    org.directory.add_permission_set(PermissionSet("Clients", fields=grants))
    user = org.directory.add_user(
        "client@acme.example", password="correct horse", security_token="T0k3n", permissions=MAY
    )
    org.directory.assign(user.id, "Clients")
    approved = {"refresh-token": user.id}
    app = ConnectedApp("Clients", "consumer-key", "consumer-secret", run_as=user.id, refresh_tokens=approved)
    org.directory.add_app(app)
    fill(org, user.id, accounts)
    return org


def fill(org: Org, user: str, accounts: int) -> None:
    made = [{"Name": f"Account {n:04}", "BillingCity": "Dunedin"} for n in range(accounts)]
    ids = [each.id for each in org.save("insert", "Account", made, user=user)]
    people = [{"LastName": f"Person {n:04}", "AccountId": id_} for n, id_ in enumerate(ids)]
    org.save("insert", "Contact", people, user=user)


def serve(arguments: argparse.Namespace) -> None:
    certificate = {"certfile": arguments.certificate, "keyfile": arguments.certificate}
    org = new_org(arguments.accounts)
    with start_in_thread(org, port=arguments.port, public_url=arguments.public_url, **certificate) as running:
        sys.stdout.write(json.dumps({"url": running.url}) + "\n")
        sys.stdout.flush()
        signal.pause()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--public-url")
    parser.add_argument("--accounts", type=int, default=0)
    serve(parser.parse_args())


if __name__ == "__main__":
    main()
