"""The audit page: what people did, found, exported and verified."""

from __future__ import annotations

import json

from django.db import connection

from salesbridge.store import audit


def test_entries_are_found_by_who_and_what(administrator, organisation):
    audit.write(organisation, "ann@example.com", "instance:added", "Retail sales")
    audit.write(organisation, "bob@example.com", "problem:dismissed", "A-1001")
    assert "Retail sales" in administrator.get("/audit/").text
    found = administrator.get("/audit/?text=bob").text
    assert ("A-1001" in found, "Retail sales" in found) == (True, False)
    assert "Nothing found" in administrator.get("/audit/?until=2020-01-01").text


def test_the_export_holds_every_entry_and_is_an_entry_itself(administrator, organisation):
    audit.write(organisation, "ann@example.com", "instance:added", "Retail sales")
    answer = administrator.get("/audit/export/")
    lines = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    assert "attachment" in answer["content-disposition"]
    assert [line["action"] for line in lines] == ["person:signed_in", "instance:added", "audit:exported"]


def test_a_chain_that_holds_and_one_that_does_not_are_told_apart(administrator, organisation):
    audit.write(organisation, "ann@example.com", "instance:added", "Retail sales")
    assert "The chain holds: 2 entries" in administrator.post("/audit/verify/", follow=True).text
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE store_audit DISABLE TRIGGER append_only")
        cursor.execute("UPDATE store_audit SET actor = 'eve' WHERE number = 2")
    told = administrator.post("/audit/verify/", follow=True).text
    assert "does not hold at entry 2: what it says was changed" in told


def test_only_administrators_see_it(operator):
    assert operator.get("/audit/").status_code == 403
    assert operator.get("/audit/export/").status_code == 403
