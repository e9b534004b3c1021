"""``python -m bench.edge``: the gateway beside a bare streaming reverse proxy, and the token endpoint.

Both proxies, the billing system behind them and the load share the machine. The bare proxy checks nothing, rewrites
nothing and writes nothing down: the difference is what the gateway costs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console
from rich.table import Table

from bench.edge.load import Figures, load

_out = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
_PATH = "/api/junifer/accounts?limit=8"


def main() -> None:
    """Start everything, measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.edge", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each load lasts")
    parser.add_argument("--at-once", type=int, default=16, help="connections of the throughput's load")
    parser.add_argument("--json", type=Path, help="write every figure to this file too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="salesbridge-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o711)  # our own PostgreSQL runs as another account when we are root
        behind = stack.enter_context(process("bench.edge.upstream", folder))["url"]
        bare = stack.enter_context(process("bench.edge.bare", folder, behind))
        ours = stack.enter_context(process("bench.edge.ours", folder, behind))
        figures = measure(bare, ours, options.seconds, options.at_once)
    _print(figures)
    if options.json:
        options.json.write_text(json.dumps({**figures}, default=asdict, indent=1), encoding="utf-8")


def measure(bare: dict[str, Any], ours: dict[str, Any], seconds: float, at_once: int) -> dict[str, Any]:
    """Measure both proxies alone and at full load, then the token endpoint."""
    token = _token(ours)
    call = _request(f"GET {_PATH}", f"Authorization: Bearer {token}")
    form = f"grant_type=client_credentials&client_id={ours['client_id']}&client_secret={ours['secret']}"
    ask = _request("POST /oauth2/token", "Content-Type: application/x-www-form-urlencoded", form)
    found: dict[str, Any] = {}
    for name, server in (("bare proxy", bare), ("gateway", ours)):
        for many, said in ((1, "one at a time"), (at_once, f"{at_once} at once")):
            found[f"{name}, {said}"] = load(server["url"], call, at_once=many, seconds=seconds, pid=server["pid"])
    found[f"token endpoint, {at_once} at once"] = load(
        ours["url"], ask, at_once=at_once, seconds=seconds, pid=ours["pid"]
    )
    return {**found, "minted": ours["minted"], "verified": ours["verified"]}


def _token(ours: dict[str, Any]) -> str:
    form = {"grant_type": "client_credentials"}
    with httpx2.Client(trust_env=False) as http:
        answer = http.post(f"{ours['url']}/oauth2/token", data=form, auth=(ours["client_id"], ours["secret"]))
        return str(answer.raise_for_status().json()["access_token"])


def _request(line: str, header: str, body: str = "") -> bytes:
    return f"{line} HTTP/1.1\r\nHost: edge\r\n{header}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@contextmanager
def process(module: str, folder: Path, *arguments: str) -> Iterator[dict[str, Any]]:
    """A process of ours until the block is left; gives what its first line tells."""
    environment = {
        **os.environ, "SALESBRIDGE_DATA_DIR": str(folder), "SALESBRIDGE_SANDBOX": "1",
        "SALESBRIDGE_API_CALLS_PER_SECOND": "1000000", "SALESBRIDGE_TOKEN_REQUESTS_PER_SECOND": "1000000",
        "DJANGO_SETTINGS_MODULE": "salesbridge.store.django_settings",
    }  # fmt: skip
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as running:  # noqa: S603 - ours
        try:
            assert running.stdout  # noqa: S101 - it is a pipe
            yield {"pid": running.pid, **json.loads(running.stdout.readline())}
        finally:
            running.terminate()


def _print(figures: dict[str, Any]) -> None:
    table = Table("", "a second", "p50 ms", "p99 ms", "CPU ms", "failed")
    for name, each in figures.items():
        if isinstance(each, Figures):
            told = (f"{each.p50_ms:.2f}", f"{each.p99_ms:.2f}", f"{each.cpu_ms:.2f}", str(each.failed))
            table.add_row(name, f"{each.per_second:,.0f}", *told)
    _out.print(table)
    _out.print(f"Tokens in one thread: {figures['minted']:,.0f} minted, {figures['verified']:,.0f} verified a second")


if __name__ == "__main__":
    main()
