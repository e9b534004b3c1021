"""A little authorization server with an echo behind it, and the credentials that lead an org to it."""

from __future__ import annotations

import base64
import io
import itertools
import json
import threading
import time
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import pytest

XMLNS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
EXTERNAL, NAMED, PRINCIPAL = "Billing", "Billing", "Everyone"
ECS, NCS, CREDENTIAL = (
    "/named-credentials/external-credentials",
    "/named-credentials/named-credential-setup",
    ("/named-credentials/credential"),
)


class Remote(ThreadingHTTPServer):
    """Issues tokens to clients by their secret, and echoes requests that carry a live one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, context=None):
        super().__init__(("127.0.0.1", 0), _Handler)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.server_port}"
        self.secrets = {"id-1": {"secret-1"}}
        self.live = {}
        self.token_requests = []
        self.token_answer = None
        self.refusal = 401
        self.refused_from = None
        self.numbers = itertools.count(1)

    def issue(self, name, secret):
        if secret not in self.secrets.get(name, ()):
            return 401, {"error": "invalid_client", "error_description": "unknown client"}
        token = f"token-{next(self.numbers)}"
        self.live[token] = name
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 300}

    def handle_error(self, request, client_address):
        """Clients that go away early are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_args):
        pass

    def _answer(self, status, body, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        if path == "/token":
            return self._token(body)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if path.startswith("/open"):
            return self._answer(200, self._echo(body))
        if token not in self.server.live:
            if self.server.refused_from is not None:
                self.server.refused_from.wait()
            return self._answer(self.server.refusal, {"error": "invalid_token"})
        if path == "/slow":
            time.sleep(0.5)
        if path == "/big":
            return self._answer(200, b"x" * 6_000_001)
        if path == "/moved":
            return self._answer(302, b"", Location="http://elsewhere.example/")
        if path == "/pdf":
            return self._answer(200, b"%PDF\xff", **{"Content-Type": "application/pdf"})
        return self._answer(200, self._echo(body))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815 - the names http.server looks for

    def _echo(self, body):
        headers = {name.lower(): value for name, value in self.headers.items()}
        return {"method": self.command, "path": self.path, "headers": headers, "body": body.decode()}

    def _token(self, body):
        form = dict(parse_qsl(body.decode()))
        basic = self.headers.get("Authorization", "")
        self.server.token_requests.append(SimpleNamespace(form=form, headers=dict(self.headers.items())))
        if self.server.token_answer is not None:
            return self._answer(*self.server.token_answer)
        if basic.startswith("Basic "):
            name, _, secret = base64.b64decode(basic[6:]).decode().partition(":")
        else:
            name, secret = form.get("client_id"), form.get("client_secret")
        return self._answer(*self.server.issue(name, secret))


@contextmanager
def serving(context=None):
    server = Remote(context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.fixture
def remote():
    with serving() as server:
        yield server


def external(token_url, **changes):
    """An External Credential Input."""
    made = {
        "developerName": EXTERNAL,
        "masterLabel": "Billing",
        "authenticationProtocol": "OAuth",
        "authenticationProtocolVariant": "ClientCredentialsClientSecretBasic",
        "parameters": [
            {"parameterName": "TokenEndpoint", "parameterType": "AuthProviderUrl", "parameterValue": token_url}
        ],
        "principals": [{"principalName": PRINCIPAL, "principalType": "NamedPrincipal", "sequenceNumber": 1}],
    }
    return {name: value for name, value in {**made, **changes}.items() if value is not None}


def named(url, **changes):
    """A Named Credential Input."""
    made = {
        "developerName": NAMED,
        "masterLabel": "Billing",
        "type": "SecuredEndpoint",
        "calloutUrl": url,
        "externalCredentials": [{"developerName": EXTERNAL}],
        "calloutOptions": {
            "allowMergeFieldsInBody": False,
            "allowMergeFieldsInHeader": False,
            "generateAuthorizationHeader": True,
        },
    }
    return {name: value for name, value in {**made, **changes}.items() if value is not None}


def values(name="id-1", secret="secret-1", **changes):  # noqa: S107 - of the test
    """A Credential Input; ``secret=None`` leaves the secret out."""
    held = {"clientId": {"value": name, "encrypted": False}, "clientSecret": {"value": secret, "encrypted": True}}
    made = {
        "externalCredential": EXTERNAL,
        "principalName": PRINCIPAL,
        "principalType": "NamedPrincipal",
        "authenticationProtocol": "OAuth",
        "credentials": {key: value for key, value in held.items() if value["value"] is not None},
    }
    return {key: value for key, value in {**made, **changes}.items() if value is not None}


def whose(**changes):
    """The request parameters that name the principal."""
    made = {"externalCredential": EXTERNAL, "principalName": PRINCIPAL, "principalType": "NamedPrincipal"}
    return {**made, **changes}


def zipped(files, members):
    types = "".join(f"<types><members>{name}</members><name>{kind}</name></types>" for kind, name in members)
    package = f"<Package {XMLNS}>{types}<version>66.0</version></Package>"
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path, text in {"package.xml": package, **files}.items():
            archive.writestr(path, text)
    return target.getvalue()


@pytest.fixture
def deploy(api):
    """Deploy files; the result with its details."""

    def run(files, members, destructive=None):
        if destructive is not None:
            types = "".join(
                f"<types><members>{name}</members><name>{kind}</name></types>" for kind, name in destructive
            )
            files = {**files, "destructiveChanges.xml": f"<Package {XMLNS}>{types}<version>66.0</version></Package>"}
        options = json.dumps({"deployOptions": {"singlePackage": True, "rollbackOnError": True}})
        parts = {
            "json": (None, options, "application/json"),
            "file": ("deploy.zip", zipped(files, members), "application/zip"),
        }
        started = api.post("/metadata/deployRequest", files=parts)
        assert started.status_code == 201, started.text
        end = time.monotonic() + 20
        while time.monotonic() < end:
            result = api.get(f"/metadata/deployRequest/{started.json()['id']}?includeDetails=true").json()[
                "deployResult"
            ]
            if result["done"]:
                return result
            time.sleep(0.02)
        raise AssertionError("The deployment did not end")

    return run


def permission_set(*keys, rights=()):
    flags = ("allowCreate", "allowDelete", "allowEdit", "allowRead", "modifyAllRecords", "viewAllRecords")
    accesses = "".join(
        "<externalCredentialPrincipalAccesses><enabled>true</enabled>"
        f"<externalCredentialPrincipal>{key}</externalCredentialPrincipal></externalCredentialPrincipalAccesses>"
        for key in keys
    )
    granted = "".join(f"<{flag}>{'true' if flag in rights else 'false'}</{flag}>" for flag in flags)
    objects = (
        f"<objectPermissions>{granted}<object>UserExternalCredential</object></objectPermissions>" if rights else ""
    )
    text = f"<PermissionSet {XMLNS}>{accesses}<label>Callers</label>{objects}</PermissionSet>"
    return {"permissionsets/Callers.permissionset": text}, [("PermissionSet", "Callers")]


@pytest.fixture
def add(api, remote):
    """Make the external and the named credential, and push the client's id and secret."""

    def run(**changes):
        for path, body in ((ECS, external(f"{remote.url}/token", **changes)), (NCS, named(remote.url))):
            answer = api.post(path, json=body)
            assert answer.status_code == 201, answer.text
        answer = api.post(CREDENTIAL, json=values())
        assert answer.status_code == 201, answer.text

    return run


@pytest.fixture
def sales(org):
    """A user who may do nothing but sign in."""
    return org.directory.add_user("sales@sandbox.example", last_name="Sales")


@pytest.fixture
def admit(deploy, org, sales):
    """Give the user access to principals by a deployed permission set."""

    def run(*keys, rights=()):
        result = deploy(*permission_set(*(keys or (f"{EXTERNAL}-{PRINCIPAL}",)), rights=rights))
        assert result["status"] == "Succeeded", result
        org.directory.assign(sales.id, "Callers")

    return run


@pytest.fixture
def call(anonymous, sales):
    """Make the org call out as the user; what Apex would get."""

    def run(path="/echo", **asked):
        body = {"user": sales.username, "namedCredential": NAMED, "path": path, **asked}
        answer = anonymous.post("/sandbox/callout", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return run


@pytest.fixture
def ready(add, admit):
    """Everything that a callout needs is there."""
    add()
    admit()
