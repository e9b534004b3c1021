"""Whatever Salesforce does to a push, no callout fails, and the operation's row says how things stand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from salesbridge.engine.credentials import operations
from salesbridge.engine.credentials.book import Book

PUSH = "/named-credentials/credential"


def no_gap(world):
    assert world.calls_well()
    world.forget_tokens()
    assert world.calls_well()


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize(
    "fault", ["credential_push_fails", "credential_push_unsure", "credential_push_lost", "credential_locked"]
)
def test_a_push_that_is_disturbed_is_repeated_until_it_has_arrived(working, fault, times):
    working.fault(fault, times=times, path=PUSH)
    done = working.rotate()
    assert done.state == "done", done.message
    assert working.secrets == ["current"]
    no_gap(working)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["credential_push_fails", "credential_push_unsure", "credential_push_lost"])
def test_a_push_whose_answers_are_all_lost_ends_with_whatever_salesforce_holds(working, fault, monkeypatch):
    before = working.secrets
    armed = working.fault(fault, times=None, path=PUSH)
    done = working.rotate(slept=lambda _: no_gap(working))
    assert armed.fired
    took = fault != "credential_push_fails"
    if took:
        assert done.state == "done", done.message
        assert working.secrets == before
    no_gap(working)
    working.org.org.faults.disarm()
    assert working.rotate().state == "done"
    assert working.secrets == ["current"]
    no_gap(working)


@pytest.mark.parametrize(("fault", "times"), [("credential_slow", None), ("credential_unavailable", 3)])
def test_an_org_that_is_slow_or_away_for_a_moment_is_waited_for(working, fault, times):
    working.fault(fault, times=times, seconds=0.3)
    done = working.rotate()
    assert done.state == "done", done.message
    assert working.secrets == ["current"]
    no_gap(working)


def test_a_passing_trouble_is_told_while_it_lasts(working):
    told = []
    working.fault("credential_push_unsure", times=2, path=PUSH)
    real = Book.tell

    def listening(book, message, code="", mend=""):
        real(book, message, code, mend)
        told.append(book.row().message)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Book, "tell", listening)
        assert working.rotate().state == "done"
    assert "both secrets work until it is clear which it holds" in told[0]


def test_a_push_that_is_refused_leaves_the_old_secret_and_says_so(working):
    (integration,) = [u for u in working.org.org.directory.users.values() if u.username.startswith("integration")]
    integration.permissions -= {"ManageNamedCredentials", "CustomizeApplication"}
    done = working.rotate()
    assert done.state == "failed"
    assert "works as ever" in done.message
    assert "Manage Named Credentials" in done.mend
    assert working.secrets == ["current"]
    no_gap(working)
    (problem,) = working.door.problems.filter(kind="credential not rotated")
    assert problem.key == "Gentrack"
    integration.permissions |= {"ManageNamedCredentials", "CustomizeApplication"}
    assert working.rotate().state == "done"
    problem.refresh_from_db()
    assert problem.state == "solved"


@pytest.mark.slow
def test_a_token_endpoint_that_salesforce_cannot_reach_ends_unconfirmed_with_both_secrets_working(working):
    working.fault("token_slow", times=None, seconds=11.0)
    done = working.rotate()
    assert (done.state, done.code) == ("failed", "UNCONFIRMED"), done.message
    assert "both work" in done.message
    assert working.secrets == ["current", "new"]
    working.org.org.faults.disarm()
    no_gap(working)
    done = working.rotate()
    assert done.state == "done"
    assert working.secrets == ["current"]
    no_gap(working)


def test_another_org_is_refused_before_anything_is_done(working):
    working.door.instances.filter(pk=working.instance.pk).update(
        org_id="00D000000000999AAA", updated_at=datetime.now(UTC)
    )
    done = working.rotate()
    assert (done.state, done.code) == ("failed", "ANOTHER_ORG")
    assert working.secrets == ["current"]


def test_a_credential_that_is_revoked_while_it_is_rotated_stays_revoked(working):
    row = operations.start_rotate(working.door, working.client.pk, by="Ada")

    def revoke(_):
        operations.revoke(working.door, working.client.pk, by="Bo")

    done = working.run(row, slept=revoke)
    assert done.state == "stopped"
    assert working.client.state == "revoked"
    assert working.secrets == []
