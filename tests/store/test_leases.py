"""Leases where somebody who holds one stands still, or is taken for dead."""

from __future__ import annotations

import psycopg

from salesbridge.store import leases
from salesbridge.store.postgres import django_database


def test_a_lease_whose_row_is_locked_holds_up_nobody(database_url, door, instance):
    leases.take(door, instance.pk, "deliver", "frozen")
    leases.take(door, instance.pk, "listen", "dead")
    with psycopg.connect(database_url) as frozen:
        frozen.execute("SELECT 1 FROM store_lease WHERE owner = 'frozen' FOR UPDATE")
        assert leases.free_dead(["me"]) == 1
        assert leases.take(door, instance.pk, "listen", "me") is not None
        assert leases.take(door, instance.pk, "deliver", "me") is None
        frozen.rollback()
    assert leases.free_dead(["me"]) == 1
    assert leases.take(door, instance.pk, "deliver", "me") is not None


def test_who_stands_still_in_a_transaction_is_given_up_by_the_server(server_url):
    options = django_database(server_url, pool=2)["OPTIONS"]["options"]
    with psycopg.connect(server_url, options=options) as connection:
        assert connection.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("10s",)


def test_options_of_the_url_are_kept():
    options = django_database("postgresql://x/y?options=-c%20search_path%3Dours&connect_timeout=3", pool=2)["OPTIONS"]
    assert options["options"].endswith("-c search_path=ours")
    assert options["connect_timeout"] == "3"
