# ruff: noqa: ARG005 - the lambdas of a table have one shape

from __future__ import annotations

import uuid

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salesbridge.store.door import Door
from salesbridge.store.models import (
    Activity,
    ApiCall,
    ApiClient,
    ApiPolicy,
    Change,
    ClientSecret,
    Closed,
    Conflict,
    CredentialOperation,
    FormerLink,
    HeardEvent,
    Inspection,
    Instance,
    Lease,
    Link,
    Live,
    OutsideTheDoor,
    Owned,
    Parked,
    Part,
    Problem,
    Reconciliation,
    RevokedToken,
    RowError,
    Run,
    Sale,
    SaleStep,
    Secret,
    Stage,
    Surfaced,
    Tenant,
)
from salesbridge.store.runs import begin_run

MODELS = [model for model in apps.get_app_config("store").get_models() if issubclass(model, Owned)]
CLOSED = [model for model in apps.get_app_config("store").get_models() if issubclass(model, Closed)]
CHANGES = {
    Instance: {"name": "changed"},
    Run: {"state": "changed"},
    Stage: {"state": "changed"},
    Part: {"state": "changed"},
    RowError: {"code": "changed"},
    Problem: {"title": "changed"},
    Activity: {"actor": "changed"},
    Secret: {"key_id": "changed"},
    Inspection: {"step": "changed"},
    Link: {"salesforce_id": "changed"},
    Live: {"state": "changed"},
    Lease: {"owner": "changed"},
    Change: {"reason": "changed"},
    Parked: {"code": "changed"},
    Conflict: {"lost": "changed"},
    HeardEvent: {"type": "changed"},
    Surfaced: {"state": "changed"},
    Reconciliation: {"state": "changed"},
    Sale: {"reason": "changed"},
    SaleStep: {"message": "changed"},
    ApiClient: {"name": "changed"},
    ClientSecret: {"state": "changed"},
    RevokedToken: {"jti": "changed"},
    ApiPolicy: {"calls_per_second": 7},
    ApiCall: {"path": "changed"},
    FormerLink: {"salesforce_id": "changed"},
    CredentialOperation: {"message": "changed"},
}
ids = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)


def contents(door):
    """Every column of every row of a tenant, read around the door."""
    with connection.cursor() as cursor:
        found = {}
        for model in MODELS:
            cursor.execute(
                f"SELECT t::text FROM {model._meta.db_table} t WHERE tenant_id = %s ORDER BY 1", [door.tenant_id]
            )
            found[model.__name__] = cursor.fetchall()
        return found


READS = {
    "all": lambda rows, other: list(rows.all()),
    "get": lambda rows, other: list(rows.filter(pk=other.pk)),
    "count": lambda rows, other: [None] * rows.filter(pk=other.pk).count(),
    "exists": lambda rows, other: [None] * rows.filter(pk=other.pk).exists(),
    "values": lambda rows, other: list(rows.filter(tenant_id=other.tenant_id).values()),
    "exclude": lambda rows, other: list(rows.exclude(tenant_id=uuid.uuid4())),
    "iterator": lambda rows, other: list(rows.iterator()),
    "latest": lambda rows, other: list(rows.order_by("-pk")[:50]),
    "lock": lambda rows, other: list(rows.select_for_update().filter(pk=other.pk)),
}
WRITES = {
    "update": lambda rows, other, change: rows.update(**change),
    "update one": lambda rows, other, change: rows.filter(pk=other.pk).update(**change),
    "update of the tenant": lambda rows, other, change: rows.filter(tenant_id=other.tenant_id).update(**change),
    "delete": lambda rows, other, change: rows.filter(pk=other.pk).delete(),
    "delete all": lambda rows, other, change: rows.all().delete(),
    "save": lambda rows, other, change: rows.new(**{**values_of(other), **change}).save(),
    "take over": lambda rows, other, change: rows.bulk_create([other]),
    "bulk update": lambda rows, other, change: rows.bulk_update([moved(other, rows)], [*change]),
    "create a copy": lambda rows, other, change: rows.create(**values_of(other)),
    "merge": lambda rows, other, change: rows.bulk_create(
        [rows.new(**{**values_of(other), **change})],
        update_conflicts=True, update_fields=[*change], unique_fields=["pk"],
    ),
    "get or create": lambda rows, other, change: rows.get_or_create(pk=other.pk, defaults=values_of(other)),
    "update or create": lambda rows, other, change: rows.update_or_create(pk=other.pk, defaults=change),
}  # fmt: skip
REFUSALS = (OutsideTheDoor, IntegrityError, ValueError)


