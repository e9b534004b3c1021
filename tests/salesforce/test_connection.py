from __future__ import annotations

import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import httpx2
import pytest
from pydantic import SecretStr

from salesbridge.salesforce import ClientCredentials, PasswordToken, Salesforce, SalesforceError


def rest_array(code: str, message: str = "said") -> list[dict[str, object]]:
    return [{"errorCode": code, "message": message}]


def expired(_: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(401, json=rest_array("INVALID_SESSION_ID", "Session expired or invalid"))


def ok(_: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, json={"totalSize": 0, "done": True, "records": []})


def only_with(token: str):
    def answer(request: httpx2.Request) -> httpx2.Response:
        return ok(request) if request.headers["authorization"] == f"Bearer {token}" else expired(request)

    return answer


def test_calls_go_to_the_instance_and_name_us(salesforce, wire):
    wire.answers = [ok]
    list(salesforce.query("SELECT Id FROM Account"))
    (request,) = wire.requests

    assert str(request.url).startswith(f"{wire.INSTANCE}/services/data/v66.0/query?q=SELECT")
    assert request.headers["sforce-call-options"] == "client=Salesbridge"
    assert request.headers["sforce-mru"] == "updateMru=false"
    assert request.headers["accept-encoding"] == "gzip"
    assert "sforce-duplicate-rule-header" not in request.headers


def test_an_expired_token_is_renewed_and_the_call_replayed_once(salesforce, wire):
    wire.answers = [only_with("token-2")]
    list(salesforce.query("SELECT Id FROM Account"))

    assert len(wire.login_requests) == 2
    assert len(wire.requests) == 2


def test_many_threads_that_meet_one_expiry_sign_in_once(salesforce, wire):
    wire.answers = [only_with("token-1")]
    list(salesforce.query("SELECT Id FROM Account"))
    wire.answers = [only_with("token-2")]
    threads, start = 16, threading.Barrier(16)

    def work(_: int) -> list[dict[str, object]]:
        start.wait()
        return list(salesforce.query("SELECT Id FROM Account"))

    with ThreadPoolExecutor(threads) as pool:
        assert list(pool.map(work, range(threads))) == [[]] * threads
    assert len(wire.login_requests) == 2


def test_a_wrong_password_is_tried_once_for_all_threads_that_wait(wire):
    entered = threading.Event()

    def slow_refusal(_: httpx2.Request) -> httpx2.Response:
        entered.wait(5)
        return httpx2.Response(400, json={"error": "invalid_grant", "error_description": "authentication failure"})

    wire.logins = [slow_refusal]
    with ThreadPoolExecutor(8) as pool:
        org = wire.open()
        waiting = [pool.submit(lambda: org.token) for _ in range(8)]
        while org._tokens._flight is None:
            pass
        threading.Timer(0.2, entered.set).start()
        errors = [future.exception() for future in waiting]

    assert {error.code for error in errors} == {"invalid_grant"}
    assert len(wire.login_requests) == 1


def test_a_token_refused_right_after_sign_in_is_an_error_not_a_loop(salesforce, wire):
    wire.answers = [expired]
    with pytest.raises(SalesforceError) as caught:
        salesforce.describe_global()

    assert caught.value.kind == "authentication"
    assert "just issued" in caught.value.mend
    assert (len(wire.login_requests), len(wire.requests)) == (2, 2)


@pytest.mark.parametrize(
    "said", ["This session is not valid for use with the REST API", "Connected app is not attached to Agent"]
)
def test_a_401_that_is_no_expiry_does_not_sign_in_again(salesforce, wire, said):
    wire.answers = [httpx2.Response(401, json=rest_array("INVALID_SESSION_ID", said))]
    with pytest.raises(SalesforceError) as caught:
        salesforce.describe_global()

    assert caught.value.kind == "authentication"
    assert "(api)" in caught.value.mend
    assert len(wire.login_requests) == 1


def test_a_read_is_repeated_after_a_passing_trouble(salesforce, wire):
    wire.answers = [
        httpx2.Response(503, json=rest_array("SERVER_UNAVAILABLE")),
        httpx2.ReadError("cut"),
        ok,
    ]

    assert list(salesforce.query("SELECT Id FROM Account")) == []
    assert len(wire.requests) == 3


def test_repeats_are_bounded(salesforce, wire):
    wire.answers = [lambda _: httpx2.Response(503, json=rest_array("SERVER_UNAVAILABLE"))]
    with pytest.raises(SalesforceError) as caught:
        salesforce.describe_global()

    assert caught.value.kind == "transient"
    assert len(wire.requests) == 4


def test_a_long_retry_after_is_left_to_the_caller(salesforce, wire):
    wire.answers = [httpx2.Response(503, headers={"Retry-After": "600"}, json=rest_array("SERVER_UNAVAILABLE"))]
    with pytest.raises(SalesforceError) as caught:
        salesforce.describe_global()

    assert caught.value.retry_after == 600
    assert len(wire.requests) == 1


@pytest.mark.parametrize("failure", [httpx2.ReadError("cut"), httpx2.ReadTimeout("slow"), httpx2.Response(502)])
def test_a_write_whose_outcome_is_unknown_is_not_repeated(salesforce, wire, failure):
    wire.answers = [failure]
    with pytest.raises(SalesforceError) as caught:
        salesforce.create("Account", {"Name": "A"})

    assert caught.value.kind == "transient"
    assert caught.value.unknown_outcome
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    "failure", [httpx2.ConnectError("refused"), lambda _: httpx2.Response(503, json=rest_array("SERVER_UNAVAILABLE"))]
)
def test_a_write_that_was_not_begun_is_repeated(salesforce, wire, failure):
    wire.answers = [failure, httpx2.Response(201, json={"id": "001", "success": True, "errors": []})]

    assert salesforce.create("Account", {"Name": "A"}) == "001"
    assert len(wire.requests) == 2


