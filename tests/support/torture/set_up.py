"""``python -m torture.set_up``: a tenant and an instance whose sides agree, every record linked."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

from pydantic import SecretStr

from salesbridge import store


def main():
    facts = json.load(sys.stdin)
    url = store.setup()
    from salesbridge.engine import connections, durable, instances, prepare  # noqa: PLC0415 - needs Django set up
    from salesbridge.salesforce import ClientCredentials  # noqa: PLC0415 - as above

    durable.prepare(url)
    entered = instances.BillingSystem(
        "Retailer", "junifer", facts["billing"], SecretStr(facts["billing_key"]), facts["billing_user"], "Europe/London"
    )
    door, _ = instances.add_tenant(entered, by="torture")
    app = ClientCredentials(facts["org"], facts["client_id"], SecretStr(facts["client_secret"]))
    instance, _ = instances.add_instance(door, "sales", app, by="torture")
    org = connections.salesforce(door, instance)
    done = prepare.deploy_package(org, door.tenant)
    assert done.success, done.findings
    (granted,) = org.query("SELECT Id FROM PermissionSet WHERE Name = 'Gentrack_Connector'")
    (ada,) = org.query("SELECT Id FROM User WHERE Username = 'admin@sandbox.example'")
    org.create("PermissionSetAssignment", {"AssigneeId": ada["Id"], "PermissionSetId": granted["Id"]})
    instance.settings = {"pubsub": facts["pubsub"], "poll_s": facts["poll_s"], "reconcile_at": None}
    instance.save()
    _carry_over(door, instance.pk)
    told = {"tenant": str(door.tenant_id), "instance": str(instance.pk), "hook": str(door.tenant.hook)}
    sys.stdout.write(json.dumps(told) + "\n")


def _carry_over(door, instance_id):
    """Everything in billing arrives in Salesforce: the live engine does that too, so nothing is loaded."""
    from salesbridge.engine.live.deliver import deliver  # noqa: PLC0415 - needs Django set up
    from salesbridge.engine.live.poll import poll  # noqa: PLC0415 - as above
    from salesbridge.engine.live.site import site  # noqa: PLC0415 - as above
    from salesbridge.store import leases  # noqa: PLC0415 - as above
    from salesbridge.store.models import Live, Parked  # noqa: PLC0415 - as above

    rows = door.rows(Live)
    rows.get_or_create(instance_id=instance_id, defaults={"state": "live"})
    rows.update(polled_until=datetime(2000, 1, 1, tzinfo=UTC))
    fences = {role: leases.take(door, instance_id, role, "set up", ttl_s=600) for role in ("poll", "deliver")}
    now = datetime.now(UTC)
    poll(site(door, instance_id), fences["poll"], now)
    while deliver(site(door, instance_id), fences["deliver"], now).taken:
        pass
    assert not door.rows(Parked).exists(), list(door.rows(Parked).values_list("entity", "record", "message"))
    rows.update(polled_until=now, audited_at=now, reconciled_at=now)
    for fence in fences.values():
        fence.give_back()


main()
