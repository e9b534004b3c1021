"""What holds while the database is away."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError
from edge_server import credential

from salesbridge.edge import watch as edge_watch
from salesbridge.edge.gateway import calls as edge_calls
from salesbridge.edge.gateway.calls import Call, Calls
from salesbridge.edge.oauth import endpoints
from salesbridge.edge.rows import lent
from salesbridge.edge.watch import GRACE_S, NotReadyError, Watch
from salesbridge.engine.credentials import authenticate, signing, tokens
from salesbridge.engine.credentials.tokens import Place
from salesbridge.engine.credentials.watch import prune
from salesbridge.store.models import ApiCall

PLACE = Place("https://edge.example", "https://edge.example/api")


def away(*_args, **_kwargs):
    raise OperationalError("away")


def a_call(door, instance, number=0):
    return Call(
        door.tenant_id, instance.pk, "sbc_x", datetime.now(UTC), f"r{number}", "0" * 32, "GET", "/accounts", 200,
        "passed", 0, 1, 2,
    )  # fmt: skip


def test_calls_wait_for_the_database_and_are_written_when_it_is_back(transactional_db, door, instance, monkeypatch):
    calls = Calls()
    for number in range(3):
        calls.put(a_call(door, instance, number))
    with monkeypatch.context() as patch:
        patch.setattr(edge_calls, "_write", away)
        assert asyncio.run(calls.flush()) is False
    assert asyncio.run(calls.flush()) is True
    assert list(door.rows(ApiCall).order_by("id").values_list("request_id", flat=True)) == ["r0", "r1", "r2"]


def test_what_no_longer_fits_is_counted_and_told(transactional_db, door, instance):
    calls = Calls(waiting=2)
    for number in range(5):
        calls.put(a_call(door, instance, number))
    asyncio.run(calls.flush())

    assert door.rows(ApiCall).count() == 2
    assert door.activities.get(tag="calls:not_recorded").detail == {"calls": 3}


def test_calls_of_a_tenants_instance_that_is_gone_are_dropped_and_the_others_written(transactional_db, door, instance):
    gone = door.instances.create(name="Gone", login_url="http://127.0.0.1:9")
    calls = Calls()
    calls.put(a_call(door, gone))
    calls.put(a_call(door, instance))
    gone.delete()
    assert asyncio.run(calls.flush()) is True
    assert door.rows(ApiCall).count() == 1


def test_issued_tokens_are_judged_by_what_was_seen_last_for_a_while_and_then_not_at_all(
    transactional_db, door, monkeypatch
):
    issued, now = credential(door), datetime.now(UTC)
    seconds = [0.0]
    watch = Watch(PLACE, lambda: seconds[0])

    async def story():
        await watch.refresh()
        text, token = tokens.mint(watch.signer, PLACE, grant, ["billing.read"], 900)
        monkeypatch.setattr(edge_watch.watch, "look", away)
        seconds[0] = GRACE_S - 1
        assert (await watch.judge(text)) == token
        seconds[0] = GRACE_S + 1
        with pytest.raises(NotReadyError):
            await watch.judge(text)

    grant = authenticate(issued.client.client_id, issued.secret)
    signing.tend(now)
    asyncio.run(story())


def test_a_process_that_has_never_seen_the_database_judges_nothing():
    with pytest.raises(NotReadyError):
        asyncio.run(Watch(PLACE).judge("x"))


def test_the_token_endpoint_says_that_it_cannot_tell(served, issued, monkeypatch):
    monkeypatch.setattr(endpoints, "authenticate", away)
    answer = served.ask(issued)
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["retry-after"]


def test_old_calls_and_expired_revocations_are_deleted(transactional_db, door, instance):
    for days in (1, 100):
        call = a_call(door, instance, days)
        values = {name: getattr(call, name) for name in call.__dataclass_fields__ if name not in {"tenant_id", "at"}}
        door.rows(ApiCall).create(at=datetime.now(UTC) - timedelta(days=days), **values)
    prune(datetime.now(UTC), timedelta(days=90))
    assert list(door.rows(ApiCall).values_list("request_id", flat=True)) == ["r1"]


def test_two_processes_that_tend_the_keys_at_once_make_one(transactional_db):
    now = datetime.now(UTC)  # and their clocks are apart
    moments = [now + timedelta(seconds=seconds) for seconds in (60, 0, 30, -60)]
    threads = [threading.Thread(target=lent, args=(signing.tend, moment)) for moment in moments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(signing.published()) == 1
    assert all(signing.signer(moment) for moment in moments)
