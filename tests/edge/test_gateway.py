"""Calls through the gateway, over real sockets, to the billing sandbox and to a billing system that behaves oddly."""

from __future__ import annotations

import socket
import threading
import time

import httpx2
import pytest
from edge_server import billing_tenant, credential
from odd_billing import LINK, PDF, odd_billing

from salesbridge.edge.gateway import gateway
from salesbridge.engine import credentials
from salesbridge.sandbox.billing.seed import Seed
from salesbridge.sandbox.billing.server import start_in_thread
from salesbridge.sandbox.billing.service import Settings
from salesbridge.sandbox.billing.store import Billing
from salesbridge.store.models import ApiCall, ApiPolicy


@pytest.fixture
def odd(transactional_db):
    with odd_billing() as billing:
        yield billing


@pytest.fixture
def odd_tenant(new_door, odd):
    return billing_tenant(new_door, odd)


@pytest.fixture
def odd_token(served, odd_tenant):
    return served.token(credential(odd_tenant))


@pytest.fixture
def token(served, issued):
    return served.token(issued)


@pytest.fixture
def ask(served, odd_token):
    """Call the odd billing system; ``echo`` is where it tells what it got."""

    def call(path, method="GET", **options):
        return served.call(odd_token, f"/api/junifer/accounts/{path}", method, **options)

    return call


def test_an_answer_of_billing_comes_back_with_its_links_turned_into_ours(served, token):
    answer = served.call(token, "/api/junifer/customers", params={"limit": 3})

    assert answer.status_code == 200
    following = answer.json()["links"]["next"]
    assert following.startswith(f"{served.url}/api/junifer/customers?")
    again = served.call(token, following)
    assert again.status_code == 200
    assert len(again.json()["results"]) == 3
    assert "billing.internal" not in answer.text + again.text


def test_a_record_is_created_and_changed_through_the_gateway(served, token, running):
    person = {"customerType": "Person", "forename": "Ada", "surname": "Byron"}
    made = served.call(token, "/api/junifer/customers", "POST", json=person)
    assert made.status_code == 201
    changed = served.call(token, f"/api/junifer/customers/{made.json()['id']}", "PUT", json={"surname": "King"})
    assert changed.status_code == 204
    assert running.billing.get("customers", made.json()["id"])["surname"] == "King"


def test_velocity_is_called_with_its_own_path_and_key(served, new_door):
    with start_in_thread(Billing(Seed(accounts=3)), Settings(product="velocity")) as running:
        token = served.token(credential(billing_tenant(new_door, running, product="velocity")))
        assert served.call(token, "/api/velocity/system").json()["Product"] == "Velocity"
        assert served.call(token, "/api/velocity/Customers").json()["Items"]
        assert served.call(token, "/api/junifer/customers").json()["code"] == "other_product"


def test_a_call_without_a_good_token_goes_nowhere(served, token, running):
    before = running.service.calls.total()
    none = served.http.get("/api/junifer/version")
    assert (none.status_code, none.headers["www-authenticate"]) == (401, 'Bearer realm="salesbridge"')
    for header in ("Basic x", "Bearer", f"Bearer {token[:-4]}AAAA", "Bearer é".encode()):
        answer = served.http.get("/api/junifer/version", headers={"Authorization": header})
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["mend"]
    assert served.http.get(f"/api/junifer/version?access_token={token}").status_code == 401
    assert running.service.calls.total() == before


