"""The worker of deployments: validates a zip on a copy of the metadata and commits it to the org."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesbridge.sandbox.salesforce.metadata_outcome import Outcome
from salesbridge.sandbox.salesforce.metadata_package import packages, unpack
from salesbridge.sandbox.salesforce.metadata_staging import Staging
from salesbridge.sandbox.salesforce.metadata_tests import run_tests
from salesbridge.sandbox.salesforce.metadata_xml import MetadataError

if TYPE_CHECKING:
    from salesbridge.sandbox.salesforce.access import PermissionSet
    from salesbridge.sandbox.salesforce.metadata_deployment import Deployment
    from salesbridge.sandbox.salesforce.metadata_package import Package
    from salesbridge.sandbox.salesforce.metadata_store import MetadataStore
    from salesbridge.sandbox.salesforce.org import Org


_APEX = ("ApexClass", "ApexTrigger")


class Canceled(Exception):  # noqa: N818 - a wish, not an error
    """The deployment was asked to stop."""


class Deploy:
    """One pass of one deployment; deployments of an org run one after another.

    Args:
        org: The org.
        store: Its metadata.
        deployment: The deployment, in status Pending.
    """

    def __init__(self, org: Org, store: MetadataStore, deployment: Deployment) -> None:
        self._org, self._store, self._deployment = org, store, deployment

    def __call__(self) -> None:
        """Bring the deployment to one of its final statuses; nothing is raised but what is our own fault."""
        try:
            self._pause(self._store.settings.pending_seconds)
            with self._store.deploying:
                self._run()
        except Canceled:
            self._move("Canceled")
        except Exception as error:
            self._deployment.error = ("UNKNOWN_EXCEPTION", f"An unexpected error occurred: {type(error).__name__}")
            self._move("Failed")
            raise

    def _pause(self, seconds: float) -> None:
        if self._deployment.cancel.wait(seconds) if seconds else self._deployment.cancel.is_set():
            raise Canceled

    def _move(self, status: str) -> None:
        self._deployment.move(status, self._org.clock())

    def _run(self) -> None:
        deployment = self._deployment
        with deployment.lock:
            self._pause(0)
            deployment.started = self._org.clock()
            self._move("InProgress")
        staging = Staging.of(self._org, self._store)
        for package in self._packages():
            self._stage(staging, package)
        if not deployment.failures:
            self._test(staging)
        with deployment.lock:
            self._pause(0)
            failed = bool(deployment.failures) or not deployment.tests.good
            saves = not deployment.options["checkOnly"] and not (failed and deployment.options["rollbackOnError"])
            if saves and any(map(deployment.good, deployment.outcomes)):
                deployment.move("FinalizingDeploy", self._org.clock())
        if deployment.status == "FinalizingDeploy":
            self._commit(staging)
        self._move(self._verdict(failed=failed, saved=saves))

    def _packages(self) -> list[Package]:
        options = self._deployment.options
        try:
            found = packages(unpack(self._deployment.zip), single=options["singlePackage"])
        except MetadataError as error:
            self._deployment.outcomes.append(Outcome("", "package.xml", "package.xml", error.problem))
            return []
        self._deployment.total = sum(len(package.files) for package in found)
        return found

    def _stage(self, staging: Staging, package: Package) -> None:
        deployment = self._deployment
        for outcome in staging.stage(package):
            if outcome.path.endswith("package.xml") and deployment.options["allowMissingFiles"]:
                continue
            deployment.detail = f"Processing Type: {outcome.type}" if outcome.type else None
            deployment.outcomes.append(outcome)
            self._pause(self._store.settings.component_seconds)

    def _test(self, staging: Staging) -> None:
        """Run the tests that the options ask for, or that production asks for of Apex (*Running Tests*)."""
        deployment, options = self._deployment, self._deployment.options
        brought = [each.name for each in deployment.outcomes if each.type in _APEX and not each.deleted]
        touched = any(each.type in _APEX for each in deployment.outcomes)
        wanted = options.test_level or ("RunLocalTests" if touched and not self._org.settings.sandbox else "NoTestRun")
        if wanted == "NoTestRun":
            return
        chosen = options.run_tests if wanted == "RunSpecifiedTests" else None
        settings = self._store.settings
        deployment.tests = run_tests(chosen, staging.classes, staging.triggers, settings, brought)

    def _verdict(self, *, failed: bool, saved: bool) -> str:
        good = any(map(self._deployment.good, self._deployment.outcomes))
        if not failed:
            return "Succeeded"
        return "SucceededPartial" if saved and good else "Failed"

    # -- into the org ------------------------------------------------------------------------------------------

    def _commit(self, staging: Staging) -> None:
        org, store = self._org, self._store
        with org.lock:
            for name in sorted(staging.touched):
                self._commit_object(staging, name)
            store.classes, store.triggers, store.files = staging.classes, staging.triggers, staging.files
            store.publish_behavior = staging.publish_behavior
            for name, permission_set in staging.permission_sets.items():
                if store.permission_sets.get(name) != permission_set:
                    self._commit_permission_set(permission_set)
            for name in set(store.permission_sets) - set(staging.permission_sets):
                self._forget_permission_set(name)
            store.permission_sets = staging.permission_sets
            staging.credentials.commit(self._deployment.created_by)
            for outcome in self._deployment.outcomes:
                if outcome.deleted and outcome.problem is None:
                    store.forget(outcome.type, outcome.name)
                elif outcome.problem is None and outcome.type:
                    self._identify(outcome)

    def _commit_object(self, staging: Staging, name: str) -> None:
        made, known = staging.schema.sobject(name), self._org.schema.sobject(name)
        if made is None:
            if known is not None:
                self._org.schema.remove_sobject(name)
            return
        self._org.schema.add_sobject(made)
        gone = set(known.fields) - set(made.fields) if known is not None else set()
        if gone:
            table = self._org.table(made.name)
            for row in list(table.rows(deleted=True)):
                table.put(row["Id"], {key: value for key, value in row.items() if key not in gone})
        fresh = [
            f for f in made.fields.values() if f.type == "boolean" and (known is None or known.field(f.name) is None)
        ]
        if known is not None and fresh:
            # Rows that were there before get the default of a new checkbox; that is no change anybody is told of.
            defaults = {field.name: bool(field.default) for field in fresh}
            table = self._org.table(made.name)
            for row in list(table.rows(deleted=True)):
                table.put(row["Id"], {**defaults, **row})

    def _commit_permission_set(self, permission_set: PermissionSet) -> None:
        org = self._org
        org.directory.add_permission_set(permission_set)
        if org.schema.sobject("PermissionSet") is None:
            return
        found = org.find("PermissionSet", "Name", permission_set.name)
        row: dict[str, Any] = {"Name": permission_set.name, "Label": permission_set.label, "IsCustom": True}
        user = self._deployment.created_by
        component = self._store.component("PermissionSet", permission_set.name, at=org.clock(), user=user)
        system = {"Id": component.id, "Type": "Regular", "CreatedById": user, "LastModifiedById": user}
        org.seed("PermissionSet", {**system, **(found[0] if found else {}), **row})

    def _forget_permission_set(self, name: str) -> None:
        org = self._org
        org.directory.permission_sets.pop(name, None)
        org.forget_access()
        for row in org.find("PermissionSet", "Name", name) if org.schema.sobject("PermissionSet") else []:
            org.save("delete", "PermissionSet", [{"Id": row["Id"]}], user=self._deployment.created_by)

    def _identify(self, outcome: Outcome) -> None:
        at, user = self._org.clock(), self._deployment.created_by
        component = self._store.component(outcome.type, outcome.name, at=at, user=user)
        if outcome.changed:
            component.touch(at, user)
        self._deployment.ids[(outcome.type, outcome.name)] = component.id
