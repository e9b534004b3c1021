"""One part's bulk job: create, upload, close and wait, each a step that may run twice."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

from salesbridge.engine.load.context import LoadStopped, Work
from salesbridge.model import EXTERNAL_ID
from salesbridge.salesforce import SalesforceError
from salesbridge.salesforce.bulk import Bulk, Job
from salesbridge.store.models import Part

#: Longest and shortest pause between two looks at a job.
_POLL_S = 4.0
_SHORTEST_S = 0.1
_GONE = frozenset({"NOT_FOUND", "ENTITY_IS_DELETED", "INVALID_JOB"})


def create(work: Work, part: Part) -> None:
    """Create the part's job. A repeat after a crash leaves at worst an empty open job in Salesforce."""
    if part.job_id:
        return
    external_id = EXTERNAL_ID if part.operation == "upsert" else None
    job = Bulk(work.salesforce).create(part.stage.entity, part.operation, external_id)  # type: ignore[arg-type]
    part.job_id, part.job_state, part.state = job.id, job.state, "created"
    part.save(update_fields=["job_id", "job_state", "state"])


def upload(work: Work, part: Part) -> None:
    """Upload the part's file.

    A job takes one upload only. When an earlier attempt may or may not have uploaded, its job is aborted and a new one
    created: nothing has been processed before the job is closed.
    """
    if part.state == "uploading":
        _start_over(work, part)
    path = Path(part.path)
    if not path.exists():
        raise LoadStopped(
            f"The prepared file {path.name} is not on this machine.",
            "Let all workers share one work folder (SALESBRIDGE_WORKDIR), then start the load again.",
            "WORK_FOLDER_NOT_SHARED",
        )
    part.state = "uploading"
    part.save(update_fields=["state"])
    Bulk(work.salesforce).upload(part.job_id, path)
    part.state = "uploaded"
    part.save(update_fields=["state"])


def _start_over(work: Work, part: Part) -> None:
    abort(work, part)
    part.job_id = ""
    create(work, part)


def close(work: Work, part: Part) -> None:
    """Tell Salesforce that the upload is complete; harmless when it knows already."""
    bulk = Bulk(work.salesforce)
    if bulk.info(part.job_id).state == "Open":
        bulk.close(part.job_id)
    part.state = "sent"
    part.save(update_fields=["state"])


def wait(work: Work, part: Part) -> Job:
    """Wait until the job has ended, noting progress; raises LoadCancelled when somebody asks to stop."""
    bulk, began = Bulk(work.salesforce), time.monotonic()
    while True:
        job = bulk.info(part.job_id)
        note(part, job)
        if job.done:
            return job
        work.stop_if_cancelled()
        time.sleep(pause(time.monotonic() - began, job.processed, part.rows))


def pause(waited: float, processed: int, rows: int) -> float:
    """Seconds until the next look at a job: until it should have ended, going by its pace so far.

    A look is an API call, so while the pace is unknown there is one more for each quarter of the time waited, and near
    the expected end one for each sixteenth, which is the most that is lost there.

    Args:
        waited: Seconds since the first look.
        processed: Records that Salesforce has processed.
        rows: Records of the job.
    """
    expected = waited * (rows - processed) / processed if processed else waited / 4
    return min(max(expected, waited / 16, _SHORTEST_S), _POLL_S)


def note(part: Part, job: Job) -> None:
    """Note how far Salesforce is."""
    part.job_state, part.processed, part.failed = job.state, job.processed, job.failed
    part.save(update_fields=["job_state", "processed", "failed"])


def abort(work: Work, part: Part) -> None:
    """Abort the part's job, if there is one that can still be aborted."""
    if not part.job_id:
        return
    bulk = Bulk(work.salesforce)
    try:
        if not bulk.info(part.job_id).done:
            note(part, bulk.abort(part.job_id))
    except SalesforceError as error:
        if error.kind != "permanent" and error.code not in _GONE:
            raise


def part_of(work: Work, part_id: str) -> Part:
    """The row of a part, with its stage."""
    return work.door.parts.select_related("stage").get(pk=uuid.UUID(part_id))
