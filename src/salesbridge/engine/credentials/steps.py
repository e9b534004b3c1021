"""The steps of an operation on a credential. Each may run twice; none lets a secret out."""

from __future__ import annotations

from typing import Any

from salesbridge.engine import pinning
from salesbridge.engine.credentials import clients, setup
from salesbridge.engine.credentials import push as pushing
from salesbridge.engine.credentials.book import Kind, State
from salesbridge.engine.credentials.clients import CredentialRefusedError
from salesbridge.engine.credentials.work import Work, durable
from salesbridge.engine.live.points import point
from salesbridge.salesforce import SalesforceError
from salesbridge.store.models import ApiClient, ClientSecret

_BY = "salesbridge"
_ADDED = "Salesforce applications call billing through callout:{name}. Give the permission set {set} to their users."


@durable("check")
def check(work: Work) -> bool:
    """See that it is the pinned org and that the names are ours; whether a secret was left over by a former attempt."""
    pinning.verify(work.door, work.instance, work.salesforce)
    if work.client.state != ApiClient.State.ACTIVE:
        raise CredentialRefusedError("This credential is revoked. Add a new one.")
    if work.operation.kind == Kind.ADD:
        setup.check_free(work)
        return False
    if work.org.external(work.client.name) is None:
        raise CredentialRefusedError(
            f"The org has no external credential {work.client.name} any more. Revoke this credential and add it again."
        )
    _retire(work)
    return pushing.left_over(work)


@durable("setup")
def set_up(work: Work) -> None:
    """Make the credential's parts in Salesforce."""
    setup.set_up(work)


@durable("access")
def give_access(work: Work) -> None:
    """Let the callers use it."""
    setup.give_access(work)


@durable("push")
def push(work: Work, number: int) -> dict[str, Any]:
    """Make a secret and send it."""
    return pushing.push(work, number)


@durable("verify")
def held(work: Work) -> str:
    """Find out which secret Salesforce holds."""
    return str(pushing.held(work))


@durable("promote")
def promote(work: Work) -> None:
    """Make the secret that Salesforce was seen to use the current one."""
    if work.operation.secret_id is None:
        raise CredentialRefusedError("No secret was brought to Salesforce.")
    clients.promote(work.door, work.operation.secret_id, by=_BY)
    point("after the promotion")


@durable("retire")
def wait_to_retire(work: Work) -> float:
    """Say that the old secret still works for a moment; returns for how many seconds."""
    return float(work.operation.options.get("grace", 0.0))


@durable("retire")
def retire(work: Work) -> None:
    """Accept the old secret no more."""
    _retire(work)
    point("after the old secret was retired")


def _retire(work: Work) -> None:
    """What is retiring was replaced by a secret that Salesforce was seen to use."""
    old = work.door.rows(ClientSecret).filter(client=work.client, state=ClientSecret.State.RETIRING)
    for secret_id in list(old.values_list("pk", flat=True)):
        clients.retire(work.door, secret_id, by=_BY)


@durable("remove")
def remove(work: Work) -> list[str]:
    """Take a revoked credential's parts out of Salesforce; returns what there was."""
    pinning.verify(work.door, work.instance, work.salesforce)
    parts = setup.ours(work)
    setup.take_away(work, parts)
    return sorted(parts)


@durable("rollback")
def roll_back(work: Work) -> list[str]:
    """Take back an addition: what it made in Salesforce, and the client; returns what Salesforce did not let go."""
    clients.revoke(work.door, work.client.pk, by=_BY)
    point("after the addition was revoked")
    made = frozenset(work.operation.made) | (frozenset({setup.SECRET}) if work.operation.pushes else frozenset())
    try:
        setup.take_away(work, made)
    except SalesforceError as error:
        if error.kind in {"transient", "throttled"}:
            raise
        return sorted(made)
    return []


@durable("finish")
def added(work: Work) -> None:
    """The credential can be used."""
    work.book.end(State.DONE, _ADDED.format(name=work.client.name, set=work.places.permission_set))


@durable("finish")
def rotated(work: Work) -> None:
    """The old secret is history."""
    work.book.end(State.DONE, "The new secret is in use, and the old one works no more. No callout was disturbed.")


@durable("finish")
def removed(work: Work, parts: list[str]) -> None:
    """Nothing is left in Salesforce."""
    what = ", ".join(parts) or "nothing was there any more"
    work.book.end(State.DONE, f"Revoked and removed from Salesforce: {what}.")


@durable("finish")
def failed(work: Work, stopped: dict[str, str], truth: str) -> None:
    """It cannot go on: say why, and how things stand."""
    work.book.end(State.FAILED, f"{_sentence(stopped['message'])} {truth}", stopped["code"], stopped["mend"])


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else text + "."
