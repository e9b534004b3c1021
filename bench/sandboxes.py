"""The two simulated systems of one measurement, each a process of its own."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from salesbridge.sandbox.beside import beside

#: Share of accounts near which billing holds a row as old systems hold them, for example a surname that is too long.
AWKWARD = 0.01
USERNAME = "salesbridge"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a side must know to reach both systems.

    Args:
        org: Address of the org.
        consumer_key: Client id of the app in the org.
        consumer_secret: Its secret; it opens nothing but the simulator.
        billing: Address of the billing system.
        username: Its API user.
        api_key: Its API key.
        folder: Where the side keeps its files.
    """

    org: str
    consumer_key: str
    consumer_secret: str
    billing: str
    username: str
    api_key: str
    folder: str

    def as_json(self) -> str:
        """The facts as a side reads them from its standard input."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, stream: IO[str]) -> Facts:
        """The facts that the parent process wrote."""
        return cls(**json.load(stream))


@contextmanager
def running(accounts: int, folder: Path) -> Iterator[Facts]:
    """An empty org and a billing system with so many accounts, until the block is left."""
    key = secrets.token_hex(16)
    billing_options = {"--accounts": accounts, "--awkward": AWKWARD, "--api-key": key, "--username": USERNAME}
    with ExitStack() as stack:
        org = stack.enter_context(beside("salesforce", folder, {"--pubsub-port": 0}))
        billing = stack.enter_context(beside("billing", folder, billing_options))
        yield Facts(
            org=org.said["Login URL"],
            consumer_key=org.said["Consumer key"],
            consumer_secret=org.said["Consumer secret"],
            billing=billing.url,
            username=USERNAME,
            api_key=key,
            folder=str(folder),
        )
