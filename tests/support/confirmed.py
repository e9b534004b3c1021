"""A client whose password was given just now."""

from __future__ import annotations

from people_world import PASSWORD


def confirmed(client):
    """Answer the question for the password, which some pages ask; returns the client."""
    answer = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert answer.status_code == 302, answer.status_code
    return client
