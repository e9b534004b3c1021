"""What is done about a record: each case that people meet, told as a promise."""

from datetime import timedelta

import pytest
from site_case import OWNER, ZONE
from worlds import KEY, NOW, OTHER_ID, SALESFORCE_ID

from salesbridge.model import EXTERNAL_ID, TABLE, Side
from salesbridge.sync.change import Change, Gone, Link, Op, Seen, Tries
from salesbridge.sync.decide import FIGHT_WINDOW, PATIENCE, RESTORES, Facts, Policy, decide
from salesbridge.sync.decision import PROPOSES, SENTENCES, Decision, Lost, Reason, Verdict, Write
from salesbridge.sync.merge import Rule

SF, B = Side.SALESFORCE, Side.BILLING


def summary(decision):
    return decision.verdict, decision.reason, decision.writes


def rules(decision):
    return {move.name: move.rule for move in decision.moves}


def test_a_phone_number_changed_in_salesforce_goes_to_billing(agreed_case):
    decision = agreed_case.salesforce(Phone="021 2", Note="one", Plan="basic").decide()
    assert summary(decision) == (Verdict.WRITE, Reason.WRITE, (Write(B, {"Phone": "021 2"}),))
    assert rules(decision) == {"Phone": Rule.MASTER_CHANGED}
    assert decision.lost == ()
    assert decision.equal == {EXTERNAL_ID: KEY, "Note": "one", "Plan": "basic"}
    assert decision.agreed(frozenset({B})) == {EXTERNAL_ID: KEY, "Phone": "021 2", "Note": "one", "Plan": "basic"}
    assert decision.agreed(frozenset()) == decision.equal


def test_a_phone_number_spelt_otherwise_is_the_same_number(agreed_case):
    decision = agreed_case.billing(Phone="(021)-1", Note="one", Plan="basic").decide()
    assert summary(decision) == (Verdict.NOTHING, Reason.EQUAL, ())
    assert decision.equal["Phone"] == "021 1", "the master's spelling is the one that is remembered"


@pytest.mark.parametrize("words", ["ask at the desk", "(unknown)"])
def test_words_in_place_of_a_number_are_not_the_same_as_none(case, words):
    decision = case.salesforce(Phone=words).billing(Phone=None).linked(Phone=None).decide()
    assert decision.writes == (Write(B, {"Phone": words}),)


def test_a_plan_changed_in_billing_goes_to_salesforce(agreed_case):
    decision = agreed_case.billing(Phone="021 1", Note="one", Plan="green").decide()
    assert summary(decision) == (Verdict.WRITE, Reason.WRITE, (Write(SF, {"Plan": "green"}),))
    assert decision.restored == {}


def test_both_directions_are_written_at_once(agreed_case):
    decision = agreed_case.salesforce(Phone="021 2", Note=None, Plan="basic").billing(
        Phone="021 1", Note="one", Plan="green"
    )
    decision = decision.decide()
    assert decision.writes == (Write(B, {"Phone": "021 2", "Note": None}), Write(SF, {"Plan": "green"}))
    assert decision.write_to(SF) == Write(SF, {"Plan": "green"})
    assert Decision(Verdict.NOTHING, Reason.EQUAL).write_to(SF) is None


def test_the_masters_value_is_put_back_and_the_other_one_is_kept_for_people(agreed_case):
    decision = agreed_case.salesforce(Phone="021 1", Note="one", Plan="mine").decide()
    assert decision.writes == (Write(SF, {"Plan": "basic"}),)
    assert rules(decision) == {"Plan": Rule.RESTORED}
    assert decision.restored == {"Plan": "basic"}
    assert decision.lost == (Lost("Plan", SF, "mine", "basic", "basic", both=False),)
    (move,) = decision.moves
    assert (move.winner, move.loser, move.base, move.known) == ("basic", "mine", "basic", True)


def test_where_both_sides_changed_the_master_wins_and_all_three_values_are_kept(agreed_case):
    decision = agreed_case.salesforce(Phone="021 2", Note="one", Plan="basic").billing(
        Phone="021 3", Note="one", Plan="basic"
    )
    decision = decision.decide()
    assert decision.writes == (Write(B, {"Phone": "021 2"}),)
    assert decision.lost == (Lost("Phone", B, "021 3", "021 2", "021 1", both=True),)
    assert decision.restored == {}


