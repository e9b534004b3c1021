"""A credential's parts in Salesforce: made, given to its users, and taken away again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from salesbridge.engine.credentials.clients import CredentialRefusedError
from salesbridge.engine.credentials.work import Work
from salesbridge.engine.live.points import point
from salesbridge.engine.prepare.access import withdraw
from salesbridge.package import archive
from salesbridge.package.callers import callers, callers_removal
from salesbridge.salesforce import Salesforce, SalesforceError
from salesbridge.salesforce.deploy import Options, deploy, wait
from salesbridge.salesforce.soql import quote
from salesbridge.store.door import Door
from salesbridge.store.models import ApiClient

EXTERNAL, NAMED, ACCESS, SECRET = "external credential", "named credential", "permission set", "client id and secret"
_POLL_S: Final = 1.0


def check_free(work: Work) -> None:
    """See that the names are free in the org, or that what has them leads to us and is nobody else's.

    Raises:
        CredentialRefusedError: They belong to something else.
        SalesforceError: Salesforce refuses or does not answer.
    """
    wanted = work.places
    external, named = work.org.external(wanted.external.name), work.org.named(wanted.named.name)
    for kind, address, ours in (
        ("external", external and external.token_url, wanted.external.token_url),
        ("named", named and named.url, wanted.named.url),
    ):
        if address and address.rstrip("/") != ours.rstrip("/"):
            raise CredentialRefusedError(
                f"The org has another {kind} credential {work.client.name}, which leads to {address}. "
                "Choose another name."
            )
    if external is not None:
        _check_owner(work)
    if work.operation.options.get("users"):
        _users(work.salesforce, work.operation.options["users"])


def _check_owner(work: Work) -> None:
    """Two instances may write to one org: their credentials must not take each other's names."""
    held = work.org.pushed(work.client.name, work.places.external.principal).client_id
    if held == work.client.client_id:
        return
    operator = Door.operator(reason="see whose credential an org holds")
    if operator.rows(ApiClient).filter(client_id=held, state=ApiClient.State.ACTIVE).exists():
        raise CredentialRefusedError(
            f"The org's credential {work.client.name} is in use already for another instance. Choose another name."
        )


def set_up(work: Work) -> None:
    """Make the external and the named credential, or mend those that are there."""
    wanted = work.places
    # noted before it is made: a part that may be there is taken back, one that is not costs a call
    if work.org.external(wanted.external.name) is None:
        work.book.made(EXTERNAL)
    work.org.put_external(wanted.external)
    point("after the external credential")
    if work.org.named(wanted.named.name) is None:
        work.book.made(NAMED)
    work.org.put_named(wanted.named)
    point("after the named credential")


def give_access(work: Work) -> None:
    """Deploy the permission set of the callers, and give it to the users that were named."""
    work.book.made(ACCESS)
    _deployed(work.salesforce, callers(work.client.name))
    point("after the permission set")
    _assign(work.salesforce, work.places.permission_set, work.operation.options.get("users", ()))


def _assign(salesforce: Salesforce, name: str, usernames: Iterable[str]) -> None:
    listed = ", ".join(map(quote, usernames))
    if not listed:
        return
    (granted,) = [row["Id"] for row in salesforce.query(f"SELECT Id FROM PermissionSet WHERE Name = {quote(name)}")]
    have = f"SELECT AssigneeId FROM PermissionSetAssignment WHERE PermissionSetId = {quote(granted)}"
    holders = {row["AssigneeId"] for row in salesforce.query(have)}
    for user in _users(salesforce, usernames):
        if user not in holders:
            salesforce.create("PermissionSetAssignment", {"AssigneeId": user, "PermissionSetId": granted})


def _users(salesforce: Salesforce, usernames: Iterable[str]) -> list[str]:
    listed = ", ".join(map(quote, usernames))
    soql = f"SELECT Id, Username FROM User WHERE IsActive = true AND Username IN ({listed})"
    found = {row["Username"].casefold(): row["Id"] for row in salesforce.query(soql)}
    missing = [name for name in usernames if name.casefold() not in found]
    if missing:
        raise CredentialRefusedError(f"The org has no active user {', '.join(missing)}. Correct the name.")
    return list(found.values())


def take_away(work: Work, parts: frozenset[str]) -> None:
    """Remove parts from Salesforce; those that are gone already are nothing.

    The named credential goes first: whatever uses it in the org makes Salesforce refuse that, and then nothing is lost.

    Raises:
        SalesforceError: Salesforce refuses, for example because a flow uses the credential; says what to do.
    """
    wanted = work.places
    if NAMED in parts:
        work.org.delete_named(wanted.named.name)
        point("after the named credential was removed")
    if ACCESS in parts:
        _take_access(work)
        point("after the permission set was removed")
    if EXTERNAL in parts:
        work.org.delete_external(wanted.external.name)
        point("after the external credential was removed")
    elif SECRET in parts:
        work.org.take_back(wanted.external.name, wanted.external.principal)


def ours(work: Work) -> frozenset[str]:
    """The parts of a credential that are in the org and lead to us."""
    wanted, found = work.places, set()
    external, named = work.org.external(wanted.external.name), work.org.named(wanted.named.name)
    if named is not None and named.url == wanted.named.url:
        found.add(NAMED)
    if external is not None and external.token_url == wanted.external.token_url:
        _check_owner(work)
        found |= {EXTERNAL, ACCESS}
    return frozenset(found)


def _take_access(work: Work) -> None:
    name = work.places.permission_set
    if work.salesforce.count(f"SELECT count() FROM PermissionSet WHERE Name = {quote(name)}"):
        withdraw(work.salesforce, [name])
        _deployed(work.salesforce, callers_removal(work.client.name), ignore_warnings=True)


def _deployed(salesforce: Salesforce, files: Mapping[str, str], *, ignore_warnings: bool = False) -> None:
    level = "NoTestRun" if salesforce.org().sandbox else None
    options = Options(test_level=level, ignore_warnings=ignore_warnings)  # type: ignore[arg-type]  # a Literal's value
    done = wait(salesforce, deploy(salesforce, archive(files), options), poll=_POLL_S)
    if done.success:
        return
    found = [f"{each.component}: {each.problem}" for each in done.errors] or [done.message or done.status]
    mends = [each.mend for each in done.errors if each.mend]
    raise SalesforceError(
        f"Salesforce did not deploy the permission set: {'; '.join(found)}",
        kind="permanent",
        code="DEPLOYMENT_FAILED",
        mend=mends[0] if mends else "Mend what the message names, then try again.",
    )
