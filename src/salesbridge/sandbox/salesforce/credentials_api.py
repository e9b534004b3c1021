"""Connect REST: external credentials and named credentials.

Source: Connect REST API Developer Guide, *Named Credentials Resources*, *External Credentials*, *Named Credentials*.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce import callouts_control, credentials_secrets
from salesbridge.sandbox.salesforce.credentials_body import Body, refuse
from salesbridge.sandbox.salesforce.credentials_checks import UnfitError
from salesbridge.sandbox.salesforce.credentials_faults import check_manages, guarded, may_view, since
from salesbridge.sandbox.salesforce.credentials_ids import identified_external, identified_named
from salesbridge.sandbox.salesforce.credentials_input import external_credential, named_credential
from salesbridge.sandbox.salesforce.credentials_model import ExternalCredential, NamedCredential
from salesbridge.sandbox.salesforce.credentials_output import Shapes
from salesbridge.sandbox.salesforce.credentials_store import credential_store
from salesbridge.sandbox.salesforce.rest import resource
from salesbridge.sandbox.salesforce.results import ApiError
from salesbridge.sandbox.salesforce.wire import JsonResponse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from salesbridge.sandbox.salesforce.org import Org
    from salesbridge.sandbox.salesforce.rest import Call, Handler

_READING, _WRITING = 56.0, 58.0


def routes(org: Org) -> list[Route]:
    """The routes of the named-credentials resources, and those that carry out callouts."""
    api = _Api(org)
    external, named = "/named-credentials/external-credentials", "/named-credentials/named-credential-setup"

    def read(handler: Handler) -> Handler:
        return guarded(handler, _READING)

    def write(handler: Handler) -> Handler:
        return guarded(since(handler, _WRITING), _READING)

    def setup(handler: Handler) -> Handler:
        return guarded(handler, _WRITING)

    return [
        *credentials_secrets.routes(org),
        resource(org, external, GET=read(api.list_external), POST=write(api.create_external)),
        resource(
            org,
            f"{external}/{{name}}",
            GET=read(api.read_external),
            PUT=write(api.replace_external),
            DELETE=write(api.delete_external),
        ),
        resource(org, named, GET=setup(api.list_named), POST=setup(api.create_named)),
        resource(
            org,
            f"{named}/{{name}}",
            GET=setup(api.read_named),
            PUT=setup(api.replace_named),
            DELETE=setup(api.delete_named),
        ),
        *callouts_control.routes(org),
    ]


class _Api:
    """The handlers of external and named credentials.

    Args:
        org: The org.
    """

    def __init__(self, org: Org) -> None:
        self._org = org
        self._store = credential_store(org)

    def _shapes(self, call: Call) -> Shapes:
        return Shapes(self._store, call.base, call.version, full=may_view(call))

    # -- external credentials ----------------------------------------------------------------------------------

    def list_external(self, _request: Request, call: Call) -> dict[str, Any]:
        """Get the external credentials that the user can authenticate to; who may view Setup sees all."""
        shapes = self._shapes(call)
        with self._org.lock:
            found = [each for each in self._store.external.values() if self._sees(call, each)]
            return {"externalCredentials": [shapes.external(each) for each in found]}

    def _sees(self, call: Call, found: ExternalCredential) -> bool:
        return may_view(call) or self._store.principal_for(call.user_id, found) is not None

    def create_external(self, _request: Request, call: Call) -> JsonResponse:
        """Create an external credential."""
        check_manages(call)
        made = external_credential(Body(call.json()))
        with self._org.lock:
            if self._store.external_named(made.name) is not None:
                raise _taken(made.name)
            self._store.keep_external(identified_external(made, None, self._org.new_id))
            return JsonResponse(self._shapes(call).external(self._store.external[made.name]), 201)

    def read_external(self, request: Request, call: Call) -> dict[str, Any]:
        """Get an external credential."""
        with self._org.lock:
            found = self._external(request)
            if not self._sees(call, found):
                raise _missing("external credential", found.name)
            return self._shapes(call).external(found)

    def replace_external(self, request: Request, call: Call) -> dict[str, Any]:
        """Update an external credential: parameters, principals and headers that are left out are deleted."""
        check_manages(call)
        sent = Body(call.json())
        with self._org.lock:
            old = self._external(request)
            made = external_credential(sent, old.name)
            if made.variant != old.variant:
                refuse("The authentication protocol variant must match that of the external credential")
            made = replace(made, description=old.description)
            self._store.keep_external(identified_external(made, old, self._org.new_id))
            return self._shapes(call).external(self._store.external[old.name])

    def delete_external(self, request: Request, call: Call) -> None:
        """Delete an external credential that no named credential rests on."""
        check_manages(call)
        with self._org.lock:
            try:
                self._store.remove_external(self._external(request).name)
            except UnfitError as error:
                raise ApiError(400, "DEPENDENCY_EXISTS", str(error)) from None

    def _external(self, request: Request) -> ExternalCredential:
        name = request.path_params["name"]
        found = self._store.external_named(name)
        if found is None:
            raise _missing("external credential", name)
        return found

    # -- named credentials -------------------------------------------------------------------------------------

    def list_named(self, _request: Request, call: Call) -> dict[str, Any]:
        """Get the named credentials in the org."""
        _check_views(call)
        with self._org.lock:
            return {"namedCredentials": [self._shapes(call).named(each) for each in self._store.named.values()]}

    def create_named(self, _request: Request, call: Call) -> JsonResponse:
        """Create a named credential; it is enabled for callouts."""
        check_manages(call)
        made = named_credential(Body(call.json()), call.version)
        with self._org.lock:
            if self._store.named_named(made.name) is not None:
                raise _taken(made.name)
            return JsonResponse(self._keep_named(made, None, call), 201)

    def read_named(self, request: Request, call: Call) -> dict[str, Any]:
        """Get a named credential."""
        _check_views(call)
        with self._org.lock:
            return self._shapes(call).named(self._named(request))

    def replace_named(self, request: Request, call: Call) -> dict[str, Any]:
        """Update a named credential: optional properties that are left out are deleted."""
        check_manages(call)
        sent = Body(call.json())
        with self._org.lock:
            old = self._named(request)
            made = named_credential(sent, call.version, old.name)
            return self._keep_named(replace(made, enabled=old.enabled), old, call)

    def _keep_named(self, made: NamedCredential, old: NamedCredential | None, call: Call) -> dict[str, Any]:
        external = self._store.external_named(made.external)
        if external is None:
            raise _missing("external credential", made.external)
        made = replace(made, external=external.name)
        self._store.keep_named(identified_named(made, old, self._org.new_id), call.user_id)
        return self._shapes(call).named(self._store.named[made.name])

    def delete_named(self, request: Request, call: Call) -> None:
        """Delete a named credential."""
        check_manages(call)
        with self._org.lock:
            self._store.remove_named(self._named(request).name)

    def _named(self, request: Request) -> NamedCredential:
        name = request.path_params["name"]
        found = self._store.named_named(name)
        if found is None:
            raise _missing("named credential", name)
        return found


def _check_views(call: Call) -> None:
    if not may_view(call):
        message = "You need the View Setup and Configuration permission to do this."
        raise ApiError(403, "INSUFFICIENT_ACCESS", message)


def _taken(name: str) -> ApiError:
    return ApiError(400, "DUPLICATE_DEVELOPER_NAME", f"The name {name} is already used by another component")


def _missing(what: str, name: str) -> ApiError:
    return ApiError(404, "NOT_FOUND", f"The {what} {name} doesn't exist, or you don't have access to it")
