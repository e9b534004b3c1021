"""What the journal holds of a change, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from salesbridge.engine.live.look import said
from salesbridge.store.changes import Heard
from salesbridge.store.models import Change
from salesbridge.sync.decision import SENTENCES, Reason
from salesbridge.sync.merge import Rule

#: What each rule means; ``{master}`` is the master of the field, ``{other}`` the other side.
RULES: Mapping[Rule, str] = {
    Rule.FIRST_CONTACT: "the sides were compared for the first time; {master} is master",
    Rule.MASTER_CHANGED: "{master} is master and has changed it",
    Rule.RESTORED: "{master} is master; what was entered in {other} is put back",
    Rule.CONFLICT: "both sides have changed it; {master} is master",
    Rule.SIBLING: "it was changed through another record that shows the same value, and this record follows",
    Rule.AWAITED: "left for the moment: it is just being changed through another record that shows the same value",
    Rule.FIXED: "left as it is: Salesforce does not accept this change on an existing record",
    Rule.UNWRITABLE: "left as it is: this billing system has no way to write it",
    Rule.FIGHTING: "left as it is: it was put back again and again",
}
_NAMES = {"salesforce": "Salesforce", "billing": "billing"}
_REASONS = {**{reason.value: reason for reason in Reason}, **{reason.name: reason for reason in Reason}}
_OPS = {"save": "saved", "delete": "deleted", "undelete": "undeleted"}


def spelt(cell: str | None) -> str:
    """A cell as people read it."""
    return "nothing" if cell is None else f"'{cell}'"


def times(count: int) -> str:
    """How often something was."""
    return "once" if count == 1 else f"{count:,} times"


def side_name(side: str) -> str:
    """A side as people call it."""
    return _NAMES.get(side, side)


def claims_of(change: Change) -> dict[str, list[str | None]]:
    """Columns that a change claims to have changed, with the values before and after."""
    heard = Heard(
        change.side, change.entity, change.key, change.op, before=change.before, after=change.after,
        origin=change.origin,
    )  # fmt: skip
    return {name: list(values) for name, values in said(heard).claims.items()}


def heard_words(change: Change) -> tuple[str, ...]:
    """What was heard: who did what, with a line for each column that is claimed to have changed."""
    claimed = tuple(f"{name}: {spelt(b)} -> {spelt(a)}" for name, (b, a) in claims_of(change).items())
    return (_heard(change), *claimed)


def _heard(change: Change) -> str:
    side = side_name(change.side)
    by = "Salesbridge itself" if change.ours else change.by
    match change.origin:
        case "event":
            return f"{_OPS.get(change.op, change.op).capitalize()} in {side}{f' by {by}' if by else ''}."
        case "poll":
            return f"{side.capitalize()} was asked and says that it was {_OPS.get(change.op, change.op)}."
        case "person":
            return f"{by or 'Somebody'} had it looked at again."
        case origin:
            article = "An" if origin[:1] in "aeiou" else "A"
            return f"{article} {origin} found that the sides differ."


def decision_words(change: Change) -> tuple[str, ...]:
    """What became of a change and why, with a line for each column and for what was written or refused."""
    return (_decided(change), *_fields(change.story), *_written(change.story), *_refused(change.story))


def _decided(change: Change) -> str:
    sentence = reason_words(change.reason)
    match change.outcome:
        case "superseded":
            return f"Answered together with change {change.superseded_by}."
        case "dismissed":
            return "Dismissed by a person."
        case "parked":
            return f"Put aside: {sentence}"
        case _:
            return sentence


def reason_words(reason: str) -> str:
    """The sentence of a reason, by its name or its value; an error code as it is."""
    known = _REASONS.get(reason)
    return SENTENCES[known] if known is not None else f"{reason}."


def _fields(story: Mapping[str, Any]) -> Iterator[str]:
    for told in story.get("fields", []):
        values = f"{told['field']}: Salesforce has {spelt(told['salesforce'])}, billing has {spelt(told['billing'])}"
        yield f"{values}; {rule_words(told['rule'], told['master'])}"


def rule_words(rule: str, master: str) -> str:
    """What a rule means for a field with this master."""
    other = "billing" if master == "salesforce" else "salesforce"
    return RULES[Rule(rule)].format(master=side_name(master), other=side_name(other))


def _written(story: Mapping[str, Any]) -> Iterator[str]:
    for side, cells in story.get("written", {}).items():
        verb = "Created in" if side in story.get("created", []) else "Written to"
        values = ", ".join(f"{name} = {spelt(cell)}" for name, cell in cells.items())
        yield f"{verb} {side_name(side)}: {values}"


def _refused(story: Mapping[str, Any]) -> Iterator[str]:
    refusal = story.get("refusal")
    if refusal:
        yield f"Refused ({refusal['code']}): {refusal['message']}"
        if refusal.get("mend"):
            yield refusal["mend"]
