"""One short story with everything in it: creations with parents and children, edits both ways, a conflict, an echo, a
record that waits for a mend, a poll. It is told once for every point at which a process can die.
"""

from __future__ import annotations

from judge import judge
from simulation import one_after_another
from steps import new_in_billing


class First:
    """Dice that always fall alike."""

    def pick(self, options):
        """The first one."""
        return options[0]

    def number(self, low, _high):
        """The lowest one."""
        return low


def cast(play):
    """The records of the story: an account, a contact, a service point, a relation."""
    return [play.keys(entity)[0] for entity in ("Account", "Contact", "Asset", "AccountContactRelation")]


def people(play):
    """What people do, on both sides."""
    account, contact, asset, relation = cast(play)
    play.edit_salesforce("Account", account, Trading_Name__c="Alpha", Company_Number__c="1001")
    play.edit_billing("accounts", account, trading_name="Beta Ltd")
    play.edit_billing("service_points", asset, supply_status="De-energised")
    play.edit_billing("customers", contact, job_title="Manager")
    play.edit_salesforce("Contact", contact, Preferred_Name__c="Ann")
    play.edit_salesforce("AccountContactRelation", relation, EndDate="1901-01-01")
    new_in_billing(play, First())


def mended(play, account, relation):
    """Somebody corrects what billing would not take, and goes on."""
    play.edit_salesforce("AccountContactRelation", relation, EndDate="2031-01-01")
    play.edit_salesforce("Account", account, Trading_Name__c="Gamma")


def story(play):
    """The whole story, up to where both sides are at rest."""
    account, _, _, relation = cast(play)
    people(play)
    play.hear_salesforce(2)
    play.hear_billing([0, 1, 2])
    play.deliver()
    play.hear_salesforce()
    play.poll()
    play.deliver()
    mended(play, account, relation)
    play.hear_salesforce()
    play.deliver()
    play.drain()


def ending(play):
    """What has to be the same however often a process died: both sides, what was told as lost, what waits."""
    told = {(c.entity, c.record, c.field, c.side, c.lost) for c in play.conflicts()}
    waiting = {(parked.entity, parked.record, parked.hold, parked.code) for parked in play.parked()}
    links = {(link.entity, link.billing_key, link.salesforce_id) for link in play.door.links(play.instance)}
    return play.history.now(), told, waiting, {link[:2] for link in links}


def told(stage, prepare=None):
    """The story, told once: how it ended, what it passed, what was wrong, and the play."""
    with one_after_another(), stage.play(seed=3) as play:
        if prepare is not None:
            prepare(play)
        story(play)
        return ending(play), list(play.passed), judge(play), play


def difference(wanted, found):
    """What is not the same about two endings."""
    names = ("what both sides hold", "what was told as lost", "what waits", "what is linked")
    return [
        f"{name}: {sorted(map(str, one.items() ^ other.items() if isinstance(one, dict) else one ^ other))[:6]}"
        for name, one, other in zip(names, wanted, found, strict=True)
        if one != other
    ]


def dying_at(place):
    """Prepares a play in which the process dies at a point."""
    return lambda play: setattr(play, "die_at", place)