def test_scopes_and_groups_decide_what_may_be_called(served, tenant):
    reader = served.token(credential(tenant, scopes=["billing.read"]))
    refused = served.call(reader, "/api/junifer/customers", "POST", json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert 'scope="billing.write"' in refused.headers["www-authenticate"]

    writer = served.token(credential(tenant))
    calls = ("PUT", "eventPublishing"), ("GET", "eventPublishing"), ("DELETE", "customers/1"), ("GET", "x")
    for method, path in calls:
        answer = served.call(writer, f"/api/junifer/{path}", method)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_offered")
    assert served.call(writer, "/api/siebel/customers").json()["code"] == "no_such_product"
    assert served.call(writer, "/api/junifer/customers", "OPTIONS").status_code == 405


def test_a_tenants_policy_offers_more_within_a_second_and_to_itself_only(served, odd_tenant, odd_token, token, ask):
    assert served.call(odd_token, "/api/junifer/propertys/7").json()["code"] == "not_offered"
    offered = [{"path": "/propertys/*", "methods": ["PUT"]}, "x"]
    odd_tenant.rows(ApiPolicy).create(paths=offered, headers=["X-On-Behalf-Of", "Authorization"])
    deadline = time.monotonic() + 5
    while served.call(odd_token, "/api/junifer/propertys/7").status_code == 403 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert served.call(odd_token, "/api/junifer/propertys/7").status_code == 404  # billing's own
    assert served.call(token, "/api/junifer/propertys/7").json()["code"] == "not_offered"
    told = dict(ask("echo", headers={"X-On-Behalf-Of": "Ada"}).json()["headers"])
    assert told["x-on-behalf-of"] == "Ada"
    assert "authorization" not in told


@pytest.mark.parametrize(
    "path",
    ["accounts/../eventPublishing", "accounts/%2e%2e/eventPublishing", "accounts/..%2feventPublishing", "accounts//1",
     "accounts/..;/eventPublishing", "accounts/%252e%252e/x", "accounts/%5c..", "accounts/%00", "accounts/%zz",
     "accounts/./1", "accounts/%ff", "accounts/a%0d%0aX:1"],
)  # fmt: skip
def test_a_path_that_could_mean_something_else_is_not_passed_on(served, token, running, path):
    before = running.service.calls.total()
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as line:  # as written: a client library would tidy it up
        line.sendall(
            f"GET /api/junifer/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        answer = line.makefile("rb").read()
    assert answer.split(b" ")[1] in {b"400", b"404"}
    assert running.service.calls.total() == before


@pytest.mark.parametrize(
    "headers",
    ["Content-Length: 3\r\nTransfer-Encoding: chunked", "Content-Length: 3\r\nContent-Length: 4", "Content-Length: +3",
     "Transfer-Encoding: gzip, chunked", "Transfer-Encoding : chunked"],
)  # fmt: skip
def test_a_request_with_two_ends_is_refused(served, token, running, headers):
    before = running.service.calls.total()
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as line:
        line.sendall(
            f"POST /api/junifer/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{headers}\r\n\r\n"
            "0\r\n\r\nGET /api/junifer/version HTTP/1.1\r\n\r\n".encode()
        )
        answer = line.recv(65536)
    assert answer.split(b" ")[1] in {b"400", b"501"}
    assert running.service.calls.total() == before


def test_billing_hears_who_we_are_and_nothing_that_the_caller_claims_to_be(ask):
    claims = {
        "X-Junifer-X-apikey": "stolen", "X-Junifer-X-username": "root", "Cookie": "a=b", "X-Forwarded-For": "10.0.0.1",
        "Forwarded": "for=10.0.0.1", "X-Remote-User": "root", "X-Http-Method-Override": "DELETE",
        "Proxy-Authorization": "x",
        "X-Real-IP": "10.0.0.1", "Connection": "X-Trace-Id", "X-Trace-Id": "1", "Accept-Language": "en",
    }  # fmt: skip
    told = ask("echo", headers=claims).json()["headers"]

    names = {name for name, _ in told}
    assert dict(told)["x-junifer-x-apikey"] == "sandbox-key"
    assert [name for name, _ in told].count("x-junifer-x-apikey") == 1
    assert names == {
        "host", "accept", "accept-encoding", "accept-language", "user-agent", "traceparent", "x-request-id",
        "x-junifer-x-username", "x-junifer-x-apikey",
    }  # fmt: skip


def test_the_caller_hears_nothing_of_the_inside(ask, served):
    answer = ask("echo")

    assert answer.headers["x-kept"] == "yes"
    assert answer.headers["etag"] == '"v1"'
    for name in ("set-cookie", "via", "x-hop", "x-forwarded-host"):
        assert name not in answer.headers
    assert answer.headers.get("server") != "internal"
    assert answer.json()["link"] == f"{served.url}/api/junifer/accounts/1?x=1"
    assert answer.headers["cache-control"] == "no-store"


def test_path_and_query_arrive_as_they_were_written(ask):
    told = ask("echo/a%20b/c:d@e?x=%2F..%2F&y=http://10.0.0.1/").json()
    assert told["path"] == "/rest/v1/accounts/echo/a%20b/c:d@e"
    assert told["query"] == "x=%2F..%2F&y=http://10.0.0.1/"


def test_a_post_without_a_body_has_the_content_type_that_junifer_wants(ask):
    told = dict(ask("echo", "POST").json()["headers"])
    assert (told["content-type"], told["content-length"]) == ("application/json", "0")


def test_a_pdf_comes_back_byte_for_byte_with_ranges_and_conditions(ask):
    whole = ask("pdf")
    assert (whole.content, whole.headers["content-type"]) == (PDF, "application/pdf")
    assert whole.headers["content-disposition"] == "attachment; filename=bill.pdf"
    part = ask("pdf", headers={"Range": "bytes=9-40"})
    assert (part.status_code, part.content) == (206, PDF[9:41])
    assert ask("pdf", headers={"If-None-Match": '"bill"'}).status_code == 304
    head = ask("pdf", "HEAD")
    assert (head.content, head.headers["content-length"]) == (b"", str(len(PDF)))


def test_a_link_that_comes_letter_by_letter_is_turned_into_ours(ask, served):
    assert ask("drip").json() == {"links": [f"{served.url}/api/junifer/accounts/1?x=1"]}


def test_an_answer_is_passed_on_while_billing_still_writes_it(served, odd_token):
    headers = {"Authorization": f"Bearer {odd_token}"}
    with served.http.stream("GET", "/api/junifer/accounts/drip", headers=headers) as answer:
        came = [(time.monotonic(), len(piece)) for piece in answer.iter_raw()]
    assert len(came) > 1
    assert came[-1][0] - came[0][0] > 0.05  # billing takes a tenth of a second over it


def test_packed_json_is_unpacked_so_that_its_links_can_be_turned(ask, served):
    answer = ask("packed")
    assert "content-encoding" not in answer.headers
    assert answer.json()["link"].startswith(served.url)


@pytest.mark.parametrize(
    ("to", "ours"),
    [
        (LINK, "/api/junifer/accounts/1?x=1"),
        ("/rest/v1/accounts/2", "/api/junifer/accounts/2"),
        ("echo", "/api/junifer/accounts/echo"),
        ("http://169.254.169.254/latest", None),
        ("/rest/v1x/", None),
        ("file:///etc/passwd", None),
    ],
)
def test_a_redirect_is_not_followed_and_leads_to_us_or_nowhere(ask, served, to, ours):
    answer = ask("moved", params={"to": to})
    assert answer.status_code == 303
    assert answer.headers.get("location") == (served.url + ours if ours else None)


@pytest.fixture
def short_bodies(monkeypatch):
    monkeypatch.setenv("SALESBRIDGE_API_BODY_LIMIT", "300000")


def test_a_long_body_is_streamed_and_one_that_is_too_long_refused(short_bodies, ask):
    pieces = [b"x" * 50_000] * 5
    assert ask("echo", "POST", content=iter(pieces)).json()["length"] == 250_000
    assert ask("echo", "POST", content=b"x" * 300_001).json()["code"] == "too_long"
    answer = ask("echo", "POST", content=iter([*pieces, *pieces]))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_long")


@pytest.fixture
def little_patience(monkeypatch):
    monkeypatch.setenv("SALESBRIDGE_API_TIMEOUT_S", "0.3")


def test_a_billing_system_that_stalls_is_given_up(little_patience, ask):
    answer = ask("slow?seconds=3")
    assert (answer.status_code, answer.json()["code"]) == (504, "billing_timeout")


def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(ask):
    with pytest.raises(httpx2.RemoteProtocolError):
        ask("broken")


def test_billings_errors_pass_but_not_its_doubt_in_our_own_key(ask):
    assert (ask("status/409").status_code, ask("status/409").json()) == (409, {"errorCode": "X"})
    refused = ask("status/401")
    assert (refused.status_code, refused.json()["code"]) == (502, "billing_refused_key")
    assert "www-authenticate" not in refused.headers


def test_while_billing_is_down_calls_are_answered_at_once_until_it_is_back(served, new_door):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    door = billing_tenant(new_door, type("Down", (), {"url": f"http://127.0.0.1:{port}"}))
    token = served.token(credential(door))
    codes = [served.call(token, "/api/junifer/version").json()["code"] for _ in range(7)]
    assert codes == ["billing_unreachable"] * 5 + ["billing_down"] * 2
    held = served.call(token, "/api/junifer/version")
    assert (held.status_code, int(held.headers["retry-after"]) >= 1) == (503, True)

    with start_in_thread(port=port):
        deadline = time.monotonic() + 15
        while served.call(token, "/api/junifer/version").status_code != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert served.call(token, "/api/junifer/version").status_code == 200


@pytest.fixture
def few_calls(monkeypatch):
    monkeypatch.setenv("SALESBRIDGE_API_CALLS_PER_SECOND", "2")


def test_too_many_calls_are_told_when_to_come_again(few_calls, served, token):
    answers = [served.call(token, "/api/junifer/version") for _ in range(12)]

    assert answers[0].headers["ratelimit-policy"] == '"credential";q=4;w=2'
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert int(refused[0].headers["retry-after"]) >= 1
    assert refused[0].json()["code"] == "too_many_calls"


def test_a_trace_goes_on_and_a_sane_request_id_is_kept(ask):
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    answer = ask("echo", headers={"traceparent": parent, "tracestate": "a=1", "X-Request-Id": "order-7"})
    told = dict(answer.json()["headers"])

    assert told["traceparent"].startswith("00-4bf92f3577b34da6a3ce929d0e0e4736-")
    assert told["traceparent"].endswith("-01")
    assert told["traceparent"] != parent
    assert (told["tracestate"], told["x-request-id"], answer.headers["x-request-id"]) == ("a=1", "order-7", "order-7")
    odd = ask("echo", headers={"traceparent": f"ff{parent[2:]}", "tracestate": "a=1", "X-Request-Id": "<script>"})
    told = dict(odd.json()["headers"])
    assert "tracestate" not in told
    assert told["x-request-id"] == odd.headers["x-request-id"] != "<script>"


def test_every_call_is_written_down_without_what_it_carried(served, tenant, issued, token):
    customer = served.call(token, "/api/junifer/customers?limit=1").json()["results"][0]
    served.call(token, f"/api/junifer/customers/{customer['id']}?secret=q", "PUT", json={"surname": "Secretive"})
    served.call(token, "/api/junifer/nothing")
    rows = wait_for(lambda: list(tenant.rows(ApiCall).order_by("id")), 3)

    assert [(row.method, row.path, row.status, row.outcome) for row in rows] == [
        ("GET", "/customers", 200, "passed"), ("PUT", f"/customers/{customer['id']}", 204, "passed"),
        ("GET", "/nothing", 403, "not_offered"),
    ]  # fmt: skip
    assert rows[0].client_id == issued.client.client_id
    assert (rows[0].sent > 100, rows[1].received) == (True, len('{"surname":"Secretive"}'))
    assert "Secretive" not in str([vars(row) for row in rows])
    assert "secret=q" not in str([vars(row) for row in rows])


def test_a_cut_off_stops_issued_tokens_within_a_second_and_no_later_ones(served, tenant, issued, token):
    assert served.call(token, "/api/junifer/version").status_code == 200
    credentials.revoke(tenant, issued.client.pk, by="Ada")
    time.sleep(1)
    assert served.call(token, "/api/junifer/version").status_code == 200  # issued tokens live to their expiry
    other = credential(tenant)
    others = served.token(other)

    credentials.cut_off(tenant, issued.client.pk, by="Ada")
    began = time.monotonic()
    while served.call(token, "/api/junifer/version").status_code == 200 and time.monotonic() - began < 10:
        time.sleep(0.02)
    assert served.call(token, "/api/junifer/version").json()["code"] == "invalid_token"
    assert time.monotonic() - began < 1.5  # the bar is one second; the rest is this machine's
    assert served.call(others, "/api/junifer/version").status_code == 200

    credentials.cut_off(tenant, other.client.pk, by="Ada")
    assert served.call(served.token(other), "/api/junifer/version").status_code == 200


def test_no_call_fails_while_secrets_are_exchanged(served, tenant, issued):
    credentials.promote(tenant, issued.secret_id, by="Ada")
    holder, answers, over = [issued], [], threading.Event()

    def keep_calling():
        while not over.is_set():
            answer = served.ask(holder[0])
            answers.append(answer.status_code)
            answers.append(served.call(answer.json().get("access_token", ""), "/api/junifer/version").status_code)

    caller = threading.Thread(target=keep_calling)
    caller.start()
    for _ in range(3):
        old = holder[0]
        new = credentials.new_secret(tenant, issued.client.pk, by="Ada")
        time.sleep(0.1)
        holder[0] = new
        credentials.promote(tenant, new.secret_id, by="Ada")
        time.sleep(0.5)
        credentials.retire(tenant, old.secret_id, by="Ada")
    over.set()
    caller.join(20)
    assert len(answers) > 10
    assert set(answers) == {200}


def wait_for(look, count, seconds=10):
    deadline = time.monotonic() + seconds
    while len(found := look()) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def test_a_fault_of_ours_is_told_as_a_problem_without_its_text(served, token, monkeypatch):
    def fail(*_args):
        raise RuntimeError("inside")

    monkeypatch.setattr(gateway, "relay", fail)
    answer = served.call(token, "/api/junifer/version")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "inside" not in answer.text
