"""A sampling audit finds what nobody heard of, at the cost of a few records."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection

from salesbridge.engine.live.audit import Audited, audit
from salesbridge.store.comparison import sampled_links
from salesbridge.store.models import Live

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def test_an_audit_of_sides_that_agree_finds_nothing_and_says_when_it_was(linked):
    assert audit(linked.site, NOW, 20) == Audited(20, 0)
    assert linked.door.rows(Live).get(instance=linked.instance).audited_at == NOW
    assert not linked.changes(origin="audit")


def test_an_audit_delivers_a_change_that_was_never_heard(linked):
    key = min(linked.rows("Contact"))
    linked.edit_salesforce("Contact", key, MobilePhone="+44 7700 900123")
    linked.bus_events()
    links = linked.door.links(linked.instance).count()
    assert audit(linked.site, NOW, links) == Audited(links, 1)
    (activity,) = linked.door.activities.filter(tag="audit:drift")
    assert activity.detail["drifted"] == [f"Contact {key}"]
    linked.settle()
    assert linked.records("customers")[key]["mobile"] == "+44 7700 900123"


def test_an_audit_leaves_alone_what_is_under_way(linked):
    linked.edit_salesforce("Contact", min(linked.rows("Contact")), MobilePhone="+44 7700 900123")
    linked.hear_salesforce()
    assert audit(linked.site, NOW, 10_000).drifted == 0


def test_a_sample_holds_links_of_its_own_instance_only(linked):
    other = linked.door.instances.create(name="another", login_url="http://127.0.0.1:9")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO store_link (tenant_id, instance_id, entity, billing_key, salesforce_id, agreed, updated_at) "
            "SELECT %s, %s, 'Account', 'X' || n, 'x', '{}', now() FROM generate_series(1, 20000) n",
            [linked.door.tenant_id, other.pk],
        )
    sample = sampled_links(linked.door, linked.instance.pk, 30)
    assert len(set(sample)) == 30
    assert not [key for _, key in sample if key.startswith("X")]
    assert len(sampled_links(linked.door, other.pk, 30)) == 30