def test_a_value_cleared_by_its_master_is_cleared_and_an_unknown_one_is_left_alone(agreed_case):
    decision = agreed_case.salesforce(Phone=None, Plan="basic").decide()
    assert decision.writes == (Write(B, {"Phone": None}),)
    assert "Note" not in decision.equal


def test_empty_text_and_nothing_are_the_same_nothing(agreed_case):
    decision = agreed_case.salesforce(Note=None).billing(Note="").linked(Note="one").decide()
    assert summary(decision) == (Verdict.NOTHING, Reason.EQUAL, ())
    assert decision.equal["Note"] is None


def test_at_first_contact_salesforce_is_filled_where_it_is_empty_and_wins_where_it_is_not(case):
    decision = case.salesforce(Phone=None, Note="one").billing(Phone="021 1", Note="two").decide()
    assert decision.writes == (Write(B, {"Note": "one"}), Write(SF, {"Phone": "021 1"}))
    assert set(rules(decision).values()) == {Rule.FIRST_CONTACT}
    assert {move.known for move in decision.moves} == {False}
    assert decision.lost == ()


def test_at_first_contact_billings_nothing_clears_what_billing_is_master_of(case):
    assert case.salesforce(Plan="mine").billing(Plan=None).decide().writes == (Write(SF, {"Plan": None}),)


def test_a_value_filled_at_first_contact_is_nobodys_loss(case):
    case.salesforce(Phone=None).billing(Phone="021 1")
    case.heard(B, before={"Phone": None}, after={"Phone": "021 1"})
    assert case.decide().lost == ()


def test_once_agreed_on_nothing_in_salesforce_is_not_filled_again(case):
    decision = case.salesforce(Phone=None).billing(Phone="021 1").linked(Phone=None).decide()
    assert decision.writes == (Write(B, {"Phone": None}),)
    assert rules(decision) == {"Phone": Rule.RESTORED}


def test_what_this_billing_system_cannot_write_is_left_and_says_so(agreed_case):
    agreed_case.but(unwritable=frozenset({"Phone", "Plan"}))
    decision = agreed_case.salesforce(Phone="021 2", Note="one", Plan="mine").decide()
    assert decision.writes == (Write(SF, {"Plan": "basic"}),), "Salesforce can be written all the same"
    assert rules(decision) == {"Phone": Rule.UNWRITABLE, "Plan": Rule.RESTORED}
    agreed_case.salesforce(Phone="021 2", Note="one", Plan="basic")
    assert summary(agreed_case.decide()) == (Verdict.NOTHING, Reason.LEFT, ())


def test_what_salesforce_accepts_on_new_records_only_is_left(case):
    case.salesforce(Meter="M1", **{ZONE: "Z1"}).billing(Meter="M2", **{ZONE: "Z2"}).linked()
    decision = case.decide()
    assert summary(decision) == (Verdict.NOTHING, Reason.LEFT, ())
    assert rules(decision) == {"Meter": Rule.FIXED, ZONE: Rule.FIXED}
    assert {move.to for move in decision.moves} == {None}


@pytest.mark.parametrize(
    ("held", "wanted", "written"),
    [
        ("Draft", "Activated", True),
        ("Draft", None, True),
        (None, "Activated", True),
        (None, "Draft", True),
        ("Draft", "In Approval Process", True),
        ("In Approval Process", "Activated", True),
        ("In Approval Process", "Draft", False),
        ("Activated", "Draft", False),
        ("Activated", "In Approval Process", False),
        ("Activated", None, False),
        ("Live", "Activated", False),
        ("Live", "Draft", False),
    ],
)
def test_a_status_goes_onwards_only(case, held, wanted, written):
    decision = case.salesforce(Status=held).billing(Status=wanted).linked(Status=held).decide()
    assert decision.writes == ((Write(SF, {"Status": wanted}),) if written else ())
    assert rules(decision) == {"Status": Rule.MASTER_CHANGED if written else Rule.FIXED}


def test_a_value_that_the_kind_does_not_know_differs_from_every_other_and_stops_nothing(case):
    decision = case.salesforce(Status="Live", Phone="021 2").billing(Status="Draft", Phone="021 1").linked().decide()
    assert rules(decision) == {"Phone": Rule.FIRST_CONTACT, "Status": Rule.FIXED}
    assert case.salesforce(Status="Live").billing(Status="Live").decide().reason is Reason.EQUAL


