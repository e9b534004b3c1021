from __future__ import annotations


def test_an_added_credential_lets_its_users_call_billing(world):
    done = world.add()
    assert (done.state, done.code) == ("done", ""), done.message
    answer = world.callout()
    assert (answer["ok"], answer["status"]) == (True, 200), answer
    assert world.secrets == ["current"]
