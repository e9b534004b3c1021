"""People of an organisation: inviting, changing what they may do, and letting them go. Each act is audited."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db import transaction

from salesbridge.portal.models import Invitation, Membership, User
from salesbridge.portal.roles import Role
from salesbridge.settings import settings
from salesbridge.store import audit
from salesbridge.store.models import Organisation, Tenant

#: How long an invitation stands.
VALID_FOR = timedelta(days=7)


class PeopleError(ValueError):
    """It cannot be done; the message says why and what to do."""


def invite(
    organisation: Organisation, email: str, role: Role, *, by: str, tenant: Tenant | None = None
) -> tuple[Invitation, str]:
    """Invite somebody; an invitation of theirs that still stands is taken back.

    Args:
        organisation: Where to.
        email: Address they will sign in with.
        role: What they may do.
        by: Who invites.
        tenant: The one tenant it is for; all when not given.

    Returns:
        The invitation, and the link to send. The link is known now and never again.

    Raises:
        PeopleError: They have that membership already.
    """
    email, token, now = email.strip().lower(), secrets.token_urlsafe(32), datetime.now(UTC)
    same = {"organisation": organisation, "tenant": tenant}
    if Membership.objects.filter(user__email__iexact=email, **same).exists():
        raise PeopleError(f"{email} is a member already. Change the role in the list instead.")
    with transaction.atomic():
        Invitation.objects.filter(email=email, used_at=None, **same).update(used_at=now)
        made = Invitation.objects.create(
            email=email, role=role, token=_hash(token), invited_by=by, expires_at=now + VALID_FOR, **same
        )
        audit.write(organisation, by, "person:invited", email, {"role": role, "tenant": tenant and tenant.name})
    return made, f"{settings().public_url.rstrip('/')}/invitations/{token}/"


def invitation_of(token: str) -> Invitation | None:
    """The invitation that a token opens, if it still stands."""
    standing = Invitation.objects.filter(token=_hash(token), used_at=None, expires_at__gt=datetime.now(UTC))
    return standing.select_related("organisation", "tenant").first()


def standing_invitations(organisation: Organisation) -> list[Invitation]:
    """Invitations of an organisation that were not used yet, the newest first."""
    rows = Invitation.objects.filter(organisation=organisation, used_at=None, expires_at__gt=datetime.now(UTC))
    return list(rows.select_related("tenant").order_by("-created_at"))


def accept(invitation: Invitation, *, name: str = "", password: str | None = None) -> User:
    """Use an invitation, once: the person it names is a member from now on.

    Args:
        invitation: One that stands.
        name: Name of somebody who is new here.
        password: Password of somebody who is new here.

    Raises:
        PeopleError: It was used meanwhile.
    """
    with transaction.atomic():
        now = datetime.now(UTC)
        if not Invitation.objects.filter(pk=invitation.pk, used_at=None, expires_at__gt=now).update(used_at=now):
            raise PeopleError("This invitation was used already. Ask for a new one.")
        person = User.objects.filter(email__iexact=invitation.email).first()
        if person is None:
            person = User.objects.create_user(invitation.email, password, name=name)
            EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=True)
        Membership.objects.update_or_create(
            user=person, organisation=invitation.organisation, tenant=invitation.tenant,
            defaults={"role": invitation.role},
        )  # fmt: skip
        audit.write(invitation.organisation, person.email, "person:joined", person.email, {"role": invitation.role})
    return person


def take_back(invitation: Invitation, *, by: str) -> None:
    """Take an invitation back; its link leads nowhere from now on."""
    with transaction.atomic():
        Invitation.objects.filter(pk=invitation.pk, used_at=None).update(used_at=datetime.now(UTC))
        audit.write(invitation.organisation, by, "person:uninvited", invitation.email)


def change_role(membership: Membership, role: Role, *, by: str) -> None:
    """Change what a member may do.

    Raises:
        PeopleError: Nobody would be left to administer the organisation.
    """
    with transaction.atomic():
        if role is not Role.ADMINISTRATOR:
            _keep_an_administrator(membership)
        before, membership.role = membership.role, role
        membership.save(update_fields=["role"])
        detail = {"from": before, "to": role}
        audit.write(membership.organisation, by, "person:role_changed", membership.user.email, detail)


def remove(membership: Membership, *, by: str) -> None:
    """End a membership, and the person's sessions with it.

    Raises:
        PeopleError: Nobody would be left to administer the organisation.
    """
    with transaction.atomic():
        _keep_an_administrator(membership)
        audit.write(membership.organisation, by, "person:removed", membership.user.email, {"role": membership.role})
        membership.delete()
        end_sessions(membership.user)


def sign_out(membership: Membership, *, by: str) -> int:
    """End every session of a member, who may sign in again; returns how many there were."""
    with transaction.atomic():
        audit.write(membership.organisation, by, "person:sessions_ended", membership.user.email)
        return end_sessions(membership.user)


def end_sessions(person: User) -> int:
    """End every session of somebody; returns how many there were."""
    sessions = list(UserSession.objects.filter(user=person))
    for each in sessions:
        each.end()
    return len(sessions)


def _keep_an_administrator(membership: Membership) -> None:
    administrators = Membership.objects.select_for_update().filter(
        organisation_id=membership.organisation_id, tenant=None, role=Role.ADMINISTRATOR, user__is_active=True
    )
    if [each.pk for each in administrators] == [membership.pk]:
        raise PeopleError(
            f"{membership.user} is the only administrator. Make somebody else administrator of all tenants first."
        )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
