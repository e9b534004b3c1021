"""Connect REST: the credentials of a principal, written but never read.

Source: Connect REST API Developer Guide, *Credential*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.callouts import CalloutError, callouts
from salesbridge.sandbox.salesforce.credentials_body import Body, refuse
from salesbridge.sandbox.salesforce.credentials_faults import check_manages, guarded, may_view, since
from salesbridge.sandbox.salesforce.credentials_input import PRINCIPALS, CredentialSent, credential
from salesbridge.sandbox.salesforce.credentials_model import NAMED_PRINCIPAL, ExternalCredential, Principal
from salesbridge.sandbox.salesforce.credentials_output import Shapes
from salesbridge.sandbox.salesforce.credentials_store import credential_store
from salesbridge.sandbox.salesforce.rest import resource
from salesbridge.sandbox.salesforce.results import ApiError
from salesbridge.sandbox.salesforce.wire import JsonResponse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from salesbridge.sandbox.salesforce.org import Org
    from salesbridge.sandbox.salesforce.rest import Call

_READING, _PATCHING, _REFRESHING = 56.0, 59.0, 58.0


def routes(org: Org) -> list[Route]:
    """The route of a principal's credentials."""
    api = _Secrets(org)
    handlers = {"GET": api.read, "POST": api.create, "PUT": api.replace, "DELETE": api.delete}
    guards = {method: guarded(handler, _READING) for method, handler in handlers.items()}
    patch = guarded(since(api.update, _PATCHING), _READING)
    return [resource(org, "/named-credentials/credential", **guards, PATCH=patch)]


class _Secrets:
    """The handlers of a principal's credentials.

    Args:
        org: The org.
    """

    def __init__(self, org: Org) -> None:
        self._org = org
        self._store = credential_store(org)

    def _shape(self, call: Call, external: ExternalCredential, principal: Principal) -> dict[str, Any]:
        shapes = Shapes(self._store, call.base, call.version, full=may_view(call))
        return shapes.credential(external, principal)

    def _principal(self, external: str, name: str, kind: str) -> tuple[ExternalCredential, Principal]:
        """The principal that a request names.

        Raises:
            ApiError: 404, one of both isn't there; the code and text are assumed.
        """
        found = self._store.external_named(external)
        if found is None:
            raise ApiError(404, "NOT_FOUND", f"The external credential {external} doesn't exist")
        principal = found.principal(name) if kind == NAMED_PRINCIPAL else None
        if principal is None:
            raise ApiError(404, "NOT_FOUND", f"The external credential {found.name} has no {kind} {name}")
        return found, principal

    def _asked(self, request: Request) -> tuple[ExternalCredential, Principal]:
        """The principal that the request parameters name."""
        asked = request.query_params
        kind = asked.get("principalType")
        if not kind or not asked.get("externalCredential"):
            refuse("Missing required request parameter externalCredential or principalType")
        if kind not in PRINCIPALS:
            refuse(f"{kind} is not a valid value of principalType")
        if kind == NAMED_PRINCIPAL and not asked.get("principalName"):
            refuse("The request parameter principalName is required if principalType is NamedPrincipal")
        return self._principal(asked["externalCredential"], asked.get("principalName", ""), kind)

    def _sent(self, call: Call) -> tuple[CredentialSent, ExternalCredential, Principal]:
        """The body of a write, and the principal it names."""
        check_manages(call)
        sent = credential(Body(call.json()))
        external, principal = self._principal(sent.external, sent.principal, sent.principal_type)
        if sent.protocol != "OAuth":
            refuse(f"The authentication protocol of the external credential {external.name} is OAuth")
        if sent.variant and sent.variant != external.variant:
            refuse(f"The authentication protocol variant of the external credential is {external.variant}")
        return sent, external, principal

    def read(self, request: Request, call: Call) -> dict[str, Any]:
        """Get a credential: the names of its values and its status."""
        check_manages(call)
        with self._org.lock:
            return self._shape(call, *self._asked(request))

    def create(self, request: Request, call: Call) -> JsonResponse:
        """Create a credential, or refresh its token (``?action=Refresh``)."""
        action = request.query_params.get("action")
        if action is not None:
            return JsonResponse(self._refresh(action, call), 201)
        with self._org.lock:
            sent, external, principal = self._sent(call)
            if principal.id in self._store.secrets:
                message = (
                    f'Authentication credentials for the principal "{principal.name}" already exist. '
                    "Use the PUT method to overwrite them."
                )
                raise ApiError(409, "CONFLICT", message)
            self._put(principal, sent.values)
            return JsonResponse(self._shape(call, external, principal), 201)

    def _put(self, principal: Principal, values: dict[str, str]) -> None:
        if not values:
            refuse("Missing required property credentials in the request body")
        self._store.put_secret(principal, values)
        callouts(self._org).replaced(principal)

    def _refresh(self, action: str, call: Call) -> dict[str, Any]:
        if action != "Refresh" or call.version < _REFRESHING:
            refuse(f"{action} is not a valid value of action")
        with self._org.lock:
            _, external, principal = self._sent(call)
        try:
            callouts(self._org).refresh(external, principal)
        except CalloutError as error:
            refuse(str(error))
        return self._shape(call, external, principal)

    def replace(self, _request: Request, call: Call) -> dict[str, Any]:
        """Replace a credential: values that are left out are deleted."""
        with self._org.lock:
            sent, external, principal = self._sent(call)
            if principal.id not in self._store.secrets:
                message = (
                    f'Authentication credentials for the principal "{principal.name}" don\'t exist. '
                    "Use the POST method to create them."
                )
                raise ApiError(404, "NOT_FOUND", message)
            self._put(principal, sent.values)
            return self._shape(call, external, principal)

    def update(self, _request: Request, call: Call) -> None:
        """Refuse: PATCH is supported for custom protocols only, which this org doesn't model.

        Raises:
            ApiError: Always.
        """
        check_manages(call)
        refuse("PATCH is supported only for credentials of the authentication protocol Custom")

    def delete(self, request: Request, call: Call) -> None:
        """Delete a credential with its tokens."""
        check_manages(call)
        with self._org.lock:
            external, principal = self._asked(request)
            if request.query_params.get("authenticationParameters"):
                refuse("authenticationParameters are supported only for the authentication protocol Custom")
            if principal.id not in self._store.secrets:
                message = f"{principal.name} of {external.name} has no authentication credentials"
                raise ApiError(404, "NOT_FOUND", message)
            self._store.put_secret(principal, {})
            callouts(self._org).forget(principal)
