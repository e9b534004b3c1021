"""Carrying sales: look at both sides, take the next step, write it down, until each sale waits or rests.

Sales come first in a round of delivery, under the same lease: the numbers of a new customer are written back before
billing's own news of it is delivered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from salesbridge.billing import BillingError
from salesbridge.billing.order_refusals import order_refusal
from salesbridge.engine.live.act import SideDownError, whole_side
from salesbridge.engine.live.points import point
from salesbridge.engine.live.site import Site
from salesbridge.engine.sales.book import keep, settle
from salesbridge.engine.sales.case import Case
from salesbridge.engine.sales.look import look
from salesbridge.engine.sales.to_billing import write_billing
from salesbridge.engine.sales.to_salesforce import write_salesforce
from salesbridge.engine.sales.words import done
from salesbridge.model import RecordRefusedError, Side
from salesbridge.salesforce import SalesforceError
from salesbridge.store.leases import Fence
from salesbridge.store.models import Sale, SaleStep
from salesbridge.store.sales import Entry
from salesbridge.sync.sale import next_step
from salesbridge.sync.sale_life import Owner, SaleState
from salesbridge.sync.sale_seen import Refused
from salesbridge.sync.sale_step import Step, StepKind

#: Most steps that a sale takes in a round; more than the longest way from one end to the other.
_LONGEST = 40
#: How often a step may be taken in a row before it is clear that it does not help.
_IN_VAIN = 3
_NOTHING_CHANGES = "It was written, but does not show."


def carry(site: Site, fence: Fence, sales: Sequence[Sale], now: datetime) -> SideDownError | None:
    """Carry some sales as far as they go.

    Args:
        site: The instance.
        fence: The lease to deliver for it.
        sales: The sales.
        now: The moment.

    Returns:
        Why a whole side could not be worked with, if so; sales that were not carried to a stop stay awake.

    Raises:
        FencedError: Another worker delivers for the instance.
        SalesforceError: Salesforce does not answer.
        BillingError: The billing system does not answer.
    """
    return Carrier(site, fence, now).carry([Case(sale) for sale in sales])


@dataclass(frozen=True, slots=True)
class Carrier:
    """Whoever carries sales at an instance in one round.

    Args:
        site: The instance.
        fence: The lease to deliver for it.
        now: The moment.
    """

    site: Site
    fence: Fence
    now: datetime

    def carry(self, cases: Sequence[Case]) -> SideDownError | None:
        """Take steps, one of each sale at a time, until all of them stop; see :func:`carry`."""
        for _ in range(_LONGEST):
            going = [case for case in cases if case.rest is None]
            if going:
                self._look(going)
            for case in going:
                down = self._step(case) if case.rest is None else None
                if down is not None:
                    return down
        return None

    def _look(self, cases: Sequence[Case]) -> None:
        """Read both sides; a sale that cannot be read is told of and keeps no other from being carried."""
        try:
            look(self.site, cases)
        except (SalesforceError, BillingError) as error:
            if error.kind != "permanent":
                raise
            if len(cases) > 1:
                for case in cases:
                    self._look([case])
                return
            state = SaleState(cases[0].sale.state)
            refused = Refused(error.code, f"The sale cannot be read: {error.message}", error.mend)
            self._give_up(cases[0], Step(StepKind.WAIT, state), refused)

    def _step(self, case: Case) -> SideDownError | None:
        step = next_step(case.facts)
        if step.stops:
            self._stop(case, step)
            return None
        name = f"{step.kind} {step.to or ''}"
        case.tried[name] += 1
        if case.tried[name] > _IN_VAIN:
            self._give_up(case, step, Refused("NO_PROGRESS", _NOTHING_CHANGES, "Look at the record."))
            return None
        return self._take(case, step)

    def _take(self, case: Case, step: Step) -> SideDownError | None:
        if step.kind is StepKind.ORDER_FROM_QUOTE:
            case.sale.remembered["copying"] = True
            keep(self.site, self.fence, case, self.now)
        point(f"before: {step.kind}")
        write = write_billing if step.writes is Side.BILLING else write_salesforce
        try:
            detail = write(self.site, case, step)
        except (SalesforceError, BillingError) as error:
            return self._failed(case, step, error)
        except RecordRefusedError as error:
            self._refused(case, step, Refused(error.code, error.message, "Correct the value."))
            return None
        point(f"after: {step.kind}")
        entry = Entry(step.state, step.kind, SaleStep.Outcome.DONE, done(step, detail), str(step.writes), detail)
        case.written.append(entry)
        keep(self.site, self.fence, case, self.now)
        return None

    def _failed(self, case: Case, step: Step, error: SalesforceError | BillingError) -> SideDownError | None:
        """What an error of a step means: of the whole side, of this moment, or of this sale."""
        down = whole_side(Side.SALESFORCE if isinstance(error, SalesforceError) else Side.BILLING, error)
        if down is not None:
            return down
        if error.kind != "permanent":
            self._later(case, step, error)
        elif isinstance(error, BillingError):
            self._refused(case, step, Refused(*order_refusal(error)))
        else:
            self._refused(case, step, Refused(error.code, f"Salesforce refuses it: {error.message}", error.mend))
        return None

    def _refused(self, case: Case, step: Step, refused: Refused) -> None:
        """Remember a refusal, which the next step tells; one that cannot even be told ends the attempt."""
        if case.sale.reason != refused.reason:
            message, detail = f"{refused.reason} {refused.mend}".strip(), {"code": refused.code}
            entry = Entry(step.state, step.kind, SaleStep.Outcome.REFUSED, message, str(step.writes), detail)
            case.written.append(entry)
        if step.kind is StepKind.TELL or case.refused is not None:
            self._give_up(case, step, refused)
        else:
            case.refused = refused

    def _give_up(self, case: Case, step: Step, refused: Refused) -> None:
        code, reason, mend = refused.code, refused.reason, refused.mend
        stop = Step(StepKind.REFUSE, step.state, owner=Owner.PERSON, code=code, reason=reason, mend=mend)
        self._stop(case, stop)

    def _later(self, case: Case, step: Step, error: SalesforceError | BillingError) -> None:
        """Whether it was carried out is not known, or it may work in a moment: both sides are read again then."""
        code, reason, mend = error.code, error.message, error.mend
        stop = Step(StepKind.WAIT, step.state, owner=Owner.CONNECTOR, code=code, reason=reason, mend=mend, again=True)
        self._stop(case, stop)

    def _stop(self, case: Case, step: Step) -> None:
        settle(self.site, self.fence, case, step, self.now)
        case.rest = step