def test_a_column_that_billing_has_no_attribute_for_is_not_kept_in_step(case):
    decision = case.salesforce(Only_Salesforce__c="x").billing(Only_Salesforce__c="y").linked().decide()
    assert decision.moves == ()


# Parents


def test_a_parent_changed_in_billing_is_written_once_it_is_linked(case):
    case.salesforce(**{OWNER: "P1"}).billing(**{OWNER: "P2"}).linked(**{OWNER: "P1"})
    decision = case.decide()
    assert (decision.verdict, decision.reason, decision.waits_for) == (Verdict.WAIT, Reason.PARENT, ("Owner", "P2"))
    assert decision.writes == ()
    assert rules(decision) == {OWNER: Rule.MASTER_CHANGED}
    assert case.but(linked=frozenset({("Owner", "P2")})).decide().writes == (Write(SF, {OWNER: "P2"}),)


def test_a_parent_is_put_back_in_salesforce_only_since_billing_is_its_master(case):
    case.salesforce(**{OWNER: "P2"}).billing(**{OWNER: "P1"}).linked(**{OWNER: "P1"})
    assert case.but(linked=frozenset({("Owner", "P1")})).decide().writes == (Write(SF, {OWNER: "P1"}),)


def test_billings_nothing_leaves_salesforces_parent_alone_and_is_not_taken_for_an_agreement(case):
    case.salesforce(**{OWNER: "P1"}).billing(**{OWNER: None}).linked(**{OWNER: "P1"})
    decision = case.decide()
    assert summary(decision) == (Verdict.NOTHING, Reason.EQUAL, ())
    assert OWNER not in decision.equal
    case.carry_out().billing(**{OWNER: "P2"}).but(linked=frozenset({("Owner", "P2")}))
    assert case.decide().lost == (), "nobody entered P1: billing itself had said it"


def test_a_new_record_waits_for_its_parent_and_is_then_created_whole(case):
    case.billing(Phone="021 1", Note=None, Plan=None, **{OWNER: "P1"})
    decision = case.decide()
    assert (decision.verdict, decision.reason, decision.waits_for) == (Verdict.WAIT, Reason.PARENT, ("Owner", "P1"))
    decision = case.but(linked=frozenset({("Owner", "P1")})).decide()
    cells = {EXTERNAL_ID: KEY, "Phone": "021 1", OWNER: "P1"}
    assert summary(decision) == (Verdict.WRITE, Reason.WRITE, (Write(SF, cells, create=True),))
    assert decision.agreed(frozenset({SF})) == {**cells, "Note": None}


def test_what_was_empty_when_a_record_was_created_is_not_filled_later(case):
    case.billing(Phone=None, Plan=None).carry_out()
    decision = case.billing(Phone="021 1", Plan="green").decide()
    assert decision.writes == (Write(B, {"Phone": None}), Write(SF, {"Plan": "green"}))


# Salesforce's own records

BORN = Policy(born_in_salesforce=frozenset({"Site"}))


def test_a_prospect_is_left_alone(case):
    assert summary(case.salesforce(key=None).decide()) == (Verdict.NOTHING, Reason.PROSPECT, ())


def test_a_number_that_billing_does_not_know_is_a_question(case):
    assert summary(case.salesforce().decide()) == (Verdict.ASK, Reason.UNKNOWN_NUMBER, ())
    assert summary(case.but(policy=BORN).decide()) == (Verdict.ASK, Reason.UNKNOWN_NUMBER, ())


def test_a_record_that_is_born_in_salesforce_is_created_in_billing_with_what_billing_can_take(case):
    case.but(policy=BORN, unwritable=frozenset({"Note"}), linked=frozenset({("Owner", "P1")}))
    case.salesforce(key=None, Phone="021 1", Note="one", Plan=None, **{OWNER: "P1"})
    cells = {"Phone": "021 1", OWNER: "P1"}
    writes = (Write(B, cells, create=True), Write(SF, {EXTERNAL_ID: "P1"}))
    assert summary(case.decide()) == (Verdict.WRITE, Reason.WRITE, writes), "first the record, then its number"
    assert case.decide().equal == {}, "billing may still say something about the plan: it is its master"
    assert case.salesforce(key=None, Phone=None, **{OWNER: "P1"}).decide().equal == {"Phone": None}


