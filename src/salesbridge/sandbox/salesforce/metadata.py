"""Metadata API over REST: deployRequest. Source: Metadata API Developer Guide, *Deploy Metadata with REST*."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.metadata_deploy import Deploy
from salesbridge.sandbox.salesforce.metadata_deployment import DONE, Deployment, DeployOptions, deploy_options
from salesbridge.sandbox.salesforce.metadata_store import metadata_store
from salesbridge.sandbox.salesforce.multipart import parts
from salesbridge.sandbox.salesforce.rest import resource
from salesbridge.sandbox.salesforce.results import ApiError
from salesbridge.sandbox.salesforce.wire import JsonResponse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from salesbridge.sandbox.salesforce.multipart import Part
    from salesbridge.sandbox.salesforce.org import Org
    from salesbridge.sandbox.salesforce.rest import Call

DEPLOY_PREFIX = "0Af"
_RAN_TESTS = frozenset({"RunSpecifiedTests", "RunLocalTests", "RunAllTestsInOrg"})
_UNCANCELABLE_VERSION = 65.0


def routes(org: Org) -> list[Route]:
    """The routes of deployments."""
    deployments = _Deployments(org)
    one = "/metadata/deployRequest/{deployment}"
    return [
        resource(org, "/metadata/deployRequest", POST=deployments.create),
        resource(org, one, GET=deployments.read, PATCH=deployments.cancel, POST=deployments.quick),
    ]


class _Deployments:
    """The handlers of deployments.

    Args:
        org: The org deployed to.
    """

    def __init__(self, org: Org) -> None:
        self._org = org
        self._store = metadata_store(org)

    def create(self, request: Request, call: Call) -> JsonResponse:
        """Deploy a zip file, or (as JSON) what a validation has checked before."""
        self._check_permission(call)
        if call.content_type == "application/json":
            return self._quick(request, call)
        if call.content_type != "multipart/form-data":
            raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"Content-Type {call.content_type} is not supported")
        asked, data = _asked(parts(request.headers["content-type"], call.body))
        options = deploy_options(_options(asked), production=not self._org.settings.sandbox)
        return self._start(request, call, options, data)

    def _check_permission(self, call: Call) -> None:
        allowed = ("ModifyAllData", "ModifyMetadata")
        if not any(self._org.directory.allows(call.user_id, name) for name in allowed):
            problem = "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions"
            raise ApiError(403, "INSUFFICIENT_ACCESS", problem)

    def _start(
        self, request: Request, call: Call, options: DeployOptions, data: bytes, validated: str | None = None
    ) -> JsonResponse:
        org = self._org
        deployment = Deployment(org.new_id(DEPLOY_PREFIX), options, data, call.user_id, call.user.name, org.clock())
        self._store.deployments[deployment.id] = deployment
        answer = deployment.as_json(_url(request, call, deployment))
        worker = Deploy(org, self._store, deployment)
        threading.Thread(target=worker, name=f"deploy-{deployment.id}", daemon=True).start()
        return JsonResponse(answer | ({"validatedDeployRequestId": validated} if validated else {}), 201)

    def quick(self, request: Request, call: Call) -> JsonResponse:
        """Deploy a Recently Validated Component Set Without Tests."""
        self._check_permission(call)
        return self._quick(request, call)

    def _quick(self, request: Request, call: Call) -> JsonResponse:
        body = call.json_object()
        wanted = body.get("validatedDeployRequestId")
        if set(body) != {"validatedDeployRequestId"} or not isinstance(wanted, str):
            raise ApiError(400, "JSON_PARSER_ERROR", "Only validatedDeployRequestId may be given")
        found = self._store.deployments.get(wanted)
        if found is None or not self._qualifies(found):
            raise ApiError(404, "NOT_FOUND", "No recent validation that qualifies for a quick deploy has this id")
        flags = dict(found.options.flags) | {"checkOnly": False}
        options = DeployOptions(flags, found.options.test_level, found.options.run_tests)
        return self._start(request, call, options, found.zip, found.id)

    def _qualifies(self, validation: Deployment) -> bool:
        """A validation of the last ten days that succeeded and ran tests."""
        window = self._store.settings.quick_deploy_window
        in_time = validation.completed is not None and self._org.clock() - validation.completed <= window
        tested = validation.options.test_level in _RAN_TESTS
        return bool(in_time and validation.options["checkOnly"] and tested and validation.status == "Succeeded")

    def read(self, request: Request, call: Call) -> dict[str, Any]:
        """Check the Status of Your Deployment."""
        self._check_permission(call)
        found = self._deployment(request)
        details = request.query_params.get("includeDetails", "false").lower() == "true"
        return found.as_json(_url(request, call, found), details=details)

    def _deployment(self, request: Request) -> Deployment:
        wanted = request.path_params["deployment"]
        known = self._store.deployments
        found = known.get(wanted) or next((each for id_, each in known.items() if id_[:15] == wanted), None)
        if found is None:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        return found

    def cancel(self, request: Request, call: Call) -> JsonResponse:
        """Cancel a Deployment in Progress."""
        self._check_permission(call)
        found = self._deployment(request)
        if call.json_object() != {"deployResult": {"status": "Canceling"}}:
            raise ApiError(400, "JSON_PARSER_ERROR", 'Only {"deployResult": {"status": "Canceling"}} can be asked for')
        with found.lock:
            finalizing = found.status == "FinalizingDeploy" and call.version >= _UNCANCELABLE_VERSION
            if found.status in DONE or finalizing:
                raise ApiError(400, "INVALID_ID_FIELD", f"Deployment in status {found.status} can't be canceled")
            found.cancel.set()
            found.canceled_by = (call.user_id, call.user.name)
            if found.status != "FinalizingDeploy":
                found.move("Canceling", self._org.clock())
        return JsonResponse(found.as_json(_url(request, call, found)), 202)


def _asked(found: dict[str, Part]) -> tuple[bytes, bytes]:
    """The JSON and the zip file of a deployment.

    The JSON part may have any name, as in every multipart request (REST API Developer Guide, *Insert or Update Blob
    Data*): the guide of deployments calls it ``json``, the Salesforce CLI ``entity_content``.
    """
    zips = found.pop("file", None)
    rest = list(found.values())
    if zips is None or len(rest) != 1 or rest[0].content_type != "application/json":
        message = "A deployment needs two parts: one of type application/json, and 'file'"
        raise ApiError(400, "INVALID_MULTIPART_REQUEST", message)
    return rest[0].data, zips.data


def _options(data: bytes) -> object:
    try:
        body = json.loads(data)
    except ValueError as error:
        raise ApiError(400, "JSON_PARSER_ERROR", f"The part 'json' is no JSON: {error}") from None
    if not isinstance(body, dict) or set(body) != {"deployOptions"}:
        raise ApiError(400, "JSON_PARSER_ERROR", "The part 'json' must hold deployOptions and nothing else")
    return body["deployOptions"]


def _url(request: Request, call: Call, deployment: Deployment) -> str:
    return f"{str(request.base_url).rstrip('/')}{call.base}/metadata/deployRequest/{deployment.id}"
