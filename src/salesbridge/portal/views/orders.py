"""Orders of an instance: where each stands, who is to act, how it came there; having one looked at again."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from salesbridge.engine.sales.control import look_again
from salesbridge.engine.sales.standing import action, late
from salesbridge.portal import orders
from salesbridge.portal.access import instance_page
from salesbridge.portal.acting import audited
from salesbridge.portal.areas import Area, Entry, at_instance
from salesbridge.portal.life_picture import life_cycle
from salesbridge.portal.roles import Role
from salesbridge.portal.standing import SALE_STATES
from salesbridge.store.door import Door
from salesbridge.store.models import Instance, Sale
from salesbridge.store.sales import sales_of, timeline
from salesbridge.sync.sale_life import Owner, SaleState

_A_PAGE = 50
#: Steps of an order that its page shows at first: the last ones.
_SHOWN = 200
_WHICH = [(orders.OPEN, "Open"), (orders.LATE, "Late"), (orders.CLOSED, "Closed"), (orders.ALL, "All")]


class Filters(forms.Form):
    """What to look for."""

    text = forms.CharField(required=False, label="Order, account or number", widget=forms.TextInput({"type": "search"}))
    state = forms.ChoiceField(
        required=False, label="State", choices=[("", "Any"), *((name, SALE_STATES[name].label) for name in SaleState)]
    )
    which = forms.ChoiceField(required=False, label="Which", choices=_WHICH)


@instance_page(Role.VIEWER)
def page(request: HttpRequest, door: Door, instance: Instance) -> HttpResponse:
    """The orders, late ones first, below how many stand where."""
    now, form = datetime.now(UTC), Filters(request.GET)
    told = form.cleaned_data if form.is_valid() else {}
    rows = orders.chosen(
        sales_of(door, instance.pk), now,
        text=told.get("text", "").strip(), state=told.get("state", ""), which=told.get("which", orders.OPEN),
    )  # fmt: skip
    found = Paginator(rows, _A_PAGE).get_page(request.GET.get("page"))
    shown = {
        "form": form, "page": found, "lines": [_line(sale, now) for sale in found],
        "standings": orders.by_state(door, instance, now), "chosen": told.get("state", ""),
        "in_billing": orders.in_billing(request.tenant), "filtered": any(request.GET.values()),  # type: ignore[attr-defined]
        "any": bool(found) or sales_of(door, instance.pk).exists(),
    }  # fmt: skip
    return render(request, "portal/orders/list.html", shown)


def _line(sale: Sale, now: datetime) -> dict[str, Any]:
    return {"sale": sale, "state": SALE_STATES[SaleState(sale.state)], "late": late(sale, now)}


@instance_page(Role.VIEWER)
def one(request: HttpRequest, door: Door, instance: Instance, sale: uuid.UUID) -> HttpResponse:
    """One order: its life cycle with where it stands, what to do, and every step that led there."""
    found, now = _find(door, instance, sale), datetime.now(UTC)
    steps = timeline(door, found)
    last = steps if request.GET.get("all") else steps[-_SHOWN:]
    shown = {
        **_line(found, now), "action": action(found), "picture": _picture(found, steps),
        "happenings": orders.happenings(last), "hidden": len(steps) - len(last), "total": len(steps),
        "urgent": found.owner == Owner.PERSON or late(found, now),
        "in_billing": orders.in_billing(request.tenant), "problem": orders.problem_of(door, found),  # type: ignore[attr-defined]
    }  # fmt: skip
    return render(request, "portal/orders/show.html", shown)


def _picture(sale: Sale, steps: list[Any]) -> str:
    return life_cycle(SaleState(sale.state), orders.entered(sale, steps))


def _find(door: Door, instance: Instance, sale: uuid.UUID) -> Sale:
    found = sales_of(door, instance.pk).filter(pk=sale).first()
    if found is None:
        raise Http404
    return found


@instance_page(Role.OPERATOR)
@require_POST
def look(request: HttpRequest, door: Door, instance: Instance, sale: uuid.UUID) -> HttpResponse:
    """Look at an order again, and try again what was refused."""
    found = _find(door, instance, sale)
    detail = {"sale": str(found.pk), "order": found.order_number or found.order_id}
    with audited(request, door, "sale:retried", found.label, detail) as who:
        look_again(door, found, who, datetime.now(UTC))
    messages.success(request, "The order is looked at again; what that leads to appears in its timeline.")
    return redirect("order", tenant=door.tenant_id, instance=instance.pk, sale=found.pk)


AREA = Area(
    urls=[
        at_instance("orders/", page, "orders"),
        at_instance("orders/<uuid:sale>/", one, "order"),
        at_instance("orders/<uuid:sale>/look/", look, "look_at_order"),
    ],
    tabs=[Entry("Orders", "orders", order=45, also=("order",))],
)
