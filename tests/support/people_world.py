"""People for tests and pictures of the portal."""

from __future__ import annotations

import uuid

from allauth.account.models import EmailAddress

from salesbridge.portal.models import Membership, User

PASSWORD = "correct horse battery staple"


def new_person(organisation=None, role="administrator", tenant=None, *, email=None, name=""):
    """A person whose password is PASSWORD, a member of the organisation when one is given."""
    person = User.objects.create_user(email or f"{role}-{uuid.uuid4().hex[:8]}@example.com", PASSWORD, name=name)
    EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=True)
    if organisation is not None:
        Membership.objects.create(user=person, organisation=organisation, tenant=tenant, role=role)
    return person
