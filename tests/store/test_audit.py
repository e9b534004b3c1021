"""The audit of people's actions shows every attempt to rewrite it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, connections, transaction

from salesbridge.store import audit
from salesbridge.store.models import OutsideTheDoor


@pytest.fixture
def organisation(door):
    return door.tenant.organisation


@pytest.fixture
def written(door, organisation):
    audit.write(organisation, "ann", "person:invited", "bob", {"role": "viewer"})
    audit.write(door, "ann", "instance:added", "Sales org")
    audit.write(organisation, "bob", "person:joined", "bob")
    return list(audit.entries(organisation).order_by("number"))


def as_owner(sql):
    """What somebody with the rights to the database could do, past the trigger."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE store_audit DISABLE TRIGGER append_only")
        cursor.execute(sql)
        cursor.execute("ALTER TABLE store_audit ENABLE TRIGGER append_only")


def test_entries_are_numbered_and_chained_within_an_organisation(written, door, organisation):
    assert [entry.number for entry in written] == [1, 2, 3]
    assert [entry.previous for entry in written] == ["", written[0].hash, written[1].hash]
    assert [entry.tenant_id for entry in written] == [None, door.tenant_id, None]
    assert audit.verify(organisation) == []


@pytest.mark.parametrize("sql", ["UPDATE store_audit SET actor = 'eve'", "DELETE FROM store_audit"])
def test_the_database_refuses_to_change_or_delete_an_entry(written, sql):
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_an_entry_in_hand_is_not_deleted(written):
    with pytest.raises(OutsideTheDoor):
        written[0].delete()


@pytest.mark.parametrize(
    ("sql", "shows"),
    [
        ("UPDATE store_audit SET actor = 'eve' WHERE number = 2", [(2, "what it says was changed")]),
        ("UPDATE store_audit SET at = at - interval '1 h' WHERE number = 3", [(3, "what it says was changed")]),
        ("DELETE FROM store_audit WHERE number = 2", [(3, "entries 2 to 2 are missing")]),
        ("DELETE FROM store_audit WHERE number = 1", [(2, "entries 1 to 1 are missing")]),
    ],
)
def test_verifying_finds_what_was_tampered_with(written, organisation, sql, shows):
    as_owner(sql)
    assert [(each.number, each.reason) for each in audit.verify(organisation)] == shows


def test_an_entry_that_was_rewritten_with_a_fitting_hash_breaks_the_chain_after_it(written, organisation):
    forged = written[1]
    forged.actor = "eve"
    as_owner(f"UPDATE store_audit SET actor = 'eve', hash = '{audit.digest(forged)}' WHERE number = 2")
    assert [(each.number, each.reason) for each in audit.verify(organisation)] == [
        (3, "it does not continue the entry before")
    ]


def test_the_export_lets_anybody_check_the_hashes(written, organisation):
    lines = [json.loads(line) for line in audit.export(audit.entries(organisation))]
    assert [(line["number"], line["previous"], line["hash"]) for line in lines] == [
        (entry.number, entry.previous, entry.hash) for entry in written
    ]


def test_an_entry_without_an_action_of_the_form_is_refused(organisation):
    with pytest.raises(IntegrityError, match="audit_action"):
        audit.write(organisation, "ann", "Did something")


def test_many_writers_at_once_make_one_chain(transactional_db, door):
    organisation = door.tenant.organisation

    def write(number):
        try:
            audit.write(organisation, f"writer {number}", "person:joined")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(12)))
    assert audit.entries(organisation).count() == 12
    assert audit.verify(organisation) == []
