"""What every step of an operation works with, and how it goes on while Salesforce does not answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

import stamina
import structlog
from dbos import DBOS
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from salesbridge.engine import connections
from salesbridge.engine.credentials.book import Book, OperationStoppedError
from salesbridge.engine.credentials.clients import CredentialRefusedError
from salesbridge.engine.credentials.places import Places, places
from salesbridge.salesforce import Salesforce, SalesforceError
from salesbridge.salesforce.named_credentials import NamedCredentials
from salesbridge.store.door import Door
from salesbridge.store.models import ApiClient, CredentialOperation, Instance

P = ParamSpec("P")
Result = dict[str, Any]
#: Seconds for which a step goes on trying while Salesforce does not answer.
PATIENCE_S = 600.0
STOPPED: Final = "STOPPED"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """One operation at one step.

    Attributes:
        door: Door of the tenant.
        book: Its row, for writing.
        operation: Its row as the step found it.
    """

    door: Door
    book: Book
    operation: CredentialOperation

    @property
    def client(self) -> ApiClient:
        """The credential."""
        client: ApiClient = self.operation.client
        return client

    @property
    def instance(self) -> Instance:
        """Whose org it is."""
        return self.door.instances.get(pk=self.client.instance_id)

    @property
    def salesforce(self) -> Salesforce:
        """The org; a token of another org than the pinned one is refused."""
        return connections.salesforce(self.door, self.instance)

    @property
    def org(self) -> NamedCredentials:
        """The org's credentials."""
        return NamedCredentials(self.salesforce)

    @property
    def places(self) -> Places:
        """The credential's parts in Salesforce."""
        return places(self.client.name, self.door.tenant.product, self.client.scopes)


def durable(step: str) -> Callable[[Callable[Concatenate[Work, P], Any]], Callable[..., Result]]:
    """A durable step: ``{"ok": value}`` or ``{"stopped": {"code", "message", "mend"}}``; never a secret.

    Args:
        step: What people read that the operation is at.
    """

    def made(function: Callable[Concatenate[Work, P], Any]) -> Callable[..., Result]:
        @DBOS.step(name=f"credential.{function.__name__}")
        @wraps(function)
        def run(tenant_id: str, operation_id: str, *args: Any) -> Result:
            close_old_connections()
            with structlog.contextvars.bound_contextvars(tenant=tenant_id, operation=operation_id):
                try:
                    return {"ok": _patiently(Door(uuid.UUID(tenant_id)), operation_id, step, function, *args)}
                except SalesforceError as error:
                    return stopped(error.code, error.message, error.mend)
                except CredentialRefusedError as error:
                    return stopped("REFUSED", str(error), "")
                except OperationStoppedError:
                    return stopped(STOPPED, "The credential was revoked.", "")
                finally:
                    close_old_connections()

        return run

    return made


def stopped(code: str, message: str, mend: str) -> Result:
    """What a step answers that the operation cannot get over."""
    return {"stopped": {"code": code, "message": message, "mend": mend}}


def _patiently(door: Door, operation_id: str, step: str, function: Callable[..., Any], *args: Any) -> Any:
    book = Book(door, uuid.UUID(operation_id))
    for attempt in stamina.retry_context(on=_may_pass(book), attempts=None, timeout=PATIENCE_S, wait_max=30.0):
        with attempt:
            return function(Work(door, book, book.begin(step)), *args)
    raise AssertionError  # the last attempt raised


def _may_pass(book: Book) -> Callable[[Exception], bool | float]:
    def judge(error: Exception) -> bool | float:
        if isinstance(error, (OperationalError, InterfaceError)):
            connection.close()
            return True
        if isinstance(error, SalesforceError) and error.kind in {"transient", "throttled"}:
            _log.info("credential waits", code=error.code, message=error.message)
            book.tell(f"It is tried again for some minutes: {error.message}", error.code, error.mend)
            return error.retry_after or True
        return False

    return judge
