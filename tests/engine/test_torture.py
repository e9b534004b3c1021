"""The instruments of the torture: proxies that make the trouble they say, and a judge that sees what is wrong."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager

import pytest
from mapped import B, S
from torture import verdict
from torture.ledger import Save
from torture.proxy import Network


@pytest.fixture
def echo():
    """A server that says back what it hears."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        heard = []

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                heard.append(connection)
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection):
            with connection:
                try:
                    while data := connection.recv(4096):
                        connection.sendall(data)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@contextmanager
def through(echo):
    with Network("joint") as network:
        network["joint"].target = echo
        with socket.create_connection(("127.0.0.1", network["joint"].port), timeout=3) as client:
            client.sendall(b"hello")
            assert client.recv(10) == b"hello"
            yield network, client


def talk(client):
    for _ in range(20):
        client.sendall(b"1234")
        if not client.recv(4):
            raise ConnectionResetError


def test_what_is_not_disturbed_passes(echo):
    with through(echo) as (network, client):
        client.sendall(b"x" * 100_000)
        got = 0
        while got < 100_000:
            got += len(client.recv(65_536))
        assert network.broken == 0


def test_a_cut_comes_after_so_many_bytes(echo):
    with through(echo) as (network, client):
        network.poison("joint", cut_after=7)
        with pytest.raises(ConnectionResetError):
            talk(client)
        assert network.broken == 1


def test_a_reset_breaks_what_is_open_and_nothing_else(echo):
    with through(echo) as (network, client):
        network.reset("joint")
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        with socket.create_connection(("127.0.0.1", network["joint"].port), timeout=3) as again:
            again.sendall(b"again")
            assert again.recv(10) == b"again"


def test_silence_loses_nothing(echo):
    with through(echo) as (network, client):
        network.silence("joint", silent=True)
        client.settimeout(0.3)
        client.sendall(b"later")
        with pytest.raises(TimeoutError):
            client.recv(10)
        network.silence("joint", silent=False)
        client.settimeout(3)
        assert client.recv(10) == b"later"


def test_latency_is_added_to_every_piece(echo):
    with through(echo) as (network, client):
        network.poison("joint", latency_s=0.1)
        began = time.monotonic()
        client.sendall(b"slow")
        assert client.recv(10) == b"slow"
        assert 0.2 <= time.monotonic() - began < 2


def test_who_refuses_cannot_be_reached(echo):
    with through(echo) as (network, client):
        network.refuse("joint", refusing=True)
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        with socket.create_connection(("127.0.0.1", network["joint"].port), timeout=3) as again:
            try:
                assert again.recv(1) == b""
            except ConnectionResetError:
                return


CONTACT = {
    "id": "1", "key": "C1", "Preferred_Name__c": "Ann", "Title": "Clerk", "MobilePhone": None, "Birthdate": None,
    "AccountId": "A1",
}  # fmt: skip


def held(**salesforce):
    rows = {side: {"Contact": [dict(CONTACT)]} for side in (S, B)}
    rows[S]["Contact"][0].update(salesforce)
    return rows


def save(side, after, *, ours, field="Title", at=1):
    return Save(at, side, ours, "Contact", "1", "C1", born=False, fields={field: ["Clerk", after]})


def test_the_judge_is_content_with_sides_that_agree():
    assert list(verdict._differences(held())) == []
    assert list(verdict._twins(held())) == []


def test_the_judge_sees_a_difference_and_a_wrong_parent():
    assert next(iter(verdict._differences(held(Title="Boss")))).startswith("I4: Contact C1.Title")
    assert next(iter(verdict._differences(held(AccountId="A2")))).startswith("I8: Contact C1.AccountId")


def test_the_judge_sees_a_record_that_is_on_one_side_only_or_twice():
    rows = held()
    rows[S]["Contact"] = []
    assert list(verdict._differences(rows)) == ["I4: Contact C1 is in billing only"]
    rows = held()
    rows[S]["Contact"] *= 2
    assert list(verdict._twins(rows)) == ["I7: Contact C1 is in Salesforce 2 times"]


def test_the_judge_sees_a_lost_edit_of_the_master_only():
    assert list(verdict._lost_edits(held(), [save(B, "Boss", ours=False)])) == []
    assert len(list(verdict._lost_edits(held(), [save(S, "Boss", ours=False)]))) == 2
    assert list(verdict._lost_edits(held(), [save(S, "Boss", ours=False), save(S, "Clerk", ours=False, at=2)])) == []


def test_the_judge_sees_what_nobody_entered():
    entered, ours = save(S, "Boss", ours=False), save(B, "Boss", ours=True)
    assert list(verdict._invented(held(), [entered, ours])) == []
    assert next(iter(verdict._invented(held(), [ours]))).startswith("I9: Contact C1.Title")


def test_the_judge_sees_echoes():
    edits = [save(S, "Boss", ours=False)]
    echoes = [save(B, "Boss", ours=True)] * 3
    assert list(verdict._too_many_writes(edits + echoes[:1], 0)) == []
    assert next(iter(verdict._too_many_writes(edits + echoes, 0))).startswith("I3: 3 fields were written")
