from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from salesbridge.sandbox.salesforce.access import FieldPermission, PermissionSet
from salesbridge.sandbox.salesforce.app import create_app
from salesbridge.sandbox.salesforce.bulk import ingest_jobs
from salesbridge.sandbox.salesforce.metadata_store import metadata_store
from salesbridge.sandbox.salesforce.org import Org
from salesbridge.sandbox.salesforce.schema import Field
from salesbridge.sandbox.salesforce.standard import standard_sobjects

EXT = "Ext__c"
BASE = "/services/data/v66.0"


class Caller:
    """An HTTP client of one user of one org."""

    def __init__(self, org: Org, app: Starlette, username: str = "integration@example.com") -> None:
        self.org = org
        self.user = org.directory.user_named(username) or org.directory.add_user(username)
        self.http = TestClient(app)
        self.http.headers["Authorization"] = f"Bearer {org.directory.open_session(self.user).token}"

    def __call__(self, method: str, path: str, *, base: str = BASE, **options: Any) -> Any:
        return self.http.request(method, base + path, **options)

    def job(self, sobject: str = "Account", operation: str = "upsert", **options: Any) -> dict[str, Any]:
        key = {"externalIdFieldName": EXT} if operation == "upsert" else {}
        answer = self("POST", "/jobs/ingest", json={"object": sobject, "operation": operation} | key | options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, job: dict[str, Any], data: str | bytes) -> Any:
        headers = {"Content-Type": "text/csv"}
        return self("PUT", f"/jobs/ingest/{job['id']}/batches", content=data, headers=headers)

    def close(self, job: dict[str, Any]) -> Any:
        return self("PATCH", f"/jobs/ingest/{job['id']}", json={"state": "UploadComplete"})

    def wait(self, job: dict[str, Any]) -> dict[str, Any]:
        assert ingest_jobs(self.org).get(job["id"]).finished.wait(60)
        return self("GET", f"/jobs/ingest/{job['id']}").json()

    def load(self, data: str | bytes, sobject: str = "Account", operation: str = "upsert", **options: Any) -> Any:
        job = self.job(sobject, operation, **options)
        assert self.put(job, data).status_code == 201
        assert self.close(job).status_code == 200
        return self.wait(job)

    def results(self, job: dict[str, Any], kind: str) -> list[str]:
        return self("GET", f"/jobs/ingest/{job['id']}/{kind}").text.splitlines()


@pytest.fixture
def org() -> Org:
    made = Org(standard_sobjects())
    made.settings.login_host = None
    for name in ("Account", "Contact"):
        key = Field(EXT, "Ext", "string", length=80, custom=True, unique=True, external_id=True, id_lookup=True)
        made.schema.add_field(name, key)
        hidden = Field("Hidden__c", "Hidden", "string", length=80, custom=True)
        made.schema.add_field(name, hidden)
    grants = {f"{name}.{EXT}": FieldPermission(readable=True, editable=True) for name in ("Account", "Contact")}
    made.directory.add_permission_set(PermissionSet("Connector", fields=grants))
    user = made.directory.add_user("integration@example.com")
    made.directory.assign(user.id, "Connector")
    return made


@pytest.fixture
def app(org: Org) -> Starlette:
    return create_app(org)


@pytest.fixture
def caller(org: Org, app: Starlette) -> Iterator[Caller]:
    yield Caller(org, app)
    ingest_jobs(org).close()


@pytest.fixture
def stranger(org: Org, app: Starlette) -> Caller:
    return Caller(org, app, "stranger@example.com")


XMLNS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'


class Deployer:
    """Zips metadata files up and deploys them over HTTP."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        caller.user.permissions.add("ModifyMetadata")

    @staticmethod
    def zip(files: dict[str, str]) -> bytes:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        return target.getvalue()

    @staticmethod
    def manifest(members: dict[str, list[str]], version: str = "66.0") -> str:
        types = "".join(
            f"<types>{''.join(f'<members>{name}</members>' for name in names)}<name>{kind}</name></types>"
            for kind, names in members.items()
        )
        return f'<?xml version="1.0" encoding="UTF-8"?><Package {XMLNS}>{types}<version>{version}</version></Package>'

    def post(self, data: bytes, **options: Any) -> Any:
        given = {"singlePackage": True, "rollbackOnError": True} | options
        json_part = (None, json.dumps({"deployOptions": given}), "application/json")
        files = {"json": json_part, "file": ("deploy.zip", data, "application/zip")}
        return self.caller("POST", "/metadata/deployRequest", files=files)

    def wait(self, deployment: str) -> dict[str, Any]:
        assert metadata_store(self.caller.org).deployments[deployment].finished.wait(30)
        answer = self.caller("GET", f"/metadata/deployRequest/{deployment}?includeDetails=true")
        return answer.json()["deployResult"]

    def __call__(self, files: dict[str, str], members: dict[str, list[str]], **options: Any) -> dict[str, Any]:
        answer = self.post(self.zip(files | {"package.xml": self.manifest(members)}), **options)
        assert answer.status_code == 201, answer.text
        return self.wait(answer.json()["id"])

    @staticmethod
    def problems(result: dict[str, Any]) -> list[str]:
        return [each["problem"] for each in result["details"]["componentFailures"]]

    def fields(self, *fields: str, sobject: str = "Account", **options: Any) -> dict[str, Any]:
        body = "".join(f"<fields>{each}</fields>" for each in fields)
        files = {f"objects/{sobject}.object": f"<CustomObject {XMLNS}>{body}</CustomObject>"}
        return self(files, {"CustomObject": [sobject]}, **options)


@pytest.fixture
def deploy(caller: Caller) -> Deployer:
    return Deployer(caller)
