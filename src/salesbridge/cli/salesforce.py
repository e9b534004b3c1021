"""``salesbridge salesforce``: prepare an org from the data model."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from salesbridge import store
from salesbridge.cli import deployment, folder, show
from salesbridge.cli.choices import with_choices
from salesbridge.cli.validate import validate
from salesbridge.engine import connections, instances, prepare
from salesbridge.model import TABLE, Table, merge
from salesbridge.package import PERMISSION_SET, Choices, archive, project, removal, render
from salesbridge.salesforce.deploy_result import Deployment
from salesbridge.store.door import Door
from salesbridge.store.journal import record
from salesbridge.store.models import Instance

app = typer.Typer(no_args_is_help=True, help="Prepare a Salesforce org.")
app.command("validate")(validate)
_METADATA, _REMOVAL, _WITH_DATA = "salesbridge.zip", "salesbridge-removal.zip", "salesbridge-removal-with-data.zip"


@app.command()
@with_choices
def package(
    *,
    out: Annotated[Path, typer.Option(help="Folder to write to: a new one, or one this command has written.")],
    instance: Annotated[str | None, typer.Option(help="With the own fields of this instance's tenant.")] = None,
    source: Annotated[bool, typer.Option(help="The SFDX project, for Salesforce's own tools.")] = True,
    remove: Annotated[bool, typer.Option("--removal/--no-removal", help="What takes the package away again.")] = True,
    choices: Choices,
    as_json: show.Json = False,
) -> None:
    """Write the Salesforce package of the data model: an SFDX project, a Metadata API zip file, and its removal."""
    with show.clear_errors():
        table = _table(instance)
    try:
        files = _files(table, choices, source=source, remove=remove)
        folder.write(out, files)
    except folder.FolderTakenError as error:
        show.stop(show.plain(f"{error}."), "Name another folder with --out.", show.Exit.USAGE)
    except ValueError as error:
        show.stop(show.plain(f"{error}."), "See --help.", show.Exit.USAGE)
    except OSError as error:
        show.stop(show.plain(f"{out} cannot be written: {error}"), "Name another folder with --out.", show.Exit.USAGE)
    if as_json:
        show.as_json({"folder": str(out), "files": sorted(files)})
        return
    _say_what_next(out, files)


def _table(instance: str | None) -> Table:
    if instance is None:
        return TABLE
    store.setup()
    door, _ = instances.find(instance)
    return merge(TABLE, door.tenant.model_overrides)


def _files(table: Table, choices: Choices, *, source: bool, remove: bool) -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = {_METADATA: archive(render(table, choices))}
    if source:
        files |= project(table, choices)
    if remove:
        files[_REMOVAL] = archive(removal(table, choices))
        files[_WITH_DATA] = archive(removal(table, choices, with_data=True))
    return files


def _say_what_next(out: Path, files: dict[str, str | bytes]) -> None:
    lines = [f"{len(files)} files written to {out}:", f"  {_METADATA}: the package, for the Metadata API"]
    if "sfdx-project.json" in files:
        lines.append("  sfdx-project.json, force-app, manifest: the same as an SFDX project")
    if _REMOVAL in files:
        lines.append(f"  {_REMOVAL}: takes it away again, but keeps fields, event and what they hold")
        lines.append(f"  {_WITH_DATA}: takes these away too")
    lines.append("Next, deploy it: salesbridge salesforce deploy INSTANCE with the same options.")
    if "sfdx-project.json" in files:
        lines.append(
            f"Or with Salesforce's own tool: cd {out} && sf project deploy start --manifest manifest/package.xml"
        )
    for line in lines:
        show.out.print(line, markup=False, soft_wrap=True)


@app.command()
@with_choices
def deploy(
    name: Annotated[str, typer.Argument(help="Instance, or tenant/instance.")],
    *,
    check_only: Annotated[bool, typer.Option("--check-only", help="Let Salesforce check; nothing changes.")] = False,
    run_tests: Annotated[
        bool, typer.Option("--run-tests", help="Run the package's Apex tests in a sandbox org too.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take the package away instead.")] = False,
    with_data: Annotated[
        bool, typer.Option("--with-data", help="With --remove: also the fields and event, and what they hold.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Replace Apex of the org's own that has our names.")] = False,
    choices: Choices,
    as_json: show.Json = False,
) -> None:
    """Deploy the package to the org of an instance, and give its permission set to the connector's user."""
    if with_data and not remove:
        show.stop("--with-data belongs to --remove.", code=show.Exit.USAGE)
    store.setup()
    with show.clear_errors(), deployment.watching(quiet=as_json) as watch:
        door, instance = instances.find(name)
        going = prepare.Going(check_only, run_tests, yes, watch)
        try:
            done = _carry_out(door, instance, choices, going, remove=remove, with_data=with_data)
        except prepare.ForeignApexError as error:
            _offer_prefix(error, remove=remove)
        except ValueError as error:
            show.stop(show.plain(f"{error}."), "See --help.", show.Exit.USAGE)
    if as_json:
        show.as_json(deployment.as_dict(done, check_only=check_only))
    else:
        deployment.tell(done, check_only=check_only, remove=remove)
        if done.success:
            _say_what_follows(name, choices, check_only=check_only, remove=remove)
    raise typer.Exit(deployment.exit_code(done))