def test_a_record_born_without_a_needed_parent_is_a_prospect(case):
    case.but(policy=BORN).salesforce(key=None, Phone="021 1", **{OWNER: None})
    assert case.decide().reason is Reason.PROSPECT
    assert case.salesforce(key=None, Phone="021 1").decide().reason is Reason.PROSPECT


def test_a_record_born_below_a_parent_that_is_not_linked_waits_for_it(case):
    decision = case.but(policy=BORN).salesforce(key=None, **{OWNER: "P1"}).decide()
    assert (decision.reason, decision.waits_for) == (Reason.PARENT, ("Owner", "P1"))


def test_relations_between_accounts_and_contacts_are_born_in_salesforce_and_nothing_else_is():
    assert Policy().born_in_salesforce == {"AccountContactRelation"}
    assert Policy().unlink_deleted is False


def test_two_salesforce_records_that_claim_one_billing_record_are_a_question(agreed_case):
    agreed_case.salesforce(id=OTHER_ID, Phone="021 2")
    assert summary(agreed_case.decide()) == (Verdict.ASK, Reason.CLAIMED_TWICE, ())


def test_a_number_that_somebody_changed_in_salesforce_is_put_back(agreed_case):
    decision = agreed_case.salesforce(key="K9", Phone="021 1", Note="one", Plan="basic").decide()
    assert decision.writes == (Write(SF, {EXTERNAL_ID: KEY}),)
    assert decision.lost == (Lost(EXTERNAL_ID, SF, "K9", KEY, KEY, both=False),)


# Deletes, merges, undeletes

UNLINK = Policy(unlink_deleted=True)


def test_a_record_deleted_in_salesforce_is_a_question_or_is_unlinked_as_the_settings_say(agreed_case):
    decision = agreed_case.but(salesforce=Gone()).decide()
    assert (*summary(decision), decision.unlink) == (Verdict.ASK, Reason.DELETED_IN_SALESFORCE, (), False)
    decision = agreed_case.but(policy=UNLINK).decide()
    assert (*summary(decision), decision.unlink) == (Verdict.NOTHING, Reason.UNLINKED, (), True)


def test_a_linked_record_that_is_not_even_in_the_recycle_bin_was_deleted(agreed_case):
    assert agreed_case.but(salesforce=None).decide().reason is Reason.DELETED_IN_SALESFORCE


def test_a_merge_is_a_question_whatever_the_settings_say_of_deletes(agreed_case):
    agreed_case.but(salesforce=Gone(OTHER_ID))
    assert summary(agreed_case.decide()) == (Verdict.ASK, Reason.MERGED_IN_SALESFORCE, ())
    assert summary(agreed_case.but(policy=UNLINK).decide()) == (Verdict.ASK, Reason.MERGED_IN_SALESFORCE, ())
    assert {Reason.MERGED_IN_SALESFORCE} == PROPOSES


def test_a_record_deleted_in_salesforce_that_was_never_linked_is_nobodys_business(case):
    decision = case.but(salesforce=Gone()).billing(Phone="021 1").decide()
    assert (*summary(decision), decision.unlink) == (Verdict.NOTHING, Reason.GONE, (), False)


def test_a_record_that_is_on_neither_side_any_more_is_unlinked(agreed_case):
    for gone in (None, Gone(), Gone(OTHER_ID)):
        decision = agreed_case.but(salesforce=gone, billing=None).decide()
        assert (*summary(decision), decision.unlink) == (Verdict.NOTHING, Reason.GONE, (), True)
    assert agreed_case.but(salesforce=None, billing=None, link=None).decide().unlink is False


def test_a_record_gone_from_billing_is_a_question_or_is_unlinked_and_never_comes_back_by_itself(agreed_case):
    agreed_case.but(billing=None)
    assert summary(agreed_case.decide()) == (Verdict.ASK, Reason.GONE_FROM_BILLING, ())
    decision = agreed_case.but(policy=Policy(unlink_deleted=True, born_in_salesforce=frozenset({"Site"}))).decide()
    assert (*summary(decision), decision.unlink) == (Verdict.NOTHING, Reason.UNLINKED, (), True)
    assert agreed_case.carry_out().decide().writes == ()


