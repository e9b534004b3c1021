"""The scene: both simulated systems, PostgreSQL, the edge and some workers, with a proxy at every joint."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import httpx2
import psycopg

from salesbridge.sandbox.salesforce.demo import CLIENT_ID, CLIENT_SECRET
from salesbridge.store.binaries import run as postgres_command
from salesbridge.store.embedded import Embedded
from torture import ledger
from torture.child import Child, free_port
from torture.proxy import Network

SUPPORT = Path(__file__).resolve().parents[1]
JOINTS = ("salesforce", "pubsub", "billing", "postgres", "hooks")
OURS, CLERK = ("salesbridge", "key-of-the-connector"), ("clerk", "key-of-the-clerk")
#: A crash of the server loses nothing that was committed; a crash of the machine is not what is tried here.
_POSTGRES = {"fsync": "off", "full_page_writes": "off", "log_min_messages": "warning"}


class Scene:
    """Everything runs; a context manager.

    Args:
        workers: How many workers.
        accounts: Accounts in billing.
        poll_s: Seconds between two questions to billing.
    """

    def __init__(self, *, workers=2, accounts=6, poll_s=5.0):
        self._count, self._accounts, self._poll_s = workers, accounts, poll_s
        self._stack = ExitStack()
        self._over, self.ended = threading.Event(), Counter()

    def __enter__(self):
        try:
            self._build()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _build(self):
        self.folder = Path(tempfile.mkdtemp(prefix="salesbridge-torture-"))
        self.folder.chmod(0o711)  # PostgreSQL runs as another account when we are root
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.postgres = Embedded(self.folder / "pg", _POSTGRES)
        self.direct = self.postgres.acquire()
        self._stack.callback(self.postgres.release)
        self.network = self._stack.enter_context(Network(*JOINTS))
        self.network["postgres"].target = str(self.postgres._socket_folder / ".s.PGSQL.5432")
        self.http = self._stack.enter_context(httpx2.Client(trust_env=False, timeout=30))
        self._environment()
        self._systems()
        self._instance()
        self._product()

    def _environment(self):
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("SALESBRIDGE_", "DATABASE_URL"))}
        database = f"postgresql://salesbridge@127.0.0.1:{self.network['postgres'].port}/salesbridge?sslmode=disable"
        self.environment = {
            **kept,
            "DATABASE_URL": f"{database}&connect_timeout=5",
            "SALESBRIDGE_DATA_DIR": str(self.folder / "data"),
            "SALESBRIDGE_SANDBOX": "true",
            "SALESBRIDGE_LOG_JSON": "true",
            "SALESBRIDGE_EDGE_URL": f"http://127.0.0.1:{self.network['hooks'].port}",
            "SALESBRIDGE_DATABASE_POOL": "12",
            "PYTHONPATH": str(SUPPORT),
            "PYTHONUNBUFFERED": "1",
            "PYTHONFAULTHANDLER": "1",
        }

    def _child(self, name, *words, talks=False):
        child = Child(name, words, folder=self.folder, environment=self.environment, talks=talks)
        self._stack.callback(child.stop)
        return child

    def _systems(self):
        port = free_port()
        self.org_url, public = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{self.network['salesforce'].port}"
        self.ledgers = {"salesforce": self.folder / "salesforce.ledger", "billing": self.folder / "billing.ledger"}
        words = ("--port", port, "--public-url", public, "--ledger", self.ledgers["salesforce"])
        self.org = self._child("salesforce", "-m", "torture.salesforce_process", *words, talks=True).start()
        users = [word for user in (OURS, CLERK) for word in ("--user", *user)]
        words = ("--accounts", self._accounts, "--retry-scale", 0.02, "--ledger", self.ledgers["billing"], *users)
        self.billing = self._child("billing", "-m", "torture.billing_process", *words, talks=True).start()
        self.network["pubsub"].target = self.org.said()["pubsub"]
        self.network["salesforce"].target = port
        self.billing_url = self.billing.said()["url"]
        self.network["billing"].target = int(self.billing_url.rpartition(":")[2])

    def _instance(self):
        facts = {
            "org": f"http://127.0.0.1:{self.network['salesforce'].port}", "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET, "pubsub": f"http://127.0.0.1:{self.network['pubsub'].port}",
            "billing": f"http://127.0.0.1:{self.network['billing'].port}", "billing_user": OURS[0],
            "billing_key": OURS[1], "poll_s": self._poll_s,
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "torture.set_up"], input=json.dumps(facts), env=self.environment, text=True,
            capture_output=True, timeout=180, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"the instance could not be set up: {done.stderr[-4000:]}")
        told = json.loads(done.stdout.splitlines()[-1])
        self.instance = told["instance"]
        endpoint = f"http://127.0.0.1:{self.network['hooks'].port}/hooks/{told['hook']}"
        made = self.http.post(f"{self.billing_url}/sandbox/subscriptions", json={"endpoint": endpoint}).json()
        key = self.folder / "hook.pem"
        key.write_text(made["publicKey"])
        self.command("tenant", "hook", "Retailer", "--add-key", key)
        place = bytes.fromhex(self.org.ask(do="place")["replay"])
        self.sql("UPDATE store_live SET replay_id = %s, replay_at = now()", place)

    def _product(self):
        port = free_port()
        self.network["hooks"].target = port
        self.edge = self._child("edge", "-m", "salesbridge", "edge", "--port", port).start()
        self.workers = [self._child(f"worker-{n + 1}", "-m", "salesbridge", "worker") for n in range(self._count)]
        for worker in self.workers:
            worker.start()
        keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._stack.callback(keeper.join, timeout=10)
        self._stack.callback(self._over.set)
        keeper.start()

    def _keep(self):
        """Start again what ended by itself, as the machine's service manager does."""
        while not self._over.wait(1.0):
            for child in (self.edge, *self.workers):
                with child.hands_off:
                    if not child.lives and not self._over.is_set():
                        self.ended[child.name] += 1
                        child.start()

    def show_stacks(self):
        """Have the workers write to their logs what each thread is doing, which ends them."""
        for worker in self.workers:
            if worker.lives:
                os.kill(worker.pid, signal.SIGABRT)
        time.sleep(3)

    # asking

    def command(self, *words, check=0):
        """A command of the product, as a person types it."""
        done = subprocess.run(
            [sys.executable, "-m", "salesbridge", *map(str, words)], env=self.environment, text=True,
            capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        if check is not None and done.returncode != check:
            raise RuntimeError(f"salesbridge {' '.join(map(str, words))}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def sql(self, query, *values):
        """Ask the database, past the proxy; while it is being restarted, wait for it."""
        ends = time.monotonic() + 30
        while True:
            try:
                with psycopg.connect(self.direct, autocommit=True) as connection:
                    cursor = connection.execute(query, values)
                    return cursor.fetchall() if cursor.description else []
            except psycopg.OperationalError:
                if time.monotonic() > ends:
                    raise
                time.sleep(0.1)

    def restart_postgres(self, mode, seconds):
        """Stop the database server and start it again a while later."""
        done = postgres_command("pg_ctl", "stop", "-D", str(self.postgres.cluster), "-m", mode, "-w")
        time.sleep(seconds)
        self.postgres.acquire()
        if done.returncode:
            raise RuntimeError(done.stderr)

    def fault(self, side, name, **options):
        """Arm a fault of a simulated system."""
        url = self.org_url if side == "salesforce" else self.billing_url
        answer = self.http.post(f"{url}/sandbox/faults", json={"name": name, **options})
        answer.raise_for_status()

    def disarm(self, side, name=""):
        url = self.org_url if side == "salesforce" else self.billing_url
        return self.http.delete(f"{url}/sandbox/faults", params={"name": name} if name else {})

    def saves(self):
        """Every save on either side, in the order of this machine's clock."""
        return sorted((s for path in self.ledgers.values() for s in ledger.read(path)), key=lambda s: s.at)

    def held(self):
        """What both sides hold now: side -> entity -> rows."""
        return {"salesforce": self.org.ask(do="held"), "billing": self.billing.ask(do="held")}

    def logs(self):
        """Log lines of the product, decoded."""
        for path in sorted(self.folder.glob("*.log")):
            if path.stem.startswith(("worker", "edge")):
                for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                    try:
                        yield path.stem, json.loads(line)
                    except json.JSONDecodeError:
                        yield path.stem, {"event": line}
