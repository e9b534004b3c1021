"""Initial Data Synchronisation of an instance: the outage window, Start Migration, progress, results, going live."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from salesbridge.billing import BillingError
from salesbridge.engine import connections, prepare
from salesbridge.engine.load import control
from salesbridge.engine.load.report import HEADER, report_rows
from salesbridge.portal import asking, load_page, looks, mailing, tabular
from salesbridge.portal.access import instance_page, person
from salesbridge.portal.acting import audited
from salesbridge.portal.areas import Area, Entry, at_instance
from salesbridge.portal.roles import Role
from salesbridge.portal.standing import run_state
from salesbridge.salesforce import SalesforceError
from salesbridge.store.door import Door
from salesbridge.store.journal import record
from salesbridge.store.models import Inspection, Instance, Run
from salesbridge.store.runs import RunActive
from salesbridge.sync.life import TransitionError

START_WORD = "MIGRATE"
_A_PAGE = 15


def _back(instance: Instance, anchor: str = "") -> HttpResponse:
    answer = redirect("initial", tenant=instance.tenant_id, instance=instance.pk)
    answer["Location"] += anchor
    return answer


def _to_run(run: Run) -> HttpResponse:
    return redirect("run", tenant=run.tenant_id, instance=run.instance_id, run=run.number)


def _run(door: Door, instance: Instance, number: int) -> Run:
    found = door.runs.filter(instance=instance, number=number).first()
    if found is None:
        raise Http404
    return found


@instance_page(Role.VIEWER)
def page(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """The page: what to do next, and the history of every run."""
    runs = Paginator(door.runs.filter(instance=instance).order_by("-number").defer("plan"), _A_PAGE)
    history = runs.get_page(request.GET.get("page"))
    active = door.runs.filter(instance=instance, finished_at=None).first()
    shown = {
        **load_page.standing(door, instance), "word": START_WORD, "history": history,
        "runs": [(each, run_state(each.state)) for each in history],
        "progress": load_page.progress(door, active) if active else None,
        "mail": mailing.MailForm(initial=mailing.known(instance)),
    }  # fmt: skip
    return render(request, "portal/initial/page.html", shown)


@instance_page(Role.VIEWER)
def looking(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """The part of the page that changes while something is being checked."""
    if not request.htmx:  # type: ignore[attr-defined]
        return _back(instance)
    shown = {**load_page.standing(door, instance), "word": START_WORD}
    return render(request, "portal/initial/_next.html", shown)


@instance_page(Role.OPERATOR)
@require_POST
def check(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Check what a run would begin with; nothing is written."""
    asking.begin(request, door, instance, Inspection.Kind.BEFORE_LOAD, looks.before_load)
    return _back(instance, "#next")


