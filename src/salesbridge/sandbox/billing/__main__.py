"""``python -m salesbridge.sandbox.billing``: a billing system to try things on."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import uvicorn

from salesbridge.sandbox.billing.awkward import LARGEST_SHARE
from salesbridge.sandbox.billing.journal import kept_day
from salesbridge.sandbox.billing.markets import MARKETS
from salesbridge.sandbox.billing.pace import Pace
from salesbridge.sandbox.billing.seed import Seed
from salesbridge.sandbox.billing.server import bound_port, configuration
from salesbridge.sandbox.billing.service import Service, Settings
from salesbridge.sandbox.billing.store import Billing
from salesbridge.sandbox.billing.subscriptions import Retries
from salesbridge.sandbox.billing.webhook_options import add_webhook_options, subscribed_by


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted; answers the exit code."""
    chosen = _parser().parse_args(arguments)
    seed = Seed(chosen.accounts, chosen.market, chosen.awkward, chosen.seed, as_of=_day_of(chosen))
    settings = Settings(
        product=chosen.product,
        api_key=chosen.api_key,
        username=chosen.username,
        internal_url=chosen.internal_url,
        version=chosen.version,
        zone=chosen.zone,
        retries=Retries(scale=chosen.webhook_retry_scale),
        provisioning=Pace(chosen.provisioning, chosen.objections, chosen.cancellations),
    )
    billing = Billing(seed, file=chosen.file)
    service = Service(billing, settings)
    config = configuration(service, port=chosen.port, certfile=chosen.certfile, keyfile=chosen.keyfile)
    try:
        subscribed = subscribed_by(chosen, service.publisher)
        service.provisioner.start()
        asyncio.run(_serve(config, settings, "https" if chosen.certfile else "http", subscribed))
    except KeyboardInterrupt:
        return 0
    finally:
        service.provisioner.stop()
        service.publisher.stop()
        billing.close()
    return 0


async def _serve(config: uvicorn.Config, settings: Settings, scheme: str, subscribed: list[str]) -> None:
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.02)
    if server.started:
        _announce(f"{scheme}://127.0.0.1:{bound_port(server)}", settings, subscribed)
    await serving


def _announce(url: str, settings: Settings, subscribed: list[str]) -> None:
    lines = [f"url      {url}", f"api key  {settings.api_key}"]
    if settings.product == "junifer":
        lines.insert(1, f"username {settings.username}")
    sys.stdout.write("\n".join([*lines, *subscribed, f"ready: {settings.product} listens on {url}", ""]))
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m salesbridge.sandbox.billing", description=__doc__)
    add = parser.add_argument
    add("--product", choices=("junifer", "velocity"), default="junifer")
    add("--port", type=int, default=0, help="0 takes a free port")
    add("--accounts", type=int, default=10_000)
    add("--market", choices=tuple(MARKETS), default="GB")
    add("--seed", type=int, default=1)
    add("--awkward", type=float, default=0.01, help=f"share of awkward rows, at most {LARGEST_SHARE}")
    add("--as-of", type=date.fromisoformat, help="the day of the data; default that of --file, or today")
    add("--api-key", default=secrets.token_urlsafe(24), help="default a new one")
    add("--username", default="sandbox")
    add("--file", type=Path, help="SQLite file that keeps the edits")
    add("--certfile", type=Path)
    add("--keyfile", type=Path)
    add("--internal-url", default="http://billing.internal:43002", help="what links show")
    add("--version", default="", help="what the version endpoint answers")
    add("--zone", default="", help="time zone; default that of the market")
    add("--provisioning", type=float, default=0.0, help="seconds between the steps of accepted orders; 0: by hand")
    add("--objections", type=float, default=0.0, help="share of the orders whose switch is objected to")
    add("--cancellations", type=float, default=0.0, help="share of the objections that cancel the order")
    add_webhook_options(parser)
    return parser


def _day_of(chosen: argparse.Namespace) -> date:
    kept = kept_day(chosen.file) if chosen.file else None
    return chosen.as_of or kept or datetime.now(UTC).date()


if __name__ == "__main__":
    sys.exit(main())
