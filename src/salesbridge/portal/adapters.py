"""Where our rules enter django-allauth: nobody signs up by themselves, and second factors are kept sealed."""

from __future__ import annotations

import base64
import time
import uuid
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from salesbridge.store.secrets import vault
from salesbridge.vault import Context

#: Ways to sign in that prove who is at the machine.
_PROVES = frozenset({"password", "mfa"})
_SECOND_FACTORS = Context(str(uuid.UUID(int=0)), None, "second factors")


class Accounts(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    """People come by invitation only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """Never: an administrator invites."""
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whether what is dangerous may take the password again: not of somebody who has just signed in with it.

        allauth itself counts only passwords that were given on its page for that, however fresh the sign-in is.
        """
        return bool(super().is_reauthentication_required(app=app, **kwargs)) and not _just_signed_in(self.request)


def _just_signed_in(request: HttpRequest) -> bool:
    """Whether the sign-in itself took a password or a second factor, and is not older than those may be.

    A sign-in at an identity provider does not count: it may have let somebody through without asking for anything.
    """
    records = get_authentication_records(request, request.user)
    given = [float(each["at"]) for each in records if each.get("method") in _PROVES]
    return bool(given) and time.time() - max(given) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc] # allauth has no types
    """Secrets of authenticator apps and recovery codes are sealed by the vault."""

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        return base64.b64encode(vault().seal(_SECOND_FACTORS, text)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a secret."""
        return vault().open(_SECOND_FACTORS, base64.b64decode(encrypted_text)).get_secret_value()


class SingleSignOn(DefaultSocialAccountAdapter):  # type: ignore[misc] # allauth has no types
    """The identity provider proves who somebody is; whether they may come in, an administrator has decided.

    Somebody is known by an address that the provider says it verified (its ``email_verified`` claim).
    """

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:  # noqa: ARG002 - allauth's signature
        """Never: an administrator invites."""
        return False