def test_an_undeleted_record_is_kept_in_step_again(agreed_case):
    agreed_case.heard(SF, op=Op.DELETE, ago=30).heard(SF, op=Op.UNDELETE)
    assert agreed_case.decide().reason is Reason.EQUAL
    assert agreed_case.billing(Phone="021 1", Note="one", Plan="green").decide().writes == (
        Write(SF, {"Plan": "green"}),
    )


def test_an_undelete_that_is_not_committed_yet_is_waited_for_rather_than_asked_about(agreed_case):
    agreed_case.but(salesforce=Gone()).heard(SF, op=Op.UNDELETE)
    assert summary(agreed_case.decide()) == (Verdict.WAIT, Reason.UNCOMMITTED, ())
    agreed_case.but(now=NOW + PATIENCE)
    assert agreed_case.decide().reason is Reason.DELETED_IN_SALESFORCE


# Announced before it is committed


def phone_announced(case, **values):
    return case.heard(SF, before={"Phone": "021 1"}, after={"Phone": "021 2"}, **values)


def test_a_change_that_salesforce_announced_but_does_not_show_is_waited_for(agreed_case):
    assert timedelta(seconds=60) == PATIENCE
    phone_announced(agreed_case)
    assert summary(agreed_case.decide()) == (Verdict.WAIT, Reason.UNCOMMITTED, ())
    assert agreed_case.but(now=NOW + timedelta(seconds=59)).decide().reason is Reason.UNCOMMITTED
    decision = agreed_case.but(now=NOW + PATIENCE).decide()
    assert summary(decision) == (Verdict.NOTHING, Reason.ROLLED_BACK, ())
    assert decision.lost == ()


def test_what_is_rolled_back_does_not_hold_up_what_is_not(agreed_case):
    phone_announced(agreed_case, ago=61).billing(Phone="021 1", Note="one", Plan="green")
    assert agreed_case.decide().writes == (Write(SF, {"Plan": "green"}),)


def test_a_change_shows_once_the_record_is_as_new_as_it_or_holds_another_value(agreed_case):
    phone_announced(agreed_case)
    cells = {"Phone": "021 1", "Note": "one", "Plan": "basic"}
    assert agreed_case.salesforce(modified=NOW, **cells).decide().reason is Reason.EQUAL
    older = NOW - timedelta(seconds=1)
    assert agreed_case.salesforce(modified=older, **cells).decide().reason is Reason.UNCOMMITTED
    assert agreed_case.salesforce(modified=older, **{**cells, "Phone": "021 2"}).decide().verdict is Verdict.WRITE


def test_one_claim_that_shows_is_enough_and_a_column_that_was_not_read_hides_none(agreed_case):
    agreed_case.heard(SF, before={"Phone": "021 1", "Note": None}, after={"Phone": "021 2", "Note": "one"})
    assert agreed_case.decide().reason is Reason.EQUAL
    agreed_case.but(changes=()).heard(SF, before={"Unread": None}, after={"Unread": "x"})
    assert agreed_case.decide().reason is Reason.EQUAL


def test_the_last_thing_that_salesforce_says_counts(agreed_case):
    phone_announced(agreed_case).heard(SF, before={"Note": "none"}, after={"Note": "one"})
    assert agreed_case.decide().reason is Reason.EQUAL
    agreed_case.heard(B, before={"Plan": "basic"}, after={"Plan": "green"})
    assert agreed_case.decide().reason is Reason.EQUAL, "billing publishes what it has committed"


def test_a_change_without_a_time_is_taken_as_it_is(agreed_case):
    unclear = Change(SF, "Site", KEY, before={"Phone": "021 1"}, after={"Phone": "021 2"})
    assert agreed_case.but(changes=(unclear,)).decide().reason is Reason.EQUAL


def test_a_new_record_that_is_announced_but_not_there_is_waited_for_and_then_forgotten(case):
    case.heard(SF)
    assert summary(case.decide()) == (Verdict.WAIT, Reason.UNCOMMITTED, ())
    assert summary(case.but(now=NOW + PATIENCE).decide()) == (Verdict.NOTHING, Reason.ROLLED_BACK, ())
    assert summary(case.but(changes=()).decide()) == (Verdict.NOTHING, Reason.GONE, ())


