"""``salesbridge demo``: both systems simulated, an org prepared, a tenant loaded, the result shown, the portal open."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from salesbridge import store
from salesbridge.cli import deployment, show, watch
from salesbridge.cli.serve import everything
from salesbridge.cli.together import PartEndedError, Running, together
from salesbridge.engine import connections, context, instances, prepare
from salesbridge.engine.load import control
from salesbridge.salesforce import ClientCredentials
from salesbridge.sandbox.beside import NotStartedError, Sandbox, beside
from salesbridge.sandbox.billing.seed import Seed
from salesbridge.settings import settings
from salesbridge.store.door import Door
from salesbridge.store.models import Run
from salesbridge.store.names import DEFAULT_ORGANISATION

_ZONES = {"GB": "Europe/London", "AU": "Australia/Melbourne", "NZ": "Pacific/Auckland"}
_EMAIL = "operations@retailer.example"
_PERSON = "demo@retailer.example"
_PORTAL_PORT = 8000
#: Where the simulated billing system shows a record to people.
_PAGES = "{base}/sandbox/browse?object={record}s&key={key}"


def demo(
    *,
    accounts: Annotated[int, typer.Option(help="Billing accounts to load.")] = 10_000,
    market: Annotated[str, typer.Option(help="GB, AU or NZ")] = "GB",
    product: Annotated[str, typer.Option(help="junifer or velocity")] = "junifer",
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path(".salesbridge/demo"),
    headless: Annotated[
        bool | None,
        typer.Option("--headless/--open", help="End with the result, without the portal; so without a terminal."),
    ] = None,
) -> None:
    """Set up two simulated systems, load one from the other, edit records on both sides, and leave the portal open.

    With CI set or without a terminal it is headless.
    """
    stay = not headless if headless is not None else sys.stdout.isatty() and not os.environ.get("CI")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
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
            org = stack.enter_context(beside("salesforce", folder, {"--pubsub-port": 0}))
            billing = stack.enter_context(beside("billing", folder, billing_options))
        except NotStartedError as error:
            show.stop(f"A simulated system did not start; see {error.log}.")
        show.out.print("Starting the product's own PostgreSQL ...")
        store.setup()
        try:
            running = stack.enter_context(together(everything("127.0.0.1", _portal_port(), 0, portal=stay), folder))
            code = _run(org, billing, product, Seed(accounts, market), key)
            show.out.print(f"\nThe demo took {time.monotonic() - began:.0f} s.")
            _where_next(org, billing, folder, stay=stay)
            if stay:
                _until_interrupted(running)
        except PartEndedError as error:
            show.stop(show.plain(str(error)))
    raise typer.Exit(code)


def _settings(folder: Path) -> None:
    """The demo has its own data folder, database and mail folder."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["SALESBRIDGE_DATA_DIR"] = str(folder / "data")
    os.environ["SALESBRIDGE_MAIL_DIR"] = str(folder / "mail")
    os.environ["SALESBRIDGE_SANDBOX"] = "true"
    for name in ("SALESBRIDGE_EDGE_URL", "SALESBRIDGE_PUBLIC_URL", "SALESBRIDGE_DATABASE_URL", "DATABASE_URL"):
        os.environ.pop(name, None)
    settings.cache_clear()


def _portal_port() -> int:
    """The usual port, or a free one where somebody listens on it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", _PORTAL_PORT))
        except OSError:
            return 0
    return _PORTAL_PORT


def _run(org: Sandbox, billing: Sandbox, product: str, seed: Seed, key: str) -> show.Exit:
    # Not with the other imports: gRPC is slow to import, and other commands do without it.
    from salesbridge.cli.demo_live import show_live  # noqa: PLC0415

    stamp = time.strftime("%H%M%S")
    entered = instances.BillingSystem(
        f"Demo {stamp}", product, billing.url, SecretStr(key), "salesbridge", _ZONES[seed.market]
    )
    door, system = instances.add_tenant(entered, by="demo")
    context.set_template(door, "*", _PAGES, "demo")
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
    with deployment.watching(quiet=False) as watch_deployment:
        deployed = prepare.deploy_package(salesforce, door.tenant, going=prepare.Going(on_progress=watch_deployment))
    deployment.tell(deployed, check_only=False)
    left = instances.validate(door, instance, initial=True)
    errors = sum(finding.severity == "error" for finding in left)
    show.out.print(f"Validate Data Model: {errors} errors, {len(left) - errors} warnings.")
    connections.billing(door, door.tenant).set_publishing(on=False)
    prepare.bypass(salesforce, on=True)
    show.out.print(
        "Event publishing is off for the outage window, and the triggers pass over what the connector writes "
        "(permission set Gentrack Bypass). Starting the migration.\n"
    )
    run = control.start(
        door, instance, control.Choices(outage_acknowledged=True, accept_triggers=True), started_by="demo"
    )
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
    show.out.print(f"  The simulated org:          {org.url}/sandbox/browse", soft_wrap=True)
    show.out.print(f"  The simulated billing:      {billing.url}/sandbox/browse", soft_wrap=True)
    show.out.print("  The tour:                   README.md, docs/")
    if not stay:
        show.out.print("  (All of it stops with the demo; 'salesbridge demo --open' leaves it up, with the portal.)")
        return
    show.out.print(f"\n[bold]The portal[/] is open at {settings().public_url}", soft_wrap=True)
    show.out.print(f"  E-mail:    {_PERSON}\n  Password:  {show.plain(_demo_person())}", soft_wrap=True)
    show.out.print("  The password is shown this once; the next demo makes another.")


def _demo_person() -> str:
    """The one who may do everything in the demo's organisation; a password of theirs that nobody has seen before."""
    from allauth.account.models import EmailAddress  # noqa: PLC0415 - the portal's models are for those who stay

    from salesbridge.portal.models import Membership, User  # noqa: PLC0415 - as above
    from salesbridge.portal.roles import Role  # noqa: PLC0415 - as above

    organisation = Door.operator(reason="the demo's organisation").organisations.get(pk=DEFAULT_ORGANISATION)
    password = secrets.token_urlsafe(12)
    person = User.objects.filter(email=_PERSON).first() or User.objects.create_user(_PERSON, name="Demo administrator")
    person.set_password(password)
    person.save()
    EmailAddress.objects.update_or_create(user=person, email=_PERSON, defaults={"primary": True, "verified": True})
    Membership.objects.update_or_create(
        user=person, organisation=organisation, tenant=None, defaults={"role": Role.ADMINISTRATOR}
    )
    return password


def _until_interrupted(running: Running) -> None:
    show.out.print("\nPortal, worker, edge and both simulated systems stay up. Ctrl-C ends the demo.")
    try:
        running.wait()
    except KeyboardInterrupt:
        show.out.print("Stopping ...")
