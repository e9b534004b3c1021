"""Deploy the data model's fields to the benchmark's org; not part of what is measured."""

from __future__ import annotations

import json
import sys

from pydantic import SecretStr

from salesbridge import store
from salesbridge.salesforce import ClientCredentials, Salesforce


def main() -> None:
    """Deploy and assign the permission set."""
    facts = json.load(sys.stdin)
    store.setup()
    from salesbridge.engine.prepare import deploy_package  # noqa: PLC0415 - needs Django set up
    from salesbridge.store.models import Tenant  # noqa: PLC0415 - as above

    app = ClientCredentials(facts["org"], facts["Consumer key"], SecretStr(facts["Consumer secret"]))
    with Salesforce(app, allow_loopback=True) as salesforce:
        done = deploy_package(salesforce, Tenant(name="Bench"), initial_only=True)
    if not done.success:
        raise SystemExit(str(done.findings))


if __name__ == "__main__":
    main()