def values_of(row):
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname not in {"tenant_id", "pk"}
    }


def moved(row, rows):
    row.tenant_id = rows.tenant_id
    return row


# the examples share one database transaction: each rolls back what it did
several = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_every_table_of_tenants_is_covered(world):
    assert set(world[1]) == set(MODELS) == set(CHANGES)


@several
@given(model=st.sampled_from(MODELS), read=st.sampled_from(sorted(READS)))
def test_rows_of_a_tenant_are_never_seen_through_anothers_door(world, strangers_world, model, read):
    (door, rows), (stranger, _) = world, strangers_world
    found = READS[read](stranger.rows(model), rows[model])
    seen = {getattr(row, "tenant_id", None) if isinstance(row, Owned) else row["tenant_id"] for row in found}
    assert door.tenant_id not in seen
    assert read == "all" or not any(row == rows[model] for row in found)


@several
@given(model=st.sampled_from(MODELS), write=st.sampled_from(sorted(WRITES)))
def test_rows_of_a_tenant_are_never_changed_through_anothers_door(world, strangers_world, model, write):
    (door, rows), (stranger, _) = world, strangers_world
    before, tenant_id = contents(door), rows[model].tenant_id
    point = transaction.savepoint()
    try:
        with transaction.atomic():
            WRITES[write](stranger.rows(model), rows[model], CHANGES[model])
    except REFUSALS:
        pass
    finally:
        after = contents(door)
        transaction.savepoint_rollback(point)
        rows[model].tenant_id = tenant_id
        rows[model].entered_for = tenant_id
    assert after == before


@ids
def test_a_door_shows_changes_and_deletes_its_own_rows(world, strangers_world, model):
    (door, rows), (stranger, _) = world, strangers_world
    assert door.rows(model).get() == rows[model]
    if model not in {Activity, SaleStep}:  # written once
        assert door.rows(model).update(**CHANGES[model]) == 1
        door.rows(model).get().delete()
        assert (door.rows(model).count(), stranger.rows(model).count()) == (0, 1)


@pytest.mark.parametrize("model", CLOSED, ids=lambda model: model.__name__)
def test_the_default_manager_opens_for_nobody(model):
    for act in ("all", "count", "first", "create", "get_queryset"):
        with pytest.raises(OutsideTheDoor, match="Door"):
            getattr(model.objects, act)()
    with pytest.raises(OutsideTheDoor):
        model.objects.filter(pk=uuid.uuid4())


def test_reverse_accessors_open_for_nobody(world):
    instance, run = world[1][Instance], world[1][Run]
    for manager in (instance.run_set, instance.link_set, instance.secret_set, run.stage_set, run.rowerror_set):
        with pytest.raises(OutsideTheDoor):
            manager.all()


@ids
def test_a_row_made_without_a_door_is_not_saved_or_deleted(world, model):
    door, rows = world
    forged = model(tenant_id=door.tenant_id, **values_of(rows[model]))
    for act in (forged.save, forged.delete):
        with pytest.raises(OutsideTheDoor, match="not made by a door"):
            act()


@ids
def test_a_row_never_changes_hands(world, strangers_world, model):
    (door, _), (stranger, _) = world, strangers_world
    row = door.rows(model).get()
    row.tenant_id = stranger.tenant_id
    with pytest.raises(OutsideTheDoor):
        row.save()
    with pytest.raises(OutsideTheDoor, match="never changes hands"):
        door.rows(model).update(tenant_id=stranger.tenant_id)


@pytest.mark.parametrize(
    ("table", "column", "model"),
    [
        ("store_secret", "instance_id", Instance), ("store_run", "instance_id", Instance),
        ("store_stage", "run_id", Run), ("store_part", "stage_id", Stage),
        ("store_problem", "instance_id", Instance), ("store_problem", "run_id", Run),
        ("store_live", "instance_id", Instance), ("store_lease", "instance_id", Instance),
        ("store_parked", "instance_id", Instance), ("store_conflict", "instance_id", Instance),
        ("store_reconciliation", "instance_id", Instance),
    ],
)  # fmt: skip
def test_not_even_sql_points_at_another_tenants_row(world, strangers_world, table, column, model):
    (door, _), (stranger, _) = world, strangers_world
    org, other_org = (stranger.instances.create(name=name, login_url="http://127.0.0.1:9") for name in "ab")
    run = begin_run(stranger, org.pk, state="running", started_by="Eve")
    stage = stranger.stages.create(run=run, position=0, entity="Contact", state="new")
    childless = {Instance: other_org, Run: run, Stage: stage}
    if model is Run:
        stage.delete()
    statement = f"UPDATE {table} SET {column} = %s WHERE tenant_id = %s"
    with pytest.raises(IntegrityError, match="of_same_tenant"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [childless[model].pk, door.tenant_id])


