"""No page asks the database more often than a page may, nor the more often the more there is to show."""

from __future__ import annotations

import uuid
from copy import copy
from itertools import count

import pytest
from django.apps import apps
from django.db import DataError, IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from people_world import PASSWORD
from portal_urls import addresses
from portal_world import make_world

from salesbridge.portal.models import Membership, User
from salesbridge.store.models import ApiClient

MOST = 28
#: Of these there is one for each instance, tenant or person.
SINGLE = {
    "Tenant",
    "Organisation",
    "Live",
    "Audit",
    "AuditHead",
    "User",
    "Secret",
    "Session",
    "UserSession",
    "Invitation",
}
#: Of these there are as many as objects in the data model, secrets that are accepted, or processes that work.
FEW = {"Stage", "ClientSecret", "ApiPolicy", "Lease"}
UNIQUE_TEXT = ("key", "record", "name", "fingerprint", "event_id", "code", "salesforce_id", "billing_key", "digest")


@pytest.fixture
def world(db):
    return make_world("Kowhai")


@pytest.fixture
def client(sign_in, world):
    found = sign_in(world.person())
    found.get("/")
    found.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return found


def counted(client, world):
    """How many queries each page takes; the sign-in's own pages and acts are left out."""
    found = {}
    for each in addresses():
        if each.declared.kind == "public" or each.name.startswith(("account_", "mfa_", "socialaccount_")):
            continue
        path = each.at(world.subjects)
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(path)
            if answer.streaming:
                list(answer.streaming_content)
        if answer.status_code == 200:
            found[each.name] = [query["sql"] for query in asked]
    return found


def ten_times(world):
    """Nine copies of every row that an organisation may have many of; how many were made of each table."""
    many = [model for model in apps.get_app_config("store").get_models() if hasattr(model, "tenant_id")]
    for _ in range(9):
        joined = User.objects.create_user(f"{uuid.uuid4()}@example.com")
        Membership.objects.create(user=joined, organisation=world.organisation, role="viewer")
    some = [model for model in many if model.__name__ not in SINGLE and world.door.rows(model).exists()]
    return {model.__name__: copied(model, world.door) for model in some}


def copied(model, door):
    """Nine copies of each row of a table; how many were made."""
    rows, before = list(door.rows(model).all()[:60]), door.rows(model).count()
    numbers = count(1 + (door.rows(model).aggregate(n=models.Max("number"))["n"] or 0)) if _numbered(model) else None
    copies = [copy_of(row, numbers) for row in rows for _ in range(9)]
    try:
        with transaction.atomic():
            models.QuerySet(model).bulk_create(copies, ignore_conflicts=True)
    except (IntegrityError, DataError):
        return 0
    return door.rows(model).count() - before


def _numbered(model):
    return any(field.name == "number" for field in model._meta.fields)


def copy_of(row, numbers):
    """A copy of a row that differs in what must be unique."""
    made = copy(row)
    if not isinstance(made._meta.pk, models.CompositePrimaryKey):
        made.pk = uuid.uuid4() if isinstance(made._meta.pk, models.UUIDField) else None
    if isinstance(made, ApiClient):
        made.client_id = uuid.uuid4().hex
    if numbers is not None:
        made.number = next(numbers)
    for field in made._meta.fields:
        if field.name in UNIQUE_TEXT and isinstance(field, models.CharField | models.TextField):
            setattr(made, field.name, uuid.uuid4().hex[: min(field.max_length or 32, 32)])
    return made


def test_no_page_takes_more_than_a_bounded_number_of_queries(client, world):
    client.get(reverse("instance", kwargs={"tenant": world.door.tenant_id, "instance": world.instance.pk}))
    # the hours that are over are counted now, once in an hour
    first = counted(client, world)
    assert len(first) > 30
    assert {name: len(asked) for name, asked in first.items() if len(asked) > MOST} == {}
    made = ten_times(world)
    assert sum(made.values()) > 1000
    assert {name for name, number in made.items() if number < 9} <= FEW
    again = counted(client, world)
    grown = {name: (len(asked), len(again[name])) for name, asked in first.items() if len(again[name]) > len(asked)}
    assert grown == {}
