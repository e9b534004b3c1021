"""The pages of django-allauth that we use, each declared here; those that are not in this table do not exist."""

from __future__ import annotations

from collections.abc import Iterable

from allauth import urls as theirs
from django.urls import URLPattern, URLResolver, include, path

from salesbridge.portal.access import public, signed_in
from salesbridge.portal.areas import Area

PUBLIC = frozenset({
    "account_login", "account_logout", "account_inactive", "account_signup",
    "account_confirm_email", "account_email_verification_sent",
    "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key", "account_reset_password_from_key_done",
    "mfa_authenticate", "mfa_login_webauthn",
    "socialaccount_login_cancelled", "socialaccount_login_error", "socialaccount_signup",
    "openid_connect_login", "openid_connect_callback",
})  # fmt: skip
SIGNED_IN = frozenset({
    "account_reauthenticate", "account_email", "account_change_password", "account_set_password",
    "mfa_index", "mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp",
    "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes",
    "mfa_list_webauthn", "mfa_add_webauthn", "mfa_reauthenticate_webauthn", "mfa_remove_webauthn", "mfa_edit_webauthn",
    "socialaccount_connections", "usersessions_list",
})  # fmt: skip


def _ours(patterns: Iterable[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    """The patterns of the table, their views declared, below whatever they hang on."""
    found: list[URLPattern | URLResolver] = []
    for each in patterns:
        if isinstance(each, URLResolver):
            found.append(
                URLResolver(each.pattern, _ours(each.url_patterns), each.default_kwargs, each.app_name, each.namespace)
            )
        elif each.name in PUBLIC:
            found.append(URLPattern(each.pattern, public(each.callback), each.default_args, each.name))
        elif each.name in SIGNED_IN:
            found.append(URLPattern(each.pattern, signed_in(each.callback), each.default_args, each.name))
    return found


AREA = Area(urls=[path("accounts/", include(_ours(theirs.urlpatterns)))])
