"""Why Salesforce refused to let us in, and which setting mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from salesbridge.salesforce.errors import SalesforceError, excerpt, rest_error

if TYPE_CHECKING:
    import httpx2

    from salesbridge.salesforce.advice import Kind


class _Refusal(NamedTuple):
    error: str
    said: str  # part of the description, lower case; empty: any
    kind: Kind
    mend: str


_APP = "Setup > External Client App Manager > the connector's app"
_REFUSALS: Final = (
    _Refusal(
        "invalid_grant",
        "no client credentials user",
        "authentication",
        f"Name the user the connector runs as: {_APP} > Policies > OAuth Policies > Enable Client "
        "Credentials Flow > Run As.",
    ),
    _Refusal(
        "invalid_grant",
        "not supported on this domain",
        "authentication",
        "Enter your My Domain address as login URL, not login or test.salesforce.com: Setup > My "
        "Domain > Current My Domain URL.",
    ),
    _Refusal(
        "invalid_grant",
        "approved",
        "authentication",
        f"Let the user use the app: {_APP} > Policies > Permitted Users: Admin approved users are pre-authorized, "
        "and add the user's permission set under App Policies.",
    ),
    _Refusal(
        "invalid_grant",
        "audience",
        "authentication",
        "The login URL does not fit the org: use login.salesforce.com for production, test.salesforce.com for a "
        "sandbox, or the org's My Domain address.",
    ),
    _Refusal(
        "invalid_grant",
        "assertion",
        "authentication",
        f"Upload the certificate that belongs to the private key ({_APP} > Settings > OAuth > Use "
        "digital signatures), and "
        "check this machine's clock.",
    ),
    _Refusal(
        "invalid_grant",
        "expired",
        "authentication",
        "The grant has expired: check this machine's clock, then save the connection again.",
    ),
    _Refusal(
        "invalid_grant",
        "ip restricted",
        "authentication",
        f"Allow this machine's address: {_APP} > Policies > IP Relaxation, or the user's profile > Login IP Ranges.",
    ),
    _Refusal(
        "invalid_grant",
        "",
        "authentication",
        "Check username, password and security token (a new password means a new token: Settings > "
        "Reset My Security Token), "
        "and that the flow is not blocked: Setup > OAuth and OpenID Connect Settings > Allow OAuth "
        "Username-Password Flows.",
    ),
    _Refusal(
        "invalid_client_id",
        "",
        "authentication",
        f"Copy the Consumer Key again ({_APP} > Settings > OAuth > Consumer Key and Secret); a new "
        "app needs up to ten minutes.",
    ),
    _Refusal(
        "invalid_client",
        "installed",
        "authentication",
        "Install the app in this org (Setup > Connected Apps OAuth Usage > Install), or create it "
        "there as an external client app.",
    ),
    _Refusal(
        "invalid_client",
        "",
        "authentication",
        f"Copy the Consumer Secret again: {_APP} > Settings > OAuth > Consumer Key and Secret.",
    ),
    _Refusal(
        "invalid_app_access",
        "",
        "authentication",
        f"Let the user use the app ({_APP} > Policies > App Policies > permission sets or profiles), and give it the "
        "system permission API Enabled.",
    ),
    _Refusal("inactive_user", "", "authentication", "Activate the user or unfreeze it: Setup > Users."),
    _Refusal("inactive_org", "", "authentication", "The org is locked, closed or suspended: contact Salesforce."),
    _Refusal(
        "rate_limit_exceeded",
        "",
        "throttled",
        "Too many sign-ins of this user within the hour: it is tried again later; look for other programs that use it.",
    ),
    _Refusal(
        "unsupported_grant_type",
        "",
        "authentication",
        f"Enable the flow: {_APP} > Settings > OAuth > Flow Enablement; the username-password flow "
        "needs an older connected app.",
    ),
    _Refusal(
        "invalid_scope",
        "",
        "authentication",
        f"Give the app the scope 'Manage user data via APIs (api)': {_APP} > Settings > OAuth > Selected OAuth Scopes.",
    ),
    _Refusal(
        "invalid_request", "", "authentication", "Check that every field of the connection is filled in; save it again."
    ),
    _Refusal("server_error", "", "transient", "Nothing to do: it is tried again by itself."),
    _Refusal("temporarily_unavailable", "", "transient", "Nothing to do: it is tried again by itself."),
)
_OTHERWISE: Final = (
    "Check the credentials of the connection and the app's policies in Setup > External Client App Manager."
)
_LOGIN_PAUSE_S: Final = 900.0

NO_API_SCOPE: Final = (
    f"The token may not use the API: {_APP} > Settings > OAuth > Selected OAuth "
    "Scopes: 'Manage user data via APIs (api)'."
)
REFUSED_AGAIN: Final = (
    "Salesforce refuses a token that it has just issued: check Setup > Session Settings (lock "
    "sessions to the IP address) and "
    "that the login URL belongs to this org."
)


def oauth_error(response: httpx2.Response) -> SalesforceError:
    """Makes the exception of a token endpoint's refusal.

    Its body is an object ``{"error", "error_description"}``, unlike REST's array (Salesforce Help, "OAuth 2.0
    Authorization Errors").
    """
    body = _object(response.content)
    error = body.get("error") if body else None
    if not isinstance(error, str):
        return _not_oauth(response)
    description = str(body.get("error_description") or "")
    kind, mend = _refusal(error, description.lower())
    return SalesforceError(
        f"Salesforce refused to sign in: {excerpt(description) or error}.",
        kind=kind,
        code=error,
        mend=mend,
        status=response.status_code,
        retry_after=_LOGIN_PAUSE_S if kind == "throttled" else None,
    )


def _refusal(error: str, description: str) -> tuple[Kind, str]:
    for refusal in _REFUSALS:
        if refusal.error == error and refusal.said in description:
            return refusal.kind, refusal.mend
    return "authentication", _OTHERWISE


def _not_oauth(response: httpx2.Response) -> SalesforceError:
    found = rest_error(response, safe=True)
    if found.kind == "permanent":
        found.kind, found.code = "authentication", "NOT_SALESFORCE"
        found.mend = (
            "The login URL does not answer as Salesforce does: enter the org's My Domain address (Setup > My Domain)."
        )
    return found


def _object(content: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
