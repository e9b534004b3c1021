"""One run of the torture: people edit, things go wrong, then it is quiet, and everything is judged."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from torture.nemesis import Nemesis
from torture.people import People, wait_for
from torture.scene import Scene
from torture.verdict import idle_writes, violations, writes

#: Errors that are no weather: they are bugs, whatever came of them.
_BUGS = frozenset(
    {"AttributeError", "KeyError", "TypeError", "IndexError", "AssertionError", "NameError", "UnboundLocalError",
     "RuntimeError", "ValueError", "IntegrityError", "ProgrammingError", "DataError", "TransitionError"}
)  # fmt: skip


@dataclass
class Report:
    """What a run found.

    Args:
        seed: Of the choices of people and troubles.
        minutes: How long people edited and things went wrong.
        violations: What does not hold.
    """

    seed: int
    minutes: float
    edits: dict = field(default_factory=dict)
    faults: dict = field(default_factory=dict)
    kills: int = 0
    ended_themselves: dict = field(default_factory=dict)
    connections_broken: int = 0
    takeovers_s: list = field(default_factory=list)
    disturbed_takeovers_s: list = field(default_factory=list)
    people_fields: int = 0
    our_fields: int = 0
    idle_saves: int = 0
    changes: dict = field(default_factory=dict)
    quiet_after_s: float = 0.0
    log: dict = field(default_factory=dict)
    violations: list = field(default_factory=list)


def torture(*, minutes, seed, workers=2, rate=4.0, accounts=6, kinds=(), keep=lambda _: None):
    """Torture the product and judge what is left.

    Args:
        minutes: How long.
        seed: Of all choices.
        workers: How many.
        rate: Edits a second.
        accounts: Accounts in billing at the beginning.
        kinds: Which troubles; all by default.
        keep: Called with the scene before it is taken down.
    """
    report = Report(seed, minutes)
    with Scene(workers=workers, accounts=accounts) as scene:
        awake(scene)
        begin = scene.held(), len(scene.saves())
        with People(scene, seed, rate) as people:
            with Nemesis(scene, seed, kinds=kinds) as nemesis:
                time.sleep(minutes * 60)
                people.stop()
            report.faults = dict(sorted(nemesis.counts.items()))
            report.takeovers_s = [took for took, alone in nemesis.takeovers if alone]
            report.disturbed_takeovers_s = [took for took, alone in nemesis.takeovers if not alone]
            people.greet()
            report.edits = dict(people.counts)
            report.violations += [f"torture itself: {each}" for each in nemesis.failed]
        report.ended_themselves = dict(scene.ended)
        report.kills = sum(n for name, n in report.faults.items() if "kill" in name)
        report.connections_broken = scene.network.broken
        _end(scene, report, begin)
        keep(scene)
    return report


def _end(scene, report, begin):
    stopped = time.monotonic()
    try:
        settle(scene)
        reconcile(scene)
        settle(scene)
        saved = len(scene.saves())
        found = reconcile(scene)
        settle(scene)
        report.quiet_after_s = round(time.monotonic() - stopped, 1)
        if found:
            report.violations.append(f"I4: the second reconciliation found {found} differences")
        ours = [save for save in scene.saves()[saved:] if save.ours]
        report.violations += [f"I4: at rest, we wrote {s.entity} {s.key} in {s.side}: {s.fields}" for s in ours]
    except TimeoutError as error:
        report.violations.append(f"I4: {error}: {_unanswered(scene)}")
        scene.show_stacks()
    report.violations += violations(scene, begin, disturbances=sum(report.faults.values()))
    saves = scene.saves()[begin[1] :]
    report.people_fields, report.our_fields = writes(saves)
    report.idle_saves = idle_writes(saves)
    rows = scene.sql("SELECT origin, coalesce(outcome, 'none'), count(*) FROM store_change GROUP BY 1, 2 ORDER BY 1, 2")
    report.changes = {f"{origin}: {outcome}": count for origin, outcome, count in rows}
    _read_logs(scene, report)


def _read_logs(scene, report):
    counted = Counter()
    for _, line in scene.logs():
        kind = line.get("kind", "")
        counted[f"{line.get('event', '')[:80]} {kind}".strip()] += 1
        if kind in _BUGS:
            report.violations.append(f"bug: {line.get('event')}: {kind}: {line.get('error')}")
    report.log = dict(counted.most_common(25))


def awake(scene, seconds=90):
    """Wait until some worker holds every lease."""
    query = "SELECT count(*) FROM store_lease WHERE owner <> '' AND until > clock_timestamp()"
    wait_for(lambda: scene.sql(query)[0][0] == 3, seconds, "no worker took the leases")


def settle(scene, seconds=240):
    """Wait until everything that was said has been heard and answered; what is parked is looked at again now."""
    wait_for(lambda: not busy(scene), seconds, "the two sides do not come to rest")


def busy(scene):
    """Why it is not quiet yet; nothing where it is."""
    if why := _unanswered(scene):
        return why
    # twice, a while apart: what was decided last may have made events that are still on their way
    saved, changed = len(scene.saves()), _last_number(scene)
    time.sleep(1.5)
    if why := _unanswered(scene):
        return why
    return "moving" if (saved, changed) != (len(scene.saves()), _last_number(scene)) else ""


def _unanswered(scene):
    scene.sql("UPDATE store_parked SET next_at = now() WHERE next_at > now() + interval '2 seconds'")
    # an allowance that is used up holds delivery for minutes
    scene.sql("UPDATE store_live SET held_until = now() WHERE held_until > now() + interval '10 seconds'")
    (state, gap, replay, held), *_ = scene.sql("SELECT state, gap_since, replay_id, held_until > now() FROM store_live")
    place = scene.org.ask(do="place")["replay"]
    if gap is not None or state != "live":
        return f"{state}, a gap since {gap}"
    if place and (replay is None or bytes(replay).hex() != place):
        return "events of Salesforce have not been heard"
    if held:
        return "held"
    if scene.http.get(f"{scene.billing_url}/sandbox/state").json()["eventsWaiting"]:
        return "webhooks wait"
    for table, where in (
        ("change", "outcome IS NULL"), ("reconciliation", "finished_at IS NULL"), ("parked", "hold <> 'person'")
    ):  # fmt: skip
        if scene.sql(f"SELECT count(*) FROM store_{table} WHERE {where}")[0][0]:
            return f"{table}: {where}"
    return ""


def _last_number(scene):
    return scene.sql("SELECT next_number FROM store_live")[0][0]


def reconcile(scene, seconds=180):
    """Compare everything, as an operator does; how many records differed."""
    wait_for(lambda: not _active(scene), seconds, "a reconciliation does not end")
    scene.command("reconcile", "start", "sales")
    wait_for(lambda: not _active(scene), seconds, "the reconciliation does not end")
    (state, counts, message) = scene.sql(
        "SELECT state, counts, message FROM store_reconciliation ORDER BY number DESC LIMIT 1"
    )[0]
    if state != "finished":
        raise TimeoutError(f"the reconciliation is {state}: {message} {counts}")
    return sum(entity.get("handed", 0) for entity in counts.values())


def _active(scene):
    return scene.sql("SELECT count(*) FROM store_reconciliation WHERE finished_at IS NULL")[0][0]
