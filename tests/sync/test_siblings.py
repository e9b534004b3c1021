"""A value that two Salesforce records show: changed through one of them, the other follows."""

from dataclasses import replace

import pytest
from worlds import KEY, NOW, SALESFORCE_ID

from salesbridge.model import TABLE, Side
from salesbridge.sync.change import Link, Seen, Tries
from salesbridge.sync.decide import Facts, decide
from salesbridge.sync.decision import Verdict, Write
from salesbridge.sync.merge import Rule
from salesbridge.sync.siblings import through_sibling

ACCOUNT, CONTACT = TABLE["Account"], TABLE["Contact"]


def known(cells, billing, siblings, **restored):
    """A record that was agreed on, and whose value billing has changed since."""
    link = Link(KEY, SALESFORCE_ID, dict(cells), restored)
    sides = Seen(cells, KEY, SALESFORCE_ID), Seen(billing, KEY, "B1")
    return Facts((), *sides, link, frozenset(), NOW, siblings=siblings)


def test_an_account_follows_the_contact_through_which_its_phone_was_changed():
    facts = known({"Phone": "021 1"}, {"Phone": "021 2"}, ({"Phone": "(021) 2"},))
    decision = decide(ACCOUNT, facts)
    assert decision.writes == (Write(Side.SALESFORCE, {"Phone": "021 2"}),)
    assert [move.rule for move in decision.moves] == [Rule.SIBLING]
    assert decision.lost == ()
    assert decision.restored == {}


def test_without_such_a_contact_the_phone_is_put_back():
    facts = known({"Phone": "021 1"}, {"Phone": "021 2"}, ({"Phone": "021 3"}, {}))
    decision = decide(ACCOUNT, facts)
    assert decision.writes == (Write(Side.BILLING, {"Phone": "021 1"}),)
    assert decide(ACCOUNT, replace(facts, siblings=())) == decision


def test_following_is_no_fight():
    tries = Tries("021 1", 9, NOW)
    facts = known({"Phone": "021 1"}, {"Phone": "021 2"}, ({"Phone": "021 2"},), Phone=tries)
    assert decide(ACCOUNT, facts).verdict is Verdict.WRITE
    assert decide(ACCOUNT, replace(facts, siblings=())).verdict is Verdict.ASK


def test_what_was_changed_in_salesforce_is_not_given_up_for_a_sibling():
    facts = known({"Phone": "021 1"}, {"Phone": "021 2"}, ({"Phone": "021 2"},))
    changed = replace(facts.salesforce, cells={"Phone": "021 3"})
    assert decide(ACCOUNT, replace(facts, salesforce=changed)).writes == (Write(Side.BILLING, {"Phone": "021 3"}),)


def test_what_billing_is_master_of_is_put_back_whatever_a_sibling_shows():
    masters = tuple(replace(field, master=Side.BILLING) if field.name == "Phone" else field for field in ACCOUNT.fields)
    entity = replace(ACCOUNT, fields=masters)
    facts = known({"Phone": "021 2"}, {"Phone": "021 1"}, ({"Phone": "021 1"},))
    facts = replace(facts, link=replace(facts.link, agreed={"Phone": "021 1"}))
    assert [move.rule for move in decide(entity, facts).moves] == [Rule.RESTORED]


@pytest.mark.parametrize(
    ("contact", "same"),
    [
        ({"FirstName": "Ada", "LastName": "Byron"}, True),
        ({"LastName": "Ada Byron", "FirstName": None}, True),
        ({"FirstName": "Ada", "LastName": "King"}, False),
    ],
)
def test_the_names_of_a_contact_are_one_name_of_an_account(contact, same):
    assert ("Name" in through_sibling(ACCOUNT, {"Name": "Ada Byron"}, [contact])) == same
    found = through_sibling(CONTACT, contact, [{"Name": "Ada Byron"}])
    assert found & {"FirstName", "LastName"} == ({"FirstName", "LastName"} if same else set())


def test_other_records_have_no_siblings():
    assert through_sibling(TABLE["Contract"], {"Phone": "1"}, [{"Phone": "1"}]) == frozenset()