def test_a_save_of_a_record_that_was_deleted_since_is_not_waited_for(agreed_case):
    phone_announced(agreed_case).but(salesforce=Gone())
    assert agreed_case.decide().reason is Reason.DELETED_IN_SALESFORCE


def test_a_delete_that_is_not_committed_yet_is_waited_for(agreed_case):
    agreed_case.heard(SF, op=Op.DELETE)
    assert agreed_case.decide().reason is Reason.UNCOMMITTED
    assert agreed_case.but(now=NOW + PATIENCE).decide().reason is Reason.ROLLED_BACK
    for gone in (None, Gone()):
        assert agreed_case.but(salesforce=gone, now=NOW).decide().reason is Reason.DELETED_IN_SALESFORCE


# Fights


def fought(case, count, since=NOW, cell="basic"):
    cells = {"Phone": "021 1", "Note": "one", "Plan": "basic"}
    return case.linked({"Plan": Tries(cell, count, since)}, **cells).salesforce(**{**cells, "Plan": "mine"})


def test_a_value_that_is_changed_back_again_and_again_is_a_question(agreed_case):
    assert (RESTORES, timedelta(minutes=10)) == (3, FIGHT_WINDOW)
    decision = fought(agreed_case, RESTORES).decide()
    assert (*summary(decision), decision.fighting) == (Verdict.ASK, Reason.FIGHTING, (), ("Plan",))
    assert rules(decision) == {"Plan": Rule.FIGHTING}
    assert decision.restored == {}
    assert decision.lost == (), "the value still stands where it was entered"


def test_a_value_is_put_back_three_times_before_that(agreed_case):
    agreed_case.salesforce(Phone="021 1", Note="one", Plan="mine")
    put_back = []
    for _ in range(5):
        put_back.append(bool(agreed_case.decide().writes))
        agreed_case.carry_out().salesforce(Phone="021 1", Note="one", Plan="mine")
    assert put_back == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("ago", "cell", "asked"),
    [
        (FIGHT_WINDOW, "basic", True),
        (FIGHT_WINDOW + timedelta(seconds=1), "basic", False),
        (timedelta(0), "other", False),
    ],
)
def test_only_the_same_value_within_the_window_counts_as_a_fight(agreed_case, ago, cell, asked):
    decision = fought(agreed_case, RESTORES, NOW - ago, cell).decide()
    assert (decision.reason is Reason.FIGHTING) == asked


def test_a_fight_over_one_value_does_not_hold_up_the_others(agreed_case):
    fought(agreed_case, RESTORES).billing(Phone="021 3", Note="one", Plan="basic")
    decision = agreed_case.decide()
    assert (decision.verdict, decision.fighting) == (Verdict.WRITE, ("Plan",))
    assert decision.writes == (Write(B, {"Phone": "021 1"}),)


def test_a_new_value_of_the_master_is_no_fight(agreed_case):
    fought(agreed_case, RESTORES, cell="green").billing(Phone="021 1", Note="one", Plan="green")
    assert agreed_case.decide().writes == (Write(SF, {"Plan": "green"}),)


# What somebody entered and does not prevail


def test_an_edit_that_was_overruled_before_we_looked_is_told_once(agreed_case):
    for _ in range(2):
        agreed_case.heard(B, before={"Phone": "021 1"}, after={"Phone": "021 7"})
    assert agreed_case.decide().lost == (Lost("Phone", B, "021 7", "021 1", "021 1", both=False),)


def test_what_the_master_entered_and_what_we_wrote_are_no_losses(agreed_case):
    agreed_case.heard(SF, ago=99, before={"Phone": "021 0"}, after={"Phone": "021 7"})
    agreed_case.heard(B, before={"Phone": "021 0"}, after={"Phone": "021 7"}, ours=True)
    agreed_case.heard(B, before={"Unmapped": "1"}, after={"Unmapped": "2", "Phone": "021 8"})
    assert agreed_case.decide().lost == ()


def test_our_own_write_is_no_loss_although_nobody_says_that_it_was_ours_and_the_master_went_on(agreed_case):
    agreed_case.heard(B, before={"Phone": "021 0"}, after={"Phone": "021 1"})
    decision = agreed_case.salesforce(Phone="021 2", Note="one", Plan="basic").decide()
    assert decision.writes == (Write(B, {"Phone": "021 2"}),)
    assert decision.lost == ()