def test_a_success_that_is_a_web_page_is_no_success(salesforce, wire):
    wire.answers = [lambda _: httpx2.Response(200, html="<h1>Maintenance</h1>")]
    with pytest.raises(SalesforceError) as caught:
        salesforce.describe_global()

    assert caught.value.code == "BAD_ANSWER"


def test_a_redirect_is_not_followed_and_says_where_the_org_is(salesforce, wire):
    wire.answers = [httpx2.Response(302, headers={"Location": "https://new.my.salesforce.com/x"})]
    with pytest.raises(SalesforceError) as caught:
        salesforce.describe_global()

    assert caught.value.code == "REDIRECT"
    assert "new.my.salesforce.com" in caught.value.message
    assert len(wire.requests) == 1


@pytest.mark.parametrize("where", ["https://evil.example", "http://acme.my.salesforce.com", "http://127.0.0.1:1"])
def test_a_token_is_never_sent_to_an_instance_that_is_not_salesforces(salesforce, wire, where):
    wire.logins = [httpx2.Response(200, json=wire.token_body(instance=where))]
    with pytest.raises(SalesforceError) as caught:
        salesforce.describe_global()

    assert caught.value.code == "INVALID_LOGIN_URL"
    assert wire.requests == []


def test_no_secret_shows_in_repr_log_or_error(wire, caplog):
    caplog.set_level(logging.DEBUG)
    secret = PasswordToken(wire.LOGIN, "u@x", SecretStr("p4ss"), SecretStr("t0ken"), "key", SecretStr("s3cret"))
    wire.logins = [httpx2.Response(400, json={"error": "invalid_grant", "error_description": "authentication failure"})]
    org = wire.open(secret)
    with pytest.raises(SalesforceError) as caught:
        org.describe_global()
    shown = f"{secret!r} {org!r} {caught.value!r} {caught.value} {caplog.text}"

    assert parse_qs(wire.login_requests[0].content.decode())["password"] == ["p4sst0ken"]
    assert not any(text in shown for text in ("p4ss", "t0ken", "s3cret"))


def test_the_limit_header_and_our_own_calls_are_counted_per_kind(salesforce, wire):
    wire.answers = [
        httpx2.Response(
            200,
            json={"totalSize": 0, "done": True, "records": []},
            headers={"Sforce-Limit-Info": "api-usage=18/5000; per-app-api-usage=17/250(appName=x)"},
        )
    ]
    list(salesforce.query("SELECT Id FROM Account"))
    usage = salesforce.usage

    assert (usage.used, usage.limit, usage.own_calls) == (18, 5000, 2)
    assert usage.by_kind == {"login": 1, "query": 1}
    assert usage.at is not None


def test_an_api_version_that_is_none_is_refused_at_once(wire):
    with pytest.raises(ValueError, match=r"66\.0"):
        wire.open(api_version="latest")


def test_duplicates_are_saved_only_on_request(wire):
    wire.answers = [ok]
    list(wire.open(save_duplicates=True).query("SELECT Id FROM Account"))

    assert wire.requests[0].headers["sforce-duplicate-rule-header"] == "allowSave=true"


def test_a_name_that_is_not_known_is_told_as_such(wire, monkeypatch):
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with (
        Salesforce(ClientCredentials(wire.LOGIN, "key", SecretStr("hush"))) as org,
        pytest.raises(SalesforceError) as caught,
    ):
        org.describe_global()

    assert caught.value.code == "DNS"
    assert "login URL" in caught.value.mend


def test_an_address_that_nobody_listens_at_is_told_as_such():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    nobody = ClientCredentials(f"http://127.0.0.1:{port}", "key", SecretStr("hush"))
    with Salesforce(nobody, allow_loopback=True) as org, pytest.raises(SalesforceError) as caught:
        org.describe_global()

    assert caught.value.code == "CONNECT"
    assert caught.value.kind == "transient"
    assert not caught.value.unknown_outcome
