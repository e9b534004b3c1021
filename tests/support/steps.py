"""What can happen in a play, each as one step that draws what it needs from dice: hypothesis' or a generator's."""

from __future__ import annotations

from mapped import BY_ENTITY, KIND_OF, MAPPED, B, S
from play import Stall

from salesbridge.sandbox.billing.identifiers import mpan_check
from salesbridge.sandbox.salesforce.merge import merge
from salesbridge.sandbox.salesforce.results import ApiError
from salesbridge.sandbox.salesforce.values import RefusedError


class Seeded:
    """Dice of a seeded generator.

    Args:
        chance: The generator.
    """

    def __init__(self, chance):
        self._chance = chance

    def pick(self, options):
        """One of some options."""
        return options[self._chance.randrange(len(options))]

    def number(self, low, high):
        """A whole number from low to high."""
        return self._chance.randint(low, high)


class Drawn:
    """Dice that hypothesis throws, so that it can make a failing play smaller.

    Args:
        draw: Draws from a strategy.
        strategies: hypothesis' strategies.
    """

    def __init__(self, draw, strategies):
        self._draw, self._strategies = draw, strategies

    def pick(self, options):
        """One of some options."""
        return self._draw(self._strategies.sampled_from(list(options)))

    def number(self, low, high):
        """A whole number from low to high."""
        return self._draw(self._strategies.integers(low, high))


# people


def _some_record(play, dice, entity):
    """Mostly one of a few records, so that edits meet."""
    keys = play.keys(entity)
    return dice.pick((*keys[:1] * 2, *keys[:3])) if keys else ""


def edit(play, dice):
    """Somebody changes a field on one side."""
    mapped, side = dice.pick(MAPPED), dice.pick((S, B))
    play.edit(side, mapped, _some_record(play, dice, mapped.entity), dice.pick(mapped.values))


def edit_again(play, dice):
    """Somebody changes once more what was changed last."""
    if play.history.edits:
        last = play.history.edits[-1]
        mapped = next(m for m in MAPPED if (m.entity, m.field) == (last.entity, last.field))
        play.edit(dice.pick((mapped.master, S, B)), mapped, last.key, dice.pick(mapped.values))


def edit_both(play, dice):
    """Two people change the same field at once, one on each side."""
    mapped = dice.pick(MAPPED)
    key = _some_record(play, dice, mapped.entity)
    for side in (S, B):
        play.edit(side, mapped, key, dice.pick(mapped.values))


def edit_several(play, dice):
    """Somebody changes several fields of one record in one save."""
    entity = dice.pick(tuple(BY_ENTITY))
    key, side = _some_record(play, dice, entity), dice.pick((S, B))
    values = {m: dice.pick(m.values) for m in BY_ENTITY[entity]}
    if side == S:
        play.edit_salesforce(entity, key, **{m.field: value for m, value in values.items()})
    else:
        play.edit_billing(KIND_OF[entity], key, **{m.member: value for m, value in values.items()})


def poison(play, dice):
    """Somebody enters what the other side will not take."""
    mapped = dice.pick([each for each in MAPPED if each.poison])
    side, value = dice.pick(mapped.poison)
    play.edit(side, mapped, _some_record(play, dice, mapped.entity), value)


def new_in_billing(play, dice):
    """A customer with an account, a service point and an agreement of it: children before and after their parents."""
    play.born += 1
    customer = play.create_in_billing("customers", surname=f"Born {play.born}", preferred_name=dice.pick(("Ann", None)))
    account = play.create_in_billing(
        "accounts", account_class="Residential", primary_customer_number=customer["number"],
        trading_name=dice.pick(("Alpha", None)), currency="GBP",
    )  # fmt: skip
    point = play.billing.find("service_points", play.keys("Asset")[0])
    play.create_in_billing(
        "service_points", **{**point, "identifier": _mpan(play.born), "account_number": account["number"]}
    )


def _mpan(number):
    """A market identifier with its check digit, of a distributor that no seeded record has."""
    core = f"99{number:010d}"
    return core + mpan_check(core)


def new_relation(play, dice):
    """Somebody relates a contact to another account in Salesforce: a record that is born there."""
    accounts, contacts = play.rows("Account"), play.rows("Contact")
    account, contact = accounts[dice.pick(sorted(accounts))], contacts[dice.pick(sorted(contacts))]
    play.save("insert", "AccountContactRelation", {"AccountId": account["Id"], "ContactId": contact["Id"]})


def prospect(play, dice):
    """A record that is none of billing's business yet, or carries a number that billing does not know."""
    number = {"Gentrack_External_Id__c": f"NOBODY{play.born}"} if dice.pick((False, False, True)) else {}
    play.born += 1
    play.save("insert", "Account", {"Name": f"Prospect {play.born}", **number})


def delete(play, dice):
    """Somebody deletes a record on one side."""
    entity = dice.pick(("Contact", "AccountContactRelation", "Asset"))
    rows = play.rows(entity)
    key = dice.pick(sorted(rows)) if rows else None
    if key is None:
        return
    if dice.pick((S, B)) == S:
        play.save("delete", entity, {"Id": rows[key]["Id"]})
    elif entity == "AccountContactRelation":
        play.delete_in_billing("account_customers", key)