def _say_what_follows(name: str, choices: Choices, *, check_only: bool, remove: bool) -> None:
    if check_only:
        line = "Nothing has changed. To do it, leave --check-only out."
    elif remove:
        return
    else:
        same = ["--initial"] * choices.initial_only + [f"--leave-out {each}" for each in sorted(choices.leave_out)]
        same += [f"--prefix {choices.prefix}"] * bool(choices.prefix)
        line = (
            f"The connector's user holds the permission set {PERMISSION_SET}. "
            f"Next: {' '.join(['salesbridge salesforce validate', name, *same])}"
        )
    show.out.print(line, markup=False, soft_wrap=True)


def _carry_out(
    door: Door, instance: Instance, choices: Choices, going: prepare.Going, *, remove: bool, with_data: bool
) -> Deployment:
    org = connections.salesforce(door, instance)
    if remove:
        done = prepare.remove_package(org, door.tenant, choices, with_data=with_data, going=going)
    else:
        done = prepare.deploy_package(org, door.tenant, choices, going=going)
    if done.success and not going.check_only:
        tag = "package:removed" if remove else "package:deployed"
        record(door, tag, actor=getpass.getuser(), subject=done.id, instance_id=instance.pk)
    return done


@app.command()
def bypass(
    name: Annotated[str, typer.Argument(help="Instance, or tenant/instance.")],
    switch: Annotated[str, typer.Argument(help="on or off.")],
) -> None:
    """Have the triggers pass over what the connector's user writes, for a load; switch it off before going live."""
    if switch not in {"on", "off"}:
        show.stop(f"{switch!r} is neither on nor off.", code=show.Exit.USAGE)
    store.setup()
    with show.clear_errors():
        door, instance = instances.find(name)
        prepare.bypass(connections.salesforce(door, instance), on=switch == "on")
        record(door, "bypass:switched", actor=getpass.getuser(), subject=switch, instance_id=instance.pk)
    show.out.print(f"Changes by the connector's user are {'not told' if switch == 'on' else 'told'} by the triggers.")


def _offer_prefix(error: prepare.ForeignApexError, *, remove: bool) -> None:
    if remove:
        mend = "Give the options with which you deployed, --prefix among them, or --yes to remove these too."
    else:
        mend = (
            "Choose a prefix for ours, such as --prefix Gentrack, so that both are kept. If they are the vendor's "
            "samples or older ones of ours, replace them with --yes."
        )
    show.stop(show.plain(f"{error}."), mend, show.Exit.USAGE)
