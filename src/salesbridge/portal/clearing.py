"""Clearing problems: one, or all of one cause, as far as a page can wait for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.http import HttpRequest

from salesbridge.billing import BillingError
from salesbridge.engine.live.problems import ProblemError, dismiss, retry
from salesbridge.engine.live.relink import RelinkRefusedError
from salesbridge.portal.acting import audited
from salesbridge.salesforce import SalesforceError
from salesbridge.store.door import Door, Rows
from salesbridge.store.journal import LIVE
from salesbridge.store.models import Instance, Problem
from salesbridge.store.secrets import NoSecret

#: Most problems of a cause that are cleared by one click.
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Cause:
    """What problems have in common.

    Args:
        kind: What sort of problem.
        cause: Error code or reason.
        entity: Object concerned.
    """

    kind: str
    cause: str
    entity: str

    def of(self, rows: Rows[Problem]) -> Rows[Problem]:
        """Those of some problems that have this cause."""
        return rows.filter(kind=self.kind, cause=self.cause, entity=self.entity)

    def __str__(self) -> str:
        return " ".join(part for part in (self.entity, self.cause or self.kind) if part)


@dataclass(slots=True)
class Outcome:
    """What came of clearing several.

    Args:
        done: How many were.
        refused: Why the others were not: words and how many.
        left: How many have not been tried.
    """

    done: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    left: int = 0


def retry_one(request: HttpRequest, door: Door, problem: Problem) -> None:
    """Try a problem again.

    Raises:
        ProblemError: It cannot be; the message says why and what to do.
    """
    with _told(request, door, problem, "retried") as who:
        retry(door, problem, who, datetime.now(UTC))


def dismiss_one(request: HttpRequest, door: Door, problem: Problem, reason: str) -> None:
    """Let go of a problem.

    Raises:
        ProblemError: It cannot be; the message says why.
    """
    with _told(request, door, problem, "dismissed", reason) as who:
        dismiss(door, problem, who, reason)


@contextmanager
def _told(request: HttpRequest, door: Door, problem: Problem, done: str, reason: str = "") -> Iterator[str]:
    """Audit an act; whatever stands in its way is told as one kind of error."""
    detail = {"kind": problem.kind, "cause": problem.cause, "problem": str(problem.pk), "reason": reason or None}
    subject = f"{problem.entity} {problem.key}".strip() or problem.title
    try:
        with audited(request, door, f"problem:{done}", subject, detail) as who:
            yield who
    except RelinkRefusedError as error:
        raise ProblemError(str(error)) from error
    except (SalesforceError, BillingError) as error:
        raise ProblemError(f"{error.message} {error.mend}".strip()) from error
    except NoSecret as error:
        raise ProblemError("Credentials are missing: enter them in the settings, then retry.") from error


def all_of(rows: Iterable[Problem], act: Callable[[Problem], None]) -> Outcome:
    """Do the same with problems, each by itself: what one refuses does not hinder the others."""
    came = Outcome()
    for problem in rows:
        try:
            act(problem)
        except ProblemError as error:
            came.refused[str(error)] = came.refused.get(str(error), 0) + 1
        else:
            came.done += 1
    return came


def live_of(door: Door, instance: Instance) -> Rows[Problem]:
    """The problems of an instance, or of its tenant as a whole, that need somebody."""
    return of(door, instance).filter(state__in=LIVE)


def of(door: Door, instance: Instance) -> Rows[Problem]:
    """All problems of an instance, and those of its tenant as a whole."""
    return door.problems.filter(instance=instance) | door.problems.filter(instance=None)
