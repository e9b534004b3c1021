"""Two sides of a sale in memory, moved by people and by steps: what the laws of sales are proven on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from salesbridge.sync.sale import next_step
from salesbridge.sync.sale_life import CANCELLABLE, SALE, SaleState
from salesbridge.sync.sale_seen import (
    BillingOrder,
    Line,
    OpportunitySeen,
    OrderSeen,
    Party,
    Person,
    QuoteSeen,
    Refused,
    SaleFacts,
    key_of_line,
)

S = SaleState
NUMBER = "O-1"
HOLD = Refused("CREDIT_HOLD", "The account is on credit hold.", "Speak with credit control.")


def line(product="P-1", quantity=1, point="X1", **more):
    return Line(product, Decimal(quantity), point, price=Decimal(10), **more)


def keyed(lines):
    return tuple(replace(each, key=key_of_line(NUMBER, at), id=f"L{at}") for at, each in enumerate(lines))


def bare(lines):
    return tuple(replace(each, key=None, id="") for each in lines)


@dataclass
class Play:
    """A sale on both sides; billing refuses to accept while ``hold`` is on."""

    facts: SaleFacts
    hold: bool = False
    done: list = field(default_factory=list)
    seen: list = field(default_factory=list)

    @classmethod
    def sold(cls, **changes):
        order = OrderSeen("801", placed=True, lines=(line(id="a"),))
        party = Party("001", None, "Acme", "Commercial", Person("003"))
        return cls(SaleFacts(order=order, party=party, was_placed=True, **changes))

    @classmethod
    def raised(cls, status=S.DRAFT):
        billing = BillingOrder(NUMBER, status, "A-1", (line(),))
        return cls(SaleFacts(raised_in_billing=True, billing=billing, was_in_billing=True, account_id="001"))

    @classmethod
    def quoted(cls):
        quote = QuoteSeen("0Q0", "Accepted", lines=(line(id="q"),))
        return cls(SaleFacts(quote=quote, party=Party("001", "A-1", "Acme", "Commercial", Person("003", "C-1"))))

    # moving on

    def look(self):
        """Steps until one stops; the step that stopped."""
        self.facts = replace(self.facts, refused=None)
        for _ in range(60):
            step = next_step(self.facts)
            self.note(step.state)
            if step.stops:
                return step
            self.done.append(step.kind)
            self.carry(step)
        raise AssertionError(f"never comes to rest: {self.done[-8:]}")

    def note(self, state):
        if not self.seen or self.seen[-1] is not state:
            self.seen.append(state)

    def carry(self, step):
        """Do what a step says, as the two systems would."""
        before = self.facts
        getattr(self, step.kind.name.lower())(step)
        assert self.facts != before, f"{step.kind} changed nothing"

    def put(self, **changes):
        self.facts = replace(self.facts, **changes)

    def put_order(self, **changes):
        self.put(order=replace(self.facts.order, **changes))

    def put_billing(self, **changes):
        self.put(billing=replace(self.facts.billing, **changes), was_in_billing=True)

    def make_customer(self, _):
        self.put(party=replace(self.facts.party, customer="C-1"))

    def number_contact(self, _):
        party = self.facts.party
        self.put(party=replace(party, person=replace(party.person, number=party.customer)))

    def make_account(self, _):
        self.put(party=replace(self.facts.party, account="A-1"))

    def number_account(self, _):
        self.put(party=replace(self.facts.party, number=self.facts.party.account))

    def make_order(self, _):
        lines = bare(self.facts.order.lines)
        self.put(billing=BillingOrder(NUMBER, S.DRAFT, "A-1", lines), was_in_billing=True)

    def number_order(self, _):
        facts, lines = self.facts, self.facts.order.lines
        same = {each.terms for each in lines} == {each.terms for each in facts.billing.lines}
        self.put_order(number=NUMBER, lines=keyed(lines) if same else lines)
        for name in ("quote", "opportunity"):
            record = getattr(facts, name)
            if record is not None and record.number is None:
                self.put(**{name: replace(record, number=NUMBER)})

    def change_lines(self, _):
        assert self.facts.billing.status is S.DRAFT
        self.put_billing(lines=bare(self.facts.order.lines))

    def move_order(self, step):
        assert step.to in SALE[self.facts.billing.status]
        if step.to is S.ACCEPTED and self.hold:
            self.put(refused=HOLD)
        else:
            self.put_billing(status=step.to)

    def cancel_order(self, step):
        assert self.facts.billing.status in CANCELLABLE
        self.put_billing(status=step.to)

    def make_opportunity(self, _):
        self.put(opportunity=OpportunitySeen("006", "Proposal/Price Quote", NUMBER))

    def make_quote(self, _):
        self.put(quote=QuoteSeen("0Q0", "Draft", NUMBER))

    def set_quote_lines(self, _):
        self.put(quote=replace(self.facts.quote, lines=keyed(self.facts.billing.lines)))

    def make_sales_order(self, _):
        self.put(order=OrderSeen("801", placed=True, number=NUMBER), was_placed=True)

    def set_order_lines(self, _):
        self.put_order(lines=keyed(self.facts.billing.lines))

    def order_from_quote(self, _):
        self.put(order=OrderSeen("801"), copying=True)

    def copy_quote_lines(self, _):
        self.put_order(lines=tuple(replace(each, id=f"c{each.id}") for each in self.facts.quote.lines))

    def link_contract(self, _):
        assert not self.facts.order.activated
        self.put_order(contract=self.facts.billing.contract)

    def activate_order(self, _):
        assert self.facts.order.lines
        assert self.facts.order.contract_activated
        self.put_order(activated=True)

    def tell(self, step):
        told = step.tidings
        for name in ("order", "quote", "opportunity"):
            if getattr(told, name) is not None:
                self.put(**{name: replace(getattr(self.facts, name), told=getattr(told, name))})
        if told.quote_status:
            self.put(quote=replace(self.facts.quote, status=told.quote_status))
        if told.stage:
            self.put(opportunity=replace(self.facts.opportunity, stage=told.stage))

    # what people and billing do

    def act(self, name):
        getattr(self, f"do_{name}")()

    def do_untick(self):
        if self.facts.order is not None:
            self.put_order(placed=False)

    def do_tick(self):
        if self.facts.order is not None:
            self.put_order(placed=True)
            self.put(was_placed=True)

    def do_delete(self):
        if self.facts.order is not None and not self.facts.order.activated:
            self.put_order(deleted=True)

    def do_edit(self):
        if self.facts.order is not None and not self.facts.order.activated:
            first, *rest = self.facts.order.lines or (line(),)
            self.put_order(lines=(replace(first, quantity=first.quantity + 1), *rest))

    def do_hold(self):
        self.hold = not self.hold

    def do_provision(self):
        self.billing_moves(S.ACCEPTED, S.PROVISIONING)

    def do_finish(self):
        self.billing_moves(S.PROVISIONING, S.ACTIVE)
        if self.facts.billing is not None and self.facts.billing.status is S.ACTIVE:
            self.put_billing(contract="AG-1")
            if self.facts.order is not None:
                self.put_order(contract_activated=True)

    def do_complete(self):
        self.billing_moves(S.ACTIVE, S.COMPLETED)

    def do_object(self):
        if self.facts.billing is not None and self.facts.billing.status in CANCELLABLE:
            self.put_billing(status=S.CANCELLED, reason="Objected by the losing retailer")

    def do_accept(self):
        self.billing_moves(S.READY, S.ACCEPTED)

    def do_ready(self):
        self.billing_moves(S.DRAFT, S.READY)

    def billing_moves(self, frm, to):
        if self.facts.billing is not None and self.facts.billing.status is frm:
            self.put_billing(status=to)


ACTS = tuple(name.removeprefix("do_") for name in vars(Play) if name.startswith("do_"))
