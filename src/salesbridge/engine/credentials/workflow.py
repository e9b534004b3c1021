"""Adding, rotating and removing a credential: which steps, in which order.

Deterministic; everything that touches the world is a step. Killed at any point, each goes on where it was: a rotation
ends with the new secret in use or with the old one, never with a callout that fails; an addition that fails is taken
back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from dbos import DBOS
from dbos._error import DBOSException

from salesbridge.engine.credentials import steps
from salesbridge.engine.credentials.push import Held
from salesbridge.engine.credentials.work import STOPPED

ADD, ROTATE, REMOVE = "credential.add", "credential.rotate", "credential.remove"
#: Secrets that one operation sends at most, when Salesforce turns out to hold the one before.
PUSHES: Final = 3
#: Pauses between looks at what Salesforce holds, while that cannot be told.
PAUSES_S: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 60.0, 120.0, 120.0)
#: Seconds after which a push whose answer was lost is not under way in Salesforce any more.
SETTLE_S = 30.0

_OLD_WORKS = "The secret before works as ever: no callout is disturbed."
_BOTH_WORK = "Salesforce may hold either secret, and both work: no callout is disturbed."
_TOLD_BY_USE: Final = {
    "code": "UNCONFIRMED",
    "message": "Salesforce was not seen to fetch a token with the new secret.",
    "mend": (
        "Look whether Salesforce reaches the token endpoint, make a callout, then rotate again: it goes on from here."
    ),
}
_NEVER_TAKEN: Final = {
    "code": "NOT_TAKEN",
    "message": "Salesforce was given a new secret several times, and still uses the one before.",
    "mend": "Look at Setup > Named Credentials > External Credentials for who else changes it, then rotate again.",
}
_UNREACHED: Final = {
    "code": "UNCONFIRMED",
    "message": "Salesforce could not fetch a token from the edge.",
    "mend": "Make the edge's address (SALESBRIDGE_EDGE_URL) reachable from Salesforce, then add the credential again.",
}


class _Stopped(Exception):  # noqa: N818 - carries a step's answer to the workflow
    def __init__(self, stopped: dict[str, str]) -> None:
        super().__init__(stopped["message"])
        self.stopped = stopped


class Caller:
    """Calls steps of one operation and unwraps their answers."""

    def __init__(self, tenant_id: str, operation_id: str) -> None:
        self._ids = (tenant_id, operation_id)
        #: How things stand if the operation ends now.
        self.truth = ""

    def sleep(self, seconds: float) -> None:
        """Let time pass; a pause that was begun is not begun again."""
        DBOS.sleep(seconds)

    def __call__(self, step: Callable[..., dict[str, Any]], *args: Any) -> Any:
        """The value of a step; what the operation cannot get over ends it."""
        answer = step(*self._ids, *args)
        if "stopped" in answer:
            raise _Stopped(answer["stopped"])
        return answer["ok"]


@DBOS.workflow(name=ADD)
def add(tenant_id: str, operation_id: str) -> str:
    """Make a credential in Salesforce and bring it its secret, or take everything back."""
    return _run(Caller(tenant_id, operation_id), add_by, _taken_back)


@DBOS.workflow(name=ROTATE)
def rotate(tenant_id: str, operation_id: str) -> str:
    """Exchange the secret without a gap."""
    return _run(Caller(tenant_id, operation_id), rotate_by, _as_it_stands)


@DBOS.workflow(name=REMOVE)
def remove(tenant_id: str, operation_id: str) -> str:
    """Take a revoked credential out of Salesforce."""
    return _run(Caller(tenant_id, operation_id), remove_by, _as_it_stands)


def add_by(call: Caller) -> None:
    """The steps of an addition."""
    call(steps.check)
    call(steps.set_up)
    call(steps.give_access)
    _bring(call, _UNREACHED)
    call(steps.promote)
    call(steps.added)


def rotate_by(call: Caller) -> None:
    """The steps of a rotation."""
    call.truth = _OLD_WORKS
    known = _settled(call) if call(steps.check) else Held.OLD
    if known is Held.UNKNOWN:
        call.truth = _BOTH_WORK
        raise _Stopped(_TOLD_BY_USE)
    if known is Held.OLD:
        _bring(call, _TOLD_BY_USE)
    call.truth = "Salesforce uses the new secret, and the old one works too: no callout is disturbed."
    call(steps.promote)
    call.sleep(call(steps.wait_to_retire))
    call(steps.retire)
    call(steps.rotated)


def remove_by(call: Caller) -> None:
    """The steps of a removal."""
    call.truth = "The credential is revoked: no new token is issued. Parts of it are still in Salesforce."
    call(steps.removed, call(steps.remove))


def _bring(call: Caller, unconfirmed: dict[str, str]) -> None:
    """Push a secret and see it used; another one only if Salesforce is known to hold the one before."""
    truth = call.truth
    for number in range(1, PUSHES + 1):
        pushed = call(steps.push, number)
        if "refused" in pushed:
            raise _Stopped(pushed["refused"])
        call.truth = truth and _BOTH_WORK
        known = _settled(call)
        if known is Held.NEW:
            return
        if known is Held.UNKNOWN:
            raise _Stopped(unconfirmed)
        call.truth = truth
    raise _Stopped(_NEVER_TAKEN)


def _settled(call: Caller) -> Held:
    """Which secret Salesforce holds; the old one only if it still does once a late push would have arrived."""
    for pause in (*PAUSES_S, 0.0):
        known = Held(call(steps.held))
        if known is Held.OLD:
            call.sleep(SETTLE_S)
            known = Held(call(steps.held))
        if known is not Held.UNKNOWN:
            return known
        call.sleep(pause)
    return Held.UNKNOWN


def _run(call: Caller, work: Callable[[Caller], None], give_up: Callable[[Caller, dict[str, str]], None]) -> str:
    try:
        work(call)
    except _Stopped as stop:
        return _ended(call, give_up, stop.stopped)
    except DBOSException:
        raise
    except Exception as error:  # noqa: BLE001 - no operation may be left without an end
        return _ended(call, give_up, _unexpected(error))
    return "done"


def _ended(call: Caller, give_up: Callable[[Caller, dict[str, str]], None], stopped: dict[str, str]) -> str:
    if stopped["code"] == STOPPED:
        return "stopped"
    try:
        give_up(call, stopped)
    except _Stopped as stop:
        if stop.stopped["code"] == STOPPED:
            return "stopped"
        truth = f"Taking it back did not work either: {stop.stopped['message']}"
        call(steps.failed, stopped, truth)
    return "failed"


def _as_it_stands(call: Caller, stopped: dict[str, str]) -> None:
    call(steps.failed, stopped, call.truth)


def _taken_back(call: Caller, stopped: dict[str, str]) -> None:
    left = call(steps.roll_back)
    truth = f"Still in Salesforce: {', '.join(left)}." if left else "Everything was taken back."
    call(steps.failed, stopped, truth)


def _unexpected(error: Exception) -> dict[str, str]:
    message = f"Something unexpected happened: {type(error).__name__}: {error}"
    return {"code": "UNEXPECTED", "message": message[:900], "mend": "Report this with the log, then try again."}
