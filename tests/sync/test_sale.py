"""What is done about a sale, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sale_play import HOLD, NUMBER, Play, line

from salesbridge.model import Side
from salesbridge.sync.sale import next_step
from salesbridge.sync.sale_life import Owner, SaleState
from salesbridge.sync.sale_seen import OpportunitySeen, QuoteSeen, Refused
from salesbridge.sync.sale_step import WRITES
from salesbridge.sync.sale_step import StepKind as K

S = SaleState


def test_a_prospect_s_placed_order_becomes_a_customer_an_account_and_an_accepted_order():
    play = Play.sold()
    rest = play.look()
    assert play.done == [
        K.MAKE_CUSTOMER, K.NUMBER_CONTACT, K.MAKE_ACCOUNT, K.NUMBER_ACCOUNT, K.MAKE_ORDER, K.NUMBER_ORDER,
        K.MOVE_ORDER, K.MOVE_ORDER, K.TELL,
    ]  # fmt: skip
    assert (rest.kind, rest.state, rest.owner) == (K.WAIT, S.ACCEPTED, Owner.BILLING)
    assert play.facts.order.told.status == "accepted"
    assert play.facts.order.number == NUMBER


def test_a_known_account_is_not_made_again():
    play = Play.sold()
    play.put(party=replace(play.facts.party, number="A-1"))
    play.look()
    assert play.done[0] is K.MAKE_ORDER


def test_what_an_interrupted_attempt_has_made_is_found_and_not_made_again():
    play = Play.sold()
    play.put(party=replace(play.facts.party, customer="C-1", account="A-1"))
    play.look()
    assert play.done[:3] == [K.NUMBER_CONTACT, K.NUMBER_ACCOUNT, K.MAKE_ORDER]


def test_an_order_that_is_not_placed_is_left_alone():
    play = Play.sold()
    play.put_order(placed=False)
    play.put(was_placed=False)
    step = play.look()
    assert (play.done, step.kind, step.owner) == ([], K.WAIT, Owner.SALESFORCE)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda play: play.put_order(lines=()), "NO_LINES"),
        (lambda play: play.put(party=replace(play.facts.party, person=None)), "NO_CONTACT"),
        (lambda play: play.put(party=replace(play.facts.party, category=None)), "NO_ACCOUNT_CLASS"),
        (lambda play: play.put(faults=(Refused("CHECK_DIGIT", "X1 is mistyped.", "Correct it."),)), "CHECK_DIGIT"),
    ],
)
def test_what_billing_could_not_take_is_refused_before_billing_hears_of_it(spoil, code):
    play = Play.sold()
    spoil(play)
    step = play.look()
    assert (step.kind, step.state, step.owner, step.code) == (K.REFUSE, S.REFUSED, Owner.PERSON, code)
    assert play.done == [K.TELL]
    assert play.facts.order.told.status == "refused"
    assert step.mend in play.facts.order.told.reason


def test_a_refusal_of_billing_is_told_on_the_record_and_the_order_is_accepted_once_its_cause_is_gone():
    play = Play.sold()
    play.hold = True
    step = play.look()
    assert (step.kind, step.state, step.code) == (K.REFUSE, S.REFUSED, HOLD.code)
    assert play.facts.order.told.reason == f"{HOLD.reason} {HOLD.mend}"
    assert play.facts.billing.status is S.READY
    play.hold = False
    assert play.look().state is S.ACCEPTED
    assert play.facts.order.told.reason is None


def test_changed_lines_of_an_order_that_is_ready_take_it_back_to_a_draft():
    play = Play.sold()
    play.hold = True
    play.look()
    play.do_edit()
    play.hold, play.done = False, []
    play.look()
    assert play.done == [K.MOVE_ORDER, K.CHANGE_LINES, K.MOVE_ORDER, K.MOVE_ORDER, K.TELL]
    assert play.facts.billing.lines[0].quantity == 2


def test_lines_that_are_changed_after_acceptance_are_not_carried_over_and_that_is_told():
    play = Play.sold()
    play.look()
    play.do_edit()
    step = play.look()
    assert step.code == "LINES_STAY"
    assert play.facts.billing.lines[0].quantity == 1
    assert "accepted" in play.facts.order.told.reason


@pytest.mark.parametrize("call_off", ["untick", "delete"])
@pytest.mark.parametrize("until", [(), ("provision",)])
def test_calling_off_cancels_an_order_that_is_not_active(call_off, until):
    play = Play.sold()
    play.look()
    for act in until:
        play.act(act)
        play.look()
    play.act(call_off)
    step = play.look()
    assert (play.facts.billing.status, step.state, step.kind) == (S.CANCELLED, S.CANCELLED, K.REST)


def test_an_order_that_is_called_off_before_billing_hears_of_it_never_gets_there():
    play = Play.sold()
    play.put_order(placed=False)
    assert play.look().state is S.WITHDRAWN
    assert play.facts.billing is None
    play.do_tick()
    assert play.look().state is S.ACCEPTED


def test_an_active_order_cannot_be_called_off_and_that_is_told():
    play = Play.sold()
    for act in ("tick", "provision", "finish"):
        play.act(act)
        play.look()
    play.do_untick()
    step = play.look()
    assert (step.code, play.facts.billing.status) == ("TOO_LATE", S.ACTIVE)


def test_a_contract_is_linked_before_the_order_is_activated():
    play = Play.sold()
    play.look()
    play.do_provision()
    play.look()
    play.do_finish()
    play.done = []
    step = play.look()
    assert play.done == [K.LINK_CONTRACT, K.ACTIVATE_ORDER, K.TELL]
    assert (step.kind, step.state) == (K.REST, S.ACTIVE)


def test_an_order_waits_for_its_contract_and_is_looked_at_again():
    play = Play.sold()
    play.look()
    play.put_billing(status=S.ACTIVE)
    step = play.look()
    assert (step.kind, step.again, step.owner) == (K.WAIT, True, Owner.CONNECTOR)
    play.put_billing(contract="AG-1")
    step = play.look()
    assert step.again
    assert "AG-1" in step.reason
    play.put_order(contract_activated=True)
    assert play.look().kind is K.REST


def test_an_accepted_quote_becomes_an_order_with_its_lines_that_waits_to_be_placed():
    play = Play.quoted()
    step = play.look()
    assert play.done == [K.ORDER_FROM_QUOTE, K.COPY_QUOTE_LINES]
    assert (step.state, step.owner) == (S.OFFERED, Owner.SALESFORCE)
    play.do_tick()
    assert play.look().state is S.ACCEPTED
    assert play.facts.quote.number == NUMBER


def test_with_the_setting_off_an_accepted_quote_is_salesforce_s_own_business():
    play = Play.quoted()
    play.put(orders_from_quotes=False)
    assert play.look().kind is K.REST
    assert play.done == []


def test_an_order_raised_in_billing_appears_as_an_opportunity_with_a_quote():
    play = Play.raised()
    step = play.look()
    assert play.done == [K.MAKE_OPPORTUNITY, K.MAKE_QUOTE, K.SET_QUOTE_LINES, K.TELL]
    assert (step.state, step.owner) == (S.DRAFT, Owner.BILLING)
    assert play.facts.quote.status == "Draft"
    play.do_ready()
    play.look()
    assert play.facts.quote.status == "Presented"


def test_once_it_is_accepted_it_is_won_and_there_is_an_order():
    play = Play.raised(S.READY)
    play.look()
    play.do_accept()
    play.done = []
    play.look()
    assert play.done == [K.MAKE_SALES_ORDER, K.SET_ORDER_LINES, K.TELL]
    assert (play.facts.quote.status, play.facts.opportunity.stage) == ("Accepted", "Closed Won")
    assert play.facts.order.told.status == "accepted"


def test_an_offer_that_is_cancelled_is_lost_and_one_that_nobody_has_seen_does_not_appear():
    play = Play.raised()
    play.look()
    play.do_object()
    play.look()
    assert (play.facts.quote.status, play.facts.opportunity.stage) == ("Denied", "Closed Lost")
    unseen = Play.raised(S.CANCELLED)
    assert unseen.look().kind is K.REST
    assert unseen.done == []


def test_an_order_that_is_cancelled_after_it_was_accepted_stays_won_and_says_why():
    play = Play.raised(S.ACCEPTED)
    play.look()
    play.do_object()
    play.look()
    assert play.facts.opportunity.stage == "Closed Won"
    assert play.facts.order.told.reason == "Objected by the losing retailer"


@pytest.mark.parametrize(("missing", "word"), [({"account_id": ""}, "A-1"), ({"unsold": ("P-1",)}, "P-1")])
def test_what_salesforce_lacks_is_waited_for(missing, word):
    play = Play.raised()
    play.put(**missing)
    step = play.look()
    assert (step.kind, step.again) == (K.WAIT, True)
    assert word in step.reason


def test_a_quote_that_a_sales_person_deleted_does_not_come_back():
    play = Play.raised()
    play.look()
    play.put(quote=replace(play.facts.quote, deleted=True))
    play.done = []
    play.look()
    assert K.MAKE_QUOTE not in play.done


def test_an_order_that_billing_no_longer_has_is_cancelled():
    play = Play.sold()
    play.look()
    play.put(billing=None)
    assert play.look().state is S.CANCELLED
    assert "no longer" in play.facts.order.told.reason


def test_an_opportunity_of_another_order_is_left_alone():
    play = Play.sold()
    play.put(opportunity=OpportunitySeen("006", number="O-0"), quote=QuoteSeen("0Q0"))
    play.look()
    assert play.facts.opportunity == OpportunitySeen("006", number="O-0")
    assert play.facts.quote.told.status == "accepted"


def test_each_step_that_is_done_writes_to_one_side():
    stopping = {K.WAIT, K.REFUSE, K.REST}
    assert set(WRITES) == set(K) - stopping
    assert next_step(Play.sold().facts).writes is Side.BILLING
    assert line().terms == line(id="other").terms
