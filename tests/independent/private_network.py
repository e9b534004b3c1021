"""Runs a client beside a simulated org in a network of their own, where Salesforce's host names mean loopback.

Clients whose log-in host is fixed to ``*.salesforce.com`` can so be driven unmodified, and can reach nothing else.
To be started by ``unshare --map-root-user --net --mount``.
"""

from __future__ import annotations

import argparse
import fcntl
import socket
import struct
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

HOSTS = ("login.salesforce.com", "test.salesforce.com", "acme.my.salesforce.com")
_SET_INTERFACE_FLAGS = 0x8914
_UP = 1


def raise_loopback() -> None:
    request = struct.pack("16sh22x", b"lo", _UP)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SET_INTERFACE_FLAGS, request)


def name_hosts() -> None:
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write(f"127.0.0.1 localhost {' '.join(HOSTS)}\n")
    subprocess.run(["mount", "--bind", file.name, "/etc/hosts"], check=True)
    Path(file.name).unlink()


@contextmanager
def simulated_org(certificate: str, accounts: int):
    script = Path(__file__).with_name("serve_org.py")
    options = ["--certificate", certificate, "--port", "443", "--accounts", str(accounts)]
    command = [sys.executable, str(script), *options, "--public-url", "https://acme.my.salesforce.com"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            if not server.stdout.readline():
                raise SystemExit("The simulated org did not start; see its error above")
            yield
        finally:
            server.terminate()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--accounts", type=int, default=0)
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    raise_loopback()
    name_hosts()
    with simulated_org(arguments.certificate, arguments.accounts):
        raise SystemExit(subprocess.run(arguments.command, check=False).returncode)


if __name__ == "__main__":
    main()
