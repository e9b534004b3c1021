"""``salesbridge demo``: both systems simulated, an org prepared, a tenant loaded, the result shown."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import httpx2
import typer
from pydantic import SecretStr

from salesbridge import store
from salesbridge.cli import show, watch
from salesbridge.engine import connections, durable, instances, prepare
from salesbridge.engine.load import control
from salesbridge.salesforce import ClientCredentials
from salesbridge.sandbox.beside import NotStartedError, Sandbox, beside
from salesbridge.sandbox.billing.seed import Seed
from salesbridge.settings import settings
from salesbridge.store.door import Door
from salesbridge.store.models import Run

_ZONES = {"GB": "Europe/London", "AU": "Australia/Melbourne", "NZ": "Pacific/Auckland"}
_EMAIL = "operations@retailer.example"


def demo(
    *,
    accounts: Annotated[int, typer.Option(help="Billing accounts to load.")] = 10_000,
    market: Annotated[str, typer.Option(help="GB, AU or NZ")] = "GB",
    product: Annotated[str, typer.Option(help="junifer or velocity")] = "junifer",
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path(".salesbridge/demo"),
    keep: Annotated[bool | None, typer.Option(help="Keep the sandboxes up afterwards until Ctrl-C.")] = None,
) -> None:
    """Set up two simulated systems, load one from the other, then edit records on both sides and watch them arrive."""
    stay = keep if keep is not None else sys.stdout.isatty() and not os.environ.get("CI")
    folder = folder.resolve()
    shutil.rmtree(folder / "data" / "work", ignore_errors=True)
    _settings(folder)
    began = time.monotonic()
    with ExitStack() as stack, show.clear_errors():
        show.out.rule("[bold]Salesbridge demo")
        show.out.print(
            f"Starting a simulated Salesforce org and a simulated {product} with {accounts:,} billing accounts ..."
        )
        key = secrets.token_hex(16)
        billing_options: dict[str, object] = {"--accounts": accounts, "--market": market, "--product": product}
        billing_options |= {"--api-key": key, "--username": "salesbridge"}
        try:
            org = stack.enter_context(beside("salesforce", folder, {"--events": None, "--pubsub-port": 0}))
            billing = stack.enter_context(beside("billing", folder, billing_options))
        except NotStartedError as error:
            show.stop(f"A simulated system did not start; see {error.log}.")
        code = _run(org, billing, product, Seed(accounts, market), key)
        show.out.print(f"\nThe demo took {time.monotonic() - began:.0f} s.")
        _where_next(org, billing, folder, stay=stay)
        if stay:
            _until_interrupted()
    raise typer.Exit(code)


def _settings(folder: Path) -> None:
    """The demo has its own data folder, database and mail folder."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["SALESBRIDGE_DATA_DIR"] = str(folder / "data")
    os.environ["SALESBRIDGE_MAIL_DIR"] = str(folder / "mail")
    os.environ["SALESBRIDGE_SANDBOX"] = "true"
    settings.cache_clear()


def _run(org: Sandbox, billing: Sandbox, product: str, seed: Seed, key: str) -> show.Exit:
    # Not with the other imports: gRPC is slow to import, and other commands do without it.
    from salesbridge.cli.demo_live import show_live  # noqa: PLC0415
    from salesbridge.engine.live.supervise import supervised  # noqa: PLC0415

    show.out.print("Starting the product's own PostgreSQL ...")
    store.setup()
    stamp = time.strftime("%H%M%S")
    entered = instances.BillingSystem(
        f"Demo {stamp}", product, billing.url, SecretStr(key), "salesbridge", _ZONES[seed.market]
    )
    door, system = instances.add_tenant(entered, by="demo")
    app = ClientCredentials(org.url, org.said["Consumer key"], SecretStr(org.said["Consumer secret"]))
    instance, found = instances.add_instance(
        door, f"demo-{stamp}", app, by="demo", emails=[_EMAIL],
        settings={"pubsub": f"http://{org.said['Pub/Sub API']}"},
    )  # fmt: skip
    show.out.print(f"Billing:    {system.product} {system.version}\nSalesforce: org {found.org_id} as {found.username}")
    salesforce = connections.salesforce(door, instance)
    findings = instances.validate(door, instance, initial=True)
    lacking = sum(finding.severity == "error" for finding in findings)
    show.out.print(f"The org lacks {lacking} things of the data model; deploying the Salesforce package ...")
    deployed = prepare.deploy_package(salesforce, door.tenant, initial_only=True)
    left = instances.validate(door, instance, initial=True)
    errors = sum(finding.severity == "error" for finding in left)
    show.out.print(
        f"Deployment {deployed.id}: {deployed.status}. "
        f"Validate Data Model: {errors} errors, {len(left) - errors} warnings."
    )
    connections.billing(door, door.tenant).set_publishing(on=False)
    httpx2.put(f"{org.url}/sandbox/triggers", json={"active": False}).raise_for_status()
    show.out.print("Triggers and event publishing are off for the outage window. Starting the migration.\n")
    with durable.worker() as executor, supervised(executor):
        run = control.start(door, instance, control.Choices(outage_acknowledged=True), started_by="demo")
        run = watch.follow(door, run.pk)
        show.out.print()
        watch.result(door, run)
        code = _judge(door, run, {row.key for row in seed.expectations().awkward})
        if code is show.Exit.OK and not show_live(door, instance, org, billing):
            code = show.Exit.FAILED
    return code


def _judge(door: Door, run: Run, awkward: set[str]) -> show.Exit:
    """The run's exit code; completed with exactly the errors that the seed put there is what the demo is to show."""
    code = watch.exit_code(run)
    if code is not show.Exit.WITH_ERRORS:
        return code
    refused = door.row_errors.filter(run_id=run.pk).exclude(code="PARENT_NOT_LOADED")
    surprises = [key for key in refused.values_list("key", flat=True) if not awkward & {*key.split(":")}]
    if surprises:
        show.out.print(f"[red]{len(surprises)} rows failed that should not have: {', '.join(surprises[:5])}[/]")
        return code
    show.out.print(
        f"\nThe simulated billing data holds {len(awkward)} rows made awkward on purpose. All rejected rows are among "
        "them, and the parked ones belong to them: this is the expected result."
    )
    return show.Exit.OK


def _where_next(org: Sandbox, billing: Sandbox, folder: Path, *, stay: bool) -> None:
    mails = sorted((folder / "mail").glob("*"))
    show.out.print("\n[bold]Where to look next[/]")
    if mails:
        show.out.print(f"  The e-mail that was sent:   {mails[-1]}", soft_wrap=True)
    data = f"SALESBRIDGE_DATA_DIR={folder / 'data'}"
    show.out.print(f"  All runs:                   {data} salesbridge instance list", soft_wrap=True)
    show.out.print(f"  The simulated org:          {org.url}/sandbox/state", soft_wrap=True)
    show.out.print(f"  The simulated billing:      {billing.url}/sandbox/state", soft_wrap=True)
    show.out.print("  The tour:                   README.md, docs/")
    if not stay:
        show.out.print("  (The simulated systems stop with the demo; 'salesbridge demo --keep' leaves them up.)")


def _until_interrupted() -> None:
    show.out.print("\nThe simulated systems stay up. Ctrl-C ends the demo.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        show.out.print("Stopped.")
