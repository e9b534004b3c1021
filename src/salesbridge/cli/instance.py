"""``salesbridge tenant`` and ``salesbridge instance``: set up and check the two systems."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from salesbridge import store
from salesbridge.cli import show
from salesbridge.cli.validate import as_values, shown
from salesbridge.engine import connections, doctor, instances, pinning
from salesbridge.engine.live import options
from salesbridge.model.check_org import described
from salesbridge.salesforce import ClientCredentials, JwtBearer, PasswordToken, Salesforce
from salesbridge.store.door import Door
from salesbridge.store.journal import record
from salesbridge.store.models import Instance

tenants = typer.Typer(no_args_is_help=True, help="Billing systems.")
app = typer.Typer(no_args_is_help=True, help="Connector instances: one billing system bound to one Salesforce org.")


def _secret(name: str, prompt: str) -> Any:
    """An option that is asked for without echo, or read from the environment; never shown in the help or a listing."""
    return typer.Option(
        f"--{name}", envvar=f"SALESBRIDGE_{name.upper().replace('-', '_')}", show_envvar=True, help=prompt
    )


def _asked(value: str | None, prompt: str) -> SecretStr:
    return SecretStr(value or typer.prompt(prompt, hide_input=True))


@tenants.command("add")
def add_tenant(  # noqa: PLR0917 - one option a setting
    name: Annotated[str, typer.Argument(help="Name of the tenant.")],
    product: Annotated[str, typer.Option(help="junifer or velocity")],
    url: Annotated[str, typer.Option(help="Address of the billing system's API.")],
    username: Annotated[str, typer.Option(help="User of the API key (Junifer).")] = "",
    api_key: Annotated[str | None, _secret("api-key", "API key; asked for when not given.")] = None,
    zone: Annotated[str, typer.Option(help="IANA time zone of the billing system.")] = "UTC",
    paths: Annotated[Path | None, typer.Option(help="JSON file with API paths that differ.")] = None,
    model: Annotated[Path | None, typer.Option(help="JSON file with fields and masters that differ.")] = None,
    events: Annotated[Path | None, typer.Option(help="JSON file with event types that differ.")] = None,
) -> None:
    """Add a tenant, once its billing system has answered."""
    if product not in {"junifer", "velocity"}:
        show.stop(f"{product!r} is no billing product.", "Use junifer or velocity.", show.Exit.USAGE)
    store.setup()
    with show.clear_errors():
        entered = instances.BillingSystem(
            name, product, url, _asked(api_key, "API key"), username, zone, _file(paths), _file(model), _file(events)
        )
        _, system = instances.add_tenant(entered, by=getpass.getuser())
    show.out.print(f"Tenant {name}: {system.product} {system.version} answered.")


def _file(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        show.stop(f"{path} cannot be read as JSON: {error}", code=show.Exit.USAGE)
    return found


@tenants.command("list")
def list_tenants(*, as_json: show.Json = False) -> None:
    """List the tenants."""
    store.setup()
    rows = list(
        Door.operator(reason="list tenants").tenants.order_by("name").values("name", "product", "base_url", "zone")
    )
    if as_json:
        show.as_json(rows)
        return
    headings = {"Tenant": "left", "Product": "left", "Address": "left", "Zone": "left"}
    show.table(headings, [list(row.values()) for row in rows])


@tenants.command("publishing")
def publishing(
    tenant: Annotated[str, typer.Argument(help="Name of the tenant.")],
    switch: Annotated[str | None, typer.Argument(help="on or off; tells how it stands when not given.")] = None,
) -> None:
    """Tell whether the billing system publishes events, or switch it for an outage window."""
    if switch not in {None, "on", "off"}:
        show.stop(f"{switch!r} is neither on nor off.", code=show.Exit.USAGE)
    store.setup()
    with show.clear_errors():
        door = door_of(tenant)
        system = connections.billing(door, door.tenant)
        if switch is not None:
            system.set_publishing(switch == "on")
            record(door, "publishing:switched", actor=getpass.getuser(), subject=switch)
        stands = system.publishing()
    show.out.print(f"Event publishing of {tenant} is {'unknown' if stands is None else 'on' if stands else 'off'}.")


@app.command("add")
def add(  # noqa: PLR0917 - one option a setting
    name: Annotated[str, typer.Argument(help="Name of the instance.")],
    tenant: Annotated[str, typer.Option(help="Tenant it connects.")],
    login_url: Annotated[str, typer.Option(help="The org's My Domain, https://example.my.salesforce.com")],
    consumer_key: Annotated[str, typer.Option(help="Consumer key of the External Client App.")],
    consumer_secret: Annotated[
        str | None, _secret("consumer-secret", "Consumer secret; asked for when not given.")
    ] = None,
    username: Annotated[str, typer.Option(help="Service account, for JWT bearer and the legacy password flow.")] = "",
    private_key: Annotated[Path | None, typer.Option(help="PEM file: sign in by JWT bearer.")] = None,
    password: Annotated[str | None, _secret("password", "Legacy: password of the service account.")] = None,
    security_token: Annotated[str | None, _secret("security-token", "Legacy: its security token.")] = None,
    email: Annotated[list[str] | None, typer.Option(help="Who is told the result of a run; may be repeated.")] = None,
    api_version: Annotated[str, typer.Option(help="Salesforce API version.")] = "66.0",
    setting: Annotated[list[str] | None, typer.Option(help="name=value, see 'instance set'; may be repeated.")] = None,
) -> None:
    """Add a connector instance, once Salesforce has accepted its credentials."""
    store.setup()
    with show.clear_errors():
        entered: instances.Credentials
        if private_key:
            entered = JwtBearer(login_url, username, consumer_key, SecretStr(private_key.read_text(encoding="utf-8")))
        else:
            secret = _asked(consumer_secret, "Consumer secret")
            entered = ClientCredentials(login_url, consumer_key, secret)
            if username:
                word, token = _asked(password, "Password"), _asked(security_token, "Security token")
                entered = PasswordToken(login_url, username, word, token, consumer_key, secret)
        door = door_of(tenant)
        _, org = instances.add_instance(
            door, name, entered, by=getpass.getuser(), api_version=api_version, emails=email,
            settings={key: options.read(key, text) for key, text in map(_pair, setting or [])},
        )  # fmt: skip
    show.out.print(f"Instance {name}: signed in to org {org.org_id} as {org.username}.")


def _pair(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found:
        show.stop(f"{text!r} is no setting.", "Write name=value.", show.Exit.USAGE)
    return name.strip(), value.strip()


@app.command("set")
def set_option(
    name: Annotated[str, typer.Argument(help="Instance, or tenant/instance.")],
    setting: Annotated[str | None, typer.Argument(help="name=value, or name= for the default.")] = None,
    *,
    as_json: show.Json = False,
) -> None:
    """Show the settings of an instance, or change one."""
    store.setup()
    with show.clear_errors():
        door, instance = instances.find(name)
        if setting is not None:
            key, text = _pair(setting)
            options.change(door, instance, key, text or None, getpass.getuser())
            instance = door.instances.get(pk=instance.pk)
    rows = [(key, instance.settings.get(key, option.default), option.help) for key, option in options.OPTIONS.items()]
    if as_json:
        show.as_json({key: instance.settings.get(key) for key in options.OPTIONS})
    else:
        show.table({"Setting": "name", "Value": "left", "Meaning": "left"}, rows)


def door_of(tenant: str) -> Door:
    """The door of the tenant that people call by a name."""
    found = Door.operator(reason="find a tenant by its name").tenants.filter(name=tenant).first()
    if found is None:
        show.stop(f"There is no tenant {tenant!r}.", "See: salesbridge tenant list", show.Exit.USAGE)
    return Door(found.pk)


@app.command("list")
def list_instances(*, as_json: show.Json = False) -> None:
    """List the connector instances (My Connectors)."""
    store.setup()
    found = Door.operator(reason="list instances").instances.select_related("tenant").order_by("tenant__name", "name")
    rows = [
        {"tenant": i.tenant.name, "instance": i.name, "login_url": i.login_url, "org_id": i.org_id, "auth": i.auth}
        for i in found
    ]
    if as_json:
        show.as_json(rows)
        return
    headings = {"Tenant": "left", "Instance": "left", "Login URL": "left", "Org": "left", "Sign-in": "left"}
    show.table(headings, [list(row.values()) for row in rows])


@app.command("check")
def check(
    name: Annotated[str, typer.Argument(help="Instance, or tenant/instance.")],
    *,
    initial: Annotated[bool, typer.Option(help="Only what the initial data synchronisation loads.")] = False,
    as_json: show.Json = False,
) -> None:
    """Check credentials on both sides and validate the data model."""
    store.setup()
    with show.clear_errors():
        door, instance = instances.find(name)
        report = doctor.validate(door, instance, initial=initial)
    if as_json:
        show.as_json(as_values(report))
    else:
        shown(report)
    raise typer.Exit(show.Exit.OK if report.passed else show.Exit.FAILED)


@app.command("confirm-org")
def confirm_org(
    name: Annotated[str, typer.Argument(help="Instance, or tenant/instance.")],
    *,
    org_id: Annotated[
        str | None, typer.Option("--org-id", help="The id of the org to accept, in place of typing it.")
    ] = None,
    as_json: show.Json = False,
) -> None:
    """Accept that the credentials of an instance lead to another org now, such as a refreshed sandbox."""
    store.setup()
    with show.clear_errors():
        door, instance = instances.find(name)
        with connections.unpinned(door, instance) as salesforce:
            org, former = pinning.pin_of(salesforce.org()), pinning.pinned_of(instance)
            if not as_json:
                show.out.print(f"Set up for: {described(former)}\nLeads to:   {described(org)}")
            typed = org_id or typer.prompt("Type the id of the org that the instance shall write to from now on")
            if typed.strip() != org.org_id:
                show.stop("That is not the id of this org: nothing was changed.", code=show.Exit.CANCELLED)
            done = _confirmed(door, instance, salesforce)
    if as_json:
        show.as_json({"org": done.org.org_id, "put_away": done.put_away, "brought_back": done.brought_back})
        return
    show.out.print(f"Accepted. {done.put_away} links of the former org are kept apart, {done.brought_back} are back.")
    show.out.print(
        "Next: salesbridge salesforce validate, then a load (records are found again by their external ids), or, "
        "for a copy of the same data, salesbridge sync resume: everything is compared first."
    )


def _confirmed(door: Door, instance: Instance, salesforce: Salesforce) -> pinning.Confirmed:
    try:
        return pinning.confirm(door, instance, salesforce, getpass.getuser())
    except ValueError as error:
        show.stop(show.plain(str(error)), code=show.Exit.USAGE)
