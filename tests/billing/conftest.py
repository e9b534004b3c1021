from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx2
import pytest
import stamina
from pydantic import SecretStr

from salesbridge.billing import BillingApi, connect

Answer = httpx2.Response | Callable[[httpx2.Request], httpx2.Response] | Exception


@dataclass
class Wire:
    """A scripted far side: answers in order, then the last one again; keeps what it was asked."""

    answers: list[Answer] = field(default_factory=list)
    requests: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    def open(self, product: str, base_url: str = "https://bill.example/gate/rest/v1", **options: object) -> BillingApi:
        http = httpx2.Client(transport=httpx2.MockTransport(self))
        return connect(product, base_url, username="bridge", api_key=SecretStr("hush"), http=http, **options)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def junifer(wire: Wire) -> BillingApi:
    return wire.open("junifer")


@pytest.fixture
def velocity(wire: Wire) -> BillingApi:
    return wire.open("velocity", "https://bill.example")


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=4):
        yield
