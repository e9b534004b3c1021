"""What deployments left in an org besides its schema: Apex, permission sets, stored files, event settings."""

from __future__ import annotations

import datetime as dt
import threading
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from salesbridge.sandbox.salesforce.access import PermissionSet
    from salesbridge.sandbox.salesforce.metadata_apex import Apex
    from salesbridge.sandbox.salesforce.metadata_deployment import Deployment
    from salesbridge.sandbox.salesforce.org import Org

PREFIXES = {
    "ApexClass": "01p",
    "ApexTrigger": "01q",
    "CustomField": "00N",
    "CustomObject": "01I",
    "ExternalCredential": "0pt",
    "NamedCredential": "0XA",
    "PermissionSet": "0PS",
}


@dataclass(slots=True)
class MetadataSettings:
    """How deployments run; the pauses are in seconds.

    ``pending_seconds`` pass before a deployment starts, ``component_seconds`` before each file is looked at.
    ``failing_tests`` goes from ``Class.method`` of Apex tests to the message they fail with.
    """

    pending_seconds: float = 0.0
    component_seconds: float = 0.0
    quick_deploy_window: dt.timedelta = dt.timedelta(days=10)
    failing_tests: dict[str, str] = field(default_factory=dict)


class MetadataStore:
    """The metadata of one org that is no schema.

    Args:
        org: The org, for ids and the time.
    """

    def __init__(self, org: Org) -> None:
        self._org = weakref.ref(org)
        self.settings = MetadataSettings()
        self.classes: dict[str, Apex] = {}
        self.triggers: dict[str, Apex] = {}
        self.permission_sets: dict[str, PermissionSet] = {}
        self.publish_behavior: dict[str, str] = {}
        self.files: dict[tuple[str, str], bytes] = {}
        self.deployments: dict[str, Deployment] = {}
        self.deploying = threading.Lock()
        self._known: dict[tuple[str, str], Component] = {}

    def component(self, kind: str, name: str, *, at: dt.datetime, user: str) -> Component:
        """The identity of a component, given to it when it was first asked for."""
        found = self._known.get((kind, name))
        if found is None:
            org = self._org()
            if org is None:
                raise RuntimeError("The org of this metadata is gone")
            found = Component(org.new_id(PREFIXES.get(kind, "000")), at, user)
            self._known[(kind, name)] = found
        return found

    def forget(self, kind: str, name: str) -> None:
        """Forget the identity of a deleted component."""
        self._known.pop((kind, name), None)


@dataclass(slots=True)
class Component:
    """A component's id, and who made and last changed it when."""

    id: str
    created: dt.datetime
    created_by: str
    modified: dt.datetime = field(init=False)
    modified_by: str = field(init=False)

    def __post_init__(self) -> None:
        self.modified, self.modified_by = self.created, self.created_by

    def touch(self, at: dt.datetime, user: str) -> None:
        """Note a change."""
        self.modified, self.modified_by = at, user


_STORES: weakref.WeakKeyDictionary[Org, MetadataStore] = weakref.WeakKeyDictionary()
_GUARD = threading.Lock()


def metadata_store(org: Org) -> MetadataStore:
    """What deployments left in the org."""
    with _GUARD:
        if org not in _STORES:
            _STORES[org] = MetadataStore(org)
        return _STORES[org]
