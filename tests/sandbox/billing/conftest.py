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
