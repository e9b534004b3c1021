"""How a run ends: reconciliation, the report, the result, and the message that tells it."""

from __future__ import annotations

import shutil
from typing import Any

from django.db import transaction
from django.utils import timezone

from salesbridge.engine import mail
from salesbridge.engine.live.states import load_ended
from salesbridge.engine.load import send
from salesbridge.engine.load.context import LoadStopped, Work
from salesbridge.engine.load.jobs import jobs
from salesbridge.engine.load.report import store_report, write_report
from salesbridge.model import EXTERNAL_ID
from salesbridge.salesforce import SalesforceError
from salesbridge.store.errors import causes
from salesbridge.store.journal import raise_problem, record
from salesbridge.store.models import Stage
from salesbridge.sync.life import ENDED, RunState, StageState, move_run

_ACTOR = "salesbridge"
_DONE_STAGES = (StageState.DONE, StageState.FAILED, StageState.CANCELLED)
RE_ENABLE = "Switch Salesforce triggers and billing event publishing on again."


def report(found: Work) -> None:
    """Reconcile with Salesforce, keep the report on both sides, and end the run."""
    differences = reconcile(found)
    errors = causes(found.door, found.run_id)
    url = ""
    if errors or differences:
        url = store_report(found, write_report(found))
    result = RunState.COMPLETED_WITH_ERRORS if errors or differences else RunState.COMPLETED
    path = str(found.folder / f"salesbridge-run-{found.run.number}-report.csv") if url else ""
    count = sum(cause.count for cause in errors)
    message = {
        RunState.COMPLETED: "Initial data synchronisation has successfully completed.",
        RunState.COMPLETED_WITH_ERRORS: f"Initial data synchronisation has completed with errors: {count} records did "
        f"not arrive. {' '.join(differences)}".strip(),
    }[result]
    end(found, result, message=f"{message} {RE_ENABLE}", report_url=url, report_path=path)


def reconcile(found: Work) -> list[str]:
    """Compare what we linked with what Salesforce counts; returns the differences in words."""
    differences = []
    for stage in found.door.stages.filter(run_id=found.run_id).order_by("position"):
        linked = found.door.links(found.instance).filter(entity=stage.entity).count()
        soql = f"SELECT COUNT() FROM {stage.entity} WHERE {EXTERNAL_ID} != null"
        counted = found.salesforce.count(soql)
        found.door.stages.filter(pk=stage.pk).update(
            detail={**stage.detail, "linked": linked, "in_salesforce": counted}
        )
        if counted != linked:
            differences.append(f"{stage.entity}: Salesforce counts {counted} records, {linked} are linked.")
            _difference(found, stage, differences[-1])
    return differences


def _difference(found: Work, stage: Stage, message: str) -> None:
    raise_problem(
        found.door,
        "count_mismatch",
        message,
        instance_id=found.instance.pk,
        entity=stage.entity,
        run_id=found.run_id,
        cause="Records with an external id were added or deleted beside the connector.",
        mend=f"List them: SELECT Id, {EXTERNAL_ID} FROM {stage.entity} WHERE {EXTERNAL_ID} != null.",
    )


def fail(found: Work, entity: str, stopped: dict[str, str]) -> None:
    """End a run that cannot go on; the stage at which it failed is told."""
    cancelled = stopped["code"] == "CANCELLED"
    _abort_jobs(found)
    state = StageState.CANCELLED if cancelled else StageState.FAILED
    unfinished = found.door.stages.filter(run_id=found.run_id).exclude(state__in=_DONE_STAGES)
    unfinished.filter(entity=entity).update(state=state, finished_at=timezone.now())
    unfinished.update(state=StageState.CANCELLED)
    if cancelled:
        end(found, RunState.CANCELLED, message=f"Initial data synchronisation was cancelled. {RE_ENABLE}")
        return
    raise_problem(
        found.door, "load_failed", stopped["message"], instance_id=found.instance.pk, entity=entity,
        run_id=found.run_id, cause=stopped["code"], mend=stopped["mend"],
    )  # fmt: skip
    where = f" at the stage {entity}" if entity else " before anything was written"
    message = f"Initial data synchronisation has failed{where}: {stopped['message']} {stopped['mend']}"
    end(found, RunState.FAILED, message=message, failed_stage=entity or "preflight")


def _abort_jobs(found: Work) -> None:
    open_parts = found.door.parts.filter(stage__run_id=found.run_id).exclude(job_id="").exclude(state="collected")
    for part in open_parts:
        try:
            send.abort(found, part)
        except (SalesforceError, LoadStopped):
            # The reason why the run ends may be that Salesforce does not answer; its open jobs end by themselves.
            continue


def end(found: Work, result: RunState, **values: Any) -> None:
    """Note the result, once."""
    with transaction.atomic():
        run = found.door.runs.select_for_update().get(pk=found.run_id)
        if run.state in ENDED:
            return
        move_run(run.state, result)
        for name, value in {**values, "state": result, "result": result, "finished_at": timezone.now()}.items():
            setattr(run, name, value)
        run.save()
        load_ended(found.door, run.instance_id)
        subject = f"run {run.number}"
        record(found.door, "run:ended", actor=_ACTOR, subject=subject, instance_id=run.instance_id,
               detail={"result": result, "message": run.message})  # fmt: skip


def clean(found: Work) -> None:
    """Remove the parts, which hold customers' data and which nobody needs once the run has ended."""
    for stage in found.door.stages.filter(run_id=found.run_id):
        shutil.rmtree(found.stage_folder(stage.entity), ignore_errors=True)


def tell(found: Work) -> None:
    """Send the result by e-mail to the people of the instance, unless they chose not to be told such a one."""
    run, chosen = found.run, found.instance.settings.get("result_mail", "all")
    if chosen == "none" or (chosen == "errors" and run.result == RunState.COMPLETED):
        return
    stages = found.door.stages.filter(run_id=run.pk).order_by("position")
    lines = [
        run.message,
        "",
        f"Instance: {found.instance.name}    Run: {run.number}    Started by: {run.started_by}",
        "",
        f"{'Object':<24}{'read':>9}{'created':>9}{'updated':>9}{'unchanged':>11}{'rejected':>9}{'parked':>9}",
        *(
            f"{s.entity:<24}{s.read:>9}{s.written_created:>9}{s.written_updated:>9}{s.unchanged:>11}{s.rejected:>9}"
            f"{s.parked:>9}"
            for s in stages
        ),
        "",
        *(f"{cause.count} x {cause.entity} {cause.code}: {cause.mend}" for cause in causes(found.door, run.pk)),
        *([f"Full report in Salesforce: {run.report_url}"] if run.report_url else []),
        *(
            f"Bulk job with refused rows: {job['link']}"
            for job in jobs(found.door, found.instance, run)
            if job["failed"]
        ),
        f"All of it: salesbridge load status {found.instance.name} --run {run.number}",
    ]
    subject = f"Salesbridge: {found.instance.name}: run {run.number} {run.result}"
    mail.send(f"run-{run.pk}", subject, "\n".join(lines), list(found.instance.notify_emails))
