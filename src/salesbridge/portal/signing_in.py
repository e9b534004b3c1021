"""Sign-ins and changes of what people sign in with, written to the audit of their organisations."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as second_factor
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from salesbridge.portal.models import Membership, User
from salesbridge.store import audit


def listen() -> None:
    """Have Django and allauth tell."""
    told = {
        user_logged_in: "person:signed_in",
        user_logged_out: "person:signed_out",
        account.password_changed: "person:password_changed",
        account.password_reset: "person:password_reset",
        account.email_changed: "person:address_changed",
        second_factor.authenticator_added: "person:second_factor_added",
        second_factor.authenticator_removed: "person:second_factor_removed",
        second_factor.authenticator_reset: "person:recovery_codes_made",
    }
    for signal, action in told.items():
        signal.connect(_writer(action), weak=False, dispatch_uid=f"audit {action}")
    user_logged_out.connect(_mark, weak=False, dispatch_uid="mark signed out")
    user_login_failed.connect(_refused, weak=False, dispatch_uid="audit refused")


def _writer(action: str) -> Any:
    def write(user: Any = None, **_: Any) -> None:
        if isinstance(user, User):
            note(user, action)

    return write


def _mark(request: Any = None, **_: Any) -> None:
    if request is not None:
        request.signed_out = True  # the answer has the browser forget what it kept


def _refused(credentials: Any = None, **_: Any) -> None:
    tried = str((credentials or {}).get("email") or "")
    found = User.objects.filter(email__iexact=tried).first() if tried else None
    if found is not None:  # what strangers type may be anything, a password in the wrong field even
        note(found, "person:sign_in_refused")


def note(person: User, action: str) -> None:
    """Write down what somebody did with their account, in each of their organisations."""
    mine = Membership.objects.filter(user=person).values_list("organisation_id", flat=True)
    for organisation_id in sorted(set(mine)):
        audit.write(organisation_id, person.email, action, person.email)
