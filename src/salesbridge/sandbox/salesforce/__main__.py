"""``python -m salesbridge.sandbox.salesforce``: serve a ready-made org and print how to call it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .callouts import callouts
from .demo import Demo, configure, demo_org
from .server import serve

_PUBSUB_PORT = 7443


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m salesbridge.sandbox.salesforce", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument(
        "--port", type=int, default=8443, help="port to listen on, 0 for a free one (default %(default)s)"
    )
    parser.add_argument(
        "--pubsub-port",
        type=int,
        help="port of the Pub/Sub API (default 7443, or a free one with --port 0)",
    )
    parser.add_argument("--certfile", help="PEM certificate chain; serves over TLS")
    parser.add_argument("--keyfile", help="PEM private key of the certificate")
    parser.add_argument("--public-url", help="URL clients see the org at")
    parser.add_argument("--file", type=Path, help="SQLite file to keep the rows in")
    parser.add_argument("--config", type=Path, help="JSON file with settings, users and apps")
    parser.add_argument("--login-host", help="host name that plays login.salesforce.com")
    parser.add_argument("--callout-ca", help="PEM certificates that callouts trust")
    parser.add_argument("--jwt-certificate", type=Path, help="PEM certificate of the app for JWT bearer")
    return parser.parse_args(argv)


def _say(demo: Demo, url: str) -> None:
    """Print the credentials, then the ready line; they open nothing but this simulator."""
    app, person = demo.app, demo.person
    lines = [
        f"Login URL:        {url}",
        f"Pub/Sub API:      {demo.org.pubsub_address}",
        f"Organization id:  {demo.org.id}",
        f"Consumer key:     {app.client_id}",
        f"Consumer secret:  {app.client_secret}",
        f"Run-as user:      {demo.integration.username}",
        f"Username:         {person.username}",
        f"Password:         {person.password}",
        f"Security token:   {person.security_token}",
        f"READY {url}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def main(argv: list[str] | None = None) -> None:
    """Serve a ready-made org until interrupted."""
    options = _arguments(argv)
    certificate = options.jwt_certificate.read_text(encoding="utf-8") if options.jwt_certificate else None
    demo = demo_org(options.file, certificate=certificate)
    demo.org.settings.login_host = options.login_host
    callouts(demo.org).settings.ca_file = options.callout_ca
    if options.config is not None:
        configure(demo.org, options.config)
    free = 0 if options.port == 0 else _PUBSUB_PORT
    serve(
        demo.org,
        options.host,
        options.port,
        certfile=options.certfile,
        keyfile=options.keyfile,
        public_url=options.public_url,
        pubsub_port=free if options.pubsub_port is None else options.pubsub_port,
        ready=lambda url: _say(demo, url),
    )


if __name__ == "__main__":
    main()
