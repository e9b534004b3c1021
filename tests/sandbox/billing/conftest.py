"""Both dialects, spoken to directly and over real connections."""

import base64
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import orjson
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from salesbridge.sandbox.billing import Billing, Retries, Seed, Service, Settings, SigningKey, start_in_thread

JUNIFER = {"X-Junifer-X-username": "sandbox", "X-Junifer-X-apikey": "sandbox-key"}
VELOCITY = {"Authorization": "Bearer sandbox-key"}


def served(seed, settings, path, headers):
    running = start_in_thread(Billing(seed), settings)
    with httpx2.Client(base_url=running.url + path, headers=headers, trust_env=False) as client:
        client.running = running
        client.billing = running.billing
        client.faults = running.service.faults
        yield client
    running.stop(wait=False)


@pytest.fixture
def junifer():
    """A client of a running Junifer with 40 accounts."""
    yield from served(Seed(40, awkward=0), Settings(), "/rest/v1", JUNIFER)


@pytest.fixture
def velocity():
    """A client of a running Velocity with 40 accounts."""
    settings = Settings(product="velocity", restricted={"poor-key": frozenset({"Accounts"})})
    yield from served(Seed(40, "NZ", awkward=0), settings, "/velocity/api/v1", VELOCITY)


@pytest.fixture(params=["junifer", "velocity"])
def shop(request):
    """Orders as somebody places them, alike in both dialects; see ``Shop``."""
    kind = {"junifer": JuniferShop, "velocity": VelocityShop}[request.param]
    return kind(request.getfixturevalue(request.param))


@pytest.fixture(scope="session")
def signing_key():
    """One key pair for all tests, as making one takes its time."""
    return SigningKey()