def undelete(play, dice):
    """Somebody takes a record out of the recycle bin."""
    entity = dice.pick(("Contact", "AccountContactRelation", "Asset"))
    gone = sorted(row["Id"] for row in play.org.rows(entity, deleted=True) if row["IsDeleted"])
    if gone:
        play.save("undelete", entity, {"Id": dice.pick(gone)})


def merge_records(play, dice):
    """Somebody merges two contacts in Salesforce."""
    rows = play.rows("Contact")
    if len(rows) < 2:
        return
    winner = dice.pick(sorted(rows))
    loser = dice.pick(sorted(set(rows) - {winner}))
    try:
        merge(play.org, "Contact", rows[winner]["Id"], [rows[loser]["Id"]], user=play.person)
    except (ApiError, RefusedError) as refused:
        play.note("person", "merge", "refused", refused)
        return
    play.silent = True
    play.note("person", "merge", winner, loser)


# networks


def hear_salesforce(play, dice):
    """Some of Salesforce's events arrive, in or out of order, some of them again."""
    play.hear_salesforce(dice.number(1, 6), repeat=dice.pick((0, 0, 3)), turned=dice.pick((False, True)))


def lose_salesforce(play, dice):
    """An event of Salesforce never arrives."""
    play.hear_salesforce(dice.number(1, 4), lose=(dice.number(0, 3),))


def hear_billing(play, dice):
    """Some of billing's letters arrive, in any order, and may come again."""
    play.fetch()
    if not play.letters:
        return
    which = [dice.number(0, len(play.letters) - 1) for _ in range(dice.number(1, 3))]
    play.hear_billing(sorted(set(which), reverse=dice.pick((False, True))), repeat=dice.pick((False, False, True)))


def lose_billing(play, dice):
    """A letter of billing never arrives; the poll finds what it told."""
    play.fetch()
    if play.letters:
        play.hear_billing([dice.number(0, len(play.letters) - 1)], lose=(0,))


def poll(play, _dice):
    """Billing is asked what was modified."""
    play.poll()


def deliver(play, dice):
    """A round of delivery."""
    play.deliver(dice.pick((1000, 1000, 1, 3)))


def wait(play, dice):
    """Time passes."""
    play.later(seconds=dice.pick((1, 5, 70, 400, 2000)))


# misfortune


def crash(play, dice):
    """The process is going to die in the middle of its work, and another one goes on."""
    play.stall = dice.pick(
        (
            Stall(dice.number(0, 14)),
            Stall(0, name="hearing"),
            Stall(0, name="hearing billing"),
            Stall(0, name="after writing"),
        )
    )


def zombie(play, dice):
    """The process is going to be away in the middle of its work for so long that another one takes over."""
    play.stall = Stall(0, zombie=True, name=dice.pick(("before writing", "before the commit", "before hearing")))


def salesforce_fault(play, dice):
    """Salesforce is going to be difficult."""
    name, options = dice.pick((
        ("unavailable", {"times": 1}), ("unavailable", {"times": 6}), ("session_expires", {"times": 1}),
        ("cut_after_commit", {"times": 1, "path": "composite"}), ("lock_rows", {"times": 1}),
        ("limit_exceeded", {"times": 1}), ("unavailable", {"times": 1, "path": "composite"}),
    ))  # fmt: skip
    play.faulted += 1
    play.note("fault", name, options)
    play.org.faults.arm(name, **options)


def billing_fault(play, dice):
    """Billing is going to be difficult."""
    name, options = dice.pick((
        ("unavailable", {"times": 1}), ("unavailable", {"times": 6}), ("failed", {"times": 8, "method": "PUT"}),
        ("throttled", {"times": 1}), ("cut", {"times": 1, "when": "after", "method": "PUT"}),
        ("cut", {"times": 4, "when": "after", "method": "PUT"}), ("cut", {"times": 1, "when": "before"}),
        ("truncated_body", {"times": 1, "method": "GET"}), ("key_revoked", {"times": None}),
    ))  # fmt: skip
    play.faulted += 1
    play.note("fault", name, options)
    play.faults.arm(name, **options)


def early_event(play, dice):
    """Salesforce is going to announce a change that it then does not commit."""
    play.org.faults.arm("event_before_commit", times=1, path=dice.pick(("Account", "Contact")))


def mend(play, _dice):
    """Whatever was difficult works again."""
    play.note("mended")
    play.mend()


def hold(play, _dice):
    """A person pauses or resumes the instance."""
    play.paused = not play.paused


PEOPLE = (
    (3, edit), (6, edit_again), (3, edit_both), (2, edit_several), (1, poison), (1, new_in_billing),
    (1, new_relation), (1, prospect), (1, delete), (1, undelete), (1, merge_records),
)  # fmt: skip
NETWORK = ((6, hear_salesforce), (1, lose_salesforce), (6, hear_billing), (1, lose_billing), (1, poll), (8, deliver))
MISFORTUNE = (
    (3, crash), (2, zombie), (3, salesforce_fault), (3, billing_fault), (1, early_event), (2, mend), (1, hold),
    (3, wait),
)  # fmt: skip
CALM = (*PEOPLE, *NETWORK, (3, wait))
STEPS = (*PEOPLE, *NETWORK, *MISFORTUNE)
NAMED = {step.__name__: step for _, step in STEPS}