def test_another_spelling_of_the_masters_value_is_no_loss(agreed_case):
    agreed_case.heard(B, before={"Phone": "021 0"}, after={"Phone": "(021) 1"})
    assert agreed_case.but(link=None).decide().lost == ()


def test_an_edit_is_no_loss_as_long_as_nobody_knows_what_the_master_holds(agreed_case):
    agreed_case.salesforce(Plan="basic").heard(B, before={"Phone": "021 1"}, after={"Phone": "021 7"})
    assert agreed_case.decide().lost == ()


def test_an_edit_that_still_stands_where_it_was_entered_is_no_loss(agreed_case):
    agreed_case.but(unwritable=frozenset({"Phone"})).billing(Phone="021 7", Note="one", Plan="basic")
    agreed_case.heard(B, before={"Phone": "021 1"}, after={"Phone": "021 7"})
    decision = agreed_case.decide()
    assert (rules(decision), decision.lost) == ({"Phone": Rule.UNWRITABLE}, ())


def test_an_edit_is_told_together_with_the_value_that_wins_in_the_end(agreed_case):
    agreed_case.heard(SF, ago=99, before={"Plan": "basic"}, after={"Plan": "mine"})
    decision = agreed_case.billing(Phone="021 1", Note="one", Plan="green").decide()
    assert decision.lost == (Lost("Plan", SF, "mine", "green", "basic", both=False),)


def test_a_loss_is_told_once_although_the_sides_and_the_change_both_tell_it(agreed_case):
    agreed_case.heard(SF, ago=99, before={"Plan": "basic"}, after={"Plan": "mine"})
    decision = agreed_case.salesforce(Phone="021 1", Note="one", Plan="mine").decide()
    assert decision.lost == (Lost("Plan", SF, "mine", "basic", "basic", both=False),)


def test_every_reason_has_a_sentence_for_people():
    assert set(SENTENCES) == set(Reason)
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())


def test_what_salesforce_fixes_still_goes_to_billing_where_salesforce_is_master():
    order = Facts(
        (),
        Seen({"Status": "Activated"}, KEY, SALESFORCE_ID),
        Seen({"Status": "Draft"}, KEY),
        Link(KEY, SALESFORCE_ID, {"Status": "Draft"}),
        frozenset(),
        NOW,
    )
    assert decide(TABLE["Order"], order).writes == (Write(B, {"Status": "Activated"}),)


def test_the_number_of_a_new_relation_is_made_of_its_account_and_its_customer():
    account, contact = (parent.column for parent in TABLE["AccountContactRelation"].parents)
    new = Seen({EXTERNAL_ID: None, account: "A1", contact: "C1"}, None, SALESFORCE_ID)
    linked = frozenset({("Account", "A1"), ("Contact", "C1")})
    decision = decide(TABLE["AccountContactRelation"], Facts((), new, None, None, linked, NOW))
    assert decision.write_to(SF) == Write(SF, {EXTERNAL_ID: "A1:C1"})


# Records whose parents are what they are


def relation(account, contact):
    entity = next(each for each in TABLE.entities if each.name == "AccountContactRelation")
    cells = {
        EXTERNAL_ID: "A1:C2",
        "Account.Gentrack_External_Id__c": account,
        "Contact.Gentrack_External_Id__c": contact,
    }
    billing = Seen({EXTERNAL_ID: "A1:C2", **RELATED}, "A1:C2")
    facts = Facts(
        (), Seen(cells, "A1:C2", SALESFORCE_ID), billing, Link("A1:C2", SALESFORCE_ID, billing.cells), LINKED, NOW
    )
    return decide(entity, facts)


RELATED = {"Account.Gentrack_External_Id__c": "A1", "Contact.Gentrack_External_Id__c": "C2"}
LINKED = frozenset({("Account", "A1"), ("Contact", "C2"), ("Contact", "C3")})


def test_a_relation_that_a_merge_has_moved_is_a_question():
    assert relation("A1", "C2").reason is Reason.EQUAL
    for account, contact in (("A1", "C3"), ("A9", "C2"), ("A1", None)):
        assert summary(relation(account, contact)) == (Verdict.ASK, Reason.MOVED, ())
