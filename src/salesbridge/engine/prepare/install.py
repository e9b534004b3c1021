"""Deploying the package to an org, whole or in part, and removing it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from salesbridge.engine.prepare.access import grant, restore, withdraw
from salesbridge.engine.prepare.foreign import ForeignApexError, foreign_apex
from salesbridge.model import TABLE, Table, merge
from salesbridge.package import ONGOING, Choices, archive, removal, render, test_classes
from salesbridge.salesforce import Salesforce, SalesforceError
from salesbridge.salesforce.deploy import Options, cancel, deploy, wait
from salesbridge.salesforce.deploy_result import Deployment
from salesbridge.store.models import Tenant

_POLL_S = 1.0
#: What Salesforce refuses to remove as long as somebody holds it. A check takes nothing away from anybody, so that it
#: would always fail by these.
_HELD = ("PermissionSet", "CustomPermission")


@dataclass(frozen=True, slots=True)
class Going:
    """How a deployment goes about its work.

    Args:
        check_only: Salesforce validates; nothing changes.
        run_tests: Run the package's Apex tests in sandbox orgs too; elsewhere they run in any case.
        replace: Replace, or remove, Apex of the customer's own that has the names of ours.
        on_progress: Called with how far it is, about once a second.
    """

    check_only: bool = False
    run_tests: bool = False
    replace: bool = False
    on_progress: Callable[[Deployment], None] | None = None


_PLAIN = Going()


def deploy_package(
    salesforce: Salesforce,
    tenant: Tenant,
    choices: Choices = ONGOING,
    *,
    only: Collection[str] | None = None,
    going: Going = _PLAIN,
) -> Deployment:
    """Deploy the tenant's package, and give the connector's permission set to the user we sign in as.

    Ctrl-C stops the deployment in Salesforce too; the answer is then ``cancelled``, unless it was too late.

    Args:
        salesforce: The org; its user needs *Modify Metadata Through Metadata API Functions*.
        tenant: Whose data model it is.
        choices: What is to be installed.
        only: Some components as ``Type:Name``, see :func:`salesbridge.package.listing`; None for all.
        going: How to go about it.

    Raises:
        ForeignApexError: Apex of the customer's own would be replaced, and that was not asked for.
        SalesforceError: Salesforce refuses the call; component errors are findings of the result instead.
        ValueError: The package has no such component.
    """
    table = _table(tenant)
    files = render(table, choices, only=only)
    if not going.replace:
        _spare_foreign(salesforce, table, choices, files)
    options = _options(salesforce, choices, files, going)
    done = _carried_out(salesforce, archive(files), options, going)
    if done.success and not going.check_only:
        grant(salesforce)
    return done


def remove_package(
    salesforce: Salesforce,
    tenant: Tenant,
    choices: Choices = ONGOING,
    *,
    with_data: bool = False,
    going: Going = _PLAIN,
) -> Deployment:
    """Take the package away again, after its permission sets were taken away from their users.

    Args:
        salesforce: The org.
        tenant: Whose data model it is.
        choices: What was installed; parts that are not there are warnings.
        with_data: Also the custom fields, the event and the log of failures, with what they hold.
        going: How to go about it.

    Raises:
        ForeignApexError: Apex of the customer's own would be removed, and that was not asked for.
        SalesforceError: Salesforce refuses the call.
    """
    table = _table(tenant)
    if not going.replace:
        _spare_foreign(salesforce, table, choices)
    withdrawn = [] if going.check_only else withdraw(salesforce)
    options = Options(check_only=going.check_only, ignore_warnings=True)
    files = removal(table, choices, with_data=with_data, but=_HELD if going.check_only else ())
    done = _carried_out(salesforce, archive(files), options, going)
    if not done.success:
        restore(salesforce, withdrawn)
    return done


def _table(tenant: Tenant) -> Table:
    return merge(TABLE, tenant.model_overrides)


def _spare_foreign(
    salesforce: Salesforce, table: Table, choices: Choices, files: Collection[str] | None = None
) -> None:
    """Stop before the customer's own Apex is lost; of a part of the package only what that part holds matters."""
    found = foreign_apex(salesforce, table, choices)
    paths = {"ApexClass": "classes/{}.cls", "ApexTrigger": "triggers/{}.trigger"}
    lost = [each for each in found if files is None or paths[each.type].format(each.name) in files]
    if lost:
        raise ForeignApexError(lost)


def _options(salesforce: Salesforce, choices: Choices, files: Collection[str], going: Going) -> Options:
    """Tests run where Salesforce demands them of Apex, which is in production orgs, and where they were asked for."""
    has_apex = any(path.endswith((".cls", ".trigger")) for path in files)
    sandbox = salesforce.org().sandbox
    if has_apex and (going.run_tests or not sandbox):
        return Options(going.check_only, "RunSpecifiedTests", test_classes(choices))
    return Options(going.check_only, "NoTestRun" if sandbox else None)


def _carried_out(salesforce: Salesforce, data: bytes, options: Options, going: Going) -> Deployment:
    started = deploy(salesforce, data, options)
    try:
        return wait(salesforce, started, poll=_POLL_S, on_progress=going.on_progress)
    except KeyboardInterrupt:
        return _stopped(salesforce, started, going)


def _stopped(salesforce: Salesforce, started: str, going: Going) -> Deployment:
    try:
        cancel(salesforce, started)
    except SalesforceError as error:
        if error.kind != "permanent":
            raise  # nobody knows whether it is stopped
    return wait(salesforce, started, poll=_POLL_S, on_progress=going.on_progress)
