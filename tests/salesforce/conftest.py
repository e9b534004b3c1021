from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx2
import pytest
import stamina
from pydantic import SecretStr
from scripted_bus import ScriptedBus

from salesbridge.salesforce import ClientCredentials, Credentials, Salesforce
from salesbridge.salesforce.events import Events

LOGIN = "https://acme.my.salesforce.com"
INSTANCE = "https://acme-1.my.salesforce.com"
ORG, USER = "00D000000000001EAA", "005000000000001AAA"
Answer = httpx2.Response | Callable[[httpx2.Request], httpx2.Response] | Exception


def token_body(access: str = "token-1", instance: str = INSTANCE) -> dict[str, str]:
    return {
        "access_token": access,
        "instance_url": instance,
        "id": f"https://login.salesforce.com/id/{ORG}/{USER}",
        "token_type": "Bearer",
        "issued_at": "1435269208465",
        "signature": "x",
    }


@dataclass
class Wire:
    """A scripted far side: answers in order, then the last one again; keeps what it was asked."""

    answers: list[Answer] = field(default_factory=list)
    logins: list[Answer] = field(default_factory=list)
    requests: list[httpx2.Request] = field(default_factory=list)
    login_requests: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        if request.url.path == "/services/oauth2/token":
            self.login_requests.append(request)
            answer = self._next(self.logins) if self.logins else self._fresh_token()
        else:
            self.requests.append(request)
            answer = self._next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    LOGIN = LOGIN
    INSTANCE = INSTANCE

    def open(self, login: Credentials | None = None, **options: object) -> Salesforce:
        http = httpx2.Client(transport=httpx2.MockTransport(self))
        return Salesforce(login or credentials(), http=http, **options)

    @staticmethod
    def token_body(access: str = "token-1", instance: str = INSTANCE) -> dict[str, str]:
        return token_body(access, instance)

    def _fresh_token(self) -> httpx2.Response:
        return httpx2.Response(200, json=token_body(f"token-{len(self.login_requests)}"))

    @staticmethod
    def _next(answers: list[Answer]) -> Answer:
        return answers.pop(0) if len(answers) > 1 else answers[0]


def credentials(login_url: str = LOGIN) -> ClientCredentials:
    return ClientCredentials(login_url, "key", SecretStr("hush"))


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def salesforce(wire: Wire) -> Iterator[Salesforce]:
    with httpx2.Client(transport=httpx2.MockTransport(wire)) as http, Salesforce(credentials(), http=http) as org:
        yield org


@pytest.fixture
def bus() -> Iterator[ScriptedBus]:
    found = ScriptedBus()
    yield found
    found.stop()


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    found = threading.Event()
    yield found
    found.set()


@pytest.fixture
def sandboxed(wire: Wire) -> Iterator[Salesforce]:
    """A connection in sandbox mode."""
    with (
        httpx2.Client(transport=httpx2.MockTransport(wire)) as http,
        Salesforce(credentials("http://127.0.0.1:9"), http=http, allow_loopback=True) as org,
    ):
        yield org


@pytest.fixture
def open_events(bus: ScriptedBus, sandboxed: Salesforce) -> Iterator[Callable[..., Events]]:
    """Opens the event bus of the simulator, which is started with it."""
    opened: list[Events] = []

    def open_(**options: object) -> Events:
        if not bus.port:
            bus.start()
        opened.append(Events(sandboxed, address=f"127.0.0.1:{bus.port}", plaintext=True, **options))
        return opened[-1]

    yield open_
    for events in opened:
        events.close()


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=4):
        yield
