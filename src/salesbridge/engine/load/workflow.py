"""The run itself: which steps, in which order. Deterministic; everything that touches the world is a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dbos import DBOS, SetWorkflowID, WorkflowHandle
from dbos._error import DBOSException

from salesbridge.engine.load import finish, steps
from salesbridge.engine.load.context import work

#: Registered name of the workflow.
LOAD = "load"
#: Bulk jobs of one stage that Salesforce works on at the same time.
IN_FLIGHT = 3
#: Most rows of one part in each wave that repeats rows which met a lock: smaller and smaller, one after the other.
WAVES = (10_000, 2_000, 500, 200)
_PAUSE_S = 2.0
#: A sign that never comes: the reading workflow gives one for every object, whatever happens to it.
_FOR_EVER_S = 30 * 86_400


class _Stopped(Exception):  # noqa: N818 - carries a step's answer to the workflow
    def __init__(self, entity: str, stopped: dict[str, str]) -> None:
        super().__init__(stopped["message"])
        self.entity = entity
        self.stopped = stopped


class _Caller:
    """Calls steps of one run and unwraps their answers."""

    def __init__(self, tenant_id: str, run_id: str) -> None:
        self.ids = (tenant_id, run_id)
        self.entity = ""

    def __call__(self, step: Callable[..., dict[str, Any]], *args: Any) -> Any:
        answer = step(*self.ids, *args)
        if "stopped" in answer:
            raise _Stopped(self.entity, answer["stopped"])
        return answer["ok"]


@DBOS.workflow(name=LOAD)
def load(tenant_id: str, run_id: str) -> str:
    """Run an initial data synchronisation to its end, whatever that is, and tell people."""
    reading: list[WorkflowHandle[None]] = []
    result = _run(tenant_id, run_id, reading)
    for handle in reading:
        handle.get_result()
    _clean(tenant_id, run_id)
    _tell(tenant_id, run_id)
    return result


@DBOS.workflow(name="load.reading")
def read_ahead(tenant_id: str, run_id: str, entities: list[str]) -> None:
    """Read every object from billing, one after the other, while Salesforce works on those that have been read.

    The load waits for a sign under each object's name: ``{"ok": ...}``, or why reading stopped.
    """
    call = _Caller(tenant_id, run_id)
    for entity in entities:
        try:
            _read(call, entity)
        except _Stopped as stop:
            DBOS.set_event(entity, {"stopped": stop.stopped})
            return
        except DBOSException:
            raise
        except Exception as error:  # noqa: BLE001 - the load must not wait for a sign that never comes
            DBOS.set_event(entity, {"stopped": _unexpected(error)})
            return
        DBOS.set_event(entity, {"ok": True})


def _read(call: _Caller, entity: str) -> None:
    number, after = 0, None
    while number == 0 or after is not None:
        after = call(steps.read, entity, number, after)["after"]
        number += 1


def _run(tenant_id: str, run_id: str, reading: list[WorkflowHandle[None]]) -> str:
    call = _Caller(tenant_id, run_id)
    try:
        checked = call(steps.check)
        if not checked["passed"]:
            return _fail(tenant_id, run_id, "", _refused(tenant_id, run_id))
        call(steps.begin)
        with SetWorkflowID(f"reading:{run_id}"):
            reading.append(DBOS.start_workflow(read_ahead, tenant_id, run_id, checked["stages"]))
        _stages(call, checked["stages"], checked["needs"])
        call.entity = ""
        call(steps.report)
    except _Stopped as stop:
        return _fail(tenant_id, run_id, stop.entity, stop.stopped)
    except DBOSException:
        raise
    except Exception as error:  # noqa: BLE001 - no run may be left without an end
        return _fail(tenant_id, run_id, call.entity, _unexpected(error))
    return "ended"


def _unexpected(error: Exception) -> dict[str, str]:
    message = f"Something unexpected happened: {type(error).__name__}: {error}"
    return {
        "code": "UNEXPECTED",
        "message": message[:1000],
        "mend": "Report this with the log, then start the load again.",
    }


def _stages(call: _Caller, names: Sequence[str], needs: Mapping[str, Sequence[str]]) -> None:
    """Send each object while the results of the one before are still to be read, unless it is a parent.

    So Salesforce always has something to do. Objects are never in Salesforce's hands at the same time, since children
    of one parent lock its row.
    """
    ahead: _Stage | None = None
    for name in names:
        if ahead is not None and ahead.entity in needs[name]:
            ahead.end()
            ahead = None
        stage = _Stage(call, name)
        try:
            stage.prepare()
            ahead = _waited_for(ahead)
            stage.send()
        except _Stopped:
            if ahead is not None:
                ahead.end()  # what Salesforce holds by now is known afterwards
            raise
        if ahead is not None:
            ahead.end()
        ahead = stage
    if ahead is not None:
        ahead.end()


def _waited_for(ahead: _Stage | None) -> _Stage | None:
    """The stage once Salesforce has worked on it; none where it has to end first, since it writes once more."""
    if ahead is None:
        return None
    ahead.wait()
    if not ahead.activates:
        return ahead
    ahead.end()
    return None


class _Stage:
    """One object's share of a run."""

    def __init__(self, call: _Caller, entity: str) -> None:
        self.entity = entity
        self._run = call
        self._groups: list[list[str]] = []
        self.activates = False
        self._jobs: list[tuple[str, Any]] = []
        self._again = 0

    def _call(self, step: Callable[..., dict[str, Any]], *args: Any) -> Any:
        self._run.entity = self.entity
        return self._run(step, *args)

    def prepare(self) -> None:
        """Cut the first wave, once billing has been read."""
        self._run.entity = self.entity
        read = DBOS.get_event(f"reading:{self._run.ids[1]}", self.entity, timeout_seconds=_FOR_EVER_S)
        if "stopped" in read:
            raise _Stopped(self.entity, read["stopped"])
        prepared = self._call(steps.prepare, self.entity)
        self._groups = list(_groups(prepared["parts"], IN_FLIGHT))
        self.activates = prepared["activate"]

    def send(self) -> None:
        """Give Salesforce the first parts."""
        for part in self._groups[0] if self._groups else ():
            self._send(part)

    def _send(self, part: str) -> None:
        for step in (steps.create, steps.upload, steps.close):
            self._call(step, part)

    def wait(self) -> None:
        """Wait until Salesforce has worked on all parts; the last results are still to be read."""
        while self._groups:
            self._jobs = [(part, self._call(steps.poll, part)) for part in self._groups.pop(0)]
            if self._groups:
                self._collect()
                self.send()

    def _collect(self) -> None:
        self._again += sum(self._call(steps.collect, part, job)["again"] for part, job in self._jobs)
        self._jobs = []

    def end(self) -> None:
        """Read the results, repeat what met a lock, activate, and close the books."""
        self.wait()
        self._collect()
        saves = waves = self._repeated(0)
        if self.activates:
            self._groups = list(_groups(self._call(steps.activate, self.entity, saves), IN_FLIGHT))
            self._one_wave()
            waves = self._repeated(saves)
        self._call(steps.settle, self.entity, saves, waves)

    def _one_wave(self) -> None:
        self._again = 0
        self.send()
        self.wait()
        self._collect()

    def _repeated(self, wave: int) -> int:
        """Send smaller and smaller waves of what met a lock, part after part; returns the number of the next wave."""
        for most in WAVES:
            wave += 1
            if not self._again:
                return wave
            DBOS.sleep(_PAUSE_S)
            self._groups = list(_groups(self._call(steps.retry, self.entity, wave, most), 1))
            self._one_wave()
        return wave + 1


