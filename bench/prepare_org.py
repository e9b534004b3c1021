"""Deploy the data model's fields to the benchmark's org, alike for both sides; not part of what is measured."""

from __future__ import annotations

import os
import sys

import django
from pydantic import SecretStr

from bench.sandboxes import Facts
from salesbridge.salesforce import ClientCredentials, Salesforce


def main() -> None:
    """Deploy, and assign the permission set."""
    facts = Facts.read(sys.stdin)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salesbridge.store.django_settings")
    django.setup()
    from salesbridge.engine.prepare import deploy_package  # noqa: PLC0415 - needs Django set up
    from salesbridge.package import Choices  # noqa: PLC0415 - as above
    from salesbridge.store.models import Tenant  # noqa: PLC0415 - as above

    app = ClientCredentials(facts.org, facts.consumer_key, SecretStr(facts.consumer_secret))
    with Salesforce(app, allow_loopback=True) as salesforce:
        done = deploy_package(salesforce, Tenant(name="Bench"), Choices(initial_only=True))
    if not done.success:
        raise SystemExit(str(done.findings))


if __name__ == "__main__":
    main()
