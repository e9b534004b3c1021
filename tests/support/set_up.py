"""Sets a tenant, an instance and its org up in one process, as the commands of docs/getting-started.md do in three."""

from __future__ import annotations

import json
import sys

from pydantic import SecretStr

from salesbridge import store


def main() -> None:
    facts = json.load(sys.stdin)
    store.setup()
    from salesbridge.engine import connections, instances, prepare  # noqa: PLC0415 - needs Django set up
    from salesbridge.package import Choices  # noqa: PLC0415 - as above
    from salesbridge.salesforce import ClientCredentials  # noqa: PLC0415 - as above

    entered = instances.BillingSystem(
        "Retailer", facts["dialect"], facts["billing"], SecretStr(facts["api_key"]), "salesbridge", "Europe/London"
    )
    door, _ = instances.add_tenant(entered, by="test")
    app = ClientCredentials(facts["org"], facts["client_id"], SecretStr(facts["client_secret"]))
    instance, _ = instances.add_instance(door, "sales", app, by="test", emails=["operations@retailer.example"])
    if facts["deploy"]:
        org = connections.salesforce(door, instance)
        done = prepare.deploy_package(org, door.tenant, Choices(initial_only=True))
        assert done.success, done.findings


main()
