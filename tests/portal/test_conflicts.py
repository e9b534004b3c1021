"""Conflicts: what was lost is found again, and taken away as a table that no spreadsheet computes."""

from __future__ import annotations

import csv
import io

import pytest
from portal_world import make_world

from salesbridge.portal.tabular import cell
from salesbridge.store import audit
from salesbridge.store.models import Conflict


@pytest.fixture
def world(db):
    return make_world("Kowhai")


@pytest.fixture
def at(world):
    return f"/tenants/{world.door.tenant_id}/instances/{world.instance.pk}/conflicts/"


@pytest.fixture
def client(sign_in, world):
    return sign_in(world.person("viewer"))


def _records(client, path):
    return [row.record for row in client.get(path).context["rows"]]


def test_what_was_lost_is_told_with_who_what_and_why(client, at):
    page = client.get(at).text
    for words in (
        "+64 9 555 0199 Kowhai",
        "+64 9 555 0123",
        "+64 9 555 0100",
        "0055g00000ABCDE",
        "both sides had changed",
    ):
        assert words in page


def test_conflicts_are_found_by_record_field_side_and_reason(client, at):
    assert _records(client, f"{at}?record=Account:A-1004") == ["A-1004"]
    assert _records(client, f"{at}?record=A-1004") == ["A-1004"]
    assert _records(client, f"{at}?field=MobilePhone") == ["A-1001", "A-1003", "A-1005"]
    assert _records(client, f"{at}?side=salesforce&rule=both") == ["A-1003"]
    assert _records(client, f"{at}?object=Contact&rule=master") == ["A-1001", "A-1005"]
    assert _records(client, f"{at}?until=2020-01-01") == []


def test_pages_go_on_where_the_last_one_ended(client, world, at):
    for number in range(100, 170):
        world.door.rows(Conflict).create(
            instance=world.instance, entity="Account", record=f"N{number}", field="Name", side="billing", both=True,
            number=number,
        )  # fmt: skip
    first = client.get(f"{at}?field=Name")
    second = client.get(f"{at}?field=Name&before={first.context['older'].replace('+', '%2B')}")
    seen = [row.record for page in (first, second) for row in page.context["rows"]]
    assert (len(seen), len(set(seen)), second.context["older"]) == (70, 70, "")
    assert client.get(f"{at}?before=nonsense").status_code == 200


def test_the_table_holds_what_was_found_and_no_formula(client, world, at):
    answer = client.get(f"{at}export/?field=MobilePhone")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["record"] for row in rows] == ["A-1001", "A-1003", "A-1005"]
    assert rows[0]["lost"] == "'=1+1 Kowhai 1"
    assert 'filename="conflicts-' in answer["content-disposition"]
    entry = audit.entries(world.organisation).get(action="conflicts:exported")
    assert (entry.actor, entry.detail) == (client.person.email, {"field": "MobilePhone"})


@pytest.mark.parametrize("value", ["=1", "+1", "-1", "@x", "\tx", "\rx", "\nx"])
def test_a_cell_that_could_be_computed_is_marked_as_text(value):
    assert cell(value) == f"'{value}"


def test_numbers_and_nothing_stay_what_they_are():
    assert [cell(value) for value in (-3, 2.5, None, "x=1", True)] == ["-3", "2.5", "", "x=1", "True"]