@instance_page(Role.OPERATOR)
@require_POST
def switch(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Switch, for the outage window or after it: whether triggers pass us over, or whether billing publishes events."""
    what, to = request.POST.get("what", ""), request.POST.get("to", "")
    if what not in {"bypass", "publishing"} or to not in {"on", "off"}:
        raise Http404
    try:
        said = _switched(door, instance, what, on=to == "on")
    except (SalesforceError, BillingError) as error:
        messages.error(request, f"{error.message} {error.mend}")
    else:
        with audited(request, door, f"{what}:switched", instance.name, {"to": to}) as who:
            record(door, f"{what}:switched", actor=who, subject=to, instance_id=instance.pk)
        messages.success(request, said)
        asking.begin(request, door, instance, Inspection.Kind.BEFORE_LOAD, looks.before_load)
    return _back(instance, "#next")


def _switched(door: Door, instance: Instance, what: str, *, on: bool) -> str:
    if what == "bypass":
        prepare.bypass(connections.salesforce(door, instance), on=on)
        return (
            "The connector's triggers pass over what it writes." if on else "The triggers tell of every change again."
        )
    connections.billing(door, door.tenant).set_publishing(on)
    return f"Event publishing of {door.tenant.name} is {'on' if on else 'off'}."


@instance_page(Role.OPERATOR)
def start(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Start Migration, once somebody has said that both systems are closed, and typed the word."""
    shown: dict[str, Any] = {"word": START_WORD, "worker": load_page.worker_lives(), "said": request.POST}
    if request.method == "POST":
        shown["refused"] = _why_not(request)
        if not shown["refused"]:
            try:
                return _to_run(_started(request, door, instance))
            except RunActive as error:
                shown["refused"] = str(error)
            except TransitionError:
                shown["refused"] = "The instance is being kept in step: pause it first."
    return render(request, "portal/initial/start.html", shown)


def _why_not(request: HttpRequest) -> str:
    if request.POST.get("outage") != "on":
        return "Confirm first that both systems are closed for changes."
    if request.POST.get("word", "").strip() != START_WORD:
        return f"Type {START_WORD} to proceed."
    return ""


def _started(request: HttpRequest, door: Door, instance: Instance) -> Run:
    choices = control.Choices(outage_acknowledged=True, accept_triggers=request.POST.get("accept_triggers") == "on")
    detail: dict[str, Any] = {"accept_triggers": choices.accept_triggers}
    with audited(request, door, "run:started", instance.name, detail) as who:
        run = control.start(door, instance, choices, started_by=who)
        detail["run"] = run.number
    return run


@instance_page(Role.VIEWER)
def run_page(request: HttpRequest, door: Door, instance: Instance, run: int) -> HttpResponse:
    """One run: how far it is, or how it ended."""
    found = _run(door, instance, run)
    shown: dict[str, Any] = {"run": found, "run_state": run_state(found.state)}
    if control.ended(found):
        shown |= load_page.result(door, instance, found) | {"loaded": load_page.is_loaded(found)}
    else:
        shown |= {"progress": load_page.progress(door, found), "worker": load_page.worker_lives()}
    return render(request, "portal/initial/run.html", shown)


@instance_page(Role.VIEWER)
def run_progress(request: HttpRequest, door: Door, instance: Instance, run: int) -> HttpResponse:
    """How far a run is; the page is loaded anew once it has ended."""
    found = _run(door, instance, run)
    if not request.htmx:  # type: ignore[attr-defined]
        return _to_run(found)
    shown = {"progress": load_page.progress(door, found), "worker": load_page.worker_lives(), "run": found}
    answer = render(request, "portal/initial/_progress.html", shown)
    if control.ended(found):
        answer["HX-Refresh"] = "true"
    return answer


@instance_page(Role.OPERATOR)
def cancel(request: HttpRequest, door: Door, instance: Instance, run: int) -> HttpResponse:
    """Ask a run to stop at its next step."""
    found = _run(door, instance, run)
    if request.method != "POST":
        return render(request, "portal/initial/cancel.html", {"run": found, "ended": control.ended(found)})
    with audited(request, door, "run:cancelled", instance.name, {"run": found.number}) as who:
        asked = control.cancel(door, found, by=who)
    if asked:
        messages.success(request, f"Run {found.number} stops at its next step. What was written stays written.")
    else:
        messages.info(request, f"Run {found.number} has ended already.")
    return _to_run(found)


@instance_page(Role.VIEWER)
def report(request: HttpRequest, door: Door, instance: Instance, run: int) -> HttpResponseBase:  # noqa: ARG001 - as every view
    """Every record that did not arrive, as a table for a spreadsheet."""
    found = _run(door, instance, run)
    rows = report_rows(door.row_errors.filter(run_id=found.pk))
    return tabular.download(tabular.lines(HEADER, rows), f"run-{found.number}-report")


@instance_page(Role.ADMINISTRATOR)
def mail(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Choose which results are sent by e-mail, and to whom."""
    form = mailing.MailForm(request.POST or None, initial=mailing.known(instance))
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        with audited(request, door, "instance:changed", instance.name, dict(chosen)) as who:
            mailing.keep(door, instance, told=chosen["told"], to=chosen["to"], by=who)
        messages.success(request, "Saved. It holds from the next result on.")
        return _back(instance, "#mail")
    return render(request, "portal/initial/mail.html", {"mail": form})


@instance_page(Role.OPERATOR)
def go_live(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """Go live, once somebody has said that triggers and event publishing are on again; it is checked all the same."""
    if request.method != "POST" or request.POST.get("switched_on") != "on":
        refused = request.method == "POST"
        return render(request, "portal/initial/go_live.html", {"refused": refused})
    asked = (Inspection.Kind.GO_LIVE, looks.going_live(person(request).email), "live:started")
    asking.begin_audited(request, door, instance, asked)
    return _back(instance, "#next")


AREA = Area(
    urls=[
        at_instance("initial/", page, "initial"),
        at_instance("initial/looking/", looking, "initial_looking"),
        at_instance("initial/check/", check, "check_load"),
        at_instance("initial/switch/", switch, "switch"),
        at_instance("initial/start/", start, "start"),
        at_instance("initial/mail/", mail, "result_mail"),
        at_instance("initial/go-live/", go_live, "go_live"),
        at_instance("initial/<int:run>/", run_page, "run"),
        at_instance("initial/<int:run>/progress/", run_progress, "run_progress"),
        at_instance("initial/<int:run>/cancel/", cancel, "cancel_run"),
        at_instance("initial/<int:run>/report.csv", report, "run_export"),
    ],
    tabs=[
        Entry(
            "Initial Data Synchronisation", "initial", order=30,
            also=("start", "result_mail", "go_live", "run", "cancel_run"),
        )
    ],
)  # fmt: skip