@pytest.fixture
def receiver():
    """A webhook that keeps what it got; ``answers`` are its next statuses, 200 when there are none."""
    server = _Receiver(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.close_connections()
    server.server_close()
    thread.join()


@pytest.fixture
def published(receiver, signing_key):
    """A service of 40 accounts whose events arrive one by one at ``receiver``, repeated after milliseconds."""
    service = Service(Billing(Seed(40, awkward=0)), Settings(retries=Retries(scale=0.00002, timeout=2)))
    service.publisher.subscribe(receiver.url, concurrency=1, key=signing_key, tenant_id="7")
    yield service
    service.publisher.stop()


class Shop:
    """Places, changes and moves orders; lines are named as the simulator does."""

    def __init__(self, client):
        self.client = client
        self.billing = client.billing
        self.account = self.billing.page("accounts", limit=1)[0]["number"]
        self.other = self.billing.page("accounts", limit=2)[1]["number"]
        self.steps = client.running.provisioning

    def line(self, point=None, **others):
        return {"product_code": self.product()["code"], "service_point": point, "from_date": "2027-01-01", **others}

    def product(self, service="Electricity"):
        """A product that is sold."""
        offered = (one for one in self.billing.records("products") if one["active"])
        return next(one for one in offered if one["service_type"] == service)

    def placed(self, *lines, **others):
        """The number of a new order."""
        answer = self.place(*lines, **others)
        assert answer.status_code == 201, answer.text
        return answer.json().get("number") or answer.json()["OrderNumber"]

    def accepted(self, *lines, **others):
        """The number of an accepted order."""
        number = self.placed(*lines, **others)
        for status in ("ready", "accepted"):
            assert self.move(number, status).is_success
        return number

    def order(self, number):
        return self.billing.find("orders", number)

    def point(self, identifier):
        return self.billing.find("service_points", identifier)


class JuniferShop(Shop):
    scheme = "MPAN"
    unknown = "1000000000778"
    second = "1000000000787"

    def place(self, *lines, account=None, **others):
        body = {"accountNumber": account or self.account, **self.body(lines)}
        return self.client.post("/orders", json={**body, **{JUNIFER_NAMES[name]: v for name, v in others.items()}})

    def body(self, lines):
        return {"orderLines": [{JUNIFER_NAMES[name]: value for name, value in line.items()} for line in lines]}

    def change(self, number, *lines):
        return self.client.put(f"/orders/{self.order(number)['id']}", json=self.body(lines))

    def move(self, number, status, reason=None):
        body = {"status": status, **({"reason": reason} if reason else {})}
        return self.client.put(f"/orders/{self.order(number)['id']}/status", json=body)

    def codes(self, answer):
        assert answer.status_code == 400, answer.text
        return [error["errorDetail"]["errorCode"] for error in answer.json()["validationErrors"]]

    def shown(self, number):
        [shown] = self.client.get("/orders", params={"number": number}).json()["results"]
        return {ours: shown.get(name) for name, ours in (("status", "status"), ("statusReason", "reason"))}

    def called(self, kind, reference):
        rows = self.client.get(f"/{kind}", params={"externalReference": reference}).json()["results"]
        return [row["number"] for row in rows]

    def agreements(self, account):
        rows = self.client.get(f"/accounts/accountNumber/{account}/agreements").json()["results"]
        return {row["number"]: (row.get("orderNumber"), row.get("activeFl"), row["cancelled"]) for row in rows}


class VelocityShop(Shop):
    scheme = "ICP"
    unknown = "0009999999UN14F"
    second = "0009999998UND0A"

    def place(self, *lines, account=None, **others):
        body = {"AccountNumber": account or self.account, **self.body(lines)}
        return self.client.post("/Orders", json={**body, **{VELOCITY_NAMES[name]: v for name, v in others.items()}})

    def body(self, lines):
        return {"Lines": [{VELOCITY_NAMES[name]: value for name, value in line.items()} for line in lines]}

    def change(self, number, *lines):
        return self.client.patch(f"/Orders/{number}", json=self.body(lines))

    def move(self, number, status, reason=None):
        body = {"Status": status, **({"Reason": reason} if reason else {})}
        return self.client.post(f"/Orders/{number}/Status", json=body)

    def codes(self, answer):
        assert answer.status_code == 400, answer.text
        return [answer.json()["Error"]["Code"]]

    def shown(self, number):
        shown = self.client.get(f"/Orders/{number}").json()
        return {"status": shown["Status"], "reason": shown["StatusReason"]}

    def called(self, kind, reference):
        path = kind.capitalize()
        answer = self.client.get(f"/{path}", params={"externalReference": reference}).json()
        assert answer["Page"]["Total"] == len(answer["Items"])
        return [row[f"{path.removesuffix('s')}Number"] for row in answer["Items"]]

    def agreements(self, account):
        rows = self.client.get("/Contracts", params={"pageSize": 500}).json()["Items"]
        own = [row for row in rows if row["AccountNumber"] == account]
        return {row["ContractNumber"]: (row["OrderNumber"], row["IsActive"], row["IsCancelled"]) for row in own}


JUNIFER_NAMES = {
    "product_code": "productCode",
    "quantity": "quantity",
    "service_point": "meterPointIdentifier",
    "from_date": "fromDt",
    "to_date": "toDt",
    "unit_price": "unitPrice",
    "reference": "externalReference",
    "customer": "customerNumber",
}
VELOCITY_NAMES = {
    "product_code": "ProductCode",
    "quantity": "Quantity",
    "service_point": "ServicePoint",
    "from_date": "StartDate",
    "to_date": "EndDate",
    "reference": "ExternalReference",
    "customer": "CustomerNumber",
}


class _Receiver(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, *args):
        super().__init__(*args)
        self.url = f"http://127.0.0.1:{self.server_port}/hooks?from=billing"
        self.got = []
        self.paths = []
        self.answers = []
        self.delay = 0.0
        self.sockets = []
        self.wake = threading.Event()
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()

    def count(self, step):
        with self.lock:
            self.at_once += step
            self.most_at_once = max(self.most_at_once, self.at_once)

    def bodies(self):
        return [orjson.loads(body) for _, body in self.got]

    def types(self):
        return [body["eventType"] for body in self.bodies()]

    def process_request(self, request, client_address):
        self.sockets.append(request)
        super().process_request(request, client_address)

    def close_connections(self):
        self.wake.set()
        for one in self.sockets:
            try:
                one.shutdown(2)
            except OSError:
                continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        self.server.paths.append(self.path)
        self.server.count(1)
        if self.server.delay:
            self.server.wake.wait(self.server.delay)
        self.server.count(-1)
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def verified(header, body, public_pem):
    """The Unix time of a signature that is right; fails where it is not."""
    stamp, _, value = header.partition(",")
    text = stamp.removeprefix("t=").encode()
    key = serialization.load_pem_public_key(public_pem.encode())
    signature = base64.b64decode(value.removeprefix("v="), validate=True)
    key.verify(signature, text + b"." + body, padding.PKCS1v15(), hashes.SHA512())
    return int(text)


@pytest.fixture
def verify():
    """Checks a signature as a receiver does."""
    return verified