def test_links_and_row_errors_cannot_point_at_another_tenants_rows(world, strangers_world):
    (door, rows), (_, others) = world, strangers_world
    link = {"entity": "Account", "billing_key": "A2", "salesforce_id": "001000000000002AAA"}
    error = {"entity": "Account", "key": "A2", "code": "BAD", "run": rows[Run]}
    for make in (
        lambda: door.rows(Link).create(instance_id=others[Instance].pk, **link),
        lambda: door.row_errors.create(stage_id=others[Stage].pk, **error),
        lambda: door.rows(Link).update(instance=others[Instance]),
        lambda: door.row_errors.update(stage_id=others[Stage].pk),
        lambda: door.row_errors.bulk_update([door.row_errors.get()], ["stage"]),
        lambda: door.row_errors.bulk_create([RowError(stage_id=others[Stage].pk, **error)]),
        lambda: door.parts.bulk_create([Part(stage=others[Stage], number=2, state="new")]),
        lambda: door.stages.update(run=others[Run]),
        lambda: door.stages.create(run=others[Run], position=1, entity="Contact", state="new"),
    ):
        with pytest.raises(OutsideTheDoor):
            make()


def test_the_operator_sees_all_tenants_but_makes_no_rows_of_theirs(world, strangers_world):
    operator = Door.operator(reason="test")
    assert {row.tenant_id for row in operator.runs} == {world[0].tenant_id, strangers_world[0].tenant_id}
    assert operator.tenants.count() == 2
    with pytest.raises(OutsideTheDoor, match="operator"):
        operator.instances.create(name="x", login_url="http://127.0.0.1:9")


def test_the_operator_may_finish_the_work_of_a_dead_worker(world):
    run = Door.operator(reason="recover work of dead workers").runs.get()
    run.state = "failed"
    run.save()
    assert world[0].runs.get().state == "failed"


def test_the_operator_keeps_the_list_of_workers(db):
    workers = Door.operator(reason="test").workers
    workers.create(executor_id="w1", host="here", pid=1)
    assert workers.get().heartbeat_at.tzinfo is not None


def test_a_door_knows_its_tenant(new_door):
    assert new_door(name="Acme").tenant.name == "Acme"
    with pytest.raises(Tenant.DoesNotExist):
        _ = Door(uuid.uuid4()).tenant


def test_deleting_a_tenant_deletes_its_rows_but_not_its_history(world, strangers_world):
    (door, _), (stranger, _) = world, strangers_world
    before = contents(stranger)
    door.tenant.delete()
    left = {name for name, rows in contents(door).items() if rows}
    assert left == {"Activity", "ApiCall"}
    assert contents(stranger) == before


def test_a_clone_of_a_clone_still_stamps(new_door):
    door = new_door()
    made = door.instances.filter(name="x").order_by("name").create(name="x", login_url="http://127.0.0.1:9")
    assert (made.tenant_id, QuerySet(Instance).get(pk=made.pk).tenant_id) == (door.tenant_id,) * 2


def test_a_door_takes_the_tenants_id_as_text_too(door):
    assert Door(str(door.tenant_id)) == door


def test_sql_of_others_is_refused(door):
    with pytest.raises(OutsideTheDoor, match="SQL of your own"):
        door.runs.raw("SELECT * FROM store_run")


def test_a_door_stamps_no_row_that_names_another_tenant(door, new_door):
    named = {"tenant_id": new_door().tenant_id, "name": "x", "login_url": "http://127.0.0.1:9"}
    for make in (
        lambda: door.instances.create(**named),
        lambda: door.instances.bulk_create([Instance(**named)]),
        lambda: door.instances.get_or_create(**named),
        lambda: door.instances.update_or_create(name="x", defaults=named),
    ):
        with pytest.raises(OutsideTheDoor):
            make()


def test_many_rows_are_made_at_once(door):
    made = door.instances.bulk_create(Instance(name=n, login_url="http://127.0.0.1:9") for n in "abc")
    assert {row.tenant_id for row in made} == {door.tenant_id}
    for row in made:
        row.org_id = "00D"
    assert door.instances.bulk_update(made, ["org_id"]) == 3
    assert door.instances.filter(org_id="00D").count() == 3
