"""The story of a record: what really happened to it between two systems, and rows made by hand for the rest."""

from __future__ import annotations

import pytest

from salesbridge.engine.live.names import known, long_id
from salesbridge.engine.live.site import Site
from salesbridge.engine.live.story import story
from salesbridge.engine.live.words import decision_words, heard_words, reason_words, rule_words
from salesbridge.store.models import Change, Conflict, Parked
from salesbridge.sync.decision import SENTENCES, Reason
from salesbridge.sync.merge import Rule

SALESFORCE_ID = "001000000000001AAA"


@pytest.fixture
def site(door, instance):
    return Site(door, instance, door.tenant)


@pytest.fixture
def change(door, instance):
    def make(number, **values):
        said = {
            "side": "salesforce", "entity": "Account", "key": SALESFORCE_ID, "op": "save", "event_id": f"e{number}",
            "origin": "event", "record": "A1", **values,
        }  # fmt: skip
        return door.rows(Change).create(instance=instance, number=number, **said)

    return make


def test_an_edit_is_told_from_the_person_who_made_it_to_the_value_in_billing(linked):
    key = min(linked.rows("Account"))
    linked.edit_salesforce("Account", key, Phone="021 777")
    linked.hear_salesforce()
    linked.settle()
    linked.hear_salesforce()
    linked.settle()

    told = story(linked.site, key)

    assert {link.billing_key for link in told.links} == {key}
    account = [entry for entry in told.entries if entry.record[0] == "Account"]
    heard = next(entry for entry in account if entry.what == "heard" and entry.facts["side"] == "salesforce")
    ada = linked.org.org.directory.user_named("admin@sandbox.example").id
    assert heard.lines[0] == f"Saved in Salesforce by {ada}."
    assert any(line.startswith("Phone: ") and line.endswith("-> '021 777'") for line in heard.lines)
    decided = next(e for e in account if e.what == "decided" and e.number == heard.number)
    assert "Salesforce is master and has changed it" in " ".join(decided.lines)
    assert "Written to billing: Phone = '021 777'" in decided.lines
    assert decided.facts["written"] == {"billing": {"Phone": "021 777"}}


def test_every_name_of_a_record_leads_to_the_same_story(site, door, instance, change):
    door.links(instance).create(instance=instance, entity="Account", billing_key="A1", salesforce_id=SALESFORCE_ID)
    change(1)
    change(2, side="billing", key="A1")

    stories = [story(site, name) for name in ("A1", "Account:A1", SALESFORCE_ID, f"Account:{SALESFORCE_ID}")]
    stories.append(story(site, SALESFORCE_ID[:15]))

    assert [[entry.number for entry in each.entries] for each in stories] == [[1, 2]] * 5


def test_a_record_that_was_unlinked_is_known_by_what_was_heard_of_it(site, change):
    change(1)
    change(2, key="001000000000002AAA", record="A1")
    found = known(site, "001000000000002AAA")
    assert {"A1", SALESFORCE_ID} <= found.names
    assert [each.number for each in found.changes] == [1, 2]


def test_a_record_of_another_entity_is_not_mixed_in_when_the_entity_is_named(site, change):
    change(1)
    change(2, entity="Contact", key="A1", record="A1")
    assert [each.number for each in known(site, "Contact:A1").changes] == [2]


def test_a_key_with_a_colon_is_a_key(site, change):
    change(1, entity="AccountContactRelation", key="A1:C1", record="A1:C1", side="billing")
    for name in ("A1:C1", "AccountContactRelation:A1:C1"):
        assert [each.number for each in known(site, name).changes] == [1]


def test_nothing_is_told_of_a_record_that_nobody_has_heard_of(site):
    told = story(site, "A404")
    assert (told.entries, told.links) == ((), ())


def test_what_waits_is_in_the_story_with_its_problem_and_who_tried_again(site, door, instance, change):
    change(1, outcome="parked", reason="BAD", story={"refusal": {"code": "BAD", "message": "No.", "mend": "Mend it."}})
    door.rows(Parked).create(
        instance=instance, entity="Account", record="A1", hold="parent", code="PARENT", waits_for_entity="Account",
        waits_for_key="A0",
    )  # fmt: skip
    door.problems.create(instance=instance, kind="record refused", entity="Account", key="A1", title="Bad", mend="Mend")
    door.activities.create(instance=instance, tag="problem:retried", actor="Ada", subject="Account A1")

    told = {entry.what: entry.lines for entry in story(site, "A1").entries}

    assert told["decided"] == ("Put aside: BAD.", "Refused (BAD): No.", "Mend it.")
    assert told["waits"][1] == "for Account A0"
    assert told["problem"][0].startswith("A person was told: Bad (still open")
    assert told["person"] == ("Ada retried it.",)


def test_a_value_that_did_not_prevail_is_in_the_story(site, door, instance, change):
    change(1)
    lost = {"field": "Phone", "side": "billing", "base": "1", "lost": "2", "won": None, "both": True, "by": "bob"}
    door.rows(Conflict).create(instance=instance, entity="Account", record="A1", number=1, **lost)
    (entry,) = [entry for entry in story(site, "A1").entries if entry.what == "conflict"]
    (line,) = entry.lines
    assert line.startswith("Phone: '2', entered in billing by bob, did not prevail; both sides have nothing instead")
    assert line.endswith("(both sides had changed it; agreed on before: '1')")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"by": "005A"}, "Saved in Salesforce by 005A."),
        ({"ours": True, "by": "005B"}, "Saved in Salesforce by Salesbridge itself."),
        ({"op": "delete"}, "Deleted in Salesforce."),
        ({"side": "billing", "origin": "poll"}, "Billing was asked and says that it was saved."),
        ({"origin": "person", "by": "Ada"}, "Ada had it looked at again."),
        ({"origin": "audit"}, "An audit found that the sides differ."),
        ({"origin": "reconciliation"}, "A reconciliation found that the sides differ."),
    ],
)
def test_what_was_heard_is_said_plainly(change, values, told):
    assert heard_words(change(1, **values)) == (told,)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"outcome": "superseded", "superseded_by": 7}, "Answered together with change 7."),
        ({"outcome": "dismissed"}, "Dismissed by a person."),
        ({"outcome": "unchanged", "reason": "both sides agree"}, SENTENCES[Reason.EQUAL]),
        ({"outcome": "parked", "reason": "PARENT"}, f"Put aside: {SENTENCES[Reason.PARENT]}"),
    ],
)
def test_what_became_of_it_is_said_plainly(change, values, told):
    assert decision_words(change(1, **values)) == (told,)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_sentence_by_name_and_by_value(reason):
    assert reason_words(reason.name) == reason_words(reason.value) == SENTENCES[reason]


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_has_its_words(rule):
    assert "{" not in rule_words(rule.value, "billing")


@pytest.mark.parametrize(
    ("short", "long"),
    [("001000000000001", "001000000000001AAA"), ("0015g00000XYZab", "0015g00000XYZabAAH"), ("A1", "A1")],
)
def test_an_id_of_15_characters_is_known_by_its_18(short, long):
    assert long_id(short) == long
    assert long_id(long) == long