def _groups(parts: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(parts), size):
        yield parts[start : start + size]


@DBOS.step(name="load.fail")
def _fail(tenant_id: str, run_id: str, entity: str, stopped: dict[str, str]) -> str:
    finish.fail(work(tenant_id, run_id), entity, stopped)
    return "failed"


@DBOS.step(name="load.clean")
def _clean(tenant_id: str, run_id: str) -> None:
    finish.clean(work(tenant_id, run_id))


@DBOS.step(name="load.tell", retries_allowed=True, interval_seconds=2.0, max_attempts=8)
def _tell(tenant_id: str, run_id: str) -> None:
    finish.tell(work(tenant_id, run_id))


@DBOS.step(name="load.refused")
def _refused(tenant_id: str, run_id: str) -> dict[str, str]:
    found = work(tenant_id, run_id)
    failed = [check for check in found.run.plan["checks"] if check["state"] == "failed"]
    by_name: dict[str, list[dict[str, str]]] = {}
    for check in failed:
        by_name.setdefault(check["name"], []).append(check)
    reasons = [f"{name}: {_first_of(found)}" for name, found in by_name.items()]
    mends = dict.fromkeys(_sentence(check["mend"]) for check in failed if check["mend"])
    return {"code": "PREFLIGHT", "message": _sentence("; ".join(reasons)), "mend": " ".join(mends)}


def _first_of(checks: list[dict[str, str]]) -> str:
    more = len(checks) - 1
    return checks[0]["message"] + (f" (and {more} more like it)" if more else "")


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."
